"""What tests on servers of other kinds start from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.whole_account import Source


@pytest.fixture(scope="session")
def unpacked(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Source], Path]:
    """Unpacks a golden backup at its first use; every restore leaves it as it is."""
    places: dict[Source, Path] = {}

    def place_of(source: Source) -> Path:
        if source not in places:
            places[source] = source.unpack(tmp_path_factory.mktemp("golden"))
        return places[source]

    return place_of

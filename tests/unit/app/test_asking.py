from __future__ import annotations

import pytest

from respool.app.asking import _renames
from respool.errors import UsageError


def test_renames_are_read_as_they_are_typed() -> None:
    assert _renames(["a=b", "auto", "x/y=z=1", "INBOX=old"]) == (
        {"a": "b", "x/y": "z=1", "INBOX": "old"},
        True,
    )


@pytest.mark.parametrize("typed", ["a", "=b", "a=", "a//b=c", "a=b//c", "/=b", "./=b", ""])
def test_a_rename_that_names_no_folder_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="no OLD=NEW"):
        _renames([typed])

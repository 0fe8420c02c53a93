"""The JSON examples of ``runs``, ``runs show`` and ``runs prune`` have the shapes of the code."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from respool.app.prune import prune
from respool.app.run_details import show_run
from respool.app.runs import list_runs
from respool.app.settings import Settings, read_settings
from tests.docs.test_json_examples import example
from tests.support.kept_journals import keep_sample


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A state directory with a run that was killed, and one that is done."""
    settings = read_settings({"state": str(tmp_path / "state")}, {}, Path("/nonexistent"))
    keep_sample(settings, {f"UIDVALIDITY{number}": "1" for number in range(4)})
    return settings


def names(value: dict[str, Any]) -> set[str]:
    return set(value)


def test_runs(settings: Settings) -> None:
    (shown,) = example("respool runs")["runs"]

    assert names(shown) == names(list_runs(settings)[0].as_json())


def test_runs_show(settings: Settings) -> None:
    shown, found = example("respool runs show"), show_run(settings, 2).as_json()

    assert names(shown) == names(found)
    assert names(shown["plan"]) == names(found["plan"])
    for part in ("folders", "steps"):
        assert names(shown[part][0]) == names(found[part][0])


def test_runs_prune(settings: Settings) -> None:
    shown = example("respool runs prune")
    found = prune(settings, timedelta(0), lambda _: True).as_json()

    assert names(shown) == names(found)
    assert names(shown["pruned"][0]) == names(found["pruned"][0])
    assert names(shown["kept"][0]) == names(found["kept"][0])

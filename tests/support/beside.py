"""Data that lies beside the project and is too large to be in it."""

from __future__ import annotations

from pathlib import Path

import pytest

SPOOLS_BESIDE_PROJECT = Path(__file__).resolve().parents[3] / "shared" / "spools"


def spools_beside_project() -> Path:
    """The folder with the larger spools; where there is none, the test is skipped."""
    if not SPOOLS_BESIDE_PROJECT.is_dir():
        pytest.skip("needs the larger spools beside the project")
    return SPOOLS_BESIDE_PROJECT

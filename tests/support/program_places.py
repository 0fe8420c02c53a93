"""Where respool looks for the server's programs, for the length of a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from respool.system import programs


def look_only_in(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let respool, in this process, find the server's programs in ``directory`` alone."""
    monkeypatch.setattr(programs, "PROGRAM_DIRECTORIES", (directory,))
    monkeypatch.setattr(programs.find_program, "__kwdefaults__", {"directories": (directory,)})

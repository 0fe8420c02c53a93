"""The command line in this process: what it prints, without the time that a process takes."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from typing import Any

from respool.cli import main


def printed(*words: str) -> str:
    """What a command wrote to standard output; its errors are raised."""
    written = io.StringIO()
    with redirect_stdout(written):
        main.app(args=list(words), prog_name="respool", standalone_mode=False)
    return written.getvalue()


def document(*words: str) -> dict[str, Any]:
    """The JSON document that a command printed."""
    parsed: dict[str, Any] = json.loads(printed(*words, "--json"))
    return parsed


def lines(*words: str) -> list[dict[str, Any]]:
    """The JSON documents that a command printed, one a line."""
    return [json.loads(line) for line in printed(*words, "--json").splitlines()]

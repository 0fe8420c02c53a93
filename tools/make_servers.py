"""Writes the measured part of docs/reference/servers.md from what a run over servers left."""

from __future__ import annotations

import json
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from tests.support.servers.results import page  # noqa: E402 - after the path is set

PAGE = PROJECT / "docs" / "reference" / "servers.md"
KEPT = PAGE.with_suffix(".json")
BEGIN, END = "<!-- from servers.json, by tools/make_servers.py -->\n", "<!-- end -->\n"


def made(text: str, kept: str) -> str:
    """``text`` with its measured part made anew."""
    before, rest = text.split(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{page(json.loads(kept))}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(made(PAGE.read_text("utf-8"), KEPT.read_text("utf-8")), "utf-8")

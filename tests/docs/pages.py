"""Markdown pages, as the documentation tests read them."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
REFERENCE = PROJECT / "docs" / "reference"
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def all_pages() -> list[Path]:
    """Every Markdown page of the project, in order of name."""
    return sorted({*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")})


def sections(page: Path, level: int) -> dict[str, str]:
    """Headings of ``level`` and the text below each; back quotes around a heading are dropped."""
    text = page.read_text(encoding="utf-8")
    mark = "#" * level
    pieces = re.split(rf"^{mark} +(.+?) *$", text, flags=re.MULTILINE)
    return {
        heading.strip("`"): body for heading, body in zip(pieces[1::2], pieces[2::2], strict=True)
    }


def anchors(page: Path) -> set[str]:
    """What a link may name after ``#``: each heading as a web page would spell it."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.+?) *$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def first_cells(text: str) -> list[str]:
    """First cell of each table row in ``text``, head and rule left out."""
    rows = [line for line in text.splitlines() if line.startswith("|")]
    cells = [row.strip("|").split("|")[0].strip() for row in rows]
    return [cell for n, cell in enumerate(cells) if not is_rule(cell) and not heads_rule(cells, n)]


def is_rule(cell: str) -> bool:
    """Whether a cell belongs to the line between head and rows."""
    return bool(re.fullmatch(r":?-+:?", cell))


def heads_rule(cells: list[str], number: int) -> bool:
    """Whether the row is a table's head."""
    return number + 1 < len(cells) and is_rule(cells[number + 1])

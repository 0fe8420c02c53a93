"""Every local link of every page leads to something."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import FENCE, PROJECT, all_pages, anchors

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def local_links(page: Path) -> list[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return [link for link in LINK.findall(text) if not re.match(r"[a-z]+:", link)]


def leads_somewhere(page: Path, link: str) -> bool:
    place, _, anchor = unquote(link).partition("#")
    there = page.parent / place if place else page
    if not there.exists() or not there.resolve().is_relative_to(PROJECT):
        return False
    return not anchor or anchor in anchors(there)


@pytest.mark.parametrize("page", all_pages(), ids=lambda p: p.relative_to(PROJECT).as_posix())
def test_local_links_resolve(page: Path) -> None:
    assert [link for link in local_links(page) if not leads_somewhere(page, link)] == []

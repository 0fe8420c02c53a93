from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

import pytest

from respool.exports.manifest import lines_of
from respool.exports.manifest_head import ExportForm, ManifestHead
from respool.targets.export import index_page
from respool.targets.export.index_page import IndexRow, rows_of
from respool.targets.export.page_blocks import PageBlock
from respool.targets.export.pages import pages, pages_together
from tests.support.small_exports import MESSAGES, head_of

COUNT = 3000
GROUP = 300
ROWS = 1000  # in the page, of those


class Many:
    """The contents of an export; ``given`` counts what was asked for so far."""

    given = 0

    def head(self) -> ManifestHead:
        return head_of(ExportForm.EML, MESSAGES)

    def blocks(self) -> Iterator[PageBlock]:
        entries = [MESSAGES[0].entry("x")] * GROUP
        rows = [IndexRow(each) for each in entries]
        for _ in range(COUNT // GROUP):
            self.given += GROUP
            yield PageBlock(
                messages=GROUP,
                manifest=lines_of(entries),
                index=rows_of(ExportForm.EML, 0, rows),
            )


@pytest.fixture(autouse=True)
def _short_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_page, "MOST_ROWS", ROWS)


def test_both_pages_in_one_go_are_those_of_two() -> None:
    apart = {name: b"".join(pieces) for name, pieces in pages(Many())}

    every = pages_together(Many())
    together = dict.fromkeys(every, b"")
    for pieces in zip_longest(*every.values(), fillvalue=b""):
        for name, piece in zip(every, pieces, strict=True):
            together[name] += piece

    assert together == apart
    assert list(together) == list(apart)


def test_neither_page_runs_far_ahead_of_the_other_even_where_one_leaves_rows_out() -> None:
    contents = Many()
    index, manifest = pages_together(contents).values()
    ahead = []
    lines = 0
    for _, piece in zip_longest(index, manifest, fillvalue=b""):
        lines += piece.count(b'"uid"')
        ahead.append(contents.given - lines)

    assert lines == contents.given == COUNT
    assert max(ahead) <= 1024

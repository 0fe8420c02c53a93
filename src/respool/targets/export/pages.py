"""The pages of an export: ``index.html`` and ``manifest.json``, in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import tee
from typing import Protocol

from respool.exports.manifest import MANIFEST_FILE, manifest_of_blocks
from respool.exports.manifest_head import ManifestHead
from respool.targets.export.index_page import INDEX_FILE, index_page_of_blocks
from respool.targets.export.page_blocks import PageBlock


class Contained(Protocol):
    """What is to stand in the pages, as `contents.Contents` has it."""

    def head(self) -> ManifestHead:
        """What is said of the export as a whole."""

    def blocks(self) -> Iterator[PageBlock]:
        """What is said of each group of messages of the plan, in order, lazily."""


def pages(contents: Contained) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name and octets of each page; the manifest comes last: what has one is whole."""
    yield INDEX_FILE, index_page_of_blocks(contents.head(), _rows(contents.blocks()))
    yield MANIFEST_FILE, manifest_of_blocks(contents.head(), _lines(contents.blocks()))


def pages_together(contents: Contained) -> dict[str, Iterator[bytes]]:
    """As `pages`, for whoever takes a piece of each by turns: contents are gone through once.

    Each gives a piece for the same messages, so little is held between them.
    """
    head = contents.head()
    index, manifest = tee(contents.blocks())
    return {
        INDEX_FILE: index_page_of_blocks(head, _rows(index)),
        MANIFEST_FILE: manifest_of_blocks(head, _lines(manifest)),
    }


def _lines(blocks: Iterable[PageBlock]) -> Iterator[bytes]:
    return (each.manifest for each in blocks)


def _rows(blocks: Iterable[PageBlock]) -> Iterator[tuple[int, bytes]]:
    return ((each.messages, each.index) for each in blocks)

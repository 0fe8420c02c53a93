"""The pages of an export: ``index.html`` and ``manifest.json``, in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import tee
from typing import Protocol, TypeAlias

from respool.exports.manifest import MANIFEST_FILE, render_manifest
from respool.exports.manifest_entry import ManifestEntry
from respool.exports.manifest_head import ManifestHead
from respool.exports.written import WrittenMessage
from respool.targets.export.index_page import INDEX_FILE, IndexRow, render_index_page

_Written: TypeAlias = tuple[ManifestEntry, WrittenMessage | None]


class Contained(Protocol):
    """What is to stand in the pages, as `contents.Contents` has it."""

    def head(self) -> ManifestHead:
        """What is said of the export as a whole."""

    def written(self) -> Iterator[_Written]:
        """Each message of the plan, in order, lazily; None for one that was lost."""


def pages(contents: Contained) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name and octets of each page; the manifest comes last: what has one is whole."""
    yield INDEX_FILE, render_index_page(contents.head(), _rows(contents.written()))
    yield MANIFEST_FILE, render_manifest(contents.head(), _entries(contents.written()))


def pages_together(contents: Contained) -> dict[str, Iterator[bytes]]:
    """As `pages`, for whoever takes a piece of each by turns: contents are gone through once.

    Each gives a piece for the same number of messages, so little is held between them.
    """
    head = contents.head()
    index, manifest = tee(contents.written())
    return {
        INDEX_FILE: render_index_page(head, _rows(index)),
        MANIFEST_FILE: render_manifest(head, _entries(manifest)),
    }


def _entries(written: Iterator[_Written]) -> Iterator[ManifestEntry]:
    return (entry for entry, _ in written)


def _rows(written: Iterator[_Written]) -> Iterator[IndexRow]:
    for entry, one in written:
        if one is None:
            yield IndexRow(entry=entry)
        else:
            yield IndexRow(
                entry=entry,
                subject=one.subject,
                sender=one.sender,
                recipients=one.recipients,
            )

"""The pages of an export: ``index.html`` and ``manifest.json``, in pieces."""

from __future__ import annotations

from collections.abc import Iterator

from respool.exports.manifest import MANIFEST_FILE, render_manifest
from respool.targets.export.contents import Contents
from respool.targets.export.index_page import INDEX_FILE, IndexRow, render_index_page


def pages(contents: Contents) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name and octets of each page; the manifest comes last: what has one is whole."""
    yield INDEX_FILE, render_index_page(contents.head(), _rows(contents))
    entries = (entry for entry, _ in contents.written())
    yield MANIFEST_FILE, render_manifest(contents.head(), entries)


def _rows(contents: Contents) -> Iterator[IndexRow]:
    for entry, written in contents.written():
        if written is None:
            yield IndexRow(entry=entry)
        else:
            yield IndexRow(
                entry=entry,
                subject=written.subject,
                sender=written.sender,
                recipients=written.recipients,
            )

"""The pages of an export: ``index.html`` and ``manifest.json``, in pieces."""

from __future__ import annotations

from collections.abc import Iterator

from respool.exports.manifest import MANIFEST_FILE, render_manifest
from respool.targets.export.contents import Contents


def pages(contents: Contents) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name and octets of each page; the manifest comes last: what has one is whole."""
    entries = (entry for entry, _ in contents.written())
    yield MANIFEST_FILE, render_manifest(contents.head(), entries)

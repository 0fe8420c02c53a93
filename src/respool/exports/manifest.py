"""``manifest.json``: what an export holds, entry by entry, with a digest at its end.

It is one JSON object, written so that a program can read it line by line, and so that a
million messages need no room::

    {"respool_manifest": 1,
    "head": {…},
    "messages": [
    {…},
    {…}
    ],
    "sha256": "…"}

The digest is of all octets before its own line: a manifest that was cut or altered is known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final, Protocol

from respool.errors import FormatError, TruncatedFile
from respool.exports.manifest_entry import ManifestEntry
from respool.exports.manifest_head import ManifestHead
from respool.model.dataclasses import dataclass

MANIFEST_FILE: Final = "manifest.json"
VERSION: Final = 1
FIRST_LINE: Final = b'{"respool_manifest": 1,\n'

_MARK: Final = b'{"respool_manifest": '
_HEAD: Final = b'"head": '
_MESSAGES: Final = b'"messages": [\n'
_END: Final = b"],\n"
_FOLDER: Final = b'{"folder": "'
_AFTER_FOLDER: Final = b'", "uid": '
_DIGEST: Final = b'"sha256": "'
_AFTER_DIGEST: Final = b'"}\n'
_ENCODE: Final = json.JSONEncoder().encode
_HEAD_LIMIT: Final = 64 << 20
_LINE_LIMIT: Final = 4 << 20
_ENTRIES_AT_ONCE: Final = 256

ReadLine = Callable[[int], bytes]  # at most so many octets of the next line; none at the end


class _Digest(Protocol):
    def update(self, octets: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedEntry:
    """An entry, and where its line stands in the manifest, without the comma after it."""

    offset: int
    length: int
    entry: ManifestEntry


def is_manifest(start: bytes) -> bool:
    """Whether a file that starts so is a manifest, of any version.

    >>> is_manifest(FIRST_LINE)
    True
    """
    return start.startswith(_MARK)


def render_manifest(head: ManifestHead, entries: Iterable[ManifestEntry]) -> Iterator[bytes]:
    """A whole manifest in pieces, lazily."""
    every = iter(entries)
    some = iter(lambda: lines_of(islice(every, _ENTRIES_AT_ONCE)), b"")
    return manifest_of_blocks(head, some)


def lines_of(entries: Iterable[ManifestEntry]) -> bytes:
    """Entries as `manifest_of_blocks` takes them: ASCII, what is no valid text comes back so."""
    return ",\n".join([each.as_line() for each in entries]).encode("ascii")


def manifest_of_blocks(head: ManifestHead, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """A whole manifest in pieces, lazily, of what `lines_of` gave of some entries each."""
    digest = hashlib.sha256()
    for piece in _pieces(head, blocks):
        digest.update(piece)
        yield piece
    yield _DIGEST + digest.hexdigest().encode("ascii") + _AFTER_DIGEST


class ManifestReader:
    """A manifest as it is read, line by line; only the head is held."""

    def __init__(self, read_line: ReadLine) -> None:
        """Read the head. ``read_line`` is a file's ``readline``, from the file's start.

        Raises:
            FormatError: it is no manifest, or of a version that is not known.
            TruncatedFile: it ends before its head does.
        """
        self._read_line = read_line
        self._digest: _Digest = hashlib.sha256()
        self._offset = 0
        first = self._line(_LINE_LIMIT)
        if first != FIRST_LINE:
            raise self._not(first, "a manifest of version 1")
        line = self._line(_HEAD_LIMIT)
        if not line.startswith(_HEAD):
            raise self._not(line, "its head")
        self.head = ManifestHead.from_json(_value(line.removeprefix(_HEAD)))
        line = self._line(_LINE_LIMIT)
        if line != _MESSAGES:
            raise self._not(line, "its messages")

    def entries(self) -> Iterator[PlacedEntry]:
        """Its entries in order, lazily, and once. What it ends with is checked at the end.

        Raises:
            FormatError: a line that is no entry; or the digest is not that of what was read.
            TruncatedFile: the manifest ends before its end.
        """
        for offset, line in self.lines():
            yield PlacedEntry(offset=offset, length=len(line), entry=entry_of(line))

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """As `entries`, but none is looked into: where each stands, and its octets."""
        line = self._line(_LINE_LIMIT)
        while line != _END:
            if not line.startswith(b"{"):
                raise self._not(line, "a message")
            yield self._offset - len(line), line.rstrip(b",\n")
            line = self._line(_LINE_LIMIT)
        self._check_digest()

    def _check_digest(self) -> None:
        wanted = self._digest.hexdigest()
        line = self._line(_LINE_LIMIT)
        found = line.removeprefix(_DIGEST).removesuffix(_AFTER_DIGEST).decode("ascii", "replace")
        if not line.startswith(_DIGEST) or len(found) != len(wanted):
            raise self._not(line, "its digest")
        if found != wanted:
            raise FormatError(
                "the manifest was altered",
                offset=self._offset,
                expected=f"the digest {wanted}",
                found=found,
            )

    def _line(self, limit: int) -> bytes:
        line = self._read_line(limit)
        if not line.endswith(b"\n"):
            end = self._offset + len(line)
            raise TruncatedFile(
                "the manifest is cut", offset=end, expected="more lines", found="the end"
            )
        self._digest.update(line)
        self._offset += len(line)
        return line

    def _not(self, line: bytes, wanted: str) -> FormatError:
        offset = self._offset - len(line)
        return FormatError(
            "not a manifest that is known", offset=offset, expected=wanted, found=f"{line!r:.80}"
        )


def entry_of(line: bytes) -> ManifestEntry:
    """The entry of a line, as a `PlacedEntry` says where it stands.

    Raises:
        FormatError: it is none.
    """
    return ManifestEntry.from_json(_value(line))


def folder_of(line: bytes) -> str:
    """The folder of an entry, of its line, which is not looked into any further.

    Raises:
        FormatError: it names none.

    >>> folder_of(b'{"folder": "Sent", "uid": 12, "file": null}')
    'Sent'
    """
    end = line.find(_AFTER_FOLDER, len(_FOLDER))
    found = (
        _value(line[len(_FOLDER) - 1 : end + 1]) if line.startswith(_FOLDER) and end > 0 else ""
    )
    if type(found) is not str or not found:
        raise FormatError(f"no message of a manifest: {line!r:.120}")
    return found


def _pieces(head: ManifestHead, blocks: Iterable[bytes]) -> Iterator[bytes]:
    yield FIRST_LINE + _HEAD + _ENCODE(head.as_json()).encode("ascii") + b",\n" + _MESSAGES
    before = b""
    for block in blocks:
        yield before + block
        before = b",\n"
    yield (b"\n" if before else b"") + _END


def _value(octets: bytes) -> Any:  # noqa: ANN401 - JSON enters here
    try:
        return json.loads(octets.rstrip(b",\n"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"no JSON in a manifest: {error}") from error

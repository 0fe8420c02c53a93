"""``index.html`` of an export: all its messages in a list that can be searched and sorted.

The page is one file. It asks no network: its policy forbids everything but its own style and
its own script, by their hashes. What comes from mail stands in a block of JSON in which no
``<`` is left, and is shown as text alone.

Source: W3C, "Content Security Policy Level 3", sections 6.1 (directives) and 8.3 (hashes);
WHATWG HTML, 4.12.1.3 (what may stand in a script element).
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from itertools import groupby, islice
from json.encoder import encode_basestring_ascii as _quoted
from typing import Final, NamedTuple

from respool.exports.manifest_entry import ManifestEntry
from respool.exports.manifest_head import ExportForm, ManifestHead
from respool.model.json_text import as_utc_text
from respool.model.messages import SEEN

INDEX_FILE: Final = "index.html"
MOST_ROWS: Final = 250_000  # a browser takes no more in one page

_ROWS_AT_ONCE: Final = 256
_MARK: Final = re.compile("@([a-z]+)@")
# RFC 3986, 2.3, and what parts names; what is escaped already.
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.~/%-]")
_UNSAFE_OCTET: Final = re.compile(rb"[^A-Za-z0-9_.~/%-]")
_USUAL_MARKS: Final = tuple((mark, f"%{ord(mark):02X}") for mark in "%:,= ()")
_ESCAPED: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none';"
    " style-src '{style}'; script-src '{script}'"
)


class IndexRow(NamedTuple):
    """One message: its entry, and what its header says, "" where it says nothing."""

    entry: ManifestEntry
    subject: str = ""
    sender: str = ""
    recipients: str = ""


def render_index_page(head: ManifestHead, rows: Iterable[IndexRow]) -> Iterator[bytes]:
    """The page in pieces, lazily, also of rows that it leaves out: after the first MOST_ROWS."""
    return index_page_of_blocks(head, _blocks(head, rows))


def index_page_of_blocks(
    head: ManifestHead, blocks: Iterable[tuple[int, bytes]]
) -> Iterator[bytes]:
    """The same, of what `rows_of` gave of some rows each, and how many these are."""
    values = _values(head)
    before, _, after = _part("index.html").partition("@data@")
    yield _filled(before, values)
    yield from _data(head, blocks)
    yield _filled(after, values)


def folder_numbers(folders: Sequence[str]) -> dict[str, int]:
    """How rows name each folder of an export."""
    return {folder: at for at, folder in enumerate(folders)}


def rows_of(form: ExportForm, folder: int, rows: Iterable[IndexRow]) -> bytes:
    """Rows of one folder as `index_page_of_blocks` takes them.

    They may stand in a script element: in ASCII, without a mark that ends one.
    """
    text = ",\n".join([_row(form, folder, each) for each in rows])
    return _escaped(text).encode("ascii")


def _blocks(head: ManifestHead, rows: Iterable[IndexRow]) -> Iterator[tuple[int, bytes]]:
    numbers = folder_numbers(head.folders)
    for folder, members in groupby(rows, key=lambda row: row.entry.folder):
        while some := list(islice(members, _ROWS_AT_ONCE)):
            yield len(some), rows_of(head.form, numbers[folder], some)


def _values(head: ManifestHead) -> Mapping[str, str]:
    style, script = _part("index.css"), _part("index.js")
    return {
        "policy": html.escape(_POLICY.format(style=_hash(style), script=_hash(script))),
        "style": style,
        "script": script,
        "title": html.escape(_text(f"Mail of {head.account.address}")),
        "about": _about(head),
    }


def _filled(page: str, values: Mapping[str, str]) -> bytes:
    return _MARK.sub(lambda found: values[found[1]], page).encode("utf-8")


def _about(head: ManifestHead) -> str:
    taken = "" if head.taken_at is None else f", taken {_time(head.taken_at)}"
    lost = f", {head.lost:,} lost" if head.lost else ""
    generation, software = (html.escape(_text(each)) for each in (head.generation, head.software))
    return (
        f"{head.messages:,} messages in {len(head.folders):,} folders{lost}."
        f" From generation {generation}{taken}; written {_time(head.made_at)} by {software}."
    )


def _time(moment: datetime) -> str:
    """In UTC; the script shows it in the reader's zone."""
    text = as_utc_text(moment)
    return f'<time datetime="{text}">{text}</time>'


def _data(head: ManifestHead, blocks: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    count, before = 0, b'{"rows": [\n'
    for rows, octets in blocks:
        left = MOST_ROWS - count
        count += rows
        if left <= 0:
            yield b""
            continue
        yield before + (octets if rows <= left else b",\n".join(octets.split(b",\n")[:left]))
        before = b",\n"
    end = {"folders": list(head.folders), "more": max(0, count - MOST_ROWS)}
    rest = before if count == 0 else b""
    yield rest + f"\n],\n{_escaped(_ENCODE(end))[1:]}".encode("ascii")


def _row(form: ExportForm, folder: int, row: IndexRow) -> str:
    """As the script takes it apart: a list."""
    entry = row.entry
    is_file = form is not ExportForm.MBOX and entry.file is not None
    link = _link(entry.file) if is_file and entry.file else ""
    people = f"{_quoted(row.subject)},{_quoted(row.sender)},{_quoted(row.recipients)}"
    lost = f",{_quoted(entry.lost)}" if entry.lost else ""
    return (
        f"[{folder},{entry.internaldate},{entry.size_bytes},{people},"
        f"{int(SEEN in entry.flags)},{_quoted(link)}{lost}]"
    )


def _link(file: str) -> str:
    """A file's name as a relative link; what is no valid text octet by octet.

    As `urllib.parse.quote`, which goes through a name letter by letter, and takes as long as
    all else for the row.
    """
    for mark, coded in _USUAL_MARKS:  # "%" first
        file = file.replace(mark, coded)
    if file.isascii() and not _UNSAFE.search(file):
        return file
    octets = file.encode("utf-8", "surrogateescape")
    return _UNSAFE_OCTET.sub(_coded, octets).decode("ascii")


def _coded(octet: re.Match[bytes]) -> bytes:
    return b"%%%02X" % ord(octet[0])


def _escaped(text: str) -> str:
    for mark, escaped in _ESCAPED.items():
        text = text.replace(mark, escaped)  # str.translate takes as long as the encoding
    return text


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _text(text: str) -> str:
    """Without lone surrogates, which no page can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


@cache
def _part(name: str) -> str:
    return resources.files("respool.targets.export.page").joinpath(name).read_text("utf-8")

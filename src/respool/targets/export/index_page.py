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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Final

from respool.exports.manifest_entry import ManifestEntry
from respool.exports.manifest_head import ExportForm, ManifestHead
from respool.model.json_text import as_utc_text
from respool.model.messages import SEEN

INDEX_FILE: Final = "index.html"
MOST_ROWS: Final = 250_000  # a browser takes no more in one page

_ROWS_AT_ONCE: Final = 256
_MARK: Final = re.compile("@([a-z]+)@")
_UNSAFE: Final = re.compile(rb"[^A-Za-z0-9_.~/-]")  # RFC 3986, 2.3, and what parts names
_ESCAPED: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none';"
    " style-src '{style}'; script-src '{script}'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRow:
    """One message: its entry, and what its header says, "" where it says nothing."""

    entry: ManifestEntry
    subject: str = ""
    sender: str = ""
    recipients: str = ""


def render_index_page(head: ManifestHead, rows: Iterable[IndexRow]) -> Iterator[bytes]:
    """The page in pieces, lazily, also of rows that it leaves out: after the first MOST_ROWS."""
    values = _values(head)
    before, _, after = _part("index.html").partition("@data@")
    yield _filled(before, values)
    yield from _data(head, rows)
    yield _filled(after, values)


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


def _data(head: ManifestHead, rows: Iterable[IndexRow]) -> Iterator[bytes]:
    numbers: dict[str, int] = {folder: at for at, folder in enumerate(head.folders)}
    pending: list[str] = []
    count, start = 0, '{"rows": [\n'
    for row in rows:
        count += 1
        if count > MOST_ROWS:
            if count % _ROWS_AT_ONCE == 0:
                yield b""
            continue
        number = numbers.setdefault(row.entry.folder, len(numbers))
        pending.append(_json(_row(head.form, number, row)))
        if len(pending) >= _ROWS_AT_ONCE:
            yield (start + ",\n".join(pending)).encode("ascii")
            pending, start = [], ",\n"
    end = {"folders": list(numbers), "more": max(0, count - MOST_ROWS)}
    rest = start + ",\n".join(pending) if pending or start != ",\n" else ""
    yield f"{rest}\n],\n{_json(end)[1:]}".encode("ascii")


def _row(form: ExportForm, folder: int, row: IndexRow) -> list[Any]:
    """As the script takes it apart."""
    entry = row.entry
    is_file = form is not ExportForm.MBOX and entry.file is not None
    return [
        folder,
        entry.internaldate,
        entry.size_bytes,
        row.subject,
        row.sender,
        row.recipients,
        int(SEEN in entry.flags),
        _link(entry.file) if is_file and entry.file else "",
        *([entry.lost] if entry.lost else []),
    ]


def _link(file: str) -> str:
    """A file's name as a relative link; what is no valid text octet by octet.

    As `urllib.parse.quote`, which goes through a name letter by letter, and takes as long as
    all else for the row.
    """
    octets = file.encode("utf-8", "surrogateescape")
    return _UNSAFE.sub(_escaped, octets).decode("ascii")


def _escaped(octet: re.Match[bytes]) -> bytes:
    return b"%%%02X" % ord(octet[0])


def _json(value: object) -> str:
    """As it may stand in a script element: in ASCII, without a mark that ends one."""
    text = _ENCODE(value)
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

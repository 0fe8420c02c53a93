"""Exports as others read them: Python's ``mailbox`` and ``zipfile``, and plain files.

None of ours has a part in it but the name of a folder's own file or directory.
"""

from __future__ import annotations

import hashlib
import mailbox
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from respool.exports.manifest_head import ExportForm

Judged = Mapping[str, list[tuple[str, int]]]  # by place: SHA-1 and date of each, sorted
_MAILDIR_FLAGS = {
    "D": "\\Draft",
    "F": "\\Flagged",
    "R": "\\Answered",
    "S": "\\Seen",
    "T": "\\Deleted",
}
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


def judged(form: ExportForm, path: Path) -> Judged:
    """What stands at ``path``. A message without a line feed at its end may have one."""
    found: dict[str, list[tuple[str, int]]] = {}
    for place, octets, date in _READERS[form](path):
        found.setdefault(place, []).append((hashlib.sha1(octets).hexdigest(), date))
    return {place: sorted(messages) for place, messages in found.items()}


def flags_in_maildir(path: Path) -> Mapping[str, list[tuple[str, list[str]]]]:
    """SHA-1 and system flags of each message, by folder, sorted."""
    found = {}
    for place, box in _maildirs(path):
        found[place] = sorted(
            (
                hashlib.sha1(box.get_bytes(key)).hexdigest(),
                sorted(_MAILDIR_FLAGS[f] for f in box[key].get_flags() if f in _MAILDIR_FLAGS),
            )
            for key in box.keys()  # noqa: SIM118 - a mailbox gives its messages else
        )
    return found


def _maildirs(path: Path) -> Iterator[tuple[str, mailbox.Maildir]]:
    root = mailbox.Maildir(path, create=False)
    yield ".", root
    for name in root.list_folders():
        yield f".{name}", mailbox.Maildir(path / f".{name}", create=False)


def _of_maildir(path: Path) -> Iterator[tuple[str, bytes, int]]:
    for place, box in _maildirs(path):
        for key in box.keys():  # noqa: SIM118
            yield place, box.get_bytes(key), int(box[key].get_date())


def _of_mbox(path: Path) -> Iterator[tuple[str, bytes, int]]:
    for file in path.rglob("*.mbox"):
        if not file.is_file():
            continue
        box = mailbox.mbox(file, create=False)
        for key in box.keys():  # noqa: SIM118
            line = box.get_bytes(key, from_=True).partition(b"\n")[0].decode("ascii")
            at = datetime.strptime(line[-24:], "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
            octets = _QUOTED.sub(rb"\1", box.get_bytes(key))
            yield str(file.relative_to(path)), octets, int(at.timestamp())
        box.close()


def _of_zip(path: Path) -> Iterator[tuple[str, bytes, int]]:
    with zipfile.ZipFile(path) as whole:
        assert whole.testzip() is None
        for member in whole.infolist():
            if member.filename.endswith(".eml"):
                at = datetime(*member.date_time, tzinfo=UTC)
                octets = whole.read(member)
                yield member.filename.rpartition("/")[0], octets, int(at.timestamp())


def _of_eml(path: Path) -> Iterator[tuple[str, bytes, int]]:
    for file in path.rglob("*.eml"):
        place = str(file.parent.relative_to(path))
        yield place, file.read_bytes(), int(file.stat().st_mtime)


_READERS = {
    ExportForm.MAILDIR: _of_maildir,
    ExportForm.MBOX: _of_mbox,
    ExportForm.ZIP: _of_zip,
    ExportForm.EML: _of_eml,
}

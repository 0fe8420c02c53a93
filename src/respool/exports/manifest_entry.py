"""One message of an export, as its manifest has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, Final

from respool.errors import FormatError
from respool.model.dataclasses import dataclass
from respool.model.json_text import as_utc_text
from respool.model.messages import EARLIEST_TIME, LATEST_TIME, UID_LIMIT, at_utc

_ENCODE: Final = json.JSONEncoder().encode
_HEX: Final = "0123456789abcdef"
_TEXT: Final = frozenset({str})
_OBJECT: Final = frozenset({dict})
_MOST_OCTETS: Final = 1 << 62
_GUID_DIGITS: Final = 40
_SHA256_DIGITS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """One message: what it is, and where in the export it stands.

    ``folder`` is its path inside the account, decoded (`model.accounts.folder_path`), ``uid``
    that of the backup. ``guid`` and ``sha256`` are of the message's octets, in hex;
    ``internaldate`` counts seconds since 1970, UTC.

    ``file`` is relative to the export, or the name of a zip's member; None for a message that
    was lost, and then ``lost`` says why. In an mbox file the message stands at ``offset``, its
    ``From `` line first, with ``length`` octets up to the next one's.
    ``findings`` are those about this message, as JSON has them.
    """

    folder: str
    uid: int
    guid: str | None
    sha256: str | None
    size_bytes: int
    flags: tuple[str, ...]
    internaldate: int
    file: str | None
    offset: int | None = None
    length: int | None = None
    lost: str | None = None
    findings: tuple[Mapping[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """One line of the manifest; what is None or empty at the end is left out."""
        line: dict[str, Any] = {
            "folder": self.folder,
            "uid": self.uid,
            "file": self.file,
            "size_bytes": self.size_bytes,
            "internaldate": as_utc_text(at_utc(self.internaldate)),
            "flags": list(self.flags),
            "guid": self.guid,
            "sha256": self.sha256,
        }
        if self.offset is not None:
            line["offset"], line["length"] = self.offset, self.length
        if self.lost is not None:
            line["lost"] = self.lost
        if self.findings:
            line["findings"] = [dict(each) for each in self.findings]
        return line

    def as_line(self) -> str:
        """`as_json` as text, in ASCII: a usual one is put together, which takes a third."""
        if self.offset is not None or self.lost is not None or self.findings or not self.file:
            return _ENCODE(self.as_json())
        guid = "null" if self.guid is None else _quoted(self.guid)
        sha256 = "null" if self.sha256 is None else _quoted(self.sha256)
        flags = ", ".join(map(_quoted, self.flags))
        return (
            f'{{"folder": {_quoted(self.folder)}, "uid": {self.uid}, "file": {_quoted(self.file)},'
            f' "size_bytes": {self.size_bytes}, "internaldate": "{_utc_text(self.internaldate)}",'
            f' "flags": [{flags}], "guid": {guid}, "sha256": {sha256}}}'
        )

    @classmethod
    def from_json(cls, line: Any) -> ManifestEntry:  # noqa: ANN401 - JSON enters here
        """What `as_json` gave.

        Raises:
            FormatError: anything else.
        """
        try:
            entry = cls(
                folder=line["folder"],
                uid=line["uid"],
                guid=line["guid"],
                sha256=line["sha256"],
                size_bytes=line["size_bytes"],
                flags=tuple(line["flags"]),
                internaldate=_seconds(line["internaldate"]),
                file=line["file"],
                offset=line.get("offset"),
                length=line.get("length"),
                lost=line.get("lost"),
                findings=tuple(line.get("findings", ())),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise _no_entry(line) from error
        if not entry._is_sound():
            raise _no_entry(line)
        return entry

    def _is_sound(self) -> bool:
        """Written out: of a million entries each is asked."""
        file, lost, offset, length = self.file, self.lost, self.offset, self.length
        return (
            type(self.folder) is str
            and bool(self.folder)
            and (file is None or type(file) is str)
            and (lost is None or type(lost) is str)
            and type(self.uid) is int
            and type(self.size_bytes) is int
            and (offset is None or (type(offset) is int and offset >= 0))
            and (length is None or (type(length) is int and length >= 0))
            and (offset is None) == (length is None)
            and 0 < self.uid < UID_LIMIT
            and 0 <= self.size_bytes < _MOST_OCTETS
            and _TEXT.issuperset(map(type, self.flags))
            and _is_digest(self.guid, _GUID_DIGITS)
            and _is_digest(self.sha256, _SHA256_DIGITS)
            and _OBJECT.issuperset(map(type, self.findings))
        )


def _utc_text(seconds: int) -> str:
    """As `as_utc_text`, of a time that any record may have."""
    day, second = divmod(min(max(seconds, EARLIEST_TIME), LATEST_TIME), 86400)
    return f"{_day_text(day)}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"


@lru_cache(maxsize=1024)
def _day_text(day: int) -> str:
    return (as_utc_text(at_utc(day * 86400)) or "").partition("T")[0]


def _is_digest(text: str | None, digits: int) -> bool:
    return text is None or (type(text) is str and len(text) == digits and not text.strip(_HEX))


def _seconds(text: str) -> int:
    if not text.endswith("Z"):
        raise ValueError(f"no time in UTC: {text!r}")
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())


def _no_entry(line: object) -> FormatError:
    return FormatError(f"no message of a manifest: {line!r:.120}")

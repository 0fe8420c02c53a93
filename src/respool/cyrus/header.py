"""``cyrus.header``: quota root, unique id, names of user flags, ACL; both forms, both ways.

Source: imap/mailbox.c, ``mailbox_read_header`` and ``mailbox_write_header`` (2.4 to 3.10).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Final

from respool.cyrus.dlist import KeyValues, Value, parse_dlist, render_atom
from respool.errors import FormatError, TruncatedFile
from respool.model.dataclasses import dataclass

MAGIC: Final = b"\xa1\x02\x8b\x0dCyrus mailbox header\n"
MOTTO: Final = (
    b'"The best thing about this system was that it had lots of goals."\n'
    b"\t--Jim Morris on Andrew\n"
)
KEYWORD_LIMIT: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxHeader:
    """What a ``cyrus.header`` says.

    ``keywords`` are the names of the user-flag slots, None for a hole. ``internal_name``,
    ``mailbox_type`` and ``jmap_id`` (3.13) stand in the dlist form only; the name is that of
    the time when the header was last written, so it is out of date after a rename or
    deletion. ``more`` are the fields that follow the uniqueid in a text form of 3.x.
    """

    form: str  # "text" or "dlist"
    quota_root: str | None
    uniqueid: str | None
    keywords: tuple[str | None, ...]
    acl: Mapping[str, str]
    internal_name: str | None
    mailbox_type: str | None
    jmap_id: str | None = None
    more: tuple[str, ...] = ()


def parse_header(octets: bytes) -> MailboxHeader:
    """The value of a whole ``cyrus.header`` file.

    Raises:
        FormatError: another magic, or a body of neither form.
        TruncatedFile: the file ends inside what it begins.
    """
    body_at = _body_offset(octets)
    if octets[body_at : body_at + 1] == b"%":
        return _from_dlist(_key_values_at(octets, body_at)[0])
    return _from_text(octets[body_at:])


def render_header(header: MailboxHeader) -> bytes:
    """A whole ``cyrus.header`` in the form of ``header``, as a server writes it.

    Raises:
        ValueError: text that cannot stand in that form.
    """
    if len(header.keywords) > KEYWORD_LIMIT:
        raise ValueError(f"{len(header.keywords)} user flags, a mailbox holds {KEYWORD_LIMIT}")
    body = _text_body(header) if header.form == "text" else _dlist_body(header)
    return MAGIC + MOTTO + body


def with_keywords(octets: bytes, keywords: Sequence[str | None]) -> bytes:
    """The same header with these names of user flags; all else octet by octet as it was.

    Raises:
        FormatError: as `parse_header`.
        ValueError: more than 128, a name that cannot be written, or a hole in a text header.
    """
    if len(keywords) > KEYWORD_LIMIT:
        raise ValueError(f"{len(keywords)} user flags, a mailbox holds {KEYWORD_LIMIT}")
    body_at = _body_offset(octets)
    if octets[body_at : body_at + 1] == b"%":
        return _with_dlist_keywords(octets, body_at, keywords)
    return _with_text_keywords(octets, body_at, keywords)


def header_crc(octets: bytes) -> int:
    """The CRC-32 of a whole header file, as the index keeps it at octet 96."""
    return zlib.crc32(octets)


def _body_offset(octets: bytes) -> int:
    """Where the body starts: after the magic and two lines of motto."""
    if not octets.startswith(MAGIC):
        if MAGIC.startswith(octets):
            raise TruncatedFile(
                "cyrus.header is empty or ends in its first line",
                expected=f"{len(MAGIC)} octets",
                found=str(len(octets)),
            )
        found = repr(octets[: len(MAGIC)])
        raise FormatError("not a cyrus.header", expected="its first line", found=found)
    at = len(MAGIC)
    for _ in range(2):
        end = octets.find(b"\n", at)
        if end < 0:
            raise _cut(len(octets))
        at = end + 1
    return at


def _cut(size: int) -> TruncatedFile:
    return TruncatedFile("cyrus.header is cut", offset=size, expected="more lines", found="end")


def _from_text(body: bytes) -> MailboxHeader:
    lines = body.split(b"\n")
    if len(lines) < 4:
        raise _cut(len(body))
    quota_root, *fields = _text(lines[0]).split("\t")
    names = _text(lines[1]).removesuffix(" ").split(" ") if lines[1].strip() else []
    if len(names) > KEYWORD_LIMIT:
        raise FormatError("a cyrus.header with too many user flags")
    tokens = _text(lines[2]).split("\t")
    return MailboxHeader(
        form="text",
        quota_root=quota_root or None,
        uniqueid=(fields[0] or None) if fields else None,
        keywords=tuple(name or None for name in names),
        acl=dict(zip(tokens[0::2], tokens[1::2], strict=False)),
        internal_name=None,
        mailbox_type=None,
        more=tuple(fields[1:]),
    )


def _key_values_at(octets: bytes, body_at: int) -> tuple[KeyValues, int]:
    value, end = parse_dlist(octets, body_at)
    if not isinstance(value, KeyValues):
        raise FormatError("not a cyrus.header", offset=body_at, expected="%(", found="a value")
    return value, end


def _from_dlist(body: KeyValues) -> MailboxHeader:
    flags = body.get("U")
    acl = body.get("A")
    names = flags if isinstance(flags, tuple) else ()
    if len(names) > KEYWORD_LIMIT:
        raise FormatError("a cyrus.header with too many user flags")
    entries = acl.entries if isinstance(acl, KeyValues) else ()
    return MailboxHeader(
        form="dlist",
        quota_root=_string(body.get("Q")),
        uniqueid=_string(body.get("I")),
        keywords=tuple(_string(name) for name in names),
        acl={entry.key: _string(entry.value) or "" for entry in entries},
        internal_name=_string(body.get("N")),
        mailbox_type=_string(body.get("T")),
        jmap_id=_string(body.get("J")),
    )


def _text_body(header: MailboxHeader) -> bytes:
    """Three lines; names of 2.x without a uniqueid stand without a TAB."""
    has_id = header.uniqueid is not None or bool(header.more)
    fields = (header.quota_root or "", *((header.uniqueid or "", *header.more) if has_id else ()))
    rights = [word for each in header.acl.items() for word in each]
    words = [*fields, *(name or "" for name in header.keywords), *rights]
    if any(character in word for word in words for character in "\t\n") or any(
        " " in (name or "") for name in header.keywords
    ):
        raise ValueError("a text header cannot hold that")
    lines = (
        "\t".join(fields),
        "".join(f"{name or ''} " for name in header.keywords),
        "".join(f"{word}\t" for word in rights),
    )
    return "".join(f"{line}\n" for line in lines).encode("ascii", "surrogateescape")


def _dlist_body(header: MailboxHeader) -> bytes:
    """One line; keys in the order of the servers, none for what the mailbox has not."""
    acl = " ".join(
        f"{render_atom(identifier)} {render_atom(rights)}"
        for identifier, rights in header.acl.items()
    )
    names = " ".join("NIL" if name is None else render_atom(name) for name in header.keywords)
    values = (
        ("T", header.mailbox_type and render_atom(header.mailbox_type)),
        ("N", header.internal_name and render_atom(header.internal_name)),
        ("I", header.uniqueid and render_atom(header.uniqueid)),
        ("J", header.jmap_id and render_atom(header.jmap_id)),
        ("Q", header.quota_root and render_atom(header.quota_root)),
        ("A", f"%({acl})"),
        ("U", f"({names})" if names else None),
    )
    return f"%({' '.join(f'{key} {value}' for key, value in values if value)})\n".encode("ascii")


def _string(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None


def _with_text_keywords(octets: bytes, body_at: int, keywords: Sequence[str | None]) -> bytes:
    first_end = octets.find(b"\n", body_at)
    second_end = octets.find(b"\n", first_end + 1) if first_end >= 0 else -1
    if second_end < 0:
        raise _cut(len(octets))
    line = b"".join(_text_name(name) + b" " for name in keywords)
    return octets[: first_end + 1] + line + octets[second_end:]


def _text_name(name: str | None) -> bytes:
    if name is None:
        raise ValueError("a text header cannot hold a hole among its user flags")
    if not name or any(not "!" <= character <= "~" for character in name):
        raise ValueError(f"not the name of a user flag: {name!r}")
    return name.encode("ascii")


def _with_dlist_keywords(octets: bytes, body_at: int, keywords: Sequence[str | None]) -> bytes:
    body, end = _key_values_at(octets, body_at)
    names = " ".join("NIL" if name is None else render_atom(name) for name in keywords)
    old = next((entry for entry in body.entries if entry.key == "U"), None)
    if old is not None:
        return octets[: old.start] + f"({names})".encode("ascii") + octets[old.end :]
    if not keywords:
        return octets
    return octets[: end - 1] + f" U ({names})".encode("ascii") + octets[end - 1 :]


def _text(octets: bytes) -> str:
    return octets.decode("ascii", "surrogateescape")

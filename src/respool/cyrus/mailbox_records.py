r"""Records of ``mailboxes.db``, as the server's own programs print them. Text in, values out.

3.6 and later: ``N<domain>\x1d<part>\x1f<part>`` TAB dlist; 2.5 to 3.4: internal name TAB
dlist, both by ``cyr_dbtool … show``; up to 2.4 lines of ``ctl_mboxlist -d``, without ids.

Source: imap/mboxlist.c, ``mboxlist_entry_cstring``; cyrus-formats 3.7; seen on 3.6.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from respool.cyrus.dlist import KeyValues, parse_dlist
from respool.errors import FormatError
from respool.model.names import MailboxName, parse_internal_name

BY_ID: Final = (3, 6, 0)  # the first version whose keys begin with N and I
AS_DLIST: Final = (2, 5, 0)  # the first version whose values are dlists
_DOMAIN_END: Final = "\x1d"
_PART_END: Final = "\x1f"
_NO_MAILBOX: Final = frozenset("drmzi")  # deleted, remote, moving, reserved, intermediate
_OLD_NO_MAILBOX: Final = 1 | 2 | 8 | 16  # remote, reserved, moving, deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxRecord:
    """One mailbox of ``mailboxes.db``.

    ``kind`` are the letters of its type; ``uidvalidity`` and ``modified`` (seconds since
    1970) are 0 where the record does not say them; ``acl`` is in the record's order.
    """

    name: MailboxName
    partition: str
    uniqueid: str | None
    kind: str = ""
    is_under_uuid: bool = False  # its directories are named by its uniqueid
    uidvalidity: int = 0
    modified: int = 0
    acl: tuple[tuple[str, str], ...] = ()


def record_key(name: MailboxName, version: tuple[int, int, int]) -> str:
    """The key of the record of ``name``; as a prefix it finds what lies below, and more."""
    if version < BY_ID:
        return name.internal
    path = _PART_END.join(name.parts)
    return f"N{path}" if name.domain is None else f"N{name.domain}{_DOMAIN_END}{path}"


def id_key(uniqueid: str) -> str:
    """The key of the record that says whose ``uniqueid`` is; 3.6 and later."""
    return f"I{uniqueid}"


def parse_shown_records(text: str, version: tuple[int, int, int]) -> Iterator[MailboxRecord]:
    """The mailboxes in what ``cyr_dbtool … show`` of 2.5 and later printed, in its order.

    Records of what is no mailbox (deleted, remote, being made) are left out, and all other
    records, such as those by uniqueid.

    Raises:
        FormatError: a value that is no dlist, or a key that is no name.
    """
    for line in text.split("\n"):  # splitlines would also split at 0x1d
        key, tab, value = line.partition("\t")
        name = _name_of_key(key, version) if tab else None
        if name is None:
            continue
        record = _record(name, value, version)
        if not _NO_MAILBOX.intersection(record.kind):
            yield record


def parse_id_record(text: str, uniqueid: str) -> MailboxName | None:
    """Whose ``uniqueid`` is, by what ``cyr_dbtool … show I<id>`` of 3.6 and later printed.

    It prints all ids that begin so.

    Raises:
        FormatError: a value that is no dlist.
    """
    key, _, value = text.split("\n", 1)[0].partition("\t")
    if key != id_key(uniqueid):
        return None
    body = _key_values(value)
    if _NO_MAILBOX.intersection(_text(body, "T")):
        return None
    return _name_by_id(_text(body, "N"))


def parse_dumped_records(text: str) -> Iterator[MailboxRecord]:
    """The mailboxes in what ``ctl_mboxlist -d`` up to 2.4 printed; it knows no ids.

    Raises:
        FormatError: a name that is none.
    """
    for line in text.split("\n"):
        name, tab, rest = line.partition("\t")
        words = rest.split(" ", 2)
        if not tab or len(words) < 2 or not words[0].isdigit():
            continue
        if not int(words[0]) & _OLD_NO_MAILBOX:
            yield MailboxRecord(name=_internal(name), partition=words[1], uniqueid=None)


def _name_of_key(key: str, version: tuple[int, int, int]) -> MailboxName | None:
    if version >= BY_ID:
        return _name_by_id(key[1:]) if key.startswith("N") else None
    return None if key.startswith("$") else _internal(key)


def _name_by_id(key: str) -> MailboxName:
    domain, mark, path = key.rpartition(_DOMAIN_END)
    try:
        return MailboxName(domain=domain if mark else None, parts=tuple(path.split(_PART_END)))
    except ValueError as error:
        raise FormatError("not a record of mailboxes.db", found=repr(key[:80])) from error


def _internal(name: str) -> MailboxName:
    try:
        return parse_internal_name(name)
    except ValueError as error:
        raise FormatError("not a record of mailboxes.db", found=repr(name[:80])) from error


def _record(name: MailboxName, value: str, version: tuple[int, int, int]) -> MailboxRecord:
    body = _key_values(value)
    kind = _text(body, "T")
    acl = body.get("A")
    entries = acl.entries if isinstance(acl, KeyValues) else ()
    return MailboxRecord(
        name=name,
        partition=_text(body, "P"),
        uniqueid=_text(body, "I") or None,
        kind=kind,
        is_under_uuid=version >= BY_ID and "l" not in kind,
        uidvalidity=_number(body, "V"),
        modified=_number(body, "M"),
        acl=tuple((entry.key, str(entry.value or "")) for entry in entries),
    )


def _key_values(value: str) -> KeyValues:
    body, _ = parse_dlist(value.encode("utf-8", "surrogateescape"))
    if not isinstance(body, KeyValues):
        raise FormatError("not a record of mailboxes.db", expected="%(", found=repr(value[:80]))
    return body


def _text(body: KeyValues, key: str) -> str:
    value = body.get(key)
    return value if isinstance(value, str) else ""


def _number(body: KeyValues, key: str) -> int:
    text = _text(body, key)
    return int(text) if text.isdigit() and text.isascii() else 0

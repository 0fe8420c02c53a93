r"""Records of ``mailboxes.db``, one by one, and as the server's own programs print them.

3.6 and later: ``N<domain>\x1d<part>\x1f<part>`` TAB dlist; 2.5 to 3.4: internal name TAB
dlist, both by ``cyr_dbtool … show``; up to 2.4 lines of ``ctl_mboxlist -d``, without ids.

Source: imap/mboxlist.c, ``mboxlist_entry_cstring``; cyrus-formats 3.7; seen on 3.6.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from respool.cyrus.dlist import KeyValues, parse_dlist
from respool.errors import FormatError
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName, parse_internal_name

BY_ID: Final = (3, 6, 0)  # the first version whose keys begin with N and I
AS_DLIST: Final = (2, 5, 0)  # the first version whose values are dlists
VERSION_KEY: Final = "\x1fVER\x1f"  # of a database of 3.6 or later, not of each
_DOMAIN_END: Final = "\x1d"
_PART_END: Final = "\x1f"
_NO_MAILBOX: Final = frozenset("drmzi")  # deleted, remote, moving, reserved, intermediate
_PLAIN_KINDS: Final = ((1, "r"), (2, "z"), (4, "n"), (8, "m"), (16, "d"))
_OLD_NO_MAILBOX: Final = 1 | 2 | 8 | 16  # remote, reserved, moving, deleted
_PLAIN: Final = re.compile(r"([0-9]{1,9}) ([^ ]+) (?:\(([^()]*)\) ?)?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxRecord:
    """One mailbox of ``mailboxes.db``.

    ``kind`` are the letters of its type; ``uidvalidity`` and ``modified`` (seconds since
    1970) are 0 where the record does not say them; ``acl`` is in the record's order.
    ``former_names`` are those before a rename, the newest first, where 3.6 or later knows
    them.
    """

    name: MailboxName
    partition: str
    uniqueid: str | None
    kind: str = ""
    is_under_uuid: bool = False  # its directories are named by its uniqueid
    uidvalidity: int = 0
    modified: int = 0
    acl: tuple[tuple[str, str], ...] = ()
    former_names: tuple[MailboxName, ...] = ()

    @property
    def is_mailbox(self) -> bool:
        """Whether it is one: not deleted, remote, being made, or only a folder in between."""
        return not _NO_MAILBOX.intersection(self.kind)


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
        name = name_of_key(key, version) if tab else None
        if name is None:
            continue
        record = parse_record(name, value, is_by_id=version >= BY_ID)
        if record.is_mailbox:
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
    return parse_id_value(value)[0]


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
            yield MailboxRecord(name=name_of_internal(name), partition=words[1], uniqueid=None)


def name_of_key(key: str, version: tuple[int, int, int]) -> MailboxName | None:
    """The mailbox that a key names; None for a key of something else.

    Raises:
        FormatError: a key that is no name.
    """
    if version >= BY_ID:
        return name_of_dbname(key[1:]) if key.startswith("N") else None
    return None if key.startswith("$") else name_of_internal(key)


def key_text(octets: bytes) -> str:
    """A key or value as text: odd octets are kept as surrogate escapes."""
    return octets.decode("utf-8", "surrogateescape")


def name_of_dbname(key: str) -> MailboxName:
    r"""The mailbox of a name as 3.6 and later write it: ``b.loc\x1duser\x1fjdoe``.

    Raises:
        FormatError: a key that is no name.
    """
    domain, mark, path = key.rpartition(_DOMAIN_END)
    try:
        return MailboxName(domain=domain if mark else None, parts=tuple(path.split(_PART_END)))
    except ValueError as error:
        raise FormatError("not a record of mailboxes.db", found=repr(key[:80])) from error


def name_of_internal(name: str) -> MailboxName:
    """The mailbox of an internal name, as keys are up to 3.4; errors as `name_of_dbname`."""
    try:
        return parse_internal_name(name)
    except ValueError as error:
        raise FormatError("not a record of mailboxes.db", found=repr(name[:80])) from error


def parse_record(name: MailboxName, value: str, *, is_by_id: bool) -> MailboxRecord:
    """The record of ``name`` with a dlist as its value, of a mailbox or not.

    ``is_by_id`` for a server of 3.6 or later.

    Raises:
        FormatError: a value that is no dlist.
    """
    body = _key_values(value)
    kind = _text(body, "T")
    acl = body.get("A")
    entries = acl.entries if isinstance(acl, KeyValues) else ()
    return MailboxRecord(
        name=name,
        partition=_text(body, "P"),
        uniqueid=_text(body, "I") or None,
        kind=kind,
        is_under_uuid=is_by_id and "l" not in kind,
        uidvalidity=_number(body, "V"),
        modified=_number(body, "M"),
        acl=tuple((entry.key, str(entry.value or "")) for entry in entries),
    )


def parse_plain_record(name: MailboxName, value: str) -> MailboxRecord:
    """The record of ``name`` as a text of up to 2.4: type, partition, ACL parted by TABs.

    Some versions put ``(uniqueid X specialuse Y)`` before the ACL.

    Raises:
        FormatError: of another form.
    """
    found = _PLAIN.fullmatch(value)
    if found is None:
        raise FormatError("not a record of mailboxes.db", found=repr(value[:80]))
    words = found[4].split("\t")
    options = (found[3] or "").split()
    named = dict(zip(options[::2], options[1::2], strict=False))
    return MailboxRecord(
        name=name,
        partition=found[2].rpartition("!")[2],
        uniqueid=named.get("uniqueid"),
        kind="".join(letter for bit, letter in _PLAIN_KINDS if int(found[1]) & bit),
        acl=tuple(zip(words[::2], words[1::2], strict=False)),
    )


def parse_id_value(value: str) -> tuple[MailboxName | None, tuple[MailboxName, ...]]:
    """Whose a uniqueid is, by the value of its record, and the names that it had before.

    None where it is no mailbox's any more.

    Raises:
        FormatError: a value that is no dlist, or a name that is none.
    """
    body = _key_values(value)
    history = body.get("H")
    former = [
        name_of_dbname(_text(each, "N"))
        for each in (history if isinstance(history, tuple) else ())
        if isinstance(each, KeyValues)
    ]
    if _NO_MAILBOX.intersection(_text(body, "T")):
        return None, tuple(former)
    return name_of_dbname(_text(body, "N")), tuple(former)


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

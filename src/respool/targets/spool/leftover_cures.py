r"""Commands that cure leftovers, to be typed by root in a POSIX shell. Values in, text out.

Each was run as printed on Cyrus 3.6.1, but for ``mbtool -r`` (3.0 to 3.4, where
cyrus-formats 6.1 names it). They run as the owner of the server's files: a database that
root has written can be a database that the server cannot open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from shlex import quote

from respool.cyrus.dlist import render_atom
from respool.cyrus.header import MAGIC
from respool.cyrus.mailbox_records import BY_ID, MailboxRecord, id_key, record_key
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.targets.spool.program_output import Counted, quota_arguments

GIVES_NEW_ID = (3, 0, 0)  # the first version whose mbtool has -r
AWAY = "respool-leftovers"
_ID = re.compile(r"[A-Za-z0-9-]+")
_MOTTO = b'"The best thing about this system was that it had lots of goals."\n'
_AUTHOR = b"\t--Jim Morris on Andrew\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCommands:
    """What commands on one server are made of.

    ``programs`` are the server's programs by name; ``user`` owns its files; ``roots`` are
    the partitions' directories, of every sort, reached through no link.
    """

    version: tuple[int, int, int]
    imapd_conf: str
    database: str
    database_kind: str
    user: str
    separator: str
    default_domain: str | None
    programs: Mapping[str, str]
    roots: frozenset[PurePosixPath]

    def mailbox(self, name: MailboxName) -> str:
        """``name`` as an administrator of this server writes it."""
        if name.domain == self.default_domain:
            name = MailboxName(domain=None, parts=name.parts)
        return name.admin_with(self.separator)


def forget_record(on: ServerCommands, name: MailboxName) -> str:
    """Take the record of ``name`` out of mailboxes.db; nothing else is touched."""
    return f"{_database(on)} delete {_as_argument(record_key(name, on.version))}"


def forget_copy(on: ServerCommands, copy: MailboxRecord, original: MailboxRecord) -> str:
    """Take the record of ``copy`` out of mailboxes.db, and give its id back to ``original``.

    3.6 and later: the record by id names the last that took it; reconstruct writes it anew.
    """
    steps = [forget_record(on, copy.name)]
    if copy.uniqueid is not None:
        steps.append(f"{_database(on)} delete {_as_argument(id_key(copy.uniqueid))}")
    return " && ".join([*steps, reconstruct(on, original.name)])


def give_new_id(on: ServerCommands, name: MailboxName) -> str | None:
    """A new uniqueid for a mailbox of 3.0 to 3.4; None where no program can."""
    if not GIVES_NEW_ID <= on.version < BY_ID:
        return None
    return _tool(on, "mbtool", "-r", on.mailbox(name))


def put_id_into_header(
    on: ServerCommands, record: MailboxRecord, header: PurePosixPath, foreign_id: str
) -> str | None:
    """The mailbox's own uniqueid into its ``cyrus.header``, all else as it is. 3.6 and later.

    None where an id is none that a server makes: it would be a program for ``sed``.
    """
    if not all(_ID.fullmatch(uniqueid) for uniqueid in (foreign_id, record.uniqueid or "")):
        return None
    change = quote(f"s/{foreign_id}/{record.uniqueid}/")
    return f"{_as_owner(on)} env LC_ALL=C sed -i {change} {quote(str(header))}"


def write_header(
    on: ServerCommands, record: MailboxRecord, header: PurePosixPath, keyword_count: int
) -> str:
    """A plain ``cyrus.header`` from what mailboxes.db says. 3.6 and later, which take any CRC.

    Without keywords' names their flags would be wiped: ``keyword_count`` names stand for
    them. The quota root, which only the header has, is put in by ``quota -f``. Without the
    ACL, reconstruct of 3.6.1 dies.
    """
    octets = MAGIC + _MOTTO + _AUTHOR + _header_body(record, keyword_count).encode("ascii")
    written = f"printf {_for_printf(octets)} | {_as_owner(on)} tee {quote(str(header))}"
    count = _tool(on, "quota", *_quota_words(on, record.name))
    return f"{written} > /dev/null && {count} && {reconstruct(on, record.name)}"


def reconstruct(on: ServerCommands, name: MailboxName) -> str:
    """Make index and files of ``name`` agree."""
    return _tool(on, "reconstruct", on.mailbox(name))


def move_away(on: ServerCommands, directories: Iterable[PurePosixPath]) -> str:
    """Directories out of the partitions, onto the same file system, where nothing is lost."""
    steps = []
    for directory in directories:
        away = _away(on, directory)
        made = f"(umask 077 && mkdir -p {quote(str(away.parent))})"
        steps.append(f"{made} && mv -T {quote(str(directory))} {quote(str(away))}")
    return " && ".join(steps)


def move_files_away(on: ServerCommands, directories: Iterable[PurePosixPath]) -> str:
    """The files of directories, but not what is below: mailboxes live there."""
    steps = []
    for directory in directories:
        away = quote(str(_away(on, directory)))
        files = f"find {quote(str(directory))} -maxdepth 1 -type f"
        steps.append(f"(umask 077 && mkdir -p {away}) && {files} -exec mv -n -t {away} {{}} +")
    return " && ".join(steps)


def _away(on: ServerCommands, directory: PurePosixPath) -> PurePosixPath:
    """Where ``directory`` goes: beside ``data`` and ``meta``, never inside a partition."""
    around = (root for root in on.roots if directory.is_relative_to(root))
    above = max(around, key=_depth, default=directory).parent.parent
    while above != above.parent and any(above.is_relative_to(root) for root in on.roots):
        above = above.parent
    return above / AWAY / directory.relative_to(above)


def _depth(path: PurePosixPath) -> int:
    return len(path.parts)


def _quota_words(on: ServerCommands, name: MailboxName) -> Sequence[str]:
    size = 2 if name.is_user else 1
    root = MailboxName(domain=name.domain, parts=name.parts[:size])
    domain = None if name.domain == on.default_domain else name.domain
    login = root.parts[-1] if domain is None else f"{root.parts[-1]}@{domain}"
    bare = MailboxName(domain=None, parts=root.parts)
    counted = Counted(
        domain=domain,
        local=on.mailbox(bare),
        internal=bare.internal,
        userid=login if name.is_user else None,
    )
    return quota_arguments(on.version, counted)


def _header_body(record: MailboxRecord, keyword_count: int) -> str:
    acl = " ".join(f"{render_atom(who)} {render_atom(rights)}" for who, rights in record.acl)
    uniqueid = render_atom(record.uniqueid or "")
    body = f"%(T {record.kind or 'e'} N {render_atom(record.name.internal)} I {uniqueid}"
    names = " ".join(f"lost-keyword-{number}" for number in range(1, keyword_count + 1))
    keywords = f" U ({names})" if names else ""
    return f"{body} A %({acl}){keywords})\n"


def _database(on: ServerCommands) -> str:
    database = f"{quote(on.database)} {quote(on.database_kind)}"
    return f"{_tool(on, 'cyr_dbtool')} {database}"


def _tool(on: ServerCommands, name: str, *words: str) -> str:
    program = quote(on.programs.get(name, name))
    arguments = "".join(f" {quote(word)}" for word in words)
    return f"{_as_owner(on)} {program} -C {quote(on.imapd_conf)}{arguments}"


def _as_owner(on: ServerCommands) -> str:
    return f"runuser -u {quote(on.user)} --"


def _as_argument(key: str) -> str:
    """A database key as one word of a shell line, control characters as printf writes them."""
    if key.isprintable() and key.isascii():
        return quote(key)
    return f'"$(printf {_for_printf(key.encode("utf-8", "surrogateescape"))})"'


def _for_printf(octets: bytes) -> str:
    r"""A format that makes ``printf`` write just these octets.

    >>> _for_printf(b"50% \x1d")
    "'50%% \\035'"
    """
    shown = "".join(_for_format(octet) for octet in octets)
    return quote(shown)


def _for_format(octet: int) -> str:
    if octet in {0x25, 0x5C}:
        return chr(octet) * 2
    if octet == 0x0A:
        return "\\n"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03o}"

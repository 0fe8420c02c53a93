"""Asks a server's mailbox list by the server's own programs; never over IMAP, never to change it.

A record without a uniqueid kills the imapd that touches it, so no mailbox is opened here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from respool.cyrus.mailbox_records import (
    AS_DLIST,
    BY_ID,
    MailboxRecord,
    id_key,
    parse_dumped_records,
    parse_id_record,
    parse_shown_records,
    record_key,
)
from respool.errors import ProgramFailed
from respool.model.names import DELETED, MailboxName
from respool.system.cyrus_server import CyrusServer, find_tool
from respool.system.ownership import user_name
from respool.system.programs import Finished
from respool.targets.spool.leftover_cures import ServerCommands

_PROGRAMS = ("cyr_dbtool", "mbtool", "reconstruct", "quota")
_KINDS = ("", "meta", "archive")


def server_commands(server: CyrusServer) -> ServerCommands:
    """What commands on ``server`` are made of."""
    configuration = server.configuration
    database = configuration.text("mboxlist_db_path")
    found = {name: find_tool(name) for name in _PROGRAMS}
    return ServerCommands(
        version=server.version,
        imapd_conf=str(server.imapd_conf),
        database=database or str(configuration.configdirectory / "mailboxes.db"),
        database_kind=configuration.text("mboxlist_db", "twoskip"),
        user=user_name(server.owner),
        separator=server.separator,
        default_domain=server.default_domain,
        programs={name: str(path) for name, path in found.items() if path is not None},
        roots=frozenset(
            PurePosixPath(Path(root).resolve())
            for kind in _KINDS
            for root in configuration.roots(kind).values()
        ),
    )


def all_records(server: CyrusServer, on: ServerCommands) -> tuple[MailboxRecord, ...]:
    """Every mailbox of the server.

    Raises:
        ServerNotFound, ProgramFailed, FormatError: the list cannot be had, or not be read.
    """
    records = _records(server, on, "N" if on.version >= BY_ID else "")
    if not records:
        raise ProgramFailed(f"{on.database} names no mailbox at all")
    return records


def records_of(
    server: CyrusServer, on: ServerCommands, root: MailboxName
) -> tuple[MailboxRecord, ...]:
    """The mailbox ``root`` and those below it, deleted ones included. Errors as `all_records`."""
    deleted = MailboxName(domain=root.domain, parts=(DELETED, *root.parts))
    if on.version < AS_DLIST:
        found = _records(server, on, "")
    else:
        keys = [record_key(name, on.version) for name in (root, deleted)]
        shown = _all_shown(server, on, *keys)
        found = tuple(r for text in shown for r in parse_shown_records(text, on.version))
    return tuple(
        record
        for record in found
        if any(record.name == name or record.name.is_below(name) for name in (root, deleted))
    )


def owner_of_id(server: CyrusServer, on: ServerCommands, uniqueid: str) -> MailboxName | None:
    """The mailbox that ``uniqueid`` is registered for; 3.6 and later. Errors as `all_records`."""
    return parse_id_record(_shown(server, on, id_key(uniqueid)), uniqueid)


def _records(server: CyrusServer, on: ServerCommands, prefix: str) -> tuple[MailboxRecord, ...]:
    if on.version >= AS_DLIST:
        return tuple(parse_shown_records(_shown(server, on, prefix), on.version))
    return tuple(parse_dumped_records(_output(server, "ctl_mboxlist", "-d")))


def _shown(server: CyrusServer, on: ServerCommands, prefix: str) -> str:
    return _output(server, *_showing(on, prefix))


def _all_shown(server: CyrusServer, on: ServerCommands, *prefixes: str) -> Iterator[str]:
    """As `_shown`, of several, side by side."""
    commands = [_showing(on, each) for each in prefixes]
    for (name, *words), done in zip(commands, server.ask_of_list(commands), strict=True):
        yield _text_of(done, name, *words)


def _showing(on: ServerCommands, prefix: str) -> tuple[str, ...]:
    return ("cyr_dbtool", on.database, on.database_kind, "show", *((prefix,) if prefix else ()))


def _output(server: CyrusServer, name: str, *words: str) -> str:
    return _text_of(server.run_tool(name, *words, timeout_seconds=600.0), name, *words)


def _text_of(done: Finished, name: str, *words: str) -> str:
    if done.status != 0:
        lines = done.errors.strip().splitlines()
        raise ProgramFailed(
            f"{name} {' '.join(words[2:])} ended with {done.signal_name or done.status}",
            why=lines[-1] if lines else None,
        )
    return done.output

"""``respool cat``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from respool.cli.options import (
    AccountName,
    AsJson,
    BackupOptions,
    FolderName,
    Generation,
    settings_of,
)

if TYPE_CHECKING:
    from respool.app.cat import OpenedMessage

_CHUNK = 1 << 20

EXAMPLES = """\b
Examples:
  respool cat jdoe@example.org INBOX 42 > message.eml
  respool cat jdoe@example.org Projects/2017 7 -g 154 | less
"""


def cat(
    account: AccountName,
    folder: FolderName,
    uid: Annotated[int, typer.Argument(metavar="UID", min=1, help="As `respool ls` shows it.")],
    *,
    generation: Generation = None,
    backup: BackupOptions,
    as_json: AsJson = False,
) -> None:
    """One message as it is: octet by octet into a file, made harmless on a terminal."""
    from respool.app.cat import get_message
    from respool.app.selection import Wanted

    settings = settings_of(backup)
    wanted = Wanted(account=account, folders=(folder,), generation=generation, command="cat")
    message = get_message(settings, wanted, uid)
    with message.file as file:
        if as_json:
            _print_json(message)
        else:
            _copy(file)


def _copy(file: BinaryIO) -> None:
    import sys

    from respool.cli.output import print_text

    if sys.stdout.isatty():
        for line in file:
            print_text(line.decode("utf-8", "surrogateescape").rstrip("\r\n"))
        return
    while octets := file.read(_CHUNK):
        sys.stdout.buffer.write(octets)


def _print_json(message: OpenedMessage) -> None:
    import base64

    from respool.cli.output import print_json

    octets = message.file.read()
    print_json(
        {
            "account": message.selection.account.address,
            "generation": message.selection.generation.label,
            "name": message.mailbox.name.display,
            "uid": message.uid,
            "guid": message.guid,
            "size_bytes": len(octets),
            "octets_base64": base64.b64encode(octets).decode("ascii"),
        }
    )

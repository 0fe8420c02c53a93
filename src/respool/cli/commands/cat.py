"""``respool cat``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from respool.cli.options import AccountName, AsJson, BackupOptions, Generation, settings_of

if TYPE_CHECKING:
    from respool.app.cat import OpenedMessage

_MESSAGE = typer.Argument(
    metavar="[FOLDER] UID|GUID",
    help="A UID of FOLDER, as `respool ls` shows it; or a GUID, of any folder without FOLDER.",
    show_default=False,
)
_HEADERS = typer.Option("--headers", help="The header alone.")
_PART = typer.Option(
    "--part",
    metavar="N",
    help="One part, decoded: 1, 2.1 … as IMAP numbers them; or HEADER, TEXT, 2.MIME.",
)
_RAW = typer.Option("--raw", help="Octets as they are, on a terminal too.")

EXAMPLES = """\b
Examples:
  respool cat jdoe@example.org INBOX 42 > message.eml
  respool cat jdoe@example.org Projects/2017 7 -g 154 --headers
  respool cat jdoe@example.org INBOX 42 --part 2 > contract.pdf
  respool cat jdoe@example.org 3c826e6d3ddc9c2d3563bd6be968440920687a4e
"""


def cat(
    account: AccountName,
    message: Annotated[list[str], _MESSAGE],
    *,
    generation: Generation = None,
    headers: Annotated[bool, _HEADERS] = False,
    part: Annotated[str | None, _PART] = None,
    raw: Annotated[bool, _RAW] = False,
    backup: BackupOptions,
    as_json: AsJson = False,
) -> None:
    """One message as it is: octet by octet into a file, made harmless on a terminal.

    Without -g: of the newest generation that has the folder, or the message.
    """
    from respool.app.cat import excerpt, get_message
    from respool.app.selection import Wanted
    from respool.cli.output import print_json, print_note, print_octets
    from respool.errors import UsageError

    if len(message) > 2 or (headers and part is not None):
        raise UsageError("cat takes one message, and either --headers or --part")
    *folders, text = message
    wanted = Wanted(account=account, folders=tuple(folders), generation=generation, command="cat")
    found = get_message(settings_of(backup), wanted, text)
    with found.file as file:
        octets = excerpt(file.read(), headers=headers, part=part)
    if as_json:
        print_json(found.as_json(octets, part="HEADER" if headers else part))
    else:
        _print_copies(found)
        if found.note is not None:
            print_note(f"this is a stub of mail that BlueMind had archived; {found.note}")
        print_octets(octets, as_they_are=raw)


def _print_copies(message: OpenedMessage) -> None:
    """Where it was found, unless that was typed."""
    from respool.cli.output import print_note

    for copy in message.copies or ():
        state = ", expunged" if copy.is_expunged else ""
        taken = "this one" if copy is message.found else "the same"
        print_note(f"{copy.path}, message {copy.uid}{state}: {taken}")

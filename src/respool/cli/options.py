"""Options and arguments that several commands have, described once."""

from __future__ import annotations

from typing import Annotated

import typer

Backups = Annotated[
    str | None,
    typer.Option("--backups", metavar="PATH", help="Where backups are."),
]
Generation = Annotated[
    str | None,
    typer.Option(
        "-g",
        "--generation",
        metavar="GEN",
        help="Id, part:1234, date (2017-10-03), time (2017-10-03T18:00), latest or latest~1.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ImapdConf = Annotated[
    str | None,
    typer.Option("--imapd-conf", metavar="FILE", help="The mail server's configuration."),
]
Imap = Annotated[
    str | None,
    typer.Option("--imap", metavar="URL", help="The mail server, imap://HOST:PORT."),
]
ImapAdmin = Annotated[
    str | None,
    typer.Option("--imap-admin", metavar="NAME", help="The mail server's administrator."),
]
State = Annotated[
    str | None,
    typer.Option("--state", metavar="DIR", help="Where journals and receipts are kept."),
]
AccountName = Annotated[
    str,
    typer.Argument(metavar="ACCOUNT", help="jdoe@example.org; user/… or share/… where both are."),
]
FolderName = Annotated[
    str,
    typer.Argument(metavar="FOLDER", help="INBOX, Projects/2017 …; Sent, Éléments envoyés …"),
]

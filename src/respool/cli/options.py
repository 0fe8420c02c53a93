"""Options and arguments that several commands have, described once; groups of them."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from respool.model.dataclasses import dataclass

if TYPE_CHECKING:
    from respool.app.settings import Settings

Backups = Annotated[
    str | None,
    typer.Option("--backups", metavar="PATH", help="Where backups are."),
]
Data = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Message files of one account, instead of --backups; again for each letter.",
    ),
]
Meta = Annotated[
    list[str] | None,
    typer.Option("--meta", metavar="DIR", help="The cyrus.* files that belong to --data."),
]
Archive = Annotated[
    list[str] | None,
    typer.Option("--archive", metavar="DIR", help="The archived messages that belong to --data."),
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
Credentials = Annotated[
    str | None,
    typer.Option(
        "--credentials",
        metavar="FILE",
        help="Logins and passwords at another server, one pair a line: jdoe@example.org secret.",
    ),
]
CaFile = Annotated[
    str | None,
    typer.Option(
        "--ca-file", metavar="FILE", help="Trust another server by these certificates alone (PEM)."
    ),
]
Insecure = Annotated[
    bool,
    typer.Option("--insecure", help="Speak to another server though it offers no encryption."),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        metavar="N",
        min=1,
        max=32,
        help="Folders at once, and processes that write; default: one a core, at most 4.",
    ),
]
Nice = Annotated[
    bool, typer.Option("--nice", help="Work after everybody else on this machine who wants to.")
]
State = Annotated[
    str | None,
    typer.Option(
        "--state", metavar="DIR", help="Where journals, receipts and the catalogue are kept."
    ),
]
RunNumber = Annotated[
    str, typer.Argument(metavar="RUN", help="The number of a run, or batch:N: all runs of one.")
]
MaybeRun = Annotated[
    str | None,
    typer.Argument(metavar="[RUN]", help="The number of a run, or batch:N: all runs of one."),
]
BluemindApi = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Where BlueMind's core answers: https://HOST/api.", show_default=False
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
AccountName = Annotated[
    str,
    typer.Argument(metavar="ACCOUNT", help="jdoe@example.org; user/… or share/… where both are."),
]
FolderName = Annotated[
    str,
    typer.Argument(metavar="FOLDER", help="INBOX, Projects/2017 …; Sent, Éléments envoyés …"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupOptions:
    """Where the backup is: a place that holds backups, or the directories of one account."""

    backups: Backups = None
    data: Data = None
    meta: Meta = None
    archive: Archive = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Where the live server is, and who speaks to it."""

    imapd_conf: ImapdConf = None
    imap: Imap = None
    imap_admin: ImapAdmin = None
    bluemind_api: BluemindApi = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceOptions:
    """How much of the machine a run takes."""

    jobs: Jobs = None
    nice: Nice = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FarOptions:
    """How another server is reached; who logs in there is part of its address."""

    credentials: Credentials = None
    ca_file: CaFile = None
    insecure: Insecure = False


def settings_of(
    *groups: BackupOptions | ServerOptions | FarOptions, **options: str | None
) -> Settings:
    """The settings of one command; ``options`` are single ones by their keys.

    Raises:
        UsageError: as `read_settings`, and for directories of an account that do not fit.
    """
    from respool.app.settings import read_settings, staged_directories
    from respool.cli.confirm import asked_secret
    from respool.cli.option_groups import values_of

    typed = {key: value for group in groups for key, value in values_of(group).items()}
    staged = staged_directories(
        **{name: typed.pop(name, None) or () for name in ("data", "meta", "archive")}
    )
    if "insecure" in typed:
        typed["insecure"] = "yes" if typed["insecure"] else None
    return read_settings({**typed, **options}, staged=staged, ask=asked_secret)

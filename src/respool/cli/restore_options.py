"""Options of the commands that plan and restore, described once."""

from __future__ import annotations

from typing import Annotated

import typer

from respool.cli.options import Generation
from respool.model.dataclasses import dataclass

MaybeAccount = Annotated[
    str | None,
    typer.Argument(metavar="ACCOUNT", help="jdoe@example.org; user/… or share/… where both are."),
]
Folders = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FOLDER]...",
        help="It and all below it; =NAME that one alone; * and ** match. None: the account.",
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="WHERE",
        help="Another account that gets the mail, imaps://USER@HOST, or files: maildir:PATH,"
        " mbox:PATH, zip:PATH, eml:PATH; default: the same account.",
    ),
]
AsUser = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="USER",
        help="Whose account at imaps://ADMIN@HOST it is: ADMIN logs in for him.",
    ),
]
MapDomain = Annotated[
    list[str] | None,
    typer.Option(
        "--map-domain",
        metavar="OLD=NEW",
        help="The domain of accounts and of people with rights is another one there.",
    ),
]
MendLineEnds = Annotated[
    bool,
    typer.Option(
        "--mend-line-ends",
        help="Give messages that IMAP servers refuse for their line ends proper ones.",
    ),
]
Accounts = Annotated[
    str | None,
    typer.Option(
        "--accounts",
        metavar="FILE|GLOB",
        help="Many accounts instead of ACCOUNT: '*@example.org', or a file with one a line.",
    ),
]
Into = Annotated[
    str | None,
    typer.Option("--into", metavar="NAME", help="The new folder; default restored-<date>."),
]
Rename = Annotated[
    list[str] | None,
    typer.Option(
        "--rename",
        metavar="OLD=NEW",
        help="Another name for a folder that the server refuses; auto takes every proposal.",
    ),
]
WithoutMetadata = Annotated[
    bool,
    typer.Option(
        "--without-metadata",
        help="Message files only, as if the backup had no cyrus.* files: all unread.",
    ),
]
IncludeExpunged = Annotated[
    bool,
    typer.Option(
        "--include-expunged", help="Those too that the user deleted and that are still on disk."
    ),
]
SamePerson = Annotated[
    bool,
    typer.Option("--same-person", help="The live account was made anew for the same person."),
]
OtherPerson = Annotated[
    bool,
    typer.Option("--other-person", help="Somebody else has the name now, and shall get the mail."),
]
CreateAccount = Annotated[
    bool,
    typer.Option("--create-account", help="Create the mailbox first if the account is gone."),
]
InPlace = Annotated[
    bool,
    typer.Option(
        "--in-place",
        help="No new folder: INBOX becomes INBOX. What holds mail is added to over IMAP.",
    ),
]
OnlyMissing = Annotated[
    bool,
    typer.Option(
        "--only-missing",
        help="Into the original folders, and only what the live account lacks.",
    ),
]
OnConflict = Annotated[
    str | None,
    typer.Option(
        "--on-conflict",
        metavar="RULE",
        help="In place, what the live account has already: skip it (default), copy it again, or"
        " newer-flags: give it the backup's flags where those are newer.",
    ),
]
RaiseQuota = Annotated[
    bool,
    typer.Option("--raise-quota", help="Raise a quota that is too small for the restored mail."),
]
NoSeen = Annotated[
    bool,
    typer.Option("--no-seen", help="Leave what each reader of a shared folder has read."),
]
NoAnnotations = Annotated[
    bool,
    typer.Option(
        "--no-annotations", help="Leave annotations of folders and messages, and special use."
    ),
]
NoFinishing = Annotated[
    bool,
    typer.Option(
        "--no-finishing", help="Tell BlueMind's core nothing: what remains is left for you."
    ),
]
StateOnly = Annotated[
    str | None,
    typer.Option(
        "--state-only",
        metavar="[FLAGS]",
        help="Add no mail: put flags of the messages that are still there back. FLAGS: seen,"
        " flagged, answered, draft, flags, keywords, or a keyword, with commas; default: all.",
    ),
]
Exact = Annotated[
    bool,
    typer.Option(
        "--exact", help="With --state-only: clear, too, what they had not in the backup."
    ),
]
ChangedBetween = Annotated[
    tuple[str, str] | None,
    typer.Option(
        "--changed-between",
        metavar="GEN1 GEN2",
        help="With --state-only: put back what changed from GEN1 to GEN2, and nothing else.",
    ),
]
RemoveAfter = Annotated[
    str | None,
    typer.Option(
        "--remove-after",
        metavar="AGE",
        help="Let `undo --due` take it back after 14d, 12h or 2w; default: never.",
    ),
]
Rehearse = Annotated[
    bool,
    typer.Option("--rehearse", help="Restore, prove, and take it back at once: a rehearsal."),
]
Noted = Annotated[
    str | None,
    typer.Option("--note", metavar="TEXT", help="Kept in plan and receipt: a ticket number."),
]
Details = Annotated[
    bool, typer.Option("--details", help="A line a folder, and everything that is left out.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The options of ``plan`` and ``restore`` that say what is wanted."""

    generation: Generation = None
    to: To = None
    as_user: AsUser = None
    map_domain: MapDomain = None
    mend_line_ends: MendLineEnds = False
    into: Into = None
    rename: Rename = None
    without_metadata: WithoutMetadata = False
    include_expunged: IncludeExpunged = False
    same_person: SamePerson = False
    other_person: OtherPerson = False
    create_account: CreateAccount = False
    in_place: InPlace = False
    only_missing: OnlyMissing = False
    on_conflict: OnConflict = None
    raise_quota: RaiseQuota = False
    no_seen: NoSeen = False
    no_annotations: NoAnnotations = False
    no_finishing: NoFinishing = False
    state_only: StateOnly = None
    exact: Exact = False
    changed_between: ChangedBetween = None
    remove_after: RemoveAfter = None
    rehearse: Rehearse = False
    note: Noted = None

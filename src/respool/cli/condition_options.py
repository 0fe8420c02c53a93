"""Options that say which messages are meant, described once; the group that they make."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from respool.model.dataclasses import dataclass

if TYPE_CHECKING:
    from respool.model.conditions import Conditions

ValueT = TypeVar("ValueT")

_SENT_TO = "Messages that have X in the name or address of a recipient (To or Cc)."
From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="X", help="Messages that have X in the sender's name or address."
    ),
]
SentTo = Annotated[str | None, typer.Option("--sent-to", metavar="X", help=_SENT_TO)]
To = Annotated[str | None, typer.Option("--to", "--sent-to", metavar="X", help=_SENT_TO)]
Subject = Annotated[
    str | None,
    typer.Option("--subject", metavar="X", help="Messages that have X in the subject."),
]
Text = Annotated[
    str | None,
    typer.Option(
        "--text",
        metavar="X",
        help="Messages that have X in subject, body or the name of an attachment.",
    ),
]
MessageId = Annotated[
    str | None, typer.Option("--message-id", metavar="ID", help="The message with this ID.")
]
Guids = Annotated[
    list[str] | None,
    typer.Option("--guid", metavar="GUID", help="The message of this GUID; again for more."),
]
Uids = Annotated[
    str | None, typer.Option("--uid", metavar="SET", help="Messages by their UIDs: 3,7:9.")
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="D",
        help="Received on this day or later: 2017-10-03, 2017-10-03T18:00, 3d (ago).",
    ),
]
Before = Annotated[
    str | None, typer.Option("--before", metavar="D", help="Received before this day or time.")
]
DeletedSince = Annotated[
    str | None,
    typer.Option(
        "--deleted-since", metavar="T", help="Deleted by the user on this day or later, or 3d ago."
    ),
]
Larger = Annotated[
    str | None, typer.Option("--larger", metavar="N", help="Larger than 10k, 5M or so.")
]
Has = Annotated[
    str | None,
    typer.Option("--has", metavar="attachment", help="Messages with an attachment."),
]
Flags = Annotated[
    list[str] | None,
    typer.Option(
        "--flag", metavar="F", help="Messages with this flag: seen, flagged, $Forwarded …"
    ),
]
InFolders = Annotated[
    list[str] | None,
    typer.Option("--folder", metavar="GLOB", help="Messages in these folders, as FOLDER says."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionOptions:
    """Which messages; ``--to`` is a place for the commands that restore."""

    from_: From = None
    sent_to: SentTo = None
    subject: Subject = None
    text: Text = None
    message_id: MessageId = None
    guid: Guids = None
    uid: Uids = None
    since: Since = None
    before: Before = None
    deleted_since: DeletedSince = None
    larger: Larger = None
    has: Has = None
    flag: Flags = None
    folder: InFolders = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions(ConditionOptions):
    """The same for commands that only look: there ``--to`` is a recipient, too."""

    sent_to: To = None


def conditions_of(options: ConditionOptions) -> Conditions:
    """What was typed, as one value; days and times are meant in the machine's zone.

    Raises:
        UsageError: naming the option that makes no sense.
    """
    from datetime import UTC, datetime

    from respool.errors import UsageError
    from respool.model import condition_text as parse
    from respool.model.conditions import Conditions

    def when(text: str) -> datetime:
        return parse.parse_when(text, None, datetime.now(UTC))

    if options.has not in {None, "attachment"}:
        raise UsageError(f'--has "{options.has}" is not known', hint="--has attachment")
    try:
        return Conditions(
            sender=options.from_,
            recipient=options.sent_to,
            subject=options.subject,
            text=options.text,
            message_id=options.message_id,
            guids=tuple(_parsed("--guid", each, parse.parse_guid) for each in options.guid or ()),
            uids=_given("--uid", options.uid, parse.parse_uids),
            since=_given("--since", options.since, when),
            before=_given("--before", options.before, when),
            deleted_since=_given("--deleted-since", options.deleted_since, when),
            larger=_given("--larger", options.larger, parse.parse_size),
            has_attachment=options.has is not None,
            flags=tuple(_parsed("--flag", each, parse.parse_flag) for each in options.flag or ()),
            folders=tuple(options.folder or ()),
        )
    except ValueError as error:
        raise UsageError("these conditions make no sense", why=str(error)) from error


def print_conditions(conditions: Conditions) -> None:
    """Before what is shown: that it is not all."""
    from respool.cli.output import print_note
    from respool.model.condition_text import conditions_text

    if not conditions.is_empty:
        print_note(f"only messages that match: {conditions_text(conditions)}")


def _given(option: str, text: str | None, parse: Callable[[str], ValueT]) -> ValueT | None:
    return None if text is None else _parsed(option, text, parse)


def _parsed(option: str, text: str, parse: Callable[[str], ValueT]) -> ValueT:
    from respool.errors import UsageError

    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error

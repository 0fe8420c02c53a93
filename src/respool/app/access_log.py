"""Who listed, read, planned, restored, read back or took back whose mail, and when.

A line of JSON for each in ``access.log`` of the state directory, which nobody else may
read. Never a secret, a subject or what stands in a message.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from respool.app.selection import Selection
from respool.app.settings import Settings
from respool.app.state import private_state
from respool.errors import NotPermitted, RespoolError
from respool.model.accounts import folder_path
from respool.model.dataclasses import dataclass
from respool.model.json_text import as_utc_text
from respool.planning.plan import PlanHead
from respool.system.append import append_line
from respool.system.ownership import who_asks

LOG_FILE: Final = "access.log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What was done to whose mail; None and no folders: all, or it does not apply.

    ``account`` is the backup's, ``target`` the live one; ``message`` a UID, or a GUID.
    """

    command: str
    account: str | None = None
    target: str | None = None
    folders: tuple[str, ...] = ()
    generation: str | None = None
    run: int | None = None
    messages: int | None = None
    message: str | None = None


def of_selection(command: str, selection: Selection, *, is_whole: bool = False) -> Access:
    """Reading what was selected; ``is_whole``: no folder was named."""
    folders = () if is_whole else tuple(folder_path(each.name) for each in selection.mailboxes)
    return Access(
        command=command,
        account=selection.account.address,
        folders=folders,
        generation=selection.generation.label,
    )


def of_run(command: str, number: int, head: PlanHead) -> Access:
    """A run begun, gone on with, taken back or read back."""
    return Access(
        command=command,
        account=head.request.account.address,
        target=_target(head),
        folders=_folders(head),
        generation=head.generation_label,
        run=number,
        messages=head.messages,
    )


def _folders(head: PlanHead) -> tuple[str, ...]:
    """As they were named; of single messages, those that they are in."""
    if not head.request.is_selective:
        return head.request.folders
    return tuple(each.source_path for each in head.mailboxes if each.source_path is not None)


def _target(head: PlanHead) -> str:
    """The live account; with where it is, or the files, if that is not this machine's server."""
    address = head.request.target.address
    return address if head.where is None else f"{address} {head.where}"


def note_reading(settings: Settings, access: Access) -> None:
    """Note that something is read; where that cannot be, it is read all the same, and said."""
    try:
        _note(settings, access, is_flushed=False)
    except RespoolError as error:
        import logging  # noqa: PLC0415 - slow to load, and seldom needed

        why = f"{error.what}: {error.why}" if error.why else error.what
        logging.getLogger("respool").warning("not in the access log: %s", why)


def note_change(settings: Settings, access: Access) -> None:
    """Note that something will be changed, before it is; on disk when this returns.

    Raises:
        UsageError, NotPermitted: it cannot be noted: nothing is to be changed then.
    """
    _note(settings, access, is_flushed=True)


def _note(settings: Settings, access: Access, *, is_flushed: bool) -> None:
    state = private_state(settings)
    line = {"at": as_utc_text(datetime.now(UTC)), "who": asdict(who_asks()), **_told(access)}
    octets = json.dumps(line).encode("ascii")
    try:
        append_line(state / LOG_FILE, octets, is_flushed=is_flushed)
    except OSError as error:
        raise NotPermitted(
            f"{state / LOG_FILE} cannot be written",
            why=(error.strerror or str(error)).lower(),
            hint="it says who changed whose mail: make room, or name another place with --state",
        ) from error


def _told(access: Access) -> dict[str, Any]:
    return {**asdict(access), "folders": list(access.folders)}

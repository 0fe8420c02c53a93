"""Making a plan: what was asked, what the backup holds, how the live server stands."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from respool import __version__
from respool.app.backups import backup_of
from respool.app.selection import Selection, Wanted, select
from respool.app.settings import Settings
from respool.app.wish import Wish
from respool.backups.contents import mailboxes_of, read_mailbox
from respool.backups.source import SourceMailbox
from respool.errors import FolderNotInGeneration, GenerationNotFound, PlanRefused, UsageError
from respool.model.accounts import AccountKind, folder_parts, folder_path
from respool.model.generations import Generation
from respool.model.names import encoded_part
from respool.planning.codec import parse_tail, render_plan
from respool.planning.plan import PlanHead, PlanTail
from respool.planning.request import RENAME_AUTO, RestoreRequest
from respool.system.cyrus_server import CyrusServer
from respool.system.durable import new_private_file
from respool.targets.spool.planner import PlanContext, plan_restore
from respool.targets.spool.sequence import ChosenMailbox, SpoolPlan
from respool.targets.spool.steps import SourcePlace
from respool.targets.spool.surveyor import survey_account

_EARLIER_RESTORE = re.compile(r"restored-\d{4}-?\d{2}(-?\d{2})?(-\d+)?")
_NOT_IN_A_NEW_NAME = frozenset("/*%")


def make_plan(settings: Settings, wish: Wish, server: CyrusServer) -> SpoolPlan:
    """The plan of a restore, from backup, request and live server. Changes nothing.

    Raises:
        BackupError: what was asked for is not there.
        PlanRefused: it cannot be carried out, with every reason.
    """
    backup = backup_of(settings)
    selection = select(backup, wish.wanted)
    if selection.account.kind is AccountKind.MAILSHARE:
        raise PlanRefused(
            f"{selection.account.address} is a mailshare",
            ("this version restores the mailboxes of users",),
            hint="respool show and cat read mailshares, too",
        )
    kept, skipped = _without_earlier(selection, wish.wanted)
    if not kept:
        raise FolderNotInGeneration(
            f"nothing of {selection.account.address} is left to restore",
            why="; ".join(f"{path}: {reason}" for path, reason in skipped.items()) or None,
        )
    chosen = [_chosen(source) for source in kept]
    taken_at, is_about = _taken(selection.generation, chosen)
    request = _request(wish, selection, taken_at)
    survey = survey_account(server, selection.account)
    context = PlanContext(
        software=__version__,
        now=datetime.now(UTC),
        generation_label=selection.generation.label,
        taken_at=taken_at,
        is_about=is_about,
        source=f"{backup.root.place}: {backup.root.description}",
        is_older=selection.is_older,
        skipped=skipped,
    )
    return plan_restore(request, chosen, survey, context)


def write_plan(plan: SpoolPlan, file: Path) -> PlanTail:
    """Write the lines of ``plan`` to a new file that only we may read; its last line.

    Raises:
        UsageError: the file is there already, or cannot be written.
    """
    try:
        with new_private_file(file) as lines:
            line = ""
            for line in render_plan(plan.head, plan.steps()):
                lines.write(f"{line}\n")
            return parse_tail(line)
    except FileExistsError as error:
        raise UsageError(f"{file} is there already", hint="choose another --out") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be written", why=str(error)) from error


def new_plan_file(state: Path) -> Path:
    """Where a plan is kept until its run begins."""
    return state / "plans" / f"{secrets.token_hex(8)}.jsonl"


def _chosen(source: SourceMailbox) -> ChosenMailbox:
    return ChosenMailbox(place=_place(source), mailbox=read_mailbox(source))


def _place(source: SourceMailbox) -> SourcePlace:
    return SourcePlace(
        spool=source.spool,
        partition=source.place.partition,
        data=source.place.data,
        meta=source.place.meta,
        archive=source.place.archive,
    )


def sources_of(settings: Settings, head: PlanHead) -> Mapping[str, SourcePlace]:
    """Where the backup has each mailbox of a plan's account, by its name in the backup.

    Raises:
        BackupError: the backup, or the plan's generation of it, is not there.
    """
    backup = backup_of(settings)
    for generation in backup.generations:
        if generation.label == head.generation_label:
            mailboxes = mailboxes_of(generation, head.request.account)
            return {each.name.admin: _place(each) for each in mailboxes}
    raise GenerationNotFound(
        f"there is no generation {head.generation_label} any more",
        why=f"looked in {backup.root.place}",
        hint="--backups names another place; respool backups shows what is there",
    )


def _without_earlier(
    selection: Selection, wanted: Wanted
) -> tuple[list[SourceMailbox], Mapping[str, str]]:
    """What to restore; what is left out unless named: DELETED and earlier restores."""
    if wanted.folders:
        return list(selection.mailboxes), {}
    kept: list[SourceMailbox] = []
    skipped: dict[str, str] = {}
    for source in selection.mailboxes:
        path = folder_path(source.name)
        if source.name.is_deleted:
            skipped[path] = f"a deleted folder, {_count(source)} messages"
        elif _EARLIER_RESTORE.fullmatch(path.split("/")[0]):
            skipped[path] = f"of an earlier restore, {_count(source)} messages"
        else:
            kept.append(source)
    return kept, skipped


def _count(source: SourceMailbox) -> int:
    return int(read_mailbox(source).visible().sum())


def _taken(
    generation: Generation, chosen: Sequence[ChosenMailbox]
) -> tuple[datetime | None, bool]:
    if generation.taken_at is not None:
        return generation.taken_at, generation.is_about
    times = [each.mailbox.index_time for each in chosen if each.mailbox.index_time is not None]
    return (datetime.fromtimestamp(max(times), UTC), True) if times else (None, True)


def _request(wish: Wish, selection: Selection, taken_at: datetime | None) -> RestoreRequest:
    begun = (taken_at or datetime.now(UTC)).astimezone()
    into = wish.into if wish.into is not None else f"restored-{begun:%Y-%m-%d}"
    bad = sorted(repr(each) for each in set(into) if _is_bad(each))
    if bad or not into.strip() or into.casefold() == "inbox":
        raise UsageError(
            f'"{into}" cannot be the name of the new folder',
            why=f"it holds {' '.join(bad)}" if bad else "it must be the name of one new folder",
            hint="--into restored-from-backup",
        )
    renames, is_free = _renames(wish.renames)
    return RestoreRequest(
        account=selection.account,
        target=selection.account,
        folders=wish.wanted.folders,
        generation=selection.generation.label,
        into=encoded_part(into),
        is_into_given=wish.into is not None,
        renames=renames,
        is_renaming_freely=is_free,
        note=wish.note,
    )


def _is_bad(character: str) -> bool:
    return character in _NOT_IN_A_NEW_NAME or not character.isprintable()


def _is_folder(path: str) -> bool:
    try:
        folder_parts(path)
    except ValueError:
        return False
    return True


def _renames(typed: Sequence[str]) -> tuple[dict[str, str], bool]:
    renames: dict[str, str] = {}
    for each in typed:
        if each == RENAME_AUTO:
            continue
        old, equals, new = each.partition("=")
        if not equals or not _is_folder(old) or not _is_folder(new):
            raise UsageError(
                f'--rename "{each}" is no OLD=NEW', hint="--rename 'a%b=a_b', or auto"
            )
        try:
            folder_parts(old), folder_parts(new)
        except ValueError as error:
            raise UsageError(f'--rename "{each}" names no folder', why=str(error)) from error
        renames[old] = new
    return renames, RENAME_AUTO in typed

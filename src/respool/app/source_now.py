"""Is the backup at rest, and does it still hold what a restore is to take from it?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from respool.app.backups import backup_of
from respool.app.selection import Selection
from respool.app.settings import Settings
from respool.backups.contents import mailboxes_of
from respool.backups.discovery import Backup
from respool.backups.source import SourceMailbox
from respool.backups.still_there import Directory, Numbers, Stamps, gone_from, uids_now
from respool.backups.under_way import touched, under_way
from respool.errors import BackupError
from respool.model.accounts import folder_path
from respool.model.findings import Finding, Severity
from respool.model.generations import Generation
from respool.model.inventory import IN_ARCHIVE
from respool.planning.chosen import ChosenMailbox
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.source_place import SourcePlace
from respool.planning.wanted_files import WantedFiles
from respool.system.processes import processes

_SAME_TIME: Final = timedelta(minutes=1)


def found_under_way(
    backup: Backup, selection: Selection
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Reasons against using the selection now, and what a plan says of other backups."""
    found = under_way(backup, selection.generation, selection.mailboxes, processes())
    return found.against, tuple(_note("backup-running", "the backup", t) for t in found.beside)


def changed_while_read(
    stamps: Stamps, chosen: Sequence[ChosenMailbox], *, has_expunged: bool
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Reasons where message files went since the ``stamps`` were taken; findings of all else."""
    changed = stamps.changed()
    reasons: list[str] = []
    findings: list[Finding] = []
    for each in chosen:
        place, path = each.place, folder_path(each.mailbox.name)
        below = (place.data, place.meta, place.archive)
        if not changed.intersection((place.spool, one) for one in below if one is not None):
            continue
        wanted = each.wanted(has_expunged=has_expunged)
        uids, in_archive = each.mailbox.records["uid"], each.mailbox.records["place"] == IN_ARCHIVE
        gone = _gone(place, uids[wanted & ~in_archive], uids[wanted & in_archive])
        if gone:
            text = f"{_text(gone)} since the plan was begun: is it being removed?"
            reasons.append(f"{path}: {text}")
        else:
            text = "the backup changed while the plan was made"
            findings.append(_note("backup-changing", path, text))
    return tuple(reasons), tuple(findings)


def source_reasons(settings: Settings, head: PlanHead) -> tuple[str, ...]:
    """Why a plan's backup cannot be used any more; nothing where it can."""
    try:
        backup = backup_of(settings)
        generation = next(
            (each for each in backup.generations if each.label == head.generation_label), None
        )
        if generation is None:
            return (f"there is no generation {head.generation_label} any more",)
        boxes = {each.name.admin: each for each in mailboxes_of(generation, head.request.account)}
    except BackupError as error:
        return (error.what if error.why is None else f"{error.what}: {error.why}",)
    needed = [each for each in head.mailboxes if each.messages]
    return (
        *_another(generation, head),
        *under_way(backup, generation, tuple(_sources(needed, boxes)), processes()).against,
        *_fewer(needed, boxes),
    )


def left_reasons(left: Mapping[SourcePlace, WantedFiles]) -> Iterator[str]:
    """What of the backup is gone that a run has still to read.

    ``left`` has the files that are still to be copied of each place, maybe none. Single
    ones that are gone are no reason: the run will name them as lost.
    """
    directories = sorted({each for source in left for each in _directories(source)})
    yield from touched([spool / below for spool, below in directories], processes())
    for spool, below in directories:
        if uids_now((spool, below)) is None:
            yield f"{spool / below} is gone from the backup"
    for source, files in sorted(left.items(), key=lambda item: str(item[0])):
        gone = _gone(source, files.in_data, files.in_archive)
        if files and gone == len(files):
            yield f"{source.spool / (source.data or '')}: {_text(gone)}"


def _directories(source: SourcePlace) -> Iterator[Directory]:
    for below in (source.data, source.meta, source.archive):
        if below is not None:
            yield source.spool, below


def _text(gone: int) -> str:
    return f"{gone} message files are gone from the backup"


def _gone(place: SourcePlace, in_data: Numbers, in_archive: Numbers) -> int:
    """How many message files of these UIDs are not there any more."""
    return sum(
        len(uids) if below is None else gone_from((place.spool, below), uids)
        for below, uids in ((place.data, in_data), (place.archive, in_archive))
    )


def _another(generation: Generation, head: PlanHead) -> Iterator[str]:
    """Names like ``daily.0`` move on to another night's copy."""
    was, now = head.taken_at, generation.taken_at
    if was is not None and now is not None and abs(was - now) > _SAME_TIME:
        dates = f"{was:%Y-%m-%d %H:%M}, now it is of {now:%Y-%m-%d %H:%M}"
        yield f"generation {generation.label} was of {dates}"


def _fewer(planned: Sequence[PlannedMailbox], boxes: Mapping[str, SourceMailbox]) -> Iterator[str]:
    for each in planned:
        box = boxes.get(each.source_name or "")
        if box is None:
            yield f"{each.source_path} is gone from the backup"
            continue
        places: list[Directory] = [
            (box.spool, one) for one in (box.place.data, box.place.archive) if one is not None
        ]
        listed = (uids_now(one) for one in places)
        there = sum(len(uids) for uids in listed if uids is not None)
        if there < each.messages:
            yield f"{each.source_path}: {_text(each.messages - there)}"


def _sources(
    planned: Iterable[PlannedMailbox], boxes: Mapping[str, SourceMailbox]
) -> Iterator[SourceMailbox]:
    for each in planned:
        box = boxes.get(each.source_name or "")
        if box is not None:
            yield box


def _note(code: str, subject: str, text: str) -> Finding:
    return Finding(severity=Severity.NOTE, code=code, subject=subject, text=text)

"""Which mailboxes of a backup a restore takes, read, and where the backup has them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from respool.app.backups import backup_of
from respool.app.selection import Selection, Wanted
from respool.app.settings import Settings
from respool.backups.contents import mailboxes_of, read_mailbox
from respool.backups.source import SourceMailbox
from respool.cyrus.files_as_records import with_files_as_records, with_files_only
from respool.errors import FolderNotInGeneration, GenerationNotFound
from respool.model.accounts import folder_path
from respool.planning.plan import PlanHead
from respool.targets.spool.sequence import ChosenMailbox
from respool.targets.spool.steps import SourcePlace

_EARLIER_RESTORE: Final = re.compile(r"restored-\d{4}-?\d{2}(-?\d{2})?(-\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a restore takes, what it leaves out with the reason, and whether without metadata."""

    mailboxes: tuple[ChosenMailbox, ...]
    skipped: Mapping[str, str]
    is_without_metadata: bool

    def taken(self, selection: Selection) -> tuple[datetime | None, bool]:
        """When the backup was taken, and whether that is only about right.

        A backup that does not say is dated by its newest index, else by its newest message.
        """
        if selection.generation.taken_at is not None:
            return selection.generation.taken_at, selection.generation.is_about
        boxes = [each.mailbox for each in self.mailboxes]
        times = [box.index_time for box in boxes if box.index_time is not None]
        times = times or [
            int(box.records["file_mtime"].max()) for box in boxes if len(box.records)
        ]
        return (datetime.fromtimestamp(max(times), UTC), True) if times else (None, True)


def choose(selection: Selection, wanted: Wanted, *, is_without_metadata: bool) -> Choice:
    """Read what is to be restored. A folder whose index cannot speak falls back to its files.

    A backup of message files alone, staged by hand, is without metadata as a whole.

    Raises:
        FolderNotInGeneration: nothing is left to restore.
    """
    kept, skipped = _without_earlier(selection, wanted)
    if not kept:
        raise FolderNotInGeneration(
            f"nothing of {selection.account.address} is left to restore",
            why="; ".join(f"{path}: {reason}" for path, reason in skipped.items()) or None,
            hint="name what was left out to restore it: respool restore ACCOUNT FOLDER",
        )
    read = [read_mailbox(source) for source in kept]
    is_staged = any(part.staged is not None for part in selection.generation.parts)
    if is_staged and not any(box.has_index or box.acl for box in read):
        is_without_metadata = True
    mend = with_files_only if is_without_metadata else with_files_as_records
    return Choice(
        mailboxes=tuple(
            ChosenMailbox(place=place_of(source), mailbox=mend(box))
            for source, box in zip(kept, read, strict=True)
        ),
        skipped=skipped,
        is_without_metadata=is_without_metadata,
    )


def place_of(source: SourceMailbox) -> SourcePlace:
    """Where a mailbox of a backup lies, as a plan keeps it."""
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
            return {each.name.admin: place_of(each) for each in mailboxes}
    raise GenerationNotFound(
        f"there is no generation {head.generation_label} any more",
        why=f"looked in {backup.root.place}",
        hint="--backups names another place; respool backups shows what is there",
    )


def _without_earlier(
    selection: Selection, wanted: Wanted
) -> tuple[Sequence[SourceMailbox], Mapping[str, str]]:
    """What to restore; what is left out unless named: DELETED and earlier restores."""
    if wanted.folders:
        return selection.mailboxes, {}
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

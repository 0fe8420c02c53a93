"""Which mailboxes of a backup a restore takes, read, and where the backup has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime

from respool.app.backups import backup_of
from respool.app.pickers import Picker
from respool.app.selection import Selection, Wanted
from respool.app.settings import Settings
from respool.app.taking import Taking
from respool.app.whole_messages import with_whole_messages
from respool.backups.account_stores import account_stores
from respool.backups.contents import mailboxes_of
from respool.backups.mailboxes import read_with_state
from respool.backups.source import SourceMailbox, count_messages, read_header, read_index
from respool.cyrus.files_as_records import with_files_as_records, with_files_only
from respool.errors import FolderNotInGeneration, GenerationNotFound
from respool.model.accounts import folder_path
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.model.folder_patterns import is_earlier_restore
from respool.model.hsm import StorePlace
from respool.model.inventory import RESTORED
from respool.model.state import MailboxState, UidSet
from respool.planning.chosen import ChosenMailbox
from respool.planning.plan import PlanHead
from respool.planning.source_place import SourcePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a restore takes, what it leaves out with the reason, and whether without metadata.

    Of single messages ``picked`` are the UIDs by mailbox, of ``looked_at`` that were asked;
    None where all are taken.
    """

    mailboxes: tuple[ChosenMailbox, ...]
    skipped: Mapping[str, str]
    is_without_metadata: bool
    picked: Mapping[str, UidSet] = field(default_factory=dict)
    looked_at: int | None = None
    findings: tuple[Finding, ...] = ()

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


def choose(
    selection: Selection,
    wanted: Wanted,
    *,
    is_without_metadata: bool,
    has_expunged: bool,
    picker: Picker | None = None,
) -> Choice:
    """Read what is to be restored. A folder whose index cannot speak falls back to its files.

    A backup of message files alone, staged by hand, is without metadata as a whole. With a
    ``picker`` those messages alone are taken that it says, and folders without any left out.

    Stubs of BlueMind 3.5 become the messages that they stand for, where the archive has them.

    Raises:
        FolderNotInGeneration: nothing is left to restore.
        LibraryMissing: what the archive has of it is compressed, and cannot be read here.
        NothingMatches, MessageNotInMailbox: none is as asked, or one that was named is not.
    """
    kept, skipped = _without_earlier(selection, wanted, picker)
    if not kept:
        raise FolderNotInGeneration(
            f"nothing of {selection.account.address} is left to restore",
            why="; ".join(f"{path}: {reason}" for path, reason in skipped.items()) or None,
            hint="name what was left out to restore it: respool restore ACCOUNT FOLDER",
        )
    is_staged = any(part.staged is not None for part in selection.generation.parts)
    if is_staged and not any(_has_metadata(source) for source in kept):
        is_without_metadata = True
    taking = Taking(
        selection=selection,
        wanted=wanted,
        picker=picker,
        mend=with_files_only if is_without_metadata else with_files_as_records,
        keeps_state=not is_without_metadata,
        place_of=place_of,
    )
    taken = list(taking.taken(kept))
    taking.check()
    return Choice(
        mailboxes=with_whole_messages(selection, taken, has_expunged=has_expunged),
        skipped=skipped,
        is_without_metadata=is_without_metadata,
        picked=taking.uids(taken),
        looked_at=taking.looked_at,
        findings=tuple(taking.findings()),
    )


def _has_metadata(source: SourceMailbox) -> bool:
    return bool(_acl(source)) or read_index(source) is not None


def place_of(source: SourceMailbox, stores: tuple[StorePlace, ...] = ()) -> SourcePlace:
    """Where a mailbox of a backup lies, as a plan keeps it, and where its stubs' messages do."""
    return SourcePlace(
        spool=source.spool,
        partition=source.place.partition,
        data=source.place.data,
        meta=source.place.meta,
        archive=source.place.archive,
        stores=stores,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSide:
    """What the backup has of a plan's account: places, ACLs and state by its mailbox names.

    State only of those that the plan says have annotations.
    """

    places: Mapping[str, SourcePlace]
    acls: Mapping[str, Mapping[str, str]]
    root_acl: Mapping[str, str] | None
    has_metadata: bool
    states: Mapping[str, MailboxState]


def backup_side(settings: Settings, head: PlanHead) -> BackupSide:
    """The backup as it is now, for a plan that was made of it before.

    Raises:
        BackupError: the backup, or the plan's generation of it, is not there.
    """
    backup = backup_of(settings)
    for generation in backup.generations:
        if generation.label == head.generation_label:
            account = head.request.account
            boxes = {each.name.admin: each for each in mailboxes_of(generation, account)}
            planned = {each.source_name: each.joined for each in head.mailboxes}
            taken = {name: box for name, box in boxes.items() if name in planned}
            acls = {name: _acl(box) for name, box in taken.items()}
            root = boxes.get(account.root.admin)
            stores = (
                account_stores(generation, account, root, taken.values())
                if any(planned.values())
                else ()
            )
            annotated = {
                each.source_name
                for each in head.mailboxes
                if each.annotations or each.message_annotations
            }
            return BackupSide(
                states={
                    name: read_with_state(box, account, columns=RESTORED)[1]
                    for name, box in taken.items()
                    if name in annotated
                },
                places={
                    name: place_of(box, stores if planned.get(name) else ())
                    for name, box in boxes.items()
                },
                acls=acls,
                root_acl=None if root is None else _acl(root) or None,
                has_metadata=any(
                    acls[name] or box.place.meta is not None for name, box in taken.items()
                ),
            )
    raise GenerationNotFound(
        f"there is no generation {head.generation_label} any more",
        why=f"looked in {backup.root.place}",
        hint="--backups names another place; respool backups shows what is there",
    )


def _acl(source: SourceMailbox) -> Mapping[str, str]:
    header = read_header(source)
    return {} if header is None else header.acl


def _without_earlier(
    selection: Selection, wanted: Wanted, picker: Picker | None
) -> tuple[Sequence[SourceMailbox], Mapping[str, str]]:
    """What to restore; what is left out unless named: DELETED and earlier restores."""
    kept: list[SourceMailbox] = []
    skipped: dict[str, str] = {}
    for source in selection.mailboxes:
        path = folder_path(source.name)
        is_looked_at = None if picker is None else picker.is_looked_at(source)
        if is_looked_at or (is_looked_at is None and wanted.folders):
            kept.append(source)
        elif is_looked_at is not None:
            continue
        elif source.name.is_deleted:
            skipped[path] = f"a deleted folder, {_count(source)} messages"
        elif is_earlier_restore(path):
            skipped[path] = f"of an earlier restore, {_count(source)} messages"
        else:
            kept.append(source)
    return kept, skipped


def _count(source: SourceMailbox) -> int:
    counts = count_messages(source)
    return 0 if counts is None else counts.messages

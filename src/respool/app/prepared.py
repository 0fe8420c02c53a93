"""What of a backup a restore takes, whatever it goes into, and what is to be said of that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from respool import __version__
from respool.app.access_log import note_reading, of_selection
from respool.app.account_lookup import written_out
from respool.app.asking import request_of
from respool.app.backups import backup_of
from respool.app.chosen import Choice, choose
from respool.app.pickers import picker_of
from respool.app.root_header import root_of
from respool.app.selection import Selection, Wanted, select
from respool.app.settings import Settings
from respool.app.source_now import changed_while_read, found_under_way
from respool.app.still_live import still_there
from respool.app.wish import Wish
from respool.backups.dataprotect import DataProtect
from respool.backups.discovery import Backup
from respool.backups.still_there import Stamps, stamps_of
from respool.errors import MessageNotInMailbox
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.model.generations import Generation
from respool.planning.context import PlanContext
from respool.planning.plan import PlanHead
from respool.planning.request import RestoreRequest
from respool.targets.spool.clock import backup_findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What was wished for, found in the backup and read; ``stamps`` are older than that.

    ``now`` is when a plan of it is made. ``live_has`` is how many of the messages the
    account has in live mail, None where that was not looked at. ``going`` says that BlueMind
    is about to delete the generation.
    """

    wish: Wish
    backup: Backup
    selection: Selection
    choice: Choice
    stamps: Stamps
    now: datetime
    live_has: int | None = None
    going: tuple[Finding, ...] = ()

    def request(self, target: Account) -> RestoreRequest:
        """The request of the wish, for an account at the target.

        Raises:
            UsageError: a name for the new folder, or a renaming, that is none.
        """
        taken_at, _ = self.choice.taken(self.selection)
        request = request_of(self.wish, self.selection, target, taken_at)
        return replace(
            request,
            is_without_metadata=self.choice.is_without_metadata,
            has_expunged=self.wish.is_taking_expunged,
            conditions=self.wish.conditions,
            picked=self.choice.picked,
        )

    def context(
        self, reasons: tuple[str, ...] = (), findings: tuple[Finding, ...] = ()
    ) -> PlanContext:
        """What a planner is told; ``reasons`` and ``findings`` come from the target.

        To be called last: the backup is looked at once more, whether it is at rest.
        """
        selection, now = self.selection, self.now
        taken_at, is_about = self.choice.taken(selection)
        root_acl, root_id = root_of(selection)
        said = (
            (reasons, findings),
            found_under_way(self.backup, selection),
            changed_while_read(
                self.stamps, self.choice.mailboxes, has_expunged=self.wish.is_taking_expunged
            ),
        )
        return PlanContext(
            software=__version__,
            now=now,
            generation_label=selection.generation.label,
            taken_at=taken_at,
            is_about=is_about,
            source=f"{self.backup.root.place}: {self.backup.root.description}",
            is_older=selection.is_older,
            skipped=self.choice.skipped,
            looked_at=self.choice.looked_at,
            root_acl=root_acl,
            root_id=root_id,
            live_has=self.live_has,
            findings=(
                *(each for _, found in said for each in found),
                *self.choice.findings,
                *self.going,
                *backup_findings(now, selection.generation.taken_at),
            ),
            reasons=tuple(each for against, _ in said for each in against),
        )


def prepare(settings: Settings, wish: Wish, now: datetime | None = None) -> Prepared:
    """Find and read what ``wish`` takes of the backup; ``now`` None: it is now.

    Raises:
        BackupError: what was asked for is not there.
    """
    backup = backup_of(settings)
    selection = select(backup, replace(wish.wanted, may_be_running=True))
    planned = of_selection("plan", selection, is_whole=not wish.wanted.folders)
    note_reading(settings, planned)
    stamps = stamps_of(selection.mailboxes)
    try:
        choice = choose(
            selection,
            wish.wanted,
            is_without_metadata=wish.is_without_metadata,
            has_expunged=wish.is_taking_expunged,
            picker=picker_of(wish, selection),
        )
    except MessageNotInMailbox as error:
        guids = wish.conditions.guids
        if not guids:
            raise
        from respool.app.elsewhere import said_where_else  # noqa: PLC0415 - seldom needed

        raise said_where_else(error, backup, wish.wanted, selection, guids) from error
    has_expunged = wish.is_taking_expunged
    taken = [(each.mailbox, each.wanted(has_expunged=has_expunged)) for each in choice.mailboxes]
    return Prepared(
        wish=wish,
        backup=backup,
        selection=selection,
        choice=choice,
        stamps=stamps,
        now=now or datetime.now(UTC),
        live_has=still_there(settings, selection.account, taken),
        going=_going(settings, backup, selection.generation),
    )


def _going(settings: Settings, backup: Backup, generation: Generation) -> tuple[Finding, ...]:
    if backup.root.kind != DataProtect.name:
        return ()
    from respool.app.bluemind_generations import going_findings  # noqa: PLC0415 - of one kind

    return going_findings(settings, backup, generation)


def prepare_again(settings: Settings, head: PlanHead) -> Prepared:
    """Find and read what a plan takes of the backup, by its head alone.

    Raises:
        BackupError: it is not there any more.
    """
    request, label = head.request, head.request.generation
    wanted = Wanted(
        account=written_out(request.account),
        folders=request.folders,
        generation=f"generation:{label}" if label.isdigit() else label,
        command="restore",
    )
    wish = Wish(
        wanted=wanted,
        is_without_metadata=request.is_without_metadata,
        has_expunged=request.has_expunged,
        conditions=request.conditions,
        picked=request.picked if request.is_selective else None,
    )
    return prepare(settings, wish, head.made_at)

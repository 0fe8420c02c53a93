"""Whether a backup is sound: each of its files is read once and held against what should be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Final, TypeAlias

from respool.app.access_log import Access, note_reading
from respool.app.backups import backup_of
from respool.app.check_report import CheckReport, FolderFindings
from respool.app.selection import Wanted, select
from respool.app.settings import Settings
from respool.backups.account_stores import account_stores
from respool.backups.choice import choose_generation
from respool.backups.completeness import Spoken, complete_before, lacks_of
from respool.backups.contents import findings_of, list_accounts, mailboxes_of
from respool.backups.generation_soundness import GenerationFacts
from respool.backups.hsm_store import stores_of
from respool.backups.mailbox_soundness import CheckedMailbox
from respool.backups.soundness import (
    CheckWorkers,
    Sought,
    check_mailboxes,
    check_workers,
    expected_files,
)
from respool.backups.source import SourceMailbox
from respool.backups.stray_entries import stray_entries
from respool.backups.whole_messages import Archive
from respool.errors import UsageError
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.model.finding_tally import FindingTally
from respool.model.findings import Finding
from respool.model.generations import Generation
from respool.model.messages import PartitionName
from respool.model.names import MailboxName
from respool.system.file_hashes import FileHashes
from respool.system.workers import core_count

_FEW: Final = 5  # findings of a kind that are kept of one folder
_MANY: Final = 1000
_MOST: Final = 10_000  # findings that are kept of all folders, unless all details are asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckWish:
    """What was typed. Without an account the whole generation; ``jobs`` None: one a core."""

    account: str | None = None
    generation: str | None = None
    jobs: int | None = None
    is_detailed: bool = False

    @property
    def limit(self) -> int:
        """How many findings of a kind are kept of one folder."""
        return _MANY if self.is_detailed else _FEW


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckProgress:
    """How far a check is; ``share`` of 1 is an estimate by the sizes of indexes."""

    files: int
    size_bytes: int
    share: float


Told: TypeAlias = Callable[[CheckProgress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is to be checked: accounts, each with its mailboxes when it is its turn.

    ``lacking`` are findings about the generation as a whole; ``only`` is the account that
    was named, without which all that lies in the parts is looked at.
    """

    generation: Generation
    only: Account | None
    accounts: Sequence[Account]
    everybody: Sequence[Account]
    lacking: Callable[[Spoken], Iterator[Finding]]

    def mailboxes(self, account: Account) -> Sequence[SourceMailbox]:
        """The mailboxes of one of the accounts."""
        return mailboxes_of(self.generation, account)


@contextmanager
def opened_check(settings: Settings, wish: CheckWish) -> Iterator[SoundnessCheck]:
    """A check that is ready to run: its processes are started, nothing was read yet.

    To be opened before anything runs in another thread.

    Raises:
        BackupNotFound, GenerationNotFound, AccountNotInGeneration, AmbiguousName, UsageError.
    """
    jobs = core_count() if wish.jobs is None else wish.jobs
    if jobs < 1:
        raise UsageError(f"{jobs} processes can do nothing", hint="--jobs 1")
    scope = _scope(settings, wish)
    account = None if scope.only is None else scope.only.address
    read = Access(command="check", account=account, generation=scope.generation.label)
    note_reading(settings, read)
    with check_workers(jobs, wish.limit) as workers:
        yield SoundnessCheck(scope, workers, wish)


def _scope(settings: Settings, wish: CheckWish) -> Scope:
    backup = backup_of(settings)
    if wish.account is not None:
        wanted = Wanted(account=wish.account, generation=wish.generation, command="check")
        chosen = select(backup, wanted)
        return Scope(
            generation=chosen.generation,
            only=chosen.account,
            accounts=(chosen.account,),
            everybody=[each.account for each in list_accounts(chosen.generation)],
            lacking=lambda _spoken: iter(()),
        )
    generation = choose_generation(backup.generations, wish.generation)
    if any(part.staged is not None for part in generation.parts):
        raise UsageError(
            "directories of one account do not say whose they are",
            hint="respool check ACCOUNT --data …",
        )
    everybody = [each.account for each in list_accounts(generation)]
    earlier = complete_before(generation, backup.generations)

    def lacking(spoken: Spoken) -> Iterator[Finding]:
        yield from generation.findings
        yield from findings_of(generation)
        yield from lacks_of(generation, earlier, spoken)

    return Scope(
        generation=generation,
        only=None,
        accounts=everybody,
        everybody=everybody,
        lacking=lacking,
    )


class SoundnessCheck:
    """One check, to be run once."""

    def __init__(self, scope: Scope, workers: CheckWorkers, wish: CheckWish) -> None:
        self._scope = scope
        self._workers = workers
        self._wish = wish
        self._facts = GenerationFacts(scope.generation, scope.everybody, scope.only)
        self._listed: dict[PurePosixPath, dict[PurePosixPath, tuple[str, ...]]] = {}
        self._archived: dict[tuple[PurePosixPath, PartitionName], MailboxName] = {}
        self._stubs: MailboxName | None = None
        self._begun = self._expected = self._kept = 0
        self._report = CheckReport(
            account=scope.only,
            generation=scope.generation,
            tally=FindingTally(0),
            findings=FindingTally(_MANY),
        )

    def run(self, tell: Told) -> CheckReport:
        """Read everything; ``tell`` hears of each mailbox and of each piece of a large one.

        Raises:
            ProcessLost: one of our processes ended before it could answer.
        """
        begun_at = time.monotonic()
        report = self._report
        for each in check_mailboxes(self._workers, self._sources(), self._wish.limit):
            report.files += each.files
            report.size_bytes += each.octets
            if not isinstance(each, FileHashes):
                self._take(each)
            tell(
                CheckProgress(files=report.files, size_bytes=report.size_bytes, share=self._share)
            )
        report.findings.add(self._between())
        report.tally.count(report.findings)
        report.folders.sort(key=lambda folder: (folder.name.is_deleted, folder.name.display))
        report.seconds = time.monotonic() - begun_at
        return report

    @property
    def _share(self) -> float:
        expected = self._expected * len(self._scope.accounts) / max(self._begun, 1)
        return min(self._report.files / max(expected, 1), 1.0)

    def _sources(self) -> Iterator[Sought]:
        has_store = bool(stores_of(self._scope.generation))
        for account in self._scope.accounts:
            mailboxes = self._scope.mailboxes(account)
            self._begun += 1
            self._expected += expected_files(mailboxes)
            stubs = self._archive(account, mailboxes) if has_store else None
            yield from ((each, stubs) for each in mailboxes)

    def _archive(self, account: Account, mailboxes: Sequence[SourceMailbox]) -> Archive:
        root = next((each for each in mailboxes if each.name == account.root), None)
        stores = account_stores(self._scope.generation, account, root, mailboxes)
        return Archive(stores=stores, is_there=True)

    def _take(self, checked: CheckedMailbox) -> None:
        report, tally = self._report, checked.tally
        report.mailboxes += 1
        report.messages += checked.messages
        report.expunged += checked.expunged
        tally.add(self._facts.add(checked))
        if checked.has_archived:
            self._archived.setdefault((checked.spool, checked.partition), checked.name)
        if checked.has_stubs and self._stubs is None:
            self._stubs = checked.name
        if self._scope.only is None:
            self._listed.setdefault(checked.spool, {}).update(checked.directories)
        if not tally.total:
            return
        report.tally.count(tally)
        is_kept = self._wish.is_detailed or self._kept < _MOST
        self._kept += len(tally.kept)
        if is_kept:
            report.folders.append(
                FolderFindings(
                    name=checked.name,
                    part_id=checked.part_id,
                    count=tally.total,
                    findings=tally.kept,
                )
            )

    def _between(self) -> Iterator[Finding]:
        """What is wrong beside the mailboxes, each thing once."""
        told: set[tuple[str, str]] = set()
        for finding in self._everything_else():
            key = (finding.code, finding.subject)
            if key not in told:
                told.add(key)
                yield finding

    def _everything_else(self) -> Iterator[Finding]:
        yield from self._scope.lacking(Spoken(archived=self._archived, stubs=self._stubs))
        yield from self._facts.missing()
        yield from self._facts.databases()
        if self._scope.only is None:
            for part in self._scope.generation.parts:
                listed: Mapping[PurePosixPath, tuple[str, ...]] = self._listed.get(part.place, {})
                yield from stray_entries(part.place, listed)

"""What a check of a backup found, as it is shown."""

from __future__ import annotations

from dataclasses import field

from respool.model.accounts import Account, account_of, folder_path
from respool.model.dataclasses import dataclass
from respool.model.finding_tally import FindingTally
from respool.model.findings import Finding
from respool.model.generations import Generation
from respool.model.names import MailboxName


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderFindings:
    """A mailbox with findings: ``count`` of them, of which the first of each kind are here."""

    name: MailboxName
    part_id: int | None
    count: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, object]:
        """The shape in ``folders``."""
        account = account_of(self.name)
        return {
            "account": None if account is None else account.address,
            "name": self.name.display,
            "path": folder_path(self.name),
            "part": self.part_id,
            "count": self.count,
            "findings": [each.as_json() for each in self.findings],
        }


@dataclass(slots=True, kw_only=True)
class CheckReport:
    """What a check found. ``tally`` counts all; ``findings`` are about no single folder.

    ``files`` and ``size_bytes`` are what was read, a file with several names once.
    """

    account: Account | None
    generation: Generation
    tally: FindingTally
    findings: FindingTally
    folders: list[FolderFindings] = field(default_factory=list)
    mailboxes: int = 0
    messages: int = 0
    expunged: int = 0
    files: int = 0
    size_bytes: int = 0
    seconds: float = 0.0

    @property
    def is_sound(self) -> bool:
        """Whether nothing at all was found."""
        return not self.tally.total

    @property
    def untold(self) -> int:
        """How many findings are counted and not listed."""
        listed = [each for folder in self.folders for each in folder.findings]
        return self.tally.total - sum(each.count for each in (*listed, *self.findings.kept))

    def as_json(self) -> dict[str, object]:
        """The shape of ``check --json``."""
        return {
            "account": None if self.account is None else self.account.address,
            "generation": self.generation.label,
            "sound": self.is_sound,
            "mailboxes": self.mailboxes,
            "messages": self.messages,
            "expunged": self.expunged,
            "files": self.files,
            "size_bytes": self.size_bytes,
            "seconds": round(self.seconds, 3),
            "kinds": self.tally.as_json(),
            "findings": [each.as_json() for each in self.findings.kept],
            "folders": [each.as_json() for each in self.folders],
            "untold": self.untold,
        }

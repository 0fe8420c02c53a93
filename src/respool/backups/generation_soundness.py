"""What is wrong between the mailboxes of a generation: ids, rights, and names without one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from respool.backups.mailbox_soundness import CheckedMailbox
from respool.backups.server_state import server_state
from respool.cyrus.mailbox_records import MailboxRecord
from respool.errors import BackupError
from respool.model.accounts import Account, account_of
from respool.model.findings import Finding, Severity
from respool.model.generations import Generation
from respool.model.names import MailboxName

_EVERYBODY = frozenset({"anyone", "anonymous"})
_GROUP = "group:"  # whose members a backup does not tell
_NOT = "-"  # before an identifier: what he may not
_READ = "r"


class GenerationFacts:
    """What is remembered of each checked mailbox, to be compared when all were seen.

    ``accounts`` are all of the generation. With ``only``, names that ``mailboxes.db`` has
    are those of that account alone.
    """

    def __init__(
        self, generation: Generation, accounts: Iterable[Account], only: Account | None
    ) -> None:
        self._places = [each.place for each in generation.parts if each.staged is None]
        self._identifiers = {
            name for each in accounts for name in (each.userid, each.address, each.login)
        }
        self._only = only
        self._by_id: dict[str, MailboxName] = {}
        self._names: set[MailboxName] = set()
        self._records = _records_of(self._places)

    def add(self, checked: CheckedMailbox) -> Iterator[Finding]:
        """What is wrong with a mailbox beside others that were seen before."""
        self._names.add(checked.name)
        record = self._records.get(checked.name)
        yield from self._twins(checked)
        if record is None and self._records:
            text = "the mailboxes.db of the backup does not name it"
            yield _finding(Severity.NOTE, "mailbox-not-in-database", checked.name, text, checked)
        acl = checked.acl if record is None or not record.acl else dict(record.acl)
        is_known = self._places and (checked.has_header or acl)  # staged: whose, nobody knows
        if is_known and not self._can_be_read(acl):
            whose = ", ".join(sorted(acl)) or "nobody"
            text = f"no account of this generation can read it: its rights are for {whose}"
            yield _finding(Severity.NOTE, "rights-of-nobody", checked.name, text, checked)

    def missing(self) -> Iterator[Finding]:
        """The mailboxes that ``mailboxes.db`` names and that were not seen, by name."""
        for name in sorted(set(self._records) - self._names, key=lambda name: name.display):
            if self._only is None or account_of(name) == self._only:
                text = "mailboxes.db names it, and it has no directory in the backup"
                yield _finding(Severity.LOSS, "mailbox-without-directory", name, text)

    def databases(self) -> Iterator[Finding]:
        """What is odd about the server's databases."""
        for place in self._places:
            yield from server_state(place).findings

    def _twins(self, checked: CheckedMailbox) -> Iterator[Finding]:
        if checked.uniqueid is None:
            return
        first = self._by_id.setdefault(checked.uniqueid, checked.name)
        if first != checked.name:
            text = f"its id is that of {first.display}, too: {checked.uniqueid}"
            yield _finding(Severity.NOTE, "uniqueid-doubled", checked.name, text, checked)

    def _can_be_read(self, acl: Mapping[str, str]) -> bool:
        return any(
            _READ in rights and _READ not in acl.get(f"{_NOT}{who}", "") and self._is_somebody(who)
            for who, rights in acl.items()
        )

    def _is_somebody(self, identifier: str) -> bool:
        is_known = identifier in _EVERYBODY or identifier in self._identifiers
        return is_known or identifier.startswith(_GROUP)


def _records_of(places: Iterable[PurePosixPath]) -> Mapping[MailboxName, MailboxRecord]:
    records: dict[MailboxName, MailboxRecord] = {}
    for place in places:
        try:
            records.update(server_state(place).mailbox_records())
        except BackupError:
            continue
    return records


def _finding(
    severity: Severity,
    code: str,
    name: MailboxName,
    text: str,
    checked: CheckedMailbox | None = None,
) -> Finding:
    return Finding(
        severity=severity,
        code=code,
        subject=name.display,
        text=text,
        file=None if checked is None else checked.place,
    )

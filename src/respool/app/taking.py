"""The mailboxes that a restore takes, read and narrowed to the messages that it takes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from unicodedata import normalize

from respool.app.picked import Picked
from respool.app.pickers import Picker
from respool.app.selection import Selection, Wanted
from respool.app.whole_messages import Taken
from respool.backups.mailboxes import read_with_state
from respool.backups.source import SourceMailbox
from respool.errors import MessageNotInMailbox, NothingMatches
from respool.model.accounts import folder_path
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.inventory import RESTORED, StoredMailbox
from respool.model.state import MailboxState, UidSet
from respool.planning.chosen import ChosenMailbox
from respool.planning.picking import only
from respool.planning.source_place import SourcePlace


@dataclass(frozen=True, kw_only=True)
class Taking:
    """How mailboxes are taken: ``mend`` makes records of files where no index speaks.

    ``picked`` and ``looked_at`` are what the ``picker`` said so far, by mailbox.
    """

    selection: Selection
    wanted: Wanted
    picker: Picker | None
    mend: Callable[[StoredMailbox], StoredMailbox]
    keeps_state: bool
    place_of: Callable[[SourceMailbox], SourcePlace]
    picked: dict[SourceMailbox, Picked] = field(default_factory=dict)

    def taken(self, sources: Iterable[SourceMailbox]) -> Iterator[Taken]:
        """One mailbox after the other; those of which nothing is taken are left out."""
        for source in sources:
            columns = RESTORED if self.picker is None else self.picker.columns
            box, state = read_with_state(source, self.selection.account, columns=columns)
            mailbox = self._narrowed(source, self.mend(box))
            if mailbox is None:
                continue
            chosen = ChosenMailbox(
                place=self.place_of(source),
                mailbox=mailbox,
                state=state if self.keeps_state else MailboxState(),
            )
            yield Taken(source=source, read=box, chosen=chosen)

    def _narrowed(self, source: SourceMailbox, mailbox: StoredMailbox) -> StoredMailbox | None:
        if self.picker is None:
            return mailbox
        found = self.picked[source] = self.picker.pick(source, mailbox)
        if not found.uids.ranges and not self._is_named(source):
            return None
        return only(mailbox, found.uids, is_exact=self.picker.is_exact)

    def _is_named(self, source: SourceMailbox) -> bool:
        path = normalize("NFC", folder_path(source.name))
        typed = (normalize("NFC", each) for each in self.wanted.folders)
        return any(each.removeprefix("=").rstrip("/") == path for each in typed)

    @property
    def looked_at(self) -> int | None:
        """How many messages were asked; None where all are taken."""
        if self.picker is None:
            return None
        return sum(each.looked_at for each in self.picked.values())

    def uids(self, taken: Sequence[Taken]) -> Mapping[str, UidSet]:
        """What was picked, by the administrator's name of the mailbox."""
        return {
            each.source.name.admin: self.picked[each.source].uids
            for each in taken
            if each.source in self.picked
        }

    def check(self) -> None:
        """See that something was found, and all that was named.

        Raises:
            NothingMatches, MessageNotInMailbox.
        """
        if self.picker is None:
            return
        account = self.selection.account.address
        label = self.selection.generation.label
        guids = {guid for each in self.picked.values() for guid in each.guids}
        missing = [each for each in self.picker.guids if each not in guids]
        if missing:
            raise MessageNotInMailbox(
                f"{account} has no message with GUID {missing[0]} in generation {label}",
                why=f"{len(missing)} of {len(self.picker.guids)} GUIDs are not there"
                if len(self.picker.guids) > 1
                else f"{self.looked_at:,} messages were looked at",
                hint="--include-expunged takes mail that its user deleted; -g another generation",
            )
        if not any(each.uids.ranges for each in self.picked.values()):
            unread = sum(each.unread for each in self.picked.values())
            raise NothingMatches(
                f"none of {self.looked_at:,} messages of {account} in generation {label} matches:"
                f" {self.picker.text}",
                why=f"{unread:,} could not be read" if unread else None,
                hint="--include-expunged looks at mail that its user deleted, too",
            )

    def findings(self) -> Iterator[Finding]:
        """What could not be looked at, by folder."""
        for source, found in self.picked.items():
            if found.unread:
                yield Finding(
                    severity=Severity.NOTE,
                    code="messages-not-searched",
                    subject=folder_path(source.name),
                    text=f"{found.unread:,} messages could not be read, and are not taken",
                    count=found.unread,
                )

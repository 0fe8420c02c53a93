"""The mailboxes that a run created, adopted or added to: are they still the same?"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from respool.cyrus.header import parse_header
from respool.cyrus.spool_paths import HEADER_FILE
from respool.errors import FormatError, ProgramFailed, StepFailed
from respool.model.dataclasses import dataclass
from respool.planning.step import ACCOUNT_LANE
from respool.runs.actor import RunRecord
from respool.runs.overtaken import check_not_overtaken
from respool.system.cyrus_server import CyrusServer, MailboxDirectories
from respool.system.ownership import Ownership, ownership_like
from respool.targets.spool.steps import AddToMailbox, AdoptMailbox, CreateMailbox

_TELLS_PARTITION_SINCE: Final = (3, 0, 0)
_STANDS_SECONDS: Final = 2.0  # while copies are made that nobody takes for messages


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """Where a mailbox was found, and the id in the header that lies there."""

    directories: MailboxDirectories
    partition: str | None
    id_on_disk: str | None

    def text(self) -> str:
        """For people: ``in /var/spool/…, partition default, header of 5b2c…``."""
        partition = "" if self.partition is None else f", partition {self.partition}"
        return f"in {self.directories.data}{partition}, header of {self.id_on_disk}"


class CreatedMailboxes:
    """Nothing is ever written into a mailbox that is not here."""

    def __init__(self, server: CyrusServer, record: RunRecord) -> None:
        self._server = server
        self._record = record
        self._receipts: dict[str, Mapping[str, Any]] = {}
        self._partitions: dict[str, str] = {}
        self._sights: dict[str, _Sight] = {}
        self._places: dict[str, MailboxDirectories] = {}
        self._seen_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def note_seen(self, mailbox: str) -> None:
        """It is created, or looked at, on the server now."""
        self._seen_at[mailbox] = time.monotonic()

    def uniqueid(self, mailbox: str) -> str:
        """The id that it had when the run created it, or looked at it."""
        return str(self._receipt(mailbox)["uniqueid"])

    def uidvalidity(self, mailbox: str) -> int:
        """The UIDVALIDITY that the server gave a new one; 0 for an adopted one."""
        return int(self._receipt(mailbox).get("uidvalidity", 0))

    def is_adopted(self, mailbox: str) -> bool:
        """Whether it was live before, and is filled in place."""
        return bool(self._receipt(mailbox).get("is_adopted"))

    def directories(self, mailbox: str) -> MailboxDirectories:
        """Its directories, while it is the same: for each step that writes into them.

        ``mbpath``, which takes as long as a tenth of a group, is run for all mailboxes of
        the run at once. After that the server is asked for id and partition of the name, and
        the directory for the id in its header: the same name, id and partition are the same
        directory, in both layouts. What a server before 3.0 tells is asked of ``mbpath``
        each time.

        Raises:
            StepFailed: it was deleted, renamed, moved or replaced meanwhile, or a later run
                has begun to fill it.
        """
        check_not_overtaken(self._record, mailbox)
        id_now, partition = self._told(mailbox)
        self._check_id(mailbox, id_now)
        found = self._compared(mailbox, self._directories(mailbox), partition)
        self.note_seen(mailbox)
        return found

    def directories_to_copy(self, mailbox: str) -> MailboxDirectories:
        """As `directories`, for copies that are no messages yet: the server is asked now and then.

        It answers nothing of an account while its ``reconstruct`` is at one of the mailboxes.
        Between two questions the directory that ``mbpath`` named tells by the id in its header
        that it is the same mailbox's; whoever names the copies asks the server. One that was
        made a moment ago is not asked for either.

        Raises:
            StepFailed: as `directories`.
        """
        seen_at = self._seen_at.get(mailbox)
        stands = seen_at is not None and time.monotonic() - seen_at < _STANDS_SECONDS
        if self._tells_partition and stands:
            check_not_overtaken(self._record, mailbox)
            known = self.uniqueid(mailbox)
            with suppress(ProgramFailed):
                directories = self._directories(mailbox)
                if _id_in(self._header_file(directories)) == known:
                    return directories
        return self.directories(mailbox)

    def _directories(self, mailbox: str) -> MailboxDirectories:
        if not self._tells_partition:
            return self._server.directories(mailbox)
        with self._lock:
            if mailbox not in self._places:
                names = [name for name in self._receipts if name not in self._places]
                self._places.update(self._server.directories_of(names))
            known = self._places.get(mailbox)
        return known or self._server.directories(mailbox)

    def ownership(self, directories: MailboxDirectories) -> Ownership:
        """Whose files are in them, and who may read these, by the header that the server made."""
        return ownership_like(self._header_file(directories), self._server.owner)

    def check(self, mailbox: str) -> None:
        """Ask the server whether it is still the one that this run created.

        Raises:
            StepFailed: it was deleted, renamed or replaced meanwhile, or never ours.
        """
        self._check_id(mailbox, self._told(mailbox)[0])

    def _told(self, mailbox: str) -> tuple[str | None, str | None]:
        """Id and partition, as the server tells them now; of one that is not there why not."""
        try:
            return self._server.id_and_partition(mailbox)
        except ProgramFailed as error:
            return str(error.why), None

    def _check_id(self, mailbox: str, now: str | None) -> None:
        known = self.uniqueid(mailbox)
        if now != known:
            raise _is_another(mailbox, f"its id was {known}, now: {now}")

    @property
    def _tells_partition(self) -> bool:
        return self._server.version >= _TELLS_PARTITION_SINCE

    def _compared(
        self, mailbox: str, directories: MailboxDirectories, partition: str | None
    ) -> MailboxDirectories:
        now = _Sight(
            directories=directories,
            partition=partition,
            id_on_disk=_id_in(self._header_file(directories)),
        )
        first = self._sights.setdefault(mailbox, now)
        if now != first:
            raise _is_another(mailbox, f"it was {first.text()}, now: {now.text()}")
        made_in = self._partitions.get(mailbox, partition)
        if partition not in {None, made_in}:
            raise _is_another(mailbox, f"it was made in partition {made_in}, now: {now.text()}")
        return directories

    def _header_file(self, directories: MailboxDirectories) -> Path:
        is_in_meta = "header" in self._server.configuration.meta_kinds
        return (directories.meta if is_in_meta else directories.data) / HEADER_FILE

    def _receipt(self, mailbox: str) -> Mapping[str, Any]:
        with self._lock:
            if mailbox not in self._receipts:
                self._receipts.update(self._created())
        try:
            return self._receipts[mailbox]
        except KeyError as error:
            raise StepFailed(
                f"{mailbox} was not created by this run", can_be_tried_again=False
            ) from error

    def _created(self) -> dict[str, Mapping[str, Any]]:
        found = {}
        for number, step in self._record.steps_of_lane(ACCOUNT_LANE):
            receipt = self._record.receipt(number)
            if (
                isinstance(step, CreateMailbox | AdoptMailbox | AddToMailbox)
                and receipt is not None
            ):
                found[step.mailbox] = receipt
                if isinstance(step, CreateMailbox) and not step.may_be_there:
                    self._partitions[step.mailbox] = step.partition
        return found


def _id_in(header: Path) -> str | None:
    try:
        return parse_header(header.read_bytes()).uniqueid
    except (OSError, FormatError):
        return None


def _is_another(mailbox: str, why: str) -> StepFailed:
    return StepFailed(
        f"{mailbox} is not the folder any more that this run created",
        why=f"{why}; somebody deleted, renamed, moved or replaced it",
        hint="look at it with the server's tools; nothing was written into it",
        can_be_tried_again=False,
    )

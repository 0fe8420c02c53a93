"""The mailboxes that a run created or adopted, and the check that they are still the same."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from respool.errors import ProgramFailed, StepFailed
from respool.planning.step import ACCOUNT_LANE
from respool.runs.actor import RunRecord
from respool.system.cyrus_server import CyrusServer, MailboxDirectories
from respool.targets.spool.steps import AdoptMailbox, CreateMailbox


class CreatedMailboxes:
    """Nothing is ever written into a mailbox that is not here."""

    def __init__(self, server: CyrusServer, record: RunRecord) -> None:
        self._server = server
        self._record = record
        self._receipts: dict[str, Mapping[str, Any]] = {}
        self._directories: dict[str, MailboxDirectories] = {}
        self._lock = threading.Lock()

    def uidvalidity(self, mailbox: str) -> int:
        """The UIDVALIDITY that the server gave a new one; 0 for an adopted one."""
        return int(self._receipt(mailbox).get("uidvalidity", 0))

    def is_adopted(self, mailbox: str) -> bool:
        """Whether it was live before, and is filled in place."""
        return bool(self._receipt(mailbox).get("is_adopted"))

    def directories(self, mailbox: str) -> MailboxDirectories:
        """Its directories, as the server says now.

        Raises:
            StepFailed: it was deleted, renamed or replaced meanwhile.
        """
        self.check(mailbox)
        # The same id under the same name is the same directory, in both layouts.
        if mailbox not in self._directories:
            self._directories[mailbox] = self._server.directories(mailbox)
        return self._directories[mailbox]

    def check(self, mailbox: str) -> None:
        """Ask the server whether it is still the one that this run created.

        Raises:
            StepFailed: it was deleted, renamed or replaced meanwhile, or never ours.
        """
        known = str(self._receipt(mailbox)["uniqueid"])
        try:
            now = self._server.uniqueid(mailbox)
        except ProgramFailed as error:
            now = str(error.why)
        if now != known:
            raise StepFailed(
                f"{mailbox} is not the folder any more that this run created",
                why=f"its id was {known}, now: {now}; somebody deleted, renamed or replaced it",
                hint="look at it with the server's tools; nothing was written into it",
                can_be_tried_again=False,
            )

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
            if isinstance(step, CreateMailbox | AdoptMailbox) and receipt is not None:
                found[step.mailbox] = receipt
        return found

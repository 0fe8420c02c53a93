"""Single messages that BlueMind 3.5 had archived: is one a stub, and can it be had whole?"""

from __future__ import annotations

from functools import cached_property
from typing import BinaryIO

from respool.app.selection import Selection
from respool.backups.account_stores import account_stores
from respool.backups.hsm_store import has_body, stores_of
from respool.backups.source import SourceMailbox
from respool.backups.stub_messages import (
    FoundStub,
    Whole,
    examined,
    marked_as_stubs,
    open_joined,
    stub_at,
)
from respool.errors import BackupError, BackupFileMissing, FormatError
from respool.model.dataclasses import dataclass
from respool.model.hsm import StorePlace
from respool.model.inventory import NOWHERE, StoredMailbox
from respool.model.rows import Uids, has_uid

STUB = "stub"
WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedWhole:
    """The message that a stub stands for, open to read, and what it is."""

    file: BinaryIO
    whole: Whole


@dataclass(frozen=True, kw_only=True)
class StubsOfMailbox:
    """The stubs of one mailbox of a selection, looked at one by one.

    A message with a record is looked at where its keyword says so; one without where the
    generation has an archive.
    """

    selection: Selection
    source: SourceMailbox
    mailbox: StoredMailbox

    def state(self, uid: int, place: int) -> str | None:
        """``whole`` where the archive has the message, ``stub`` where not; None for others."""
        stub = self._stub(uid, place)
        if stub is None:
            return None
        hsm_id = stub.stub.hsm_id
        return WHOLE if hsm_id is not None and has_body(self._stores, hsm_id) else STUB

    def opened(self, uid: int, place: int) -> OpenedWhole | str | None:
        """The message that a stub stands for; why it cannot be read; None for no stub.

        Raises:
            LibraryMissing: it is compressed, and the library for that is not installed.
        """
        stub = self._stub(uid, place)
        if stub is None:
            return None
        try:
            whole = examined(stub, self._stores)
            file = open_joined(self.source, uid, place, self._stores)
        except BackupFileMissing:
            return "its message is not in this backup"
        except (BackupError, FormatError) as error:
            return f"its message cannot be read: {error.what}"
        return OpenedWhole(file=file, whole=whole)

    def _stub(self, uid: int, place: int) -> FoundStub | None:
        if place == NOWHERE or not (has_uid(self._marked, uid) or self._may_be_unmarked(uid)):
            return None
        stub = stub_at(self.source, uid, place)
        return None if stub is None else FoundStub(uid=uid, place=place, stub=stub)

    def _may_be_unmarked(self, uid: int) -> bool:
        return self._has_store and has_uid(self._without_record, uid)

    @cached_property
    def _marked(self) -> Uids:
        uids: Uids = self.mailbox.records["uid"][marked_as_stubs(self.mailbox)]
        return uids

    @cached_property
    def _without_record(self) -> Uids:
        uids: Uids = self.mailbox.orphans["uid"].copy()
        return uids

    @cached_property
    def _has_store(self) -> bool:
        return bool(stores_of(self.selection.generation))

    @cached_property
    def _stores(self) -> tuple[StorePlace, ...]:
        selection = self.selection
        sources = (self.source,)
        return account_stores(selection.generation, selection.account, selection.root, sources)

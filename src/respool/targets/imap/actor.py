"""Carries out the steps of a restore into an IMAP server."""

from __future__ import annotations

import threading
from dataclasses import field
from typing import assert_never

from respool.model.dataclasses import dataclass
from respool.planning.appending import AppendMessages
from respool.runs.actor import Note, RunRecord, Undoing
from respool.runs.overtaken import check_not_overtaken
from respool.runs.placed_steps import placed_of_lane
from respool.system.imap_server import ImapServer
from respool.targets.imap import appending, folders, giving
from respool.targets.imap.steps import (
    CreateFolder,
    GiveReaderSeen,
    ImapStep,
    SetAcl,
    SetAnnotations,
    SetSubscription,
    ShowTree,
)
from respool.targets.imap.taking_back import AddedMessages, CreatedFolders


@dataclass(slots=True)
class _Fresh:
    """Groups that were looked at in this process and not begun yet, by lane and first UID."""

    groups: set[tuple[str, int]] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, step: AppendMessages) -> None:
        with self.lock:
            self.groups.add((step.lane, step.messages[0].uid))

    def take(self, step: AppendMessages) -> bool:
        """Whether nobody can have begun it."""
        with self.lock:
            key = (step.lane, step.messages[0].uid)
            is_fresh = key in self.groups
            self.groups.discard(key)
            return is_fresh


@dataclass(frozen=True, slots=True)
class ImapActor:
    """One account on one server, one run. Only adds, and takes back what it added."""

    server: ImapServer
    record: RunRecord
    created: CreatedFolders
    added: AddedMessages
    _fresh: _Fresh = field(default_factory=_Fresh)

    def observe(self, step: ImapStep) -> Note:
        """What the step is about to change, as it is now."""
        return self.server.persistently(lambda: self._observe(step))

    def perform(self, step: ImapStep, before: Note) -> Note:
        """Do the step; done twice it is the same as once."""
        return self.server.persistently(lambda: self._perform(step, before))

    def take_back(self, step: ImapStep, undoing: Undoing) -> str | None:
        """Put back what the step changed; what is a created folder's goes, or stays, with it."""
        return self.server.persistently(lambda: self._take_back(step, undoing))

    def _observe(self, step: ImapStep) -> Note:
        match step:
            case CreateFolder():
                return folders.observe_creation(self.server, step)
            case AppendMessages():
                self._check_free(step)
                before = appending.observe_folder(self.server, step)
                self._fresh.note(step)
                return before
            case SetAcl():
                return giving.rights_before(self.server, step)
            case SetSubscription():
                return giving.subscribed_before(self.server, step)
            case SetAnnotations():
                return giving.annotations_before(self.server, step)
            case ShowTree() | GiveReaderSeen():
                return {}
            case _:
                assert_never(step)

    def _perform(self, step: ImapStep, before: Note) -> Note:
        match step:
            case CreateFolder():
                return folders.create(self.server, step, before)
            case AppendMessages():
                self._check_free(step)
                is_begun = not self._fresh.take(step)
                return appending.append(self.server, step, before, is_begun=is_begun)
            case ShowTree():
                return folders.show(self.server, step)
            case SetAcl() | SetSubscription() | SetAnnotations() | GiveReaderSeen():
                return self._give(step)
            case _:
                assert_never(step)

    def _give(self, step: SetAcl | SetSubscription | SetAnnotations | GiveReaderSeen) -> Note:
        match step:
            case SetAcl():
                return giving.set_acl(self.server, step)
            case SetSubscription():
                return giving.set_subscription(self.server, step)
            case SetAnnotations():
                placed = placed_of_lane(self.record, step.lane)
                return giving.set_annotations(self.server, step, placed)
            case GiveReaderSeen():
                placed = placed_of_lane(self.record, step.lane)
                return giving.give_reader_seen(self.server, step, placed)

    def _take_back(self, step: ImapStep, undoing: Undoing) -> str | None:
        match step:
            case SetSubscription():
                return self._unsubscribe(step, undoing)
            case CreateFolder():
                return self.created.take_back(step.mailbox, undoing)
            case AppendMessages() if not step.is_created:
                return self.added.take_back(step, undoing)
            case SetAnnotations() if not self._is_created(step.mailbox):
                giving.take_annotations_back(self.server, step, undoing.before)
                return None
            case ShowTree():
                return None
            case _:
                is_created = self._is_created(step.lane)
                return self.created.take_back(step.lane, undoing) if is_created else None

    def _check_free(self, step: AppendMessages) -> None:
        """What came into a live folder since must be of this run: else it came twice."""
        if not step.is_created:
            check_not_overtaken(self.record, step.lane)

    def _is_created(self, mailbox: str) -> bool:
        return mailbox in self.created.made

    def _unsubscribe(self, step: SetSubscription, undoing: Undoing) -> str | None:
        """First of all that is taken back; a folder that stays is subscribed to again."""
        if undoing.before.get("was_subscribed"):
            return None
        if self._is_created(step.mailbox):
            kept = self.created.take_back(step.mailbox, undoing)
            if kept is not None:
                return kept
        giving.take_subscription_back(self.server, step)
        return None


def imap_actor(server: ImapServer, record: RunRecord) -> ImapActor:
    """An actor for every kind of IMAP step of one run."""
    created = CreatedFolders(server=server, record=record)
    return ImapActor(server, record, created, AddedMessages(server=server, record=record))

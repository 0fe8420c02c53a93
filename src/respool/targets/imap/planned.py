"""What a plan says of each folder that goes to a server: its counts, and what it leaves out."""

from __future__ import annotations

from respool.model.accounts import AccountKind, folder_path
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.planning.added import Added
from respool.planning.chosen import Destined
from respool.planning.context import PlanContext
from respool.planning.plan import PlannedMailbox
from respool.planning.request import RestoreRequest
from respool.targets.imap.sharing import Sharing
from respool.targets.imap.survey import ImapSurvey

_NO_METADATA = frozenset({"records-from-files", "without-metadata"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriptions:
    """Whether the user is subscribed to a folder in the end.

    The new folder always is, and so is what was asked for by its name: people look for it. Of
    a whole account he is subscribed to what he was, or to everything new where the backup does
    not tell. Of a rehearsal to nothing.
    """

    request: RestoreRequest
    context: PlanContext

    def of(self, target: MailboxName, source: MailboxName | None) -> bool:
        """Of a new folder; ``source`` None: it only holds others."""
        if self.request.is_rehearsal or self.request.target.kind is AccountKind.MAILSHARE:
            return False  # of a mailshare nobody but its writer logs in, who did not ask for it
        former = self.context.subscriptions.get(self.request.target.userid, frozenset())
        if target == self.request.root or self.request.folders or not former:
            return target != self.request.target.root
        return source is not None and source in former


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Makes the lines of a plan."""

    survey: ImapSurvey
    sharing: Sharing
    subscriptions: Subscriptions

    def holder(self, name: MailboxName) -> PlannedMailbox:
        """A folder that is made only to hold others."""
        return self._line(name, None)

    def folder(self, each: Destined) -> PlannedMailbox:
        """A folder of the backup."""
        return self._line(each.target, each)

    def _line(self, target: MailboxName, each: Destined | None) -> PlannedMailbox:
        survey = self.survey
        mailbox = None if each is None else each.chosen.mailbox
        source = None if mailbox is None else mailbox.name
        is_subscribed = (each is None or each.is_new) and self.subscriptions.of(target, source)
        counts = Added() if each is None else Added.of(each)
        expunged = None if mailbox is None else mailbox.recoverable()
        return PlannedMailbox(
            source_name=None if source is None else source.admin,
            source_path=None if source is None else folder_path(source),
            target_name=survey.names.written(target),
            target_path=folder_path(target),
            is_new=each is None or each.is_new,
            messages=counts.messages,
            unseen=counts.unseen,
            size_bytes=counts.size_bytes,
            left_out=0
            if each is None or expunged is None
            else int((expunged & ~each.wanted).sum()),
            brought_back=0
            if each is None or expunged is None
            else int((expunged & each.wanted).sum()),
            lost=0
            if each is None or mailbox is None
            else int((mailbox.visible() & ~each.wanted).sum()),
            archived=0,
            archived_bytes=0,
            stubs=0 if each is None else each.chosen.stubs,
            damaged_stubs=0 if each is None else each.chosen.damaged_stubs,
            joined=0 if each is None else len(each.chosen.joined),
            is_seen_kept=each is None or each.is_seen_kept,
            is_seen_shared=False,
            is_without_metadata=mailbox is not None
            and any(one.code in _NO_METADATA for one in mailbox.findings),
            rights={} if each is None else self.sharing.rights(each),
            narrower_for=(),
            seen_by={} if each is None else {who: uids.count for who, uids in each.marks.items()},
            seen_left={} if each is None else each.seen_left,
            is_owner_a_reader=each is not None and each.owner_marks is not None,
            annotations=0 if each is None else sum(one.uid is None for one in each.annotations),
            message_annotations=0
            if each is None
            else sum(one.uid is not None for one in each.annotations),
            special_use=() if each is None else each.special_use,
            annotations_left={} if each is None else each.annotations_left,
            subscribers=(survey.user,) if is_subscribed else (),
        )

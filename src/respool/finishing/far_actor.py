"""Tells a BlueMind of mail that came to it over IMAP, and looks at it last as who put it there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeAlias, TypeVar, assert_never

from respool.errors import RespoolError, ServerSaidNo
from respool.finishing import far_default_folders
from respool.finishing.asking import Asking
from respool.finishing.planner import DEFAULTS
from respool.finishing.steps import ConsolidateIndex, LastLook, Repair, SaveRights
from respool.finishing.telling import Telling, not_done
from respool.finishing.whose_entry import left_as_anothers
from respool.model.accounts import AccountKind
from respool.model.dataclasses import dataclass
from respool.planning.plan import PlannedMailbox
from respool.planning.proof import MESSAGE_PROOFS
from respool.runs.actor import Note, RunRecord, Undoing
from respool.system import imap_listing as listing
from respool.system.imap import ImapSession
from respool.system.imap_server import ImapServer
from respool.system.mailbox_admin import Administration

_STORAGE = "STORAGE"
AnswerT = TypeVar("AnswerT")
FAR_STEPS = (SaveRights, Repair, ConsolidateIndex, LastLook)
FarStep: TypeAlias = SaveRights | Repair | ConsolidateIndex | LastLook


@dataclass(frozen=True, slots=True, kw_only=True)
class FarFinishingActor:
    """One core, one account of its IMAP service, one run."""

    asking: Asking
    server: ImapServer
    record: RunRecord

    def observe(self, step: FarStep) -> Note:
        """What the step may make; else nothing: what it tells of is there, and stays."""
        return self._with_session(far_default_folders.lacking_now) if self._makes(step) else {}

    def perform(self, step: FarStep, before: Note) -> Note:
        """Do the step; done twice it is the same as once."""
        match step:
            case SaveRights() | Repair() | ConsolidateIndex():
                left = left_as_anothers(self.asking, step, self.record.head().request.target)
                note = left or Telling(asking=self.asking).tell(step)
                if not self._makes(step):
                    return note
                made = self._with_session(lambda one: far_default_folders.made_since(one, before))
                return {**note, **made}
            case LastLook():
                return self.prove_again(step)
            case _:
                assert_never(step)

    def prove_again(self, _step: LastLook) -> Note:
        """The last look, at any later time."""
        return self.server.persistently(self._look)

    def take_back(self, step: FarStep, undoing: Undoing) -> str | None:
        """Tell BlueMind again, now that the folders are gone; whoever insists ends without it."""
        if not isinstance(step, Repair | ConsolidateIndex):
            return None
        try:
            if self._makes(step):
                return self._with_session(lambda one: far_default_folders.take_back(one, undoing))
            return Telling(asking=self.asking).tell_again(step)
        except RespoolError as error:
            if not undoing.is_forced:
                raise
            return f"{not_done(step)}: {error.what}"

    def _makes(self, step: FarStep) -> bool:
        """Whether it may make default folders of the account's own."""
        is_user = self.record.head().request.target.kind is AccountKind.USER
        return is_user and isinstance(step, Repair) and step.operation == DEFAULTS

    def _with_session(self, do: Callable[[ImapSession], AnswerT]) -> AnswerT:
        def asked() -> AnswerT:
            with self.server.session() as session:
                return do(session)

        return self.server.persistently(asked)

    def _look(self) -> Note:
        folders = [each for each in self.record.head().mailboxes if each.is_proven]
        closed: list[str] = []
        left: list[str] = []
        with self.server.session() as session:
            for each in folders:
                try:
                    left += self._lacking(session, each)
                except ServerSaidNo:
                    closed.append(each.target_path)
            left += _room(session, folders)
        note: Note = {"by": self.server.user, "left_to_do": left}
        return {**note, "closed": ", ".join(closed)} if closed else note

    def _lacking(self, session: ImapSession, folder: PlannedMailbox) -> Iterator[str]:
        count = listing.status(session, folder.target_name).messages
        if not listing.exists(session, folder.target_name):
            yield f"{self.server.user} can open {folder.target_path}, but does not see it"
        notes = self.record.receipts_of_lane(folder.target_name)
        proofs = [note for kind, note in notes if kind in MESSAGE_PROOFS and note]
        wanted = int(proofs[-1].get("proven", 0)) if proofs else 0
        if count < wanted:
            yield f"{folder.target_path} has {count} messages, {wanted} were proven in it before"


def _room(session: ImapSession, folders: list[PlannedMailbox]) -> Iterator[str]:
    """Whether new mail is taken, where the server tells of limits."""
    if not folders or not session.can("QUOTA"):
        return
    with suppress(ServerSaidNo):
        for use in Administration.over(session).quota(folders[0].target_name):
            if use.resource == _STORAGE and use.used >= use.limit:
                yield (
                    f"no new mail is taken: {use.used} of {use.limit} KiB are used; raise the"
                    " quota in BlueMind's admin console"
                )

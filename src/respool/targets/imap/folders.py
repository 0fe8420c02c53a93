"""Creating the folders of a run, giving them their names, and knowing them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from respool.errors import ServerSaidNo, StepFailed
from respool.model.dataclasses import dataclass
from respool.planning.step import ACCOUNT_LANE
from respool.runs.actor import Note, RunRecord
from respool.system import imap_listing as listing
from respool.system.imap import ImapSession, quoted
from respool.system.imap_server import ImapServer
from respool.system.subscriptions import unsubscribe
from respool.targets.imap.narrowing import narrow
from respool.targets.imap.steps import CreateFolder, ShowTree

_WITH_USE = "CREATE-SPECIAL-USE"


def observe_creation(server: ImapServer, step: CreateFolder) -> Note:
    """Whether one of its names is taken."""
    with server.session() as session:
        taken = [name for name in (step.made_as, step.mailbox) if listing.exists(session, name)]
    return {"taken": sorted(set(taken))}


def create(server: ImapServer, step: CreateFolder, before: Note) -> Note:
    """Create the folder, unless this was done since; ``id`` is what it is known by.

    Raises:
        StepFailed: somebody made one of that name meanwhile, or it is open to others who had
            no such rights in the backup, and stays so.
        ServerSaidNo: the server does not create it.
    """
    if before.get("taken"):
        raise StepFailed(
            f"{before['taken'][0]} is there already",
            why="it was made since the plan, by somebody else",
            hint="make the plan again: it chooses another name",
            can_be_tried_again=False,
        )
    with server.session() as session:
        if not listing.exists(session, step.made_as):
            _create(session, step)
        found = listing.status(session, step.made_as)
        if found.messages or found.uidnext > 1:
            raise StepFailed(
                f"{step.made_as} holds mail that is not ours",
                why="somebody made it while the run was cut off",
                can_be_tried_again=False,
            )
        with suppress(ServerSaidNo):  # a server may subscribe who creates
            unsubscribe(session, step.made_as)
        if step.allowed is not None:
            narrow(session, step, step.allowed, server)
        return {"id": listing.folder_id(session, step.made_as), "uidvalidity": found.uidvalidity}


def _create(session: ImapSession, step: CreateFolder) -> None:
    """With its special use where the server takes one at creation (RFC 6154, 3)."""
    if step.use is not None and session.can(_WITH_USE):
        try:
            session.ask("CREATE", quoted(step.made_as), f"(USE ({step.use}))")
        except ServerSaidNo:
            pass  # another folder has that use, or nobody may: then without
        else:
            return
    session.ask("CREATE", quoted(step.made_as))


def show(server: ImapServer, step: ShowTree) -> Note:
    """Give each folder its name; what has it already is left. The server takes all below along.

    Raises:
        StepFailed: a name was taken meanwhile.
    """
    uidvalidities: dict[str, int] = {}
    ids: dict[str, str] = {}
    with server.session() as session:
        for made_as, mailbox in zip(step.made_as, step.mailboxes, strict=True):
            if listing.exists(session, made_as):
                if listing.exists(session, mailbox):
                    raise StepFailed(
                        f"{mailbox} is there already",
                        why=f"somebody made it meanwhile; the mail is in {made_as}",
                        hint="rename that folder, then go on",
                    )
                session.ask("RENAME", quoted(made_as), quoted(mailbox))
            uidvalidities[mailbox] = listing.status(session, mailbox).uidvalidity
            ids[mailbox] = listing.folder_id(session, mailbox)
    return {"uidvalidities": uidvalidities, "ids": ids}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A folder that the run set out to create. ``id`` None: it was cut off before it knew.

    ``made_as`` and ``mailbox`` are its names before and after all was there.
    """

    mailbox: str
    made_as: str
    id: str | None

    @property
    def is_known_for_sure(self) -> bool:
        """Whether no other folder can have the same id: UIDVALIDITY may be that of several."""
        return self.id is not None and not self.id.startswith(listing.BY_UIDVALIDITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a folder of the run is now: ``name`` None where it is gone.

    ``is_renamed``: it has a name that the run did not give it.
    """

    name: str | None
    is_renamed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFolders:
    """The folders that a run set out to create, as its journal has them."""

    record: RunRecord

    def all(self) -> Mapping[str, Made]:
        """By their names in the end; those whose step was not begun are left out."""
        return {each.mailbox: each for each in self._begun()}

    def _begun(self) -> Iterator[Made]:
        ids: dict[str, str] = {}
        made: list[Made] = []
        for number, step in self.record.steps_of_lane(ACCOUNT_LANE):
            receipt = self.record.receipt(number)
            if isinstance(step, CreateFolder):
                before = self.record.before(number)
                if before and not before.get("taken"):
                    known = None if receipt is None else str(receipt["id"])
                    made.append(Made(mailbox=step.mailbox, made_as=step.made_as, id=known))
            elif isinstance(step, ShowTree) and receipt is not None:
                ids.update(receipt["ids"])
        for each in made:
            yield Made(
                mailbox=each.mailbox, made_as=each.made_as, id=ids.get(each.mailbox, each.id)
            )


def find(session: ImapSession, made: Made, others: frozenset[str] = frozenset()) -> Found:
    """Where a folder whose id is known is now, by that id; ``others`` are not looked at."""
    names = dict.fromkeys((made.mailbox, made.made_as))
    for name in names:
        if listing.exists(session, name) and listing.folder_id(session, name) == made.id:
            return Found(name=name)
    for each in listing.listed_folders(session):
        if each.is_selectable and each.name not in {*names, *others}:
            with suppress(ServerSaidNo):
                if listing.folder_id(session, each.name) == made.id:
                    return Found(name=each.name, is_renamed=True)
    return Found(name=None)

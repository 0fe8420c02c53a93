"""The last look of a restore into BlueMind: as its owner or a reader, once all else is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

from respool.errors import LoginRefused, ServerSaidNo
from respool.finishing.own_rights import administrators, shared
from respool.finishing.patience import Patience
from respool.finishing.steps import LastLook, SaveRights
from respool.model.accounts import folder_parts
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.planning.finishing import RIGHTS_BY_REPAIR
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.proof import MESSAGE_PROOFS
from respool.planning.step import ACCOUNT_LANE
from respool.runs.actor import Note, RunRecord
from respool.system.cyrus_server import CyrusServer
from respool.system.imap import ImapSession
from respool.system.mailbox_admin import Administration
from respool.system.namespaces import name_for

_STORAGE = "STORAGE"
_NONE: frozenset[str] = frozenset()
_NOT_A_LOGIN = ("anyone", "anonymous", "group:", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """One look. Nothing is changed."""

    server: CyrusServer
    record: RunRecord
    patience: Patience

    def look(self, step: LastLook) -> Note:
        """What is not as its reader needs it: ``closed`` folders, and what is left to do."""
        head = self.record.head()
        with ExitStack() as stack:
            found = self._reader(step, head, stack)
            closed: list[str] = []
            left: list[str] = []
            if found is not None:
                for folder in _folders(head):
                    self._open(found, folder, closed, left)
        left += [*self._rights(head), *self._open_again(head), *self._room(head)]
        if found is None and _folders(head):
            left.append("nobody could log in to look whether all is there for its readers")
        by = None if found is None else found.userid
        note: Note = {"by": by, "left_to_do": left}
        return {**note, "closed": ", ".join(closed)} if closed else note

    def _reader(self, step: LastLook, head: PlanHead, stack: ExitStack) -> _Reader | None:
        """The owner, else the first who may read all of it and can log in."""
        for userid in (step.owner,) if step.owner is not None else _readers(head):
            try:
                session = stack.enter_context(self.server.as_user(userid))
            except LoginRefused:
                continue
            return _Reader(userid=userid, session=session)
        return None

    def _open(
        self, reader: _Reader, folder: PlannedMailbox, closed: list[str], left: list[str]
    ) -> None:
        name = _name_of(self.record.head(), folder)
        domain = self.server.default_domain
        try:
            his = name_for(reader.session, reader.userid, name, default_domain=domain)
            is_listed = Administration.over(reader.session).exists(his)
            count = reader.session.open_to_read(his)
        except ServerSaidNo:
            closed.append(folder.target_path)
            return
        wanted = self._proven(folder)
        if not is_listed:
            left.append(f"{reader.userid} can open {folder.target_path}, but does not see it")
        if count < wanted:
            left.append(
                f"{folder.target_path} has {count} messages, {wanted} were read back in it before"
            )

    def _proven(self, folder: PlannedMailbox) -> int:
        """How many messages stood there when it was proven."""
        notes = self.record.receipts_of_lane(folder.target_name)
        proofs = [note for kind, note in notes if kind in MESSAGE_PROOFS and note]
        return int(proofs[-1].get("proven", 0)) if proofs else 0

    def _rights(self, head: PlanHead) -> Iterator[str]:
        """BlueMind writes its rights some time after they were saved."""
        finishing = head.finishing
        if finishing is None or not finishing.gives_rights or self._were_rights_left():
            return
        waits, until = self.patience.waits(), self.patience.clock() + self.patience.later
        while differing := self._with_other_rights(head):
            if self.patience.clock() >= until:
                yield (
                    f"the rights of {len(differing)} folders are not those of the whole mailbox,"
                    f" the first of them {differing[0]}: save its sharings again, if they"
                    " should be"
                )
                return
            next(waits)

    def _were_rights_left(self) -> bool:
        """Whether a folder was found closed at the last moment, and rights were not written."""
        notes = self.record.receipts_of_lane(ACCOUNT_LANE)
        return any(
            note.get("skipped")
            and (kind == SaveRights.kind or note.get("operation") == RIGHTS_BY_REPAIR)
            for kind, note in notes
        )

    def _with_other_rights(self, head: PlanHead) -> list[str]:
        wanted = self._shared(_root(head, self.server))
        return [
            each.target_path
            for each in _folders(head)
            if each.is_new and self._shared(each.target_name) != wanted
        ]

    def _open_again(self, head: PlanHead) -> Iterator[str]:
        """Folders that are for fewer people, as in the backup, and were opened since."""
        for each in head.mailboxes:
            if each.is_new and each.narrower_for:
                now, were = self._shared(each.target_name), self._usual(each.rights)
                may = [
                    who for who in each.narrower_for if now.get(who, _NONE) - were.get(who, _NONE)
                ]
                if may:
                    yield (
                        f"{each.target_path} is open to {', '.join(may)} now, which it was not in"
                        " the backup: somebody saved the sharings, or gave rights"
                    )

    def _shared(self, mailbox: str) -> Mapping[str, frozenset[str]]:
        return self._usual(self.server.admin.acl(mailbox))

    def _usual(self, acl: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
        """Who may do what there, administrators apart."""
        return shared(acl, administrators(self.server))

    def _room(self, head: PlanHead) -> Iterator[str]:
        for use in self.server.admin.quota(_root(head, self.server)):
            if use.resource == _STORAGE and use.used >= use.limit:
                yield (
                    f"no new mail is taken: {use.used} of {use.limit} KiB are used; raise the"
                    " quota in BlueMind's admin console"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    userid: str
    session: ImapSession


def _folders(head: PlanHead) -> list[PlannedMailbox]:
    return [each for each in head.mailboxes if each.is_proven]


def _readers(head: PlanHead) -> Iterator[str]:
    folders = _folders(head)
    makes = None if head.finishing is None else head.finishing.makes
    for who, may in dict(folders[0].rights if folders else {}).items():
        is_login = not who.startswith(_NOT_A_LOGIN)
        if makes is not None and who.partition("@")[0] not in makes.shared:
            continue  # BlueMind does not let him into the mailshare that it made
        if is_login and "r" in may and all("r" in each.rights.get(who, "") for each in folders):
            yield who


def _name_of(head: PlanHead, folder: PlannedMailbox) -> MailboxName:
    root = head.request.target.root
    return MailboxName(domain=root.domain, parts=(*root.parts, *folder_parts(folder.target_path)))


def _root(head: PlanHead, server: CyrusServer) -> str:
    root = head.request.target.root
    name = root.admin_with(server.separator)
    domain = server.default_domain
    return name.removesuffix(f"@{domain}") if domain else name

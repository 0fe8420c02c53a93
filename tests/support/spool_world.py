"""An account on a real server, and one restore into it, process after process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from respool.app.at_spool import AtSpool
from respool.app.wiring import STEP_KINDS
from respool.runs.journal import RunJournal
from respool.runs.runner import Runner, Stop
from respool.runs.states import StepState
from respool.runs.undo import Undo
from respool.system.cyrus_server import CyrusServer
from tests.support.as_before import AsBefore, as_before
from tests.support.directions import INTO, Folders, TargetAccount, folders_of
from tests.support.imap_contents import folder_names
from tests.support.mortal import MortalActor
from tests.support.power import MortalJournal, Power, PowerCut
from tests.support.private_cyrus import NewMessage, PrivateCyrus, append_messages

NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n", flags=("$new",))
RENAMED = "mine"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolWorld:
    """One run, begun, into a fresh account; ``reached`` is the server as a command has it."""

    server: PrivateCyrus
    reached: CyrusServer
    target: TargetAccount
    run: RunJournal
    wanted: Folders

    def carry_out(self, power: Power) -> bool:
        """Begin the run or go on with it."""
        run = MortalJournal.of(self.run, power)
        actors = self._mortal(run, power)
        try:
            self._log_in_anew()
            Runner(journal=run, actors=actors, stop=Stop(), lanes_at_once=1).run()
        except PowerCut:
            return False
        return True

    def take_back(self, power: Power, *, is_forced: bool = False) -> bool:
        """Take it back, or go on with that."""
        run = MortalJournal.of(self.run, power)
        actors = self._mortal(run, power)
        try:
            self._log_in_anew()
            Undo(journal=run, actors=actors, stop=Stop(), is_forced=is_forced).run()
        except PowerCut:
            return False
        return True

    def _log_in_anew(self) -> None:
        """A new process has no session yet."""
        self.reached.close()

    def _mortal(self, run: RunJournal, power: Power) -> Mapping[str, MortalActor]:
        actors = AtSpool(self.reached).actors(run)
        assert actors.keys() <= STEP_KINDS.keys()
        return {kind: MortalActor(actor, power) for kind, actor in actors.items()}

    def now(self) -> object:
        """All of the account, with the name of every account left out."""
        return _nameless(as_before(self.server, self.target), self.target)

    def truth(self) -> object:
        """What the backup had."""
        return self.wanted

    def restored(self) -> object:
        """What its owner reads."""
        return folders_of(self.server, self.target, self.target.login)

    def folder(self) -> object:
        """The restored folder, under whichever of its names."""
        login = self.target.login
        return [folders_of(self.server, self.target, login, below) for below in (INTO, RENAMED)]

    def touch(self, how: str) -> bool:
        """What its owner does, if he sees it."""
        with self.server.client_as(self.target.login) as client:
            if INTO not in folder_names(client):
                return False
            client.select_folder(INTO)
            match how:
                case "flag":
                    client.add_flags(client.search()[:1], ["$mine"])
                case "add":
                    append_messages(client, INTO, [NEW])
                case "expunge":
                    client.delete_messages(client.search()[:1])
                    client.expunge()
                case "rename":
                    client.rename_folder(INTO, RENAMED)
                case _:
                    raise AssertionError(how)
        return True

    def read(self) -> None:
        """All of it."""
        with self.server.client_as(self.target.login) as client:
            client.select_folder(INTO)
            client.add_flags(client.search(), ["\\Seen"])

    def receive(self) -> None:
        """A message in INBOX."""
        with self.server.client_as(self.target.login) as client:
            append_messages(client, "INBOX", [NEW])

    def kept(self) -> tuple[str, ...]:
        """Why steps were kept."""
        rows = [row for row in self.run.rows() if row.state is StepState.KEPT]
        return tuple(str((row.error or {}).get("kept")) for row in rows)


def _nameless(state: AsBefore, target: TargetAccount) -> object:
    """The same without the account's name, the files of other accounts, and dates."""
    name = target.login.partition("@")[0]

    def plain(text: str) -> str:
        return text.replace(name, "NAME")

    return (
        sorted(map(plain, state.folders)),
        {
            plain(folder): tuple((m.uid, m.flags, m.sha1, m.size_bytes) for m in held)
            for (_, folder), held in state.messages.items()
        },
        {
            plain(folder): {plain(who): may for who, may in rights.items()}
            for folder, rights in state.rights.items()
        },
        dict(state.limits),
        {plain(reader): sorted(map(plain, had)) for reader, had in state.subscriptions.items()},
        sorted(plain(file) for file in state.files if f"/{name}/" in file),
    )

"""An account on a real server and one restore into it over IMAP, process after process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from respool.runs.journal import RunJournal
from respool.runs.runner import Runner, Stop
from respool.runs.states import StepState
from respool.runs.undo import Undo
from respool.system.imap_server import ImapServer
from tests.support.directions import INTO, Folders, TargetAccount, all_folders_of, folders_of
from tests.support.imap_contents import folder_names, subscriptions_of
from tests.support.imap_restoring import IMAP_KINDS, actors_of
from tests.support.power import MortalJournal, Power, PowerCut
from tests.support.private_cyrus import NewMessage, PrivateCyrus, append_messages
from tests.support.spool_world import MortalActor

NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n", flags=("$new",))
UNFINISHED = f"{INTO}-unfinished"
RENAMED = "mine"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapWorld:
    """One run, begun, into a fresh account; ``reached`` is the account as a command has it."""

    server: PrivateCyrus
    reached: ImapServer
    target: TargetAccount
    run: RunJournal
    wanted: Folders

    def carry_out(self, power: Power) -> bool:
        """Begin the run or go on with it."""
        run = MortalJournal.of(self.run, power)
        actors = self._mortal(run, power)
        try:
            Runner(journal=run, actors=actors, stop=Stop(), lanes_at_once=1).run()
        except PowerCut:
            return False
        finally:
            self.reached.close()
        return True

    def take_back(self, power: Power, *, is_forced: bool = False) -> bool:
        """Take it back, or go on with that."""
        run = MortalJournal.of(self.run, power)
        actors = self._mortal(run, power)
        try:
            Undo(journal=run, actors=actors, stop=Stop(), is_forced=is_forced).run()
        except PowerCut:
            return False
        finally:
            self.reached.close()
        return True

    def _mortal(self, run: RunJournal, power: Power) -> Mapping[str, MortalActor]:
        actors = actors_of(self.reached, run)
        assert actors.keys() == IMAP_KINDS.keys()
        return {kind: MortalActor(actor, power) for kind, actor in actors.items()}

    def now(self) -> object:
        """All that its owner sees of the account."""
        with self.server.client_as(self.target.login) as client:
            subscribed = sorted(subscriptions_of(client))
        return all_folders_of(self.server, self.target, self.target.login), subscribed

    def truth(self) -> object:
        """What the backup had."""
        return plain(self.wanted)

    def restored(self) -> object:
        """What its owner reads."""
        return plain(folders_of(self.server, self.target, self.target.login))

    def folder(self) -> object:
        """The restored folder, under whichever of its names."""
        login = self.target.login
        names = (INTO, UNFINISHED, RENAMED)
        return [folders_of(self.server, self.target, login, below) for below in names]

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


def plain(folders: Folders) -> dict[str, list[tuple[object, ...]]]:
    """Messages without their UIDs, which are the target's own."""
    return {
        path: [(m.flags, m.internaldate, m.size_bytes, m.sha1) for m in messages]
        for path, messages in folders.items()
    }

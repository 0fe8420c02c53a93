"""An account on an IMAP server, and one restore into it, process after process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from respool.app.at_imap import imap_actors
from respool.app.wiring import STEP_KINDS
from respool.errors import RespoolError
from respool.runs.actor import Actor
from respool.runs.journal import RunJournal
from respool.runs.runner import Runner, Stop
from respool.runs.states import StepState
from respool.runs.undo import Undo
from respool.system.imap_places import ImapAddress
from tests.support.cutting_proxy import Cut, CuttingProxy
from tests.support.imap_account import ImapHost, Plain, as_it_stands, below, own_folders, plain
from tests.support.imap_restoring import imap_server
from tests.support.mortal import MortalActor
from tests.support.power import MortalJournal, Power, PowerCut

NEW = b"Subject: new\r\n\r\nnew\r\n"
DATE = datetime(2024, 11, 18, 10, tzinfo=UTC)  # worlds that are alike have no clock
Actors = Mapping[str, Actor[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapWorld:
    """One run, begun, into the fresh account ``login``, into a new folder ``top``.

    ``renamed`` is what its owner calls the folder when he renames it, ``wanted`` what the
    backup had, by the server's names.
    """

    host: ImapHost
    login: str
    run: RunJournal
    top: str
    renamed: str
    wanted: Plain

    def carry_out(self, power: Power) -> bool:
        """Begin the run or go on with it."""
        return self._until_cut(power, lambda run, actors: _runner(run, actors).run())

    def take_back(self, power: Power, *, is_forced: bool = False) -> bool:
        """Take it back, or go on with that."""
        return self._until_cut(
            power, lambda run, actors: _undo(run, actors, is_forced=is_forced).run()
        )

    def carry_out_through(self, cut: Cut | None) -> list[str]:
        """The same over a connection that is cut once; names of the commands till then."""
        return self._through(cut, lambda run, actors: _runner(run, actors).run())

    def take_back_through(self, cut: Cut | None) -> list[str]:
        """The same of taking it back."""
        return self._through(cut, lambda run, actors: _undo(run, actors, is_forced=False).run())

    def _until_cut(self, power: Power, work: Callable[[RunJournal, Actors], None]) -> bool:
        run = MortalJournal.of(self.run, power)
        server = imap_server(self._address(self.host.port), self.login, self.host.password)
        actors = {
            kind: MortalActor(each, power) for kind, each in imap_actors(server, run).items()
        }
        assert actors.keys() <= STEP_KINDS.keys()
        try:
            work(run, actors)
        except PowerCut:
            return False
        finally:
            server.close()
        return True

    def _through(self, cut: Cut | None, work: Callable[[RunJournal, Actors], None]) -> list[str]:
        """A run that cannot go on ends, as a command would; the journal has it."""
        with CuttingProxy(self.host.port, cut) as proxy:
            server = imap_server(self._address(proxy.port), self.login, self.host.password)
            try:
                work(self.run, imap_actors(server, self.run))
            except RespoolError:
                if not proxy.is_cut:
                    raise
            finally:
                server.close()
            return proxy.commands

    def _address(self, port: int) -> ImapAddress:
        return ImapAddress(host=self.host.host, port=port)

    def now(self) -> object:
        """All of the account."""
        return as_it_stands(self.host, self.login)

    def truth(self) -> object:
        """What the backup had."""
        return self.wanted

    def restored(self) -> object:
        """What its owner reads."""
        return plain(below(self.host, self.login, self.top))

    def folder(self) -> object:
        """The restored folder, under whichever of its names."""
        names = (self.top, self.renamed)
        return [plain(below(self.host, self.login, name)) for name in names]

    def touch(self, how: str) -> bool:
        """What its owner does, if he sees it."""
        with self.host.client_as(self.login) as client:
            if self.top not in own_folders(client):
                return False
            client.select_folder(self.top)
            match how:
                case "flag":
                    client.add_flags(client.search()[:1], ["$mine"])
                case "add":
                    client.append(self.top, NEW, ["$new"])
                case "expunge":
                    client.delete_messages(client.search()[:1])
                    client.expunge()
                case "rename":
                    client.unselect_folder() if client.has_capability("UNSELECT") else None
                    client.rename_folder(self.top, self.renamed)
                case _:
                    raise AssertionError(how)
        return True

    def read(self) -> None:
        """All of it."""
        with self.host.client_as(self.login) as client:
            client.select_folder(self.top)
            client.add_flags(client.search(), ["\\Seen"])

    def receive(self) -> None:
        """A message in INBOX."""
        with self.host.client_as(self.login) as client:
            client.append("INBOX", NEW, ["$new"], msg_time=DATE)

    def kept(self) -> tuple[str, ...]:
        """Why steps were kept."""
        rows = [row for row in self.run.rows() if row.state is StepState.KEPT]
        return tuple(str((row.error or {}).get("kept")) for row in rows)


def _runner(run: RunJournal, actors: Actors) -> Runner:
    return Runner(journal=run, actors=actors, stop=Stop(), lanes_at_once=1)


def _undo(run: RunJournal, actors: Actors, *, is_forced: bool) -> Undo:
    return Undo(journal=run, actors=actors, stop=Stop(), is_forced=is_forced)

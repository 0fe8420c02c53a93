"""A server that lives on, backups of it, and runs that put flags back, each cut somewhere."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from imapclient import IMAPClient

from respool.app.at_state import AtState
from respool.app.settings import Settings
from respool.app.wiring import STEP_KINDS
from respool.app.wish import Wish
from respool.app.written_plan import write_plan
from respool.runs.journal import Journal, RunJournal
from respool.runs.runner import Runner, Stop
from respool.runs.undo import Undo
from respool.system.cyrus_server import CyrusServer
from tests.support.imap_contents import folder_names, messages_in
from tests.support.mortal import MortalActor
from tests.support.power import MortalJournal, Power, PowerCut
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import settings_for

Flags = Mapping[str, Mapping[int, frozenset[str]]]  # by folder and UID


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A server that lives on, and backups of it that are made when a test says so."""

    server: PrivateCyrus
    backups: Path
    state: Path

    @property
    def settings(self) -> Settings:
        """Of a command there."""
        return settings_for(self.server, self.backups, self.state)

    def back_up(self, day: str) -> None:
        """Copy the spool and the databases, as a backup of that night."""
        there = self.backups / day / "var"
        shutil.copytree(self.server.files.root / "spool", there / "spool/cyrus")
        shutil.copytree(
            self.server.files.config_directory,
            there / "lib/cyrus",
            ignore=shutil.ignore_patterns("socket", "proc", "lock", "sync", "log"),
        )

    def leave_unread(self, login: str, below: str = "") -> None:
        """Every second message of his folders, whatever was read before."""
        with self.server.client_as(login) as client:
            for folder in self._folders(client, below):
                client.select_folder(folder)
                if uids := client.search("ALL")[::2]:
                    client.remove_flags(uids, ["\\Seen"], silent=True)

    def mark_all(self, login: str, flag: str = "\\Seen", below: str = "") -> None:
        """What a slip of the hand does: every message of his folders is marked."""
        with self.server.client_as(login) as client:
            for folder in self._folders(client, below):
                client.select_folder(folder)
                if uids := client.search("ALL"):
                    client.add_flags(uids, [flag], silent=True)

    def flags(self, login: str, below: str = "") -> Flags:
        """All flags that he sees."""
        found = {}
        with self.server.client_as(login) as client:
            for folder in self._folders(client, below):
                found[folder] = {each.uid: each.flags for each in messages_in(client, folder)}
        return found

    def _folders(self, client: IMAPClient, below: str) -> list[str]:
        """His own ones, or those of others below a name."""
        names = sorted(folder_names(client))
        if below:
            return [name for name in names if name.startswith(below)]
        return [name for name in names if not name.startswith(("Shared Folders", "Other Users"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """One run after the other of the same wish, each cut somewhere."""

    site: Site
    reached: CyrusServer
    journal: Journal
    wish: Wish

    def begun(self) -> RunJournal:
        """A new run."""
        plan = AtState(self.reached).plan(self.site.settings, self.wish)
        file = self.site.state / "new.jsonl"
        tail = write_plan(plan, file)
        return self.journal.begin(file, tail, STEP_KINDS, now=datetime.now(UTC))

    def carry_out(self, run: RunJournal, power: Power) -> bool:
        """Whether it came to its end."""
        return self._until_cut(
            run,
            power,
            lambda mortal, actors: Runner(
                journal=mortal, actors=actors, stop=Stop(), lanes_at_once=1
            ).run(),
        )

    def take_back(self, run: RunJournal, power: Power) -> bool:
        """As `carry_out`."""
        return self._until_cut(
            run,
            power,
            lambda mortal, actors: Undo(journal=mortal, actors=actors, stop=Stop()).run(),
        )

    def _until_cut(
        self,
        run: RunJournal,
        power: Power,
        work: Callable[[RunJournal, Mapping[str, MortalActor]], None],
    ) -> bool:
        self.reached.close()  # a new process has no session yet
        mortal = MortalJournal.of(run, power)
        actors = AtState(self.reached).actors(mortal)
        try:
            work(mortal, {kind: MortalActor(each, power) for kind, each in actors.items()})
        except PowerCut:
            return False
        return True

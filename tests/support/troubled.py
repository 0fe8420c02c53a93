"""Restores that meet trouble between two of their steps, and end as they should all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from respool.app.carrying_out import Conversation
from respool.app.restore import restore
from respool.app.settings import Settings
from respool.app.wish import Wish
from respool.errors import RespoolError
from respool.runs.stepping import Progress
from tests.support.as_before import AsBefore, as_before
from tests.support.directions import INTO, TargetAccount, folders_of, fresh_target, true_folders
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import wish
from tests.support.undoing import resumed, undone
from tests.support.whole_account import SPOOLS

SOURCE = SPOOLS["3.4.9"]
JDOE = "user/jdoe@bluemind.loc"
MADE, COPIED = "spool-create-mailbox", "spool-copy-messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubled:
    """A fresh account, how it was, and the settings of commands for it."""

    server: PrivateCyrus
    settings: Settings
    target: TargetAccount
    before: AsBefore

    @classmethod
    def on(cls, server: PrivateCyrus, settings: Settings) -> Troubled:
        """On ``server``, where nothing was restored into it yet."""
        target = fresh_target(server, "user")
        before = as_before(server, target)
        return cls(server=server, settings=settings, target=target, before=before)

    @property
    def wish(self) -> Wish:
        """INBOX, into a new folder."""
        return wish(JDOE, "INBOX", to=self.target.written, into=INTO)

    def restore(self, after: str | None = None, act: Callable[[], object] = int) -> str:
        """The verdict, or the code of the error; ``act`` once, after a step of that kind."""
        acted: list[object] = []

        def hear(progress: Progress) -> None:
            if progress.kind == after and not acted:
                acted.append(act())

        conversation = Conversation(
            agree=lambda _head: True, on_begin=lambda _run, _head: None, on_progress=hear
        )
        try:
            verdict = restore(self.settings, self.wish, conversation).verdict.value
        except RespoolError as error:
            return f"{error.code}{', nothing changed' if error.changed is None else ''}"
        assert after is None or acted
        return verdict

    def ends(self, ending: str) -> None:
        """Gone on with, it is like a clean run; taken back, all is as before."""
        if ending == "resumed":
            assert resumed(self.settings).verdict.value == "proven"
            held = folders_of(self.server, self.target, self.target.login)
            assert held["INBOX"] == true_folders(SOURCE.truth, JDOE)["INBOX"]
        else:
            report = undone(self.settings)
            assert (report.state.value, report.kept, report.others) == ("undone", (), ())
            now = as_before(self.server, self.target)
            assert now == self.before

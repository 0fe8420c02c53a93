"""Two runs of one account, cut off, gone on with and taken back, while its owner goes on too."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from respool.errors import RespoolError
from respool.model.messages import SEEN
from respool.runs.journal import Journal, RunJournal
from respool.runs.runner import Runner, Stop
from respool.runs.states import StepState
from respool.runs.undo import Undo
from tests.support.cut_counts import CUT_AND_RESUME, CUT_AND_UNDO, count_case, is_long
from tests.support.memory_plans import GUIDS, drawn_steps
from tests.support.memory_server import Mail, MemoryMailbox
from tests.support.memory_steps import (
    MEMORY_KINDS,
    AdoptMailbox,
    MakeMailbox,
    mails_of_lane,
)
from tests.support.memory_target import MemoryActor, MemoryTarget
from tests.support.power import MortalJournal, Power, PowerCut
from tests.unit.runs.runs import begin, quick

CUTS = st.none() | st.integers(0, 60)
RUNS = st.integers(0, 1)
TEMPLATES = tempfile.TemporaryDirectory(prefix="respool-machine-")
ItemT = TypeVar("ItemT")


@dataclass(slots=True)
class OneRun:
    """A run and what is known of it: ``ended`` is None, "done" or "undone"."""

    journal: RunJournal
    is_taken_back: bool = False
    was_cut: bool = False
    ended: str | None = None
    acts: int = 0  # of the owner, and of other runs, until then

    def ids(self, kind: type[MakeMailbox | AdoptMailbox]) -> Mapping[str, str]:
        """Mailbox → id of those that it made, or adopted."""
        return {
            step.mailbox: receipt["uniqueid"]
            for number, step in self.journal.steps_of_lane("")
            if isinstance(step, kind) and (receipt := self.journal.receipt(number))
        }


@cache
def begun(seed: int, *, same: bool) -> Path:
    """A state directory with two runs that have only begun."""
    state = Path(TEMPLATES.name) / f"{seed}-{same}"
    state.mkdir()
    journal = Journal(state)
    for number in (0, 1):
        made = (f"back{number}", f"back{number}/sub")
        begin(journal, state, drawn_steps(seed if same else seed + number, made))
    journal.close()
    return state


class Account(RuleBasedStateMachine):
    """``own`` is what the owner has, by mailbox id and UID; none of it may ever change."""

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory(prefix="respool-machine-")
        self.own: dict[tuple[str, int], Mail] = {}
        self.touched: set[str] = set()  # ids of mailboxes that the owner changed anything in
        self.runs: list[OneRun] = []
        self.target = MemoryTarget()
        self.acts = 0

    def teardown(self) -> None:
        self.journal.close()
        self.place.cleanup()

    @initialize(seed=st.integers(0, 4), keeps_copies=st.booleans(), same=st.booleans())
    def begin(self, seed: int, keeps_copies: bool, same: bool) -> None:  # noqa: FBT001 - drawn
        """Both runs fill the same empty mailbox; perhaps with the same messages."""
        self.target.keeps_copies = keeps_copies
        self.target.create("empty")
        self.receive_in(self.target.create("live"), GUIDS[0])
        state = Path(self.place.name) / "state"
        shutil.copytree(begun(seed, same=same), state)
        self.journal = quick(Journal(state))
        self.runs = [OneRun(self.journal.run(number, MEMORY_KINDS)) for number in (1, 2)]

    # What runs do.

    @rule(number=RUNS, cut=CUTS)
    def carry_out(self, number: int, cut: int | None) -> None:
        run = self.runs[number]
        if run.is_taken_back:
            return
        before = self.everything()
        if not self.work(run, cut, Runner):
            return
        if run.ended == "done":
            assert self.everything() == before
        run.ended = "done"
        self.check_restored(run)
        if run.was_cut:
            count_case(CUT_AND_RESUME, "machine")

    @rule(number=RUNS, cut=CUTS)
    def take_back(self, number: int, cut: int | None) -> None:
        """What was kept is tried again: twice is once if nobody did anything between."""
        run = self.runs[number]
        run.is_taken_back = True
        before = self.everything()
        there = self.mailboxes()
        if not self.work(run, cut, Undo):
            return
        if run.ended == "undone" and run.acts == self.acts:
            assert self.everything() == before
        run.ended, run.acts = "undone", self.acts
        self.check_taken_back(run, there)
        if run.was_cut:
            count_case(CUT_AND_UNDO, "machine")

    @rule()
    def restart_the_server(self) -> None:
        self.target.is_restarted = True

    # What the owner does.

    @rule(data=st.data(), guid=st.sampled_from(GUIDS), flag=st.booleans())
    def add(self, data: st.DataObject, guid: str, flag: bool) -> None:  # noqa: FBT001 - drawn
        name = self.some(data, self.open_names())
        self.receive_in(self.target.mailboxes[name], guid, *(("$label1",) if flag else ()))

    @rule(data=st.data())
    def bring_back_what_he_had_kept(self, data: st.DataObject) -> None:
        """The first messages of a run, as they are in the backup."""
        mailbox = self.target.mailboxes.get("empty")
        run = self.some(data, self.runs)
        if mailbox is not None and not mailbox.is_used:
            lane = sorted(mails_of_lane(run.journal, "empty").items())
            for _, mail in lane[: data.draw(st.integers(1, len(lane)))]:
                self.receive_in(mailbox, mail.guid, *mail.flags)

    @precondition(lambda self: self.full_names())
    @rule(data=st.data(), read=st.booleans())
    def flag_or_read(self, data: st.DataObject, read: bool) -> None:  # noqa: FBT001 - drawn
        mailbox, uid = self.some_message(data)
        if read:
            mailbox.read(uid)
        else:
            mailbox.flag(uid, "$mine")
            self.touch(mailbox.uniqueid)
        if (mailbox.uniqueid, uid) in self.own:
            self.own[mailbox.uniqueid, uid] = mailbox.messages[uid]

    @precondition(lambda self: self.full_names())
    @rule(data=st.data())
    def expunge(self, data: st.DataObject) -> None:
        mailbox, uid = self.some_message(data)
        del mailbox.messages[uid]
        self.own.pop((mailbox.uniqueid, uid), None)
        self.touch(mailbox.uniqueid)

    @rule(data=st.data())
    def rename(self, data: st.DataObject) -> None:
        old = self.some(data, self.open_names())
        new = f"mine{len(self.touched)}-{len(self.target.mailboxes)}-{old.count('/')}"
        if new not in self.target.mailboxes:
            self.target.rename(old, new)
            for name in (new, *self.target.below(new)):
                self.touch(self.target.mailboxes[name].uniqueid)

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        name = self.some(data, self.open_names())
        uniqueid = self.target.mailboxes[name].uniqueid
        self.target.delete(name)
        self.touch(uniqueid)
        if not self.target.keeps_copies:
            self.own = {key: mail for key, mail in self.own.items() if key[0] != uniqueid}

    # What must hold.

    @invariant()
    def what_the_owner_has_is_there_as_he_left_it(self) -> None:
        there = {
            (box.uniqueid, uid): mail
            for box in self.mailboxes().values()
            for uid, mail in box.messages.items()
        }
        assert {key: there.get(key) for key in self.own} == self.own

    def check_restored(self, run: OneRun) -> None:
        """All of the plan is there, once, where nobody touched it; nothing waits."""
        by_id = self.mailboxes()
        made, adopted = run.ids(MakeMailbox), run.ids(AdoptMailbox)
        for name, uniqueid in {**made, **adopted}.items():
            if uniqueid not in self.touched:
                planned = mails_of_lane(run.journal, name)
                assert plain(by_id[uniqueid].messages) == plain(planned)
                assert not by_id[uniqueid].waiting

    def check_taken_back(self, run: OneRun, before: Mapping[str, MemoryMailbox]) -> None:
        """What was touched is as it was, and says why; nothing else is left."""
        now = self.mailboxes()
        for name, uniqueid in run.ids(MakeMailbox).items():
            was, planned = before.get(uniqueid), mails_of_lane(run.journal, name)
            if was is None or not self.kept(run):
                assert uniqueid not in now, name
            elif uniqueid in now and now[uniqueid].messages != was.messages:
                # It holds a folder that stays: of its own mail, only what was untouched went.
                assert plain(was.messages) == plain(planned)
        for name, uniqueid in run.ids(AdoptMailbox).items():
            mailbox = now.get(uniqueid)
            if mailbox is not None and uniqueid not in self.touched:
                ours = mails_of_lane(run.journal, name)
                others = [other for other in self.runs if other is not run]
                if not any(other.ended == "done" for other in others):
                    assert not (mailbox.messages.items() & ours.items())
            assert mailbox is None or not mailbox.waiting or self.touched

    def kept(self, run: OneRun) -> list[str]:
        rows = [row for row in run.journal.rows() if row.state is StepState.KEPT]
        return [str((row.error or {}).get("kept")) for row in rows]

    # How.

    def work(self, run: OneRun, cut: int | None, what: type[Runner | Undo]) -> bool:
        """One process; whether it came to its end."""
        self.acts += what is Runner
        journal = MortalJournal.of(run.journal, Power(calls=cut))
        actor = MemoryActor(self.target, journal, journal.power)
        actors = dict.fromkeys(MEMORY_KINDS, actor)
        try:
            if what is Undo:
                Undo(journal=journal, actors=actors, stop=Stop()).run()
            else:
                Runner(journal=journal, actors=actors, stop=Stop(), lanes_at_once=1).run()
        except PowerCut:
            run.was_cut = True
            return False
        except RespoolError:
            return False
        return True

    def receive_in(self, mailbox: MemoryMailbox, guid: str, *flags: str) -> None:
        uid = mailbox.receive(guid, *flags)
        self.own[mailbox.uniqueid, uid] = mailbox.messages[uid]
        self.touch(mailbox.uniqueid)

    def touch(self, uniqueid: str) -> None:
        self.touched.add(uniqueid)
        self.acts += 1

    def some(self, data: st.DataObject, items: list[ItemT]) -> ItemT:
        return data.draw(st.sampled_from(items))

    def some_message(self, data: st.DataObject) -> tuple[MemoryMailbox, int]:
        mailbox = self.target.mailboxes[self.some(data, self.full_names())]
        return mailbox, self.some(data, sorted(mailbox.messages))

    def open_names(self) -> list[str]:
        names = [name for name, box in self.target.mailboxes.items() if box.is_open]
        return sorted(names) or [self.reopened()]

    def reopened(self) -> str:
        self.target.create("new")
        return "new"

    def full_names(self) -> list[str]:
        boxes = self.target.mailboxes
        return sorted(name for name, box in boxes.items() if box.is_open and box.messages)

    def mailboxes(self) -> dict[str, MemoryMailbox]:
        """Every mailbox and copy as it is now, by its id."""
        every = (*self.target.mailboxes.values(), *self.target.copies.values())
        return {
            box.uniqueid: replace(box, messages=dict(box.messages), waiting=dict(box.waiting))
            for box in every
        }

    def everything(self) -> object:
        return (self.mailboxes(), sorted(self.target.mailboxes), sorted(self.target.copies))


def plain(messages: Mapping[int, Mail]) -> Mapping[int, Mail]:
    r"""The same without ``\Seen``, which is nobody's touch."""
    return {uid: replace(mail, flags=mail.flags - {SEEN}) for uid, mail in messages.items()}


TestAccount = Account.TestCase
TestAccount.settings = settings(
    max_examples=1500 if is_long() else 30,
    stateful_step_count=25 if is_long() else 12,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)

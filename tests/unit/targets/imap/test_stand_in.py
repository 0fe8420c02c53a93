"""Whole restores into a stand-in for BlueMind 5: as it is, and cut at its commands."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

from respool.app.wiring import STEP_KINDS
from respool.app.written_plan import write_plan
from respool.errors import PlanRefused, ServerUnreachable, StepFailed
from respool.planning.appending import AppendMessages
from respool.planning.chosen import ChosenMailbox
from respool.planning.placed import as_pairs
from respool.planning.source_place import SourcePlace
from respool.runs.journal import Journal
from respool.system.imap_places import ImapAddress
from respool.system.imap_server import ImapServer
from respool.targets.imap.actor import imap_actor
from respool.targets.imap.planner import plan_restore
from respool.targets.imap.surveyor import survey_imap
from tests.support.bluemind5_server import BlueMind5Server
from tests.support.cut_counts import is_long
from tests.support.cutting_proxy import Cut, CuttingProxy, Where
from tests.support.imap_groups import OneStep, message_group
from tests.support.imap_restoring import ImapRun, imap_server
from tests.support.kept_mail import KeptFolder, KeptMessage
from tests.support.stand_in_server import StandInServer
from tests.unit.planning.plans import REQUEST
from tests.unit.runs.runs import quick
from tests.unit.targets.spool.plans import CONTEXT, chosen, rows_of

BODIES = [b"Subject: %d\r\n\r\nbody\r\n" % number for number in range(3)]
TWICE = [*BODIES, BODIES[0]]
USER = "jdoe"


def folder_with(place: Path, path: str, bodies: Sequence[bytes]) -> ChosenMailbox:
    """A folder of a backup whose messages are really there."""
    directory = place / path
    directory.mkdir(parents=True, exist_ok=True)
    for uid, octets in enumerate(bodies, start=1):
        (directory / f"{uid}.").write_bytes(octets)
    sizes = [len(octets) for octets in bodies]
    guids = [np.void(hashlib.sha1(octets).digest()) for octets in bodies]
    rows = rows_of(len(bodies), size=sizes, file_size=sizes)
    for at, guid in enumerate(guids):
        rows["guid"][at] = guid
    source = SourcePlace(
        spool=PurePosixPath(place),
        partition="b_loc",
        data=PurePosixPath(path),
        meta=None,
        archive=None,
    )
    return replace(chosen(path, rows), place=source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """A server, and a directory for backups and journals of restores into it."""

    server: StandInServer
    place: Path

    @contextmanager
    def begun(self, port: int, **request: Any) -> Iterator[ImapRun]:  # noqa: ANN401
        """A run that was begun, of two folders, with what is at ``port``."""
        backup = self.place / "backup"
        folders = [folder_with(backup, "INBOX", TWICE), folder_with(backup, "Sent", BODIES)]
        account = self.account(port)
        plan = self.plan(account, folders, **request)
        state = self.place / f"state{port}"
        state.mkdir()
        journal = quick(Journal(state))
        tail = write_plan(plan, state / "new.jsonl")
        run = journal.begin(state / "new.jsonl", tail, STEP_KINDS, now=datetime.now(UTC))
        try:
            yield ImapRun(server=account, journal=run, plan=plan)
        finally:
            account.close()
            journal.close()

    def account(self, port: int) -> ImapServer:
        address = ImapAddress(port=port)
        return replace(imap_server(address, USER, self.server.password), pause=lambda _: None)

    def plan(self, account: ImapServer, folders: Sequence[ChosenMailbox], **request: Any) -> Any:  # noqa: ANN401
        asked = replace(REQUEST, **request)
        return plan_restore(asked, folders, survey_imap(account, asked), CONTEXT)

    def held(self) -> dict[str, list[bytes]]:
        folders = self.server.accounts[USER].folders
        return {name: [each.octets for each in one.messages] for name, one in folders.items()}


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Callable[[], Restoring]]:
    servers: list[BlueMind5Server] = []

    def make() -> Restoring:
        server = BlueMind5Server().__enter__()
        servers.append(server)
        server.add_account(USER)
        place = tmp_path / str(len(servers))
        place.mkdir()
        return Restoring(server=server, place=place)

    yield make
    for server in servers:
        server.__exit__(None, None, None)


def restored(held: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
    return {name: each for name, each in held.items() if name.startswith("restored")}


def without_how(proofs: dict[str, Any]) -> dict[str, Any]:
    """Of what was cut, what the server had said of its octets is not known any more."""
    return {lane: {**each, "by_guid": None} for lane, each in proofs.items()}


def test_what_the_server_says_of_octets_is_counted_beside_what_was_read(
    new: Callable[[], Restoring],
) -> None:
    one = new()
    with one.begun(one.server.port) as run:
        run.carry_out()
        told = [
            (run.journal.receipt(row.number) or {})["told"]
            for row in run.journal.rows()
            if row.kind == AppendMessages.kind
        ]
        proofs = run.proofs()
    assert restored(one.held()) == {"restored": TWICE, "restored/Sent": BODIES}
    assert told == [4, 3]
    assert {each: (proof["proven"], proof["by_guid"]) for each, proof in proofs.items()} == {
        "restored": (4, 4),
        "restored/Sent": (3, 3),
    }


def test_a_server_that_says_the_right_thing_and_gives_back_another_is_not_believed(
    new: Callable[[], Restoring], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each message is read: one that was spoilt in the store is found, wherever it stands."""
    one = new()
    true = {each: hashlib.sha1(each).hexdigest() for each in TWICE}
    spoilt = {each[:-3] + b"?" + each[-2:]: guid for each, guid in true.items()}
    monkeypatch.setattr(
        KeptMessage,
        "guid",
        property(lambda self: spoilt.get(self.octets) or hashlib.sha1(self.octets).hexdigest()),
    )
    add = KeptFolder.add

    def spoiling(folder: KeptFolder, octets: bytes, *more: Any) -> KeptMessage:  # noqa: ANN401
        is_spoilt = octets in true and len(folder.messages) > 1
        return add(folder, octets[:-3] + b"?" + octets[-2:] if is_spoilt else octets, *more)

    monkeypatch.setattr(KeptFolder, "add", spoiling)
    with one.begun(one.server.port) as run:
        run.carry_out()
        proof = run.proofs()["restored"]
    assert (proof["proven"], proof["counts"]["octets"]) == (2, 2)


def test_a_server_that_says_it_took_something_else_is_not_believed(
    new: Callable[[], Restoring], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = new()
    monkeypatch.setattr(KeptMessage, "guid", property(lambda _self: "ab" * 20))
    with one.begun(one.server.port) as run:
        run.carry_out()
        proof = run.proofs()["restored"]
    assert proof["proven"] == 0
    assert "as it was told" in proof["differs"][0]["found"]


def test_a_server_that_says_nothing_of_octets_is_read_back_whole(
    new: Callable[[], Restoring], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = new()
    monkeypatch.setattr(KeptMessage, "guid", property(lambda _self: ""))
    with one.begun(one.server.port) as run:
        run.carry_out()
        proof = run.proofs()["restored"]
    assert (proof["proven"], proof["by_guid"]) == (4, 0)


def test_its_own_prefixes_are_not_used_for_folders_of_the_backup(
    new: Callable[[], Restoring], tmp_path: Path
) -> None:
    one = new()
    account = one.account(one.server.port)
    folder = folder_with(tmp_path / "b", "Autres utilisateurs", BODIES)
    with pytest.raises(PlanRefused) as refused:
        one.plan(account, [folder], is_in_place=True)
    account.close()
    assert "stands for another mailbox" in refused.value.reasons[0]


def test_a_name_that_it_does_not_take_is_proposed_another(
    new: Callable[[], Restoring], tmp_path: Path
) -> None:
    one = new()
    account = one.account(one.server.port)
    folder = folder_with(tmp_path / "b", "jane@home", BODIES)
    with pytest.raises(PlanRefused) as refused:
        one.plan(account, [folder])
    planned = one.plan(account, [folder], is_renaming_freely=True)
    account.close()
    assert "jane_home" in refused.value.reasons[0]
    assert {each.target_path for each in planned.head.mailboxes} >= {"restored/jane_home"}


def test_a_server_that_does_not_tell_uids_is_asked_where_messages_are(tmp_path: Path) -> None:
    """No UIDPLUS, NAMESPACE, ACL or anything else; taken back it is as before."""
    with StandInServer(("IMAP4rev1",)) as server:
        server.add_account(USER)
        one = Restoring(server=server, place=tmp_path)
        before = one.held()
        with one.begun(server.port) as run:
            run.carry_out()
            assert restored(one.held()) == {"restored": TWICE, "restored/Sent": BODIES}
            assert sum(proof["proven"] for proof in run.proofs().values()) == 7
            run.take_back()
        assert one.held() == before


def test_what_a_cut_connection_still_does_on_the_server_is_waited_for(tmp_path: Path) -> None:
    with BlueMind5Server() as server:
        server.add_account(USER)
        inbox = server.folder(USER, "INBOX")
        step = message_group(tmp_path, TWICE)
        late = iter(step.messages[:1])

        def pause(_seconds: float) -> None:
            for each in late:
                inbox.add(TWICE[0], set(), datetime.fromtimestamp(each.internaldate, UTC))

        one = Restoring(server=server, place=tmp_path).account(server.port)
        account = replace(one, pause=pause)
        before = imap_actor(account, OneStep(step)).observe(step)
        done = imap_actor(account, OneStep(step)).perform(step, before)
        account.close()
        assert next(late, None) is None  # it came while it was waited for
        assert sorted(each.octets for each in inbox.messages) == sorted(TWICE)
        assert len(as_pairs(done["placed"])) == len(TWICE)


def test_in_place_without_uidplus_nothing_is_expunged_that_may_be_another_s(
    tmp_path: Path,
) -> None:
    with StandInServer(("IMAP4rev1",)) as server:
        server.add_account(USER)
        one = Restoring(server=server, place=tmp_path)
        with one.begun(server.port, is_in_place=True) as run:
            run.carry_out()
            run.take_back()
            kept = [str((row.error or {}).get("kept")) for row in run.journal.rows()]
        assert one.held()["INBOX"] == TWICE
    assert any("UIDPLUS" in each for each in kept)


def test_all_of_it_is_taken_back(new: Callable[[], Restoring]) -> None:
    one = new()
    before = one.held()
    with one.begun(one.server.port) as run:
        run.carry_out()
        run.take_back()
    assert one.held() == before


def test_a_folder_of_the_user_that_only_looks_like_one_of_ours_stays_also_by_force(
    new: Callable[[], Restoring],
) -> None:
    """Servers give several folders the same UIDVALIDITY."""
    one = new()
    folders = one.server.accounts[USER].folders
    with one.begun(one.server.port) as run:
        run.carry_out()
        folders["mine"] = folders.pop("restored/Sent")
        run.take_back(is_forced=True)
    assert "mine" in one.held()
    assert restored(one.held()) == {}


@pytest.mark.parametrize("where", list(Where))
def test_cut_at_a_command_it_ends_like_a_restore_that_nobody_cut(
    where: Where, new: Callable[[], Restoring]
) -> None:
    """A part of the commands, but none of planning; where it is cut moves with it."""
    clean = new()
    with CuttingProxy(clean.server.port) as proxy, clean.begun(proxy.port) as run:
        planned = len(proxy.commands)
        run.carry_out()
        whole = len(proxy.commands)
        proofs = without_how(run.proofs())
    for at in range(planned + 1 + 2 * list(Where).index(where), whole, 1 if is_long() else 7):
        one = new()
        with (
            CuttingProxy(one.server.port, Cut(at=at, where=where)) as proxy,
            one.begun(proxy.port) as run,
        ):
            run.carry_out()
            assert proxy.is_cut
            assert (at, one.held()) == (at, clean.held())
            assert (at, without_how(run.proofs())) == (at, proofs)


def hanging_up_at(server: StandInServer, *bodies: bytes) -> None:
    """From now on it ends the connection of whoever sends one of these."""

    def refuse(octets: bytes) -> str | None:
        if octets not in bodies:
            return None
        server.say_bye(octets)
        return "gone"

    server.refuse = refuse


@pytest.mark.parametrize("capabilities", [(), ("UIDPLUS", "MULTIAPPEND", "LITERAL+")])
def test_messages_at_which_the_server_hangs_up_are_refused_and_all_others_are_there(
    tmp_path: Path, capabilities: Sequence[str]
) -> None:
    with StandInServer(("IMAP4rev1", *capabilities)) as server:
        server.add_account(USER)
        hanging_up_at(server, BODIES[0], BODIES[2])
        one = Restoring(server=server, place=tmp_path)
        with one.begun(server.port) as run:
            run.carry_out()
            lost = [
                (run.journal.receipt(row.number) or {})["lost"]
                for row in run.journal.rows()
                if row.kind == AppendMessages.kind
            ]
        held = restored(one.held())

    why = "message-refused: the server ended the connection each of 3 times that it was sent"
    assert lost == [dict.fromkeys("134", why), dict.fromkeys("13", why)]
    assert held == {"restored": [BODIES[1]], "restored/Sent": [BODIES[1]]}


def test_a_server_that_hangs_up_at_every_message_stops_the_run(tmp_path: Path) -> None:
    with StandInServer(("IMAP4rev1", "UIDPLUS", "MULTIAPPEND")) as server:
        server.add_account(USER)
        hanging_up_at(server, *BODIES)
        one = Restoring(server=server, place=tmp_path)
        with one.begun(server.port) as run:
            with pytest.raises(StepFailed):
                run.carry_out()
            hanging_up_at(server)
            run.carry_out()
            assert {each["proven"] for each in run.proofs().values()} == {3, 4}


def test_no_message_is_refused_because_the_server_has_gone(tmp_path: Path) -> None:
    """It hangs up at one, twice among others, then by itself; and nobody can connect again."""
    with StandInServer(("IMAP4rev1", "UIDPLUS", "MULTIAPPEND")) as server:
        server.add_account(USER)
        hung_up: list[bytes] = []
        pauses = iter(range(30))  # it must not be waited for without end

        def pause(_: float) -> None:
            next(pauses)

        def refuse(octets: bytes) -> str | None:
            if octets != BODIES[1]:
                return None
            hung_up.append(octets)
            if len(hung_up) == 3:
                server.stop_listening()
            server.say_bye(octets)
            return "gone"

        server.refuse = refuse
        account = Restoring(server=server, place=tmp_path).account(server.port)
        account = replace(account, pause=pause)
        step = message_group(tmp_path, TWICE)
        actor = imap_actor(account, OneStep(step))
        before = actor.observe(step)
        with pytest.raises(ServerUnreachable):
            actor.perform(step, before)
        account.close()

    assert len(hung_up) == 3

"""Groups of messages appended to a real Cyrus: each once, what it refuses by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from respool.errors import ServerUnreachable
from respool.planning.appending import AppendMessages
from respool.planning.placed import as_pairs
from respool.planning.proof import ProveAppended
from respool.runs.actor import Undoing
from respool.system.imap import ImapSession
from respool.system.imap_append import append_messages
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapAddress
from respool.system.imap_server import ImapServer
from respool.targets.imap.actor import imap_actor
from respool.targets.imap.left_by_run import held_now
from respool.targets.imap.line_ends import mended
from respool.verification.appended import AppendedProofActor
from tests.support.directions import fresh_target
from tests.support.four_connections import append_over_four
from tests.support.imap_contents import messages_in
from tests.support.imap_groups import OneStep, message_group
from tests.support.imap_restoring import imap_server
from tests.support.private_cyrus import NewMessage, PrivateCyrus, server_root

pytestmark = pytest.mark.needs_cyrus
PLAIN = [b"Subject: %d\r\n\r\nbody\r\n" % number for number in range(5)]
TWICE = [*PLAIN, PLAIN[0]]
BARE = b"Subject: bare\n\nline feeds\n"
NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n")


@pytest.fixture(scope="module")
def cut_server() -> Iterator[PrivateCyrus]:
    """A server of its own: it logs each command that is cut off as an error."""
    with server_root() as root, PrivateCyrus(root, "names") as server:
        yield server


@pytest.fixture
def account(restoring_names: PrivateCyrus) -> Iterator[ImapServer]:
    target = fresh_target(restoring_names, "user")
    address = ImapAddress(host=restoring_names.host, port=restoring_names.port)
    server = imap_server(address, target.login, restoring_names.password)
    yield server
    server.close()


def octets_in(server: PrivateCyrus, account: ImapServer) -> list[str]:
    with server.client_as(account.user) as client:
        return sorted(each.sha1 for each in messages_in(client, "INBOX"))


def guids(step: AppendMessages) -> list[str]:
    return sorted(str(each.guid) for each in step.messages)


def proof_of(account: ImapServer, step: AppendMessages, done: Any) -> Any:  # noqa: ANN401
    record = OneStep(step)
    record.done = done
    asked = ProveAppended(lane=step.lane, mailbox=step.mailbox, may_grow=True)
    return AppendedProofActor(server=account, record=record).perform(asked, {})


def test_a_group_is_there_and_its_receipt_says_where(
    restoring_names: PrivateCyrus, account: ImapServer, tmp_path: Path
) -> None:
    step = message_group(tmp_path, TWICE, flags=("\\Flagged", "$word"))
    actor = imap_actor(account, OneStep(step))
    done = actor.perform(step, actor.observe(step))
    assert octets_in(restoring_names, account) == guids(step)
    assert sorted(as_pairs(done["placed"])) == [1, 2, 3, 4, 5, 6]
    assert proof_of(account, step, done)["proven"] == 6


@pytest.mark.parametrize("cut", range(6))
def test_what_was_there_before_a_cut_is_not_appended_again(
    cut: int,
    restoring_names: PrivateCyrus,
    account: ImapServer,
    tmp_path: Path,
) -> None:
    """Also of two messages with the same octets, and though mail comes in meanwhile."""
    step = message_group(tmp_path, TWICE)
    first = imap_actor(account, OneStep(step))
    before = first.observe(step)
    part = message_group(tmp_path, TWICE[:cut])
    if cut:
        first.perform(part, before)
    restoring_names.add_messages(account.user, "INBOX", [NEW])
    done = imap_actor(account, OneStep(step)).perform(step, before)
    assert len(octets_in(restoring_names, account)) == len(TWICE) + 1
    assert proof_of(account, step, done)["proven"] == 6


def test_a_connection_that_is_cut_is_made_anew_and_nothing_comes_twice(
    restoring_names: PrivateCyrus,
    account: ImapServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = message_group(tmp_path, TWICE)
    actor = imap_actor(account, OneStep(step))
    before = actor.observe(step)
    real, cuts = append_messages, iter([3, 1])

    def cutting(session: Any, mailbox: str, messages: Any, *rest: Any) -> None:  # noqa: ANN401
        left = next(cuts, None)
        if left is None:
            real(session, mailbox, messages, *rest)
            return
        few = [each for each, _ in zip(messages, range(left), strict=False)]
        real(session, mailbox, few, *rest)
        raise ServerUnreachable("cut")

    monkeypatch.setattr("respool.targets.imap.group.append_messages", cutting)
    done = actor.perform(step, before)
    assert octets_in(restoring_names, account) == guids(step)
    assert proof_of(account, step, done)["proven"] == 6


@pytest.mark.parametrize("which", [None, 0, 2])
def test_over_four_connections_all_come_in_order_and_of_a_cut_one_the_beginning(
    which: int | None, cut_server: PrivateCyrus
) -> None:
    who = Credentials(
        user=cut_server.admin,
        password=cut_server.password,
        as_user=fresh_target(cut_server, "user").login,
    )

    def entered(port: int) -> ImapSession:
        return enter(ImapAddress(port=port), who, Trust())

    done = append_over_four(cut_server.port, entered, which)
    assert done.there == done.sent[: len(done.there)]
    assert [each.uid for each in done.told] == list(range(1, len(done.told) + 1))
    assert len(done.told) <= len(done.there)
    assert (len(done.there) == len(done.sent)) == (which is None)


def test_a_message_that_the_server_refuses_is_lost_by_its_name_and_the_others_are_there(
    restoring_names: PrivateCyrus, account: ImapServer, tmp_path: Path
) -> None:
    step = message_group(tmp_path, [PLAIN[0], BARE, PLAIN[1]])
    actor = imap_actor(account, OneStep(step))
    done = actor.perform(step, actor.observe(step))
    assert set(done["lost"]) == {"2"}
    assert all(each.startswith("message-refused: ") for each in done["lost"].values())
    assert len(octets_in(restoring_names, account)) == 2
    assert proof_of(account, step, done)["proven"] == 2


def test_mended_line_ends_are_proven_by_what_was_sent_and_said_so(
    restoring_names: PrivateCyrus, account: ImapServer, tmp_path: Path
) -> None:
    step = message_group(tmp_path, [PLAIN[0], BARE], is_mending=True)
    actor = imap_actor(account, OneStep(step))
    done = actor.perform(step, actor.observe(step))
    assert done["lost"] == {}
    assert set(done["mended"]) == {"2"}
    assert done["mended"]["2"]["size_bytes"] == len(mended(BARE))
    assert proof_of(account, step, done)["proven"] == 2
    assert len(octets_in(restoring_names, account)) == 2


def test_what_was_mended_is_known_again_after_a_cut(
    restoring_names: PrivateCyrus, account: ImapServer, tmp_path: Path
) -> None:
    step = message_group(tmp_path, [PLAIN[0], BARE], is_mending=True)
    first = imap_actor(account, OneStep(step))
    before = first.observe(step)
    first.perform(step, before)
    done = imap_actor(account, OneStep(step)).perform(step, before)
    assert len(octets_in(restoring_names, account)) == 2
    assert proof_of(account, step, done)["proven"] == 2


@pytest.mark.parametrize("is_known", [True, False])
def test_an_undo_takes_exactly_what_was_added_and_nobody_touched(
    is_known: bool,  # noqa: FBT001 - a parameter of the test
    restoring_names: PrivateCyrus,
    account: ImapServer,
    tmp_path: Path,
) -> None:
    """Whether or not the step came to say what it had done."""
    restoring_names.add_messages(account.user, "INBOX", [NEW])
    step = message_group(tmp_path, TWICE)
    actor = imap_actor(account, OneStep(step))
    before = actor.observe(step)
    done = actor.perform(step, before)
    with restoring_names.client_as(account.user) as client:
        client.select_folder("INBOX")
        client.add_flags([as_pairs(done["placed"])[2]], ["\\Flagged"])
        client.add_flags([as_pairs(done["placed"])[3]], ["\\Seen"])
    undoing = Undoing(before=before, done=done if is_known else {})
    kept = actor.take_back(step, undoing)
    assert kept == "1 of its messages were touched"
    with restoring_names.client_as(account.user) as client:
        left = messages_in(client, "INBOX")
    assert len(left) == 2
    assert left[1].sha1 == step.messages[1].guid
    assert actor.take_back(step, replace(undoing, kept=kept)) == kept


def test_what_its_owner_flagged_before_the_proof_stays(
    restoring_names: PrivateCyrus, account: ImapServer, tmp_path: Path
) -> None:
    """What the proof found says nothing of what he did before; a flag less is not his doing."""
    step = message_group(tmp_path, PLAIN, flags=("$word",))
    record = OneStep(step)
    actor = imap_actor(account, record)
    before = actor.observe(step)
    record.done = done = actor.perform(step, before)
    flagged, bare = (as_pairs(done["placed"])[uid] for uid in (1, 2))
    with restoring_names.client_as(account.user) as client:
        client.select_folder("INBOX")
        client.add_flags([flagged], ["\\Flagged"])
        client.remove_flags([bare], ["$word"])
    record.proof = proof_of(account, step, done)
    assert {each["aspect"] for each in record.proof["differs"]} == {"flags"}

    kept = actor.take_back(step, Undoing(before=before, done=done))

    assert kept == "1 of its messages were touched"
    with restoring_names.client_as(account.user) as client:
        assert [each.uid for each in messages_in(client, "INBOX")] == [flagged]


def test_what_its_owner_touched_as_it_was_to_go_is_left_and_said_so(
    restoring_names: PrivateCyrus,
    account: ImapServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After our last look, and before it is marked."""
    step = message_group(tmp_path, PLAIN)
    actor = imap_actor(account, OneStep(step))
    before = actor.observe(step)
    done = actor.perform(step, before)
    touched = as_pairs(done["placed"])[1]

    def touching(session: Any, count: int) -> Any:  # noqa: ANN401
        yield from held_now(session, count)
        with restoring_names.client_as(account.user) as client:
            client.select_folder("INBOX")
            client.add_flags([touched], ["\\Flagged"])

    monkeypatch.setattr("respool.targets.imap.taking_back.held_now", touching)
    kept = actor.take_back(step, Undoing(before=before, done=done))

    assert kept == "1 of its messages were touched"
    with restoring_names.client_as(account.user) as client:
        (left,) = messages_in(client, "INBOX")
    assert left.uid == touched
    assert "\\Deleted" not in left.flags


@pytest.mark.parametrize("is_cut", [True, False])
@pytest.mark.parametrize("is_all_there", [True, False])
def test_the_same_octets_that_somebody_brought_himself_stay(
    is_cut: bool,  # noqa: FBT001 - a parameter of the test
    is_all_there: bool,  # noqa: FBT001 - a parameter of the test
    restoring_names: PrivateCyrus,
    account: ImapServer,
    tmp_path: Path,
) -> None:
    """
    Whether the run was cut off before, or went on: of what may be his nothing is removed.
    """
    step = message_group(tmp_path, PLAIN)
    first = imap_actor(account, OneStep(step))
    before = first.observe(step)
    if is_all_there:
        first.perform(step, before)
    date = datetime.fromtimestamp(step.messages[1].internaldate, UTC)
    same = NewMessage(octets=PLAIN[1], internaldate=date)
    restoring_names.add_messages(account.user, "INBOX", [same])
    with restoring_names.client_as(account.user) as client:
        own = max(each.uid for each in messages_in(client, "INBOX"))

    actor = imap_actor(account, OneStep(step))
    done = {} if is_cut else actor.perform(step, before)
    kept = actor.take_back(step, Undoing(before=before, done=done))

    with restoring_names.client_as(account.user) as client:
        assert own in {each.uid for each in messages_in(client, "INBOX")}
    assert "that somebody may have brought himself" in (kept or "")

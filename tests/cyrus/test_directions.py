"""Any account into any other: users and mailshares, with and without metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet

from respool.errors import PlanRefused
from respool.verification.report import Receipt, Verdict
from tests.support.directions import (
    INTO,
    Folders,
    Kind,
    TargetAccount,
    check_target_sound,
    folders_of,
    fresh_target,
    state_of,
    true_folders,
    unread,
    without_flags,
)
from tests.support.imap_contents import subscriptions_of
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import restored, settings_for, wish
from tests.support.whole_account import SPOOLS, TREES, Source, true_subscriptions

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
CONTACT = "share/contact@bluemind.loc"
INFO = "share/info@bluemind.loc"  # its readers have one read state together
SHARED_SEEN = 4  # OPT_IMAP_SHAREDSEEN of imap/mailbox.h


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """From an account of a backup to a kind of account."""

    account: str
    to: Kind

    def expected(self, source: Source) -> Folders:
        """What readers are to see: only a user's own read state can be told, by him."""
        true = true_folders(source.truth, self.account)
        return true if (self.account, self.to) == (JDOE, "user") else unread(true)


DIRECTIONS = {
    "user to user": Direction(account=JDOE, to="user"),
    "user to mailshare": Direction(account=JDOE, to="share"),
    "mailshare to user": Direction(account=CONTACT, to="user"),
    "mailshare to mailshare": Direction(account=CONTACT, to="share"),
}
LAYOUTS = ("names", "uuid")
BACKUPS = {**SPOOLS, **{name: TREES[name] for name in ("generation 89", "BlueMind 4")}}


# Of a user into a user, all backups are restored with metadata by test_restore_golden.
ALSO_TO_ANOTHER_USER = ("2.4.20", "3.10.3")


def in_turn(backups: Mapping[str, Source], first: int) -> Iterator[ParameterSet]:
    """Each backup in each direction; ``first`` 0 or 1: the layouts, and the other way round."""
    for at, (backup, source) in enumerate(backups.items()):
        for turn, (direction, value) in enumerate(DIRECTIONS.items()):
            layout = LAYOUTS[(first + at + turn) % 2]
            name = f"{layout}, {backup}, {direction}"
            yield pytest.param(layout, source, value, id=name)


def cases(parameters: Iterable[ParameterSet]) -> pytest.MarkDecorator:
    """The parameters of a test: layout of the server, backup, direction."""
    names = ("shared_server", "source", "direction")
    return pytest.mark.parametrize(names, list(parameters), indirect=["shared_server"])


@dataclass(frozen=True, slots=True)
class Restoring:
    """One server and one state directory."""

    server: PrivateCyrus
    unpacked: Callable[[Source], Path]
    state: Path

    def into(
        self,
        target: TargetAccount,
        source: Source,
        account: str,
        *folders: str,
        **more: Any,  # noqa: ANN401 - of a wish
    ) -> Receipt:
        """Restore a whole account, or folders of it, into another."""
        settings = settings_for(self.server, self.unpacked(source), self.state)
        wanted = wish(account, *folders, generation=source.generation, to=target.written, **more)
        return restored(settings, wanted)

    def seen_by_readers(self, target: TargetAccount) -> list[Folders]:
        """What each reader of the target sees of the new folder."""
        return [folders_of(self.server, target, reader) for reader in target.readers]


@pytest.fixture
def restoring(
    shared_server: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> Restoring:
    """Restores of one test, on a server that other tests use, too."""
    return Restoring(shared_server, unpacked, tmp_path / "state")


@cases(
    case
    for case in in_turn(BACKUPS, 0)
    if "user to user" not in str(case.id)
    or any(version in str(case.id) for version in ALSO_TO_ANOTHER_USER)
)
def test_all_comes_back_in_every_direction(
    source: Source, direction: Direction, restoring: Restoring
) -> None:
    """
    Each reader sees UIDs, flags, keywords, dates, sizes and octets of the truth; an owner
    is subscribed to all of it, or to what the former one was.
    """
    target = fresh_target(restoring.server, direction.to)
    receipt = restoring.into(target, source, direction.account, into=INTO)
    assert receipt.verdict.value == "proven"
    expected = direction.expected(source)
    assert restoring.seen_by_readers(target) == [expected] * len(target.readers)
    is_kept = (direction.account, direction.to) == (JDOE, "user")
    assert {box.is_seen_kept for box in receipt.head.mailboxes if box.messages} == {is_kept}
    if target.kind == "user":
        with restoring.server.client_as(target.login) as client:
            paths = true_subscriptions(source.truth, direction.account.split("/")[-1], expected)
            names = {INTO if path == "INBOX" else f"{INTO}/{path}" for path in paths}
            assert subscriptions_of(client) == names
    check_target_sound(restoring.server, target)


@cases(in_turn(SPOOLS, 1))
def test_without_metadata_messages_and_dates_come_back_in_every_direction(
    source: Source, direction: Direction, restoring: Restoring
) -> None:
    """
    The same messages, for the index still tells what was expunged; no flag, all unread.
    """
    target = fresh_target(restoring.server, direction.to)
    receipt = restoring.into(
        target, source, direction.account, into=INTO, is_without_metadata=True
    )
    assert receipt.verdict.value == "proven"
    assert all(box.is_without_metadata for box in receipt.head.mailboxes if box.source_name)
    assert {"without-metadata"} <= {finding.code for finding in receipt.findings}
    expected = without_flags(direction.expected(source))
    assert restoring.seen_by_readers(target) == [expected] * len(target.readers)
    check_target_sound(restoring.server, target)


@pytest.mark.parametrize(
    ("shared_server", "source", "kind"),
    [
        pytest.param(LAYOUTS[at // 2 % 2], source, kind, id=f"{backup} to {kind}")
        for at, (backup, source) in enumerate(BACKUPS.items())
        for kind in (("user", "share")[at % 2],)
    ],
    indirect=["shared_server"],
)
def test_one_read_state_for_all_stays_one_for_all(
    source: Source, kind: Kind, restoring: Restoring
) -> None:
    """
    Of a mailshare whose readers share it: in another one, and as the state of a user.
    """
    target = fresh_target(restoring.server, kind)
    assert restoring.into(target, source, INFO, into=INTO).verdict.value == "proven"
    expected = true_folders(source.truth, INFO)
    assert sum("\\Seen" in each.flags for each in expected["INBOX"]) == 2
    assert restoring.seen_by_readers(target) == [expected] * len(target.readers)
    if kind == "share":
        check_seen_is_shared(restoring.server, target)
    check_target_sound(restoring.server, target)


def check_seen_is_shared(server: PrivateCyrus, target: TargetAccount) -> None:
    """What one reader marks as seen the other has seen, too."""
    one, other = target.readers
    folder = target.name_for_readers(INTO)
    with server.client_as(one) as client:
        client.select_folder(folder)
        marked = client.search("UNSEEN")
        client.add_flags(marked, ["\\Seen"])
    with server.client_as(other) as client:
        client.select_folder(folder, readonly=True)
        assert marked
        assert not set(client.search("UNSEEN")) & set(marked)


def test_a_mailshare_with_one_read_state_takes_that_of_a_user(
    unpacked: Callable[[Source], Path], as_root: None, tmp_path: Path
) -> None:
    """
    All its readers see what he had read; of a mailshare with readers' own marks, nothing.
    """
    source = SPOOLS["3.4.9"]
    options = {"mailbox_default_options": str(SHARED_SEEN)}
    with server_root() as root, PrivateCyrus(root, overrides=options) as server:
        restoring = Restoring(server, unpacked, tmp_path / "state")
        target = fresh_target(server, "share")
        assert restoring.into(target, source, JDOE, into=INTO).verdict.value == "proven"
        expected = true_folders(source.truth, JDOE)
        assert restoring.seen_by_readers(target) == [expected] * 2
        restoring.into(target, source, CONTACT, into="more")
        found = [folders_of(server, target, reader, "more") for reader in target.readers]
        assert found == [unread(true_folders(source.truth, CONTACT))] * 2
        check_target_sound(server, target)


@cases(in_turn({"3.10.3": SPOOLS["3.10.3"]}, 0))
def test_a_second_run_takes_the_next_folder_is_refused_or_finds_nothing_to_do(
    source: Source, direction: Direction, restoring: Restoring
) -> None:
    """
    What is there stays exactly as it is, to the last number.
    """
    target = fresh_target(restoring.server, direction.to)
    folder = "Projects" if direction.account == JDOE else "Clients"
    first = restoring.into(target, source, direction.account, folder).head.into
    before = state_of(restoring.server, target)
    second = restoring.into(target, source, direction.account, folder).head.into
    assert second == f"{first}-2"
    after = state_of(restoring.server, target)
    assert {name: after[name] for name in before} == before
    assert len(after) > len(before)
    with pytest.raises(PlanRefused, match="cannot be carried out") as refused:
        restoring.into(target, source, direction.account, folder, into=first)
    assert "is there already" in str(refused.value.why)
    assert state_of(restoring.server, target) == after
    restoring.into(target, source, direction.account, folder, is_in_place=True)
    filled = state_of(restoring.server, target)
    assert {name: filled[name] for name in after} == after
    idle = restoring.into(target, source, direction.account, folder, is_in_place=True)
    assert idle.verdict is Verdict.NOTHING
    assert state_of(restoring.server, target) == filled

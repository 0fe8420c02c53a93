"""What a restore adds is counted, however a server spells its names; else that is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from respool.errors import StepFailed
from respool.verification.report import Receipt
from tests.support.directions import fresh_target
from tests.support.distribution import INSTALLED, Distribution, of_suite
from tests.support.imap_contents import quota_of
from tests.support.missing import give_up
from tests.support.private_cyrus import NewMessage, PrivateCyrus, append_messages, server_root
from tests.support.program_places import look_only_in
from tests.support.restoring import Workplace, restored, settings_for, wish
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
CONTACT = "share/contact@bluemind.loc"  # 11 KiB in 18 messages
SOURCE = SPOOLS["2.5.17"]
BULLSEYE = of_suite("bullseye", 3, 2, 6)
NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n")
WITH_DOTS = {"unixhierarchysep": "no"}
WITH_DEFAULT = {"defaultdomain": "bluemind.loc"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A server of some version and options, and an account on it as typed and as it spells it."""

    options: Mapping[str, str]
    typed: str
    root: str
    distribution: Distribution = INSTALLED


PLACES = {
    "3.2, dots, user": Place(
        options=WITH_DOTS,
        typed="user/jdoe@bluemind.loc",
        root="user.jdoe@bluemind.loc",
        distribution=BULLSEYE,
    ),
    "3.6, dots, mailshare": Place(
        options=WITH_DOTS, typed="share/team@bluemind.loc", root="team@bluemind.loc"
    ),
    "3.2, default domain, mailshare": Place(
        options=WITH_DEFAULT, typed="share/team@bluemind.loc", root="team", distribution=BULLSEYE
    ),
    "3.2, default domain, user": Place(
        options=WITH_DEFAULT,
        typed="user/jo.e@bluemind.loc",
        root="user/jo.e",
        distribution=BULLSEYE,
    ),
    "3.6, default domain, mailshare": Place(
        options=WITH_DEFAULT, typed="share/te.am@bluemind.loc", root="te.am"
    ),
    "3.6, default domain, user": Place(
        options=WITH_DEFAULT, typed="user/jo.e@bluemind.loc", root="user/jo.e"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An empty account on a server that runs."""

    server: PrivateCyrus
    typed: str
    root: str

    def limit(self, kibibytes: int) -> None:
        with self.server.admin_client() as admin:
            status, answer = admin._imap.setquota(f'"{self.root}"', f"(STORAGE {kibibytes})")
            assert status == "OK", answer

    def storage(self) -> tuple[int, int]:
        """Used and limit, in KiB."""
        with self.server.admin_client() as admin:
            return quota_of(admin, self.root)["STORAGE"]

    def receive(self) -> None:
        """New mail, which a full account would refuse."""
        with self.server.admin_client() as admin:
            admin.setacl(self.root, self.server.admin, "lrswipkxtecda")
            append_messages(admin, self.root, [NEW])


@pytest.fixture(params=list(PLACES.values()), ids=list(PLACES))
def account(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    place: Place = request.param
    if not place.distribution.is_there:
        give_up(f"needs the Cyrus of Debian's {place.distribution.name}")
    look_only_in(place.distribution.programs, monkeypatch)
    with (
        server_root() as root,
        PrivateCyrus(root, overrides=place.options, distribution=place.distribution) as server,
    ):
        server.create_mailbox(place.root, "bluemind_loc")
        yield Account(server=server, typed=place.typed, root=place.root)


@pytest.fixture
def restore(
    unpacked: Callable[[Source], Path], as_root: None, tmp_path: Path
) -> Callable[..., Receipt]:
    """Restores the mailshare contact into an account, below ``into``."""

    def restore(account: Account, into: str, *, is_raising: bool = False) -> Receipt:
        settings = settings_for(account.server, unpacked(SOURCE), tmp_path / "state")
        wanted = wish(CONTACT, to=account.typed, into=into, is_raising_quota=is_raising)
        receipt = restored(settings, wanted)
        assert receipt.verdict.value == "proven"
        return receipt

    return restore


def test_what_was_restored_is_counted_and_no_limit_falls_below_it(
    account: Account, restore: Callable[..., Receipt]
) -> None:
    """
    With room; where the limit is raised and cannot go back; and what the server counts by
    itself says the same. New mail is taken each time.
    """
    account.limit(100_000)
    restore(account, "back")
    assert account.storage() == (11, 100_000)
    account.receive()
    account.limit(15)
    receipt = restore(account, "more", is_raising=True)
    (raised,) = receipt.raised
    used, limit = account.storage()
    assert (raised.former, used) == (15, 22)
    assert limit == raised.limit > used
    account.receive()
    counted = account.storage()
    assert account.server.run_tool("quota", "-f").returncode == 0
    assert account.storage() == counted
    assert account.server.error_lines() == ()


COUNTS_NOTHING = "#!/bin/sh\nexit 0\n"


@pytest.mark.parametrize(
    ("limit", "then"), [pytest.param(100, 100, id="with room"), pytest.param(8, 20, id="raised")]
)
def test_a_quota_program_that_counts_nothing_is_told(
    limit: int,
    then: int,
    restoring_names: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
    put_before: Callable[[str, str], None],
) -> None:
    """
    The run stops before a limit goes back that only seems to have room.
    """
    target = fresh_target(restoring_names, "user")
    account = Account(server=restoring_names, typed=target.written, root=target.root)
    account.limit(limit)
    put_before("quota", COUNTS_NOTHING)
    settings = settings_for(restoring_names, unpacked(SOURCE), tmp_path / "state")
    wanted = wish(CONTACT, to=account.typed, into="back", is_raising_quota=then > limit)
    with pytest.raises(StepFailed, match="did not count") as failed:
        restored(settings, wanted)
    assert failed.value.exit_status == 20
    assert ("the STORAGE limit of" in str(failed.value.changed)) == (then > limit)
    assert account.storage() == (0, then)
    account.receive()


def test_a_limit_that_was_raised_on_another_server_is_neither_touched_nor_forgotten(
    unpacked: Callable[[Source], Path],
    restoring_names: PrivateCyrus,
    restoring_uuid: PrivateCyrus,
    tmp_path: Path,
) -> None:
    """
    One state directory is used for both, and both have an account of that name.
    """
    one, other = (
        Account(server=server, typed="share/both@bluemind.loc", root="both@bluemind.loc")
        for server in (restoring_names, restoring_uuid)
    )
    places = []
    for each in (one, other):
        each.server.create_mailbox(each.root, "bluemind_loc")
        places.append(
            Workplace(server=each.server, backups=unpacked(SOURCE), state=tmp_path / "state")
        )
    here, there = places
    words = ("restore", CONTACT, "--to", one.typed, "--yes", "--json")
    one.limit(8)
    other.limit(20)
    assert here.run(*words, "--raise-quota").status == 0
    assert one.storage() == (11, 20)
    assert there.run(*words).status == 0
    assert (one.storage(), other.storage()) == ((11, 20), (11, 20))
    assert "QUOTA RAISED" in there.run("runs").output
    with one.server.admin_client() as admin:
        admin.setacl(one.root, one.server.admin, "lrswipkxtecda")
        for _, _, name in admin.list_folders("", "both/*@bluemind.loc"):
            admin.setacl(name, one.server.admin, "lrswipkxtecda")
            admin.select_folder(name)
            admin.delete_messages(admin.search("ALL") or [1])
            admin.expunge()
    assert there.run("verify", "2", "--json").json["quota_raised"] == []
    assert one.storage() == (0, 20)
    assert here.run("verify", "1", "--json").json["quota_raised"] == []
    assert (one.storage(), other.storage()) == ((0, 8), (11, 20))

"""What any golden backup holds comes back into the installed server as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import golden
from tests.support.imap_contents import (
    HeldMessage,
    folder_names,
    messages_in,
    subscriptions_of,
)
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import (
    check_server_sound,
    held,
    left_behind_here,
    restored,
    settings_for,
    wish,
)
from tests.support.truth import Truth, TruthMailbox, read_truth

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"
INTO = "back"
OTHERS = ("john.doe@bluemind.loc", "1digit@bluemind.loc", "alice@bluemind.loc", "jdoe@example.org")
PARTITIONS = {"bluemind.loc": "bluemind_loc", "example.org": "example_org"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One backup to restore from: how to get it, which generation, and what it held."""

    unpack: Callable[[Path], Path]
    truth_name: str
    generation: str | None = None

    @property
    def truth(self) -> Truth:
        """What the server said that wrote it."""
        return read_truth(self.truth_name)


def _spool(version: str) -> Source:
    return Source(unpack=lambda into: golden.unpack_spool(version, into), truth_name=version)


def _part(part: str, generation: str) -> Source:
    return Source(
        unpack=golden.unpack_dataprotect,
        truth_name=f"dataprotect/truth-{part}.json",
        generation=generation,
    )


SPOOLS = {version: _spool(version) for version in golden.VERSIONS}
TREES = {
    "generation 87": _part("1232", "87"),
    "generation 88": _part("1233", "88"),
    "generation 89": _part("1234", "89"),
    "BlueMind 4": Source(
        unpack=golden.unpack_dataprotect_bm4, truth_name="dataprotect-bm4/truth-412.json"
    ),
}
ALL = [pytest.param(source, id=name) for name, source in {**SPOOLS, **TREES}.items()]


def restore_all(server: PrivateCyrus, source: Source, login: str, place: Path) -> str:
    """Restore the whole of ``login`` into an empty account of that name; the verdict."""
    _, _, domain = login.partition("@")
    server.create_user(login, PARTITIONS[domain])
    backups = source.unpack(place / "backup")
    settings = settings_for(server, backups, place / "state")
    receipt = restored(settings, wish(login, generation=source.generation, into=INTO))
    return receipt.verdict.value


def as_its_owner_sees(server: PrivateCyrus, login: str) -> dict[str, tuple[HeldMessage, ...]]:
    """Messages of the new folder and all below it, by the path that each had before."""
    with server.client_as(login) as client:
        names = [name for name in folder_names(client) if name.split("/")[0] == INTO]
        assert subscriptions_of(client) == frozenset(names)
        return {
            name.removeprefix(INTO).removeprefix("/") or "INBOX": messages_in(client, name)
            for name in names
        }


def true_messages(truth: Truth, login: str) -> dict[str, tuple[HeldMessage, ...]]:
    boxes = [box for box in truth.of_user(login) if not box.is_deleted]
    return {_path(box): tuple(map(held, box.messages)) for box in boxes}


@pytest.mark.parametrize("source", ALL)
def test_a_whole_account_comes_back_as_it_was(
    source: Source, empty_server: PrivateCyrus, as_root: None, tmp_path: Path
) -> None:
    """
    Every folder; UIDs, flags, keywords, dates, sizes and octets are those of the truth. What
    was expunged or lies below DELETED stays away, and the server has nothing to mend.
    """
    assert restore_all(empty_server, source, JDOE, tmp_path) == "proven"
    assert as_its_owner_sees(empty_server, JDOE) == true_messages(source.truth, JDOE)
    check_server_sound(empty_server, JDOE)
    assert left_behind_here() == ()


@pytest.mark.parametrize("login", OTHERS)
@pytest.mark.parametrize("version", ["2.4.20", "3.10.3"])
def test_other_accounts_come_back_as_they_were(
    version: str, login: str, empty_server: PrivateCyrus, as_root: None, tmp_path: Path
) -> None:
    """
    A dot in the login, a digit first, and the same login in another domain and partition.
    """
    source = SPOOLS[version]
    assert restore_all(empty_server, source, login, tmp_path) == "proven"
    assert as_its_owner_sees(empty_server, login) == true_messages(source.truth, login)
    check_server_sound(empty_server, login)


@pytest.mark.parametrize("source", ALL)
def test_every_truth_has_expunged_messages_to_keep_away(source: Source) -> None:
    """
    So that the comparison above proves something about them.
    """
    boxes = source.truth.of_user(JDOE)
    assert sum(len(box.expunged) for box in boxes) >= 7
    assert not {m.uid for box in boxes for m in box.expunged if box.name.endswith("Purg\xe9")} & {
        message.uid for box in boxes if box.name.endswith("Purg\xe9") for message in box.messages
    }


def _path(box: TruthMailbox) -> str:
    local = box.name.rpartition("@")[0]
    return "/".join(local.split("/")[2:]) or "INBOX"

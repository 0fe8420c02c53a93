"""Whole golden accounts: where they are restored from, and what their owner is to see then."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.support import golden
from tests.support.imap_contents import (
    HeldMessage,
    folder_names,
    messages_in,
    subscriptions_of,
)
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import held, restored, settings_for, wish
from tests.support.truth import Truth, TruthMailbox, read_truth

INTO = "back"
_PARTITIONS = {"bluemind.loc": "bluemind_loc", "example.org": "example_org"}


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


def restore_all(server: PrivateCyrus, source: Source, login: str, place: Path) -> str:
    """Restore the whole of ``login`` into an empty account of that name; the verdict."""
    _, _, domain = login.partition("@")
    server.create_user(login, _PARTITIONS[domain])
    return restore_into(server, source, login, place)


def restore_into(server: PrivateCyrus, source: Source, login: str, place: Path) -> str:
    """Restore the whole of ``login`` into the account of that name; the verdict."""
    backups = source.unpack(place / "backup")
    settings = settings_for(server, backups, place / "state")
    receipt = restored(settings, wish(login, generation=source.generation, into=INTO))
    return receipt.verdict.value


def as_its_owner_sees(
    server: PrivateCyrus, login: str, truth: Truth
) -> dict[str, tuple[HeldMessage, ...]]:
    """Messages of the new folder and all below it, by the path that each had before.

    He is subscribed to the new folder and to what he was, and to nothing else.
    """
    with server.client_as(login) as client:
        names = [name for name in folder_names(client) if name.split("/")[0] == INTO]
        paths = {name.removeprefix(INTO).removeprefix("/") or "INBOX": name for name in names}
        subscribed = true_subscriptions(truth, login, paths)
        assert subscriptions_of(client) == {paths[path] for path in subscribed}
        return {path: messages_in(client, name) for path, name in paths.items()}


def true_subscriptions(truth: Truth, login: str, paths: Iterable[str]) -> frozenset[str]:
    """Those of ``paths`` that the owner had subscribed to, and INBOX; all if to nothing.

    With altnamespace or without, as the server was set that wrote it.
    """
    had = truth.subscriptions.get(login, ())
    return frozenset(
        path for path in paths if not had or path == "INBOX" or {path, f"INBOX/{path}"} & set(had)
    )


def true_messages(truth: Truth, login: str) -> dict[str, tuple[HeldMessage, ...]]:
    """What ``as_its_owner_sees`` is to be: all but what lay below DELETED."""
    boxes = [box for box in truth.of_user(login) if not box.is_deleted]
    return {_path(box): tuple(map(held, box.messages)) for box in boxes}


def _path(box: TruthMailbox) -> str:
    local = box.name.rpartition("@")[0]
    return "/".join(local.split("/")[2:]) or "INBOX"

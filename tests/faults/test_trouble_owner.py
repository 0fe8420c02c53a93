"""An owner who reads, flags, adds, deletes and renames while his mail is restored and undone."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from imapclient.exceptions import IMAPClientError

from respool.errors import RespoolError
from tests.support.directions import INTO
from tests.support.imap_contents import folder_names, messages_in
from tests.support.private_cyrus import NewMessage, PrivateCyrus, append_messages, server_root
from tests.support.restoring import settings_for
from tests.support.troubled import SOURCE, Troubled
from tests.support.undoing import resumed, undone

pytestmark = pytest.mark.needs_cyrus
SEEDS = (1, 2, 3, 4)
_ENDINGS = {"proven", "differs", "step-failed"}


@pytest.fixture(scope="module")
def server(as_root: None) -> Iterator[PrivateCyrus]:
    with server_root() as root, PrivateCyrus(root, "uuid") as one:
        yield one


@dataclass(slots=True, kw_only=True)
class Owner:
    """He does one thing after the other, by chance of a seed, until he is told to stop.

    ``added`` are the octets of what he put there himself; he never deletes that.
    """

    troubled: Troubled
    seed: int
    added: list[bytes] = field(default_factory=list)
    is_done: threading.Event = field(default_factory=threading.Event)

    def act(self) -> None:
        """Act until told to stop; what the server refuses him, he leaves."""
        chance = random.Random(self.seed)
        acts = (self._read, self._flag, self._add, self._add, self._delete, self._rename)
        while not self.is_done.is_set():
            act = chance.choice(acts)
            try:
                with self.troubled.server.client_as(self.troubled.target.login) as client:
                    names = [name for name in folder_names(client) if name != "INBOX"]
                    if names:
                        act(client, chance.choice(sorted(names)))
            except (IMAPClientError, OSError):
                continue
            self.is_done.wait(0.02)

    def _read(self, client: Any, folder: str) -> None:  # noqa: ANN401 - untyped library
        client.select_folder(folder)
        client.add_flags(client.search()[:3], ["\\Seen"])

    def _flag(self, client: Any, folder: str) -> None:  # noqa: ANN401 - as above
        client.select_folder(folder)
        client.add_flags(client.search()[:1], ["$his"])

    def _add(self, client: Any, folder: str) -> None:  # noqa: ANN401 - as above
        octets = b"Subject: his own %d\r\n\r\nmine\r\n" % len(self.added)
        append_messages(client, folder, [NewMessage(octets=octets, flags=("$own",))])
        self.added.append(octets)

    def _delete(self, client: Any, folder: str) -> None:  # noqa: ANN401 - as above
        client.select_folder(folder)
        uids = client.search(["UNKEYWORD", "$own"])[-1:]
        if uids:
            client.delete_messages(uids)
            client.uid_expunge(uids)

    def _rename(self, client: Any, folder: str) -> None:  # noqa: ANN401 - as above
        client.rename_folder(folder, "renamed" if folder == INTO else INTO)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_of_his_own_is_lost_and_every_command_ends_in_a_named_way(
    seed: int, server: PrivateCyrus, tmp_path: Path
) -> None:
    settings = settings_for(server, SOURCE.unpack(tmp_path / "backup"), tmp_path / "state")
    troubled = Troubled.on(server, settings)
    owner = Owner(troubled=troubled, seed=seed)
    thread = threading.Thread(target=owner.act)
    thread.start()
    try:
        ended = troubled.restore()
        if ended == "step-failed":
            ended = _code_of(lambda: resumed(settings).verdict.value)
        state = _code_of(lambda: undone(settings).state.value)
    finally:
        owner.is_done.set()
        thread.join()

    assert ended in _ENDINGS
    if state == "step-failed":
        state = _code_of(lambda: undone(settings).state.value)
    assert state in {"undone", "partly undone"}
    with server.client_as(troubled.target.login) as client:
        names = sorted(folder_names(client))
        held = [size for name in names for size in _sizes_in(client, troubled, name)]
    sizes = [len(each) for each in owner.added]
    assert all(held.count(size) >= sizes.count(size) for size in set(sizes))


def _code_of(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except RespoolError as error:
        return error.code


def _sizes_in(client: Any, troubled: Troubled, folder: str) -> list[int]:  # noqa: ANN401 - as above
    """Of a folder of his.

    One that he renamed in the instant after the server had made it, before the run knew its
    id, stays shut: nothing was ever put into it.
    """
    try:
        return [message.size_bytes for message in messages_in(client, folder)]
    except IMAPClientError:
        mailbox = troubled.target.mailbox(folder)
        with troubled.server.admin_client() as admin:
            admin.setacl(mailbox, "admin0", "lrswipkxtecda")
            admin.select_folder(mailbox, readonly=True)
            assert admin.folder_status(mailbox, ["UIDNEXT"]) == {b"UIDNEXT": 1}
        return []

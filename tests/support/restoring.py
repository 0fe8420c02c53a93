"""Restoring into private servers: by the use case, by the command, and what must hold after."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from imapclient import imap_utf7

from respool.app.carrying_out import Conversation
from respool.app.restore import restore
from respool.app.selection import Wanted
from respool.app.settings import Secret, Settings
from respool.app.wish import Wish
from respool.model.generations import StagedDirectories
from respool.planning.plan import PlanHead
from respool.verification.report import Receipt
from tests.support.imap_contents import (
    HeldMessage,
    acl_of,
    folder_names,
    messages_in,
    quota_of,
    subscriptions_of,
)
from tests.support.private_cyrus import PrivateCyrus
from tests.support.trees import unchanged
from tests.support.truth import TruthMessage

COMMAND = Path(sys.executable).with_name("respool")
DOORS = Path("/run/respool")
_STATUS = ["UIDVALIDITY", "UIDNEXT", "MESSAGES", "HIGHESTMODSEQ"]


def settings_for(
    server: PrivateCyrus,
    backups: Path | StagedDirectories,
    state: Path,
    *,
    password: str | None = None,
) -> Settings:
    """Settings of a command on ``server``; by our own door where no password is given."""
    staged = backups if isinstance(backups, StagedDirectories) else None
    return Settings(
        backups=Path("/nonexistent") if isinstance(backups, StagedDirectories) else backups,
        imapd_conf=server.imapd_conf,
        imap=None,
        imap_admin=None,
        imap_password=None if password is None else Secret(password),
        to_password=None,
        state=state,
        staged=staged,
    )


def settings_elsewhere(password: str, backups: Path, state: Path) -> Settings:
    """Settings of a command on a machine that has no mail server of its own."""
    return Settings(
        backups=backups,
        imapd_conf=Path("/nonexistent"),
        imap=None,
        imap_admin=None,
        imap_password=None,
        to_password=Secret(password),
        state=state,
    )


def wish(account: str, *folders: str, generation: str | None = None, **more: Any) -> Wish:  # noqa: ANN401 - passed on to a dataclass, which knows its types
    """What a person types; ``more`` are ``into``, ``renames`` and ``note``."""
    wanted = Wanted(account=account, folders=folders, generation=generation, command="restore")
    return Wish(wanted=wanted, **more)


def restored(settings: Settings, wanted: Wish) -> Receipt:
    """The receipt of a restore that was agreed to; the backup is as before in any case."""
    places = (settings.backups,) if settings.staged is None else settings.staged.every
    with ExitStack() as held_unchanged:
        for place in places:
            held_unchanged.enter_context(unchanged(Path(place)))
        return restore(settings, wanted, agreeing())


def agreeing(heads: list[PlanHead] | None = None) -> Conversation:
    """A conversation that says yes; the heads that it was shown go into ``heads``."""

    def agree(head: PlanHead) -> bool:
        if heads is not None:
            heads.append(head)
        return True

    return Conversation(agree=agree, on_begin=lambda _run, _head: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended; ``pid`` is its own."""

    status: int
    output: str
    errors: str
    pid: int

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON enters here
        """Standard output as JSON."""
        return json.loads(self.output)

    @property
    def error(self) -> dict[str, Any]:
        """The last line of standard error as JSON: how ``--json`` tells of an error."""
        told: dict[str, Any] = json.loads(self.errors.splitlines()[-1])
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """The installed command with its surroundings: a server, a backup, a state directory."""

    server: PrivateCyrus
    backups: Path
    state: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Variables of the command: nothing of our own but the path, in UTC."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.state.parent),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "RESPOOL_BACKUPS": str(self.backups),
            "RESPOOL_IMAPD_CONF": str(self.server.imapd_conf),
            "RESPOOL_STATE": str(self.state),
            "RESPOOL_TRACE": "1",
            **self.variables,
        }

    def start(
        self,
        *words: str,
        terminal: int | None = None,
        user: str | None = None,
        piped: Path | None = None,
    ) -> subprocess.Popen[str]:
        """The command, begun; its controlling terminal is ``terminal``, or none.

        Its standard input is the file ``piped``, or nothing.
        """
        with Path(piped or os.devnull).open("rb") as given:
            return self._started(words, terminal, user, given.fileno())

    def _started(
        self, words: Sequence[str], terminal: int | None, user: str | None, given: int
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*_in_front_of(terminal), str(COMMAND), *words],
            pass_fds=() if terminal is None else (terminal,),
            user=user,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd="/",
            start_new_session=True,
        )

    def run(self, *words: str, user: str | None = None, without: Sequence[str] = ()) -> Ran:
        """The command, run to its end without a terminal; it left no door behind.

        The backup is as before, access times too (but for a user who may not keep them).
        ``without`` are variables of ours that it is not given.
        """
        variables = {**self.variables, **dict.fromkeys(without, "")}
        with unchanged(self.backups) if user is None else nullcontext():
            process = replace(self, variables=variables).start(*words, user=user)
            output, errors = process.communicate(timeout=120)
        assert left_behind(process.pid) == ()
        return Ran(status=process.returncode, output=output, errors=errors, pid=process.pid)


def _in_front_of(terminal: int | None) -> list[str]:
    """What makes ``terminal`` the controlling one of a new session, and then runs the rest."""
    if terminal is None:
        return []
    take = f"import fcntl, os, sys, termios; fcntl.ioctl({terminal}, termios.TIOCSCTTY, 0)"
    return [sys.executable, "-c", f"{take}; os.execv(sys.argv[1], sys.argv[1:])"]


def left_behind(pid: int) -> tuple[str, ...]:
    """Directories and processes of the doors that process ``pid`` opened."""
    mark = f"/door-{pid}-"
    houses = tuple(str(house) for house in DOORS.glob(f"door-{pid}-*"))
    return (*houses, *(f"process {one}" for one in processes_with(mark)))


def processes_with(text: str) -> tuple[int, ...]:
    """Processes with ``text`` in their command line, ascending."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if text.encode() in line:
                found.append(int(entry.name))
    return tuple(sorted(found))


def held(message: TruthMessage) -> HeldMessage:
    """A message of a truth as a server shows it."""
    return HeldMessage(
        uid=message.uid,
        flags=message.flags,
        internaldate=message.internaldate,
        size_bytes=message.size_bytes,
        sha1=message.sha1,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveState:
    """All that a server holds: messages by reader and folder, and what it keeps about them.

    ``uids`` and ``statuses`` are UIDVALIDITY, UIDNEXT, MESSAGES and HIGHESTMODSEQ, as each
    reader and the administrator is told.
    """

    messages: Mapping[tuple[str, str], tuple[HeldMessage, ...]]
    uids: Mapping[tuple[str, str], Mapping[bytes, int]]
    acls: Mapping[str, Mapping[str, str]]
    statuses: Mapping[str, Mapping[bytes, int]]
    limits: Mapping[str, Mapping[str, int]]
    subscriptions: Mapping[str, frozenset[str]]


def live_state(server: PrivateCyrus, users: Iterable[str], *, without: str = "\0") -> LiveState:
    """Everything on ``server``, but for folders whose path holds ``without``."""
    messages: dict[tuple[str, str], tuple[HeldMessage, ...]] = {}
    uids: dict[tuple[str, str], Mapping[bytes, int]] = {}
    subscriptions: dict[str, frozenset[str]] = {}
    for user in users:
        with server.client_as(user) as client:
            subscribed = subscriptions_of(client)
            subscriptions[user] = frozenset(name for name in subscribed if without not in name)
            for folder in sorted(folder_names(client)):
                if without not in folder and "r" in _rights(client, folder):
                    messages[user, folder] = messages_in(client, folder)
                    uids[user, folder] = client.folder_status(folder, _STATUS)
    with server.admin_client() as admin:
        names = sorted(name for name in folder_names(admin) if without not in name)
        return LiveState(
            messages=messages,
            uids=uids,
            acls={name: acl_of(admin, name) for name in names},
            statuses={
                name: admin.folder_status(name, _STATUS)
                for name in names
                if "r" in _rights(admin, name)
            },
            limits={name: _limits(admin, name) for name in names},
            subscriptions=subscriptions,
        )


def _rights(client: Any, folder: str) -> str:  # noqa: ANN401 - the library has no types
    status, answer = client._imap.myrights(f'"{imap_utf7.encode(folder).decode()}"')
    assert status == "OK", answer
    return str(answer[0].split()[-1].decode())


def _limits(admin: Any, folder: str) -> dict[str, int]:  # noqa: ANN401 - the library has no types
    return {resource: limit for resource, (_, limit) in quota_of(admin, folder).items()}


def owner_sees(
    server: PrivateCyrus, login: str, folders: Sequence[str]
) -> dict[str, tuple[HeldMessage, ...]]:
    """The messages of each of ``folders``, as their owner."""
    with server.client_as(login) as client:
        return {folder: messages_in(client, folder) for folder in folders}


def check_server_sound(server: PrivateCyrus, login: str) -> None:
    """Nothing is left to mend, to count or to explain."""
    names = _mailboxes_of(server, login)
    done = server.run_tool("reconstruct", "-n", "-G", *names)
    assert done.returncode == 0
    assert set(done.stdout.splitlines()) == set(names)
    assert not done.stderr
    counted = _quota(server, login)
    server.run_tool("quota", "-f", *_quota_words(login))
    assert _quota(server, login) == counted
    assert server.error_lines() == ()


def _quota_words(login: str) -> tuple[str, ...]:
    name, at, domain = login.partition("@")
    return ("-d", domain, f"user/{name}") if at else (f"user/{name}",)


def _quota(server: PrivateCyrus, login: str) -> Mapping[str, tuple[int, int]]:
    with server.admin_client() as admin:
        return quota_of(admin, f"user/{login}")


def _mailboxes_of(server: PrivateCyrus, login: str) -> list[str]:
    name, at, domain = login.partition("@")
    with server.admin_client() as admin:
        admin.folder_encode = False
        listed = [
            *admin.list_folders("", f"user/{login}"),
            *admin.list_folders("", f"user/{name}/*{at}{domain}"),
        ]
    return [name.decode() for flags, _, name in listed if b"\\Noselect" not in flags]


def left_behind_here() -> tuple[str, ...]:
    """What doors that this very process opened have left."""
    return left_behind(os.getpid())

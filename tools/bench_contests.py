"""The contests of ``./dev bench targets``: respool and others, on the same message files."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from imapclient import IMAPClient

from tests.support.distribution import DOVECOT
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.private_dovecot import PrivateDovecot
from tools.bench_mail import (
    FOLDER,
    LOGIN,
    PARTITION,
    SMALL,
    USUAL,
    Source,
    as_maildir,
    hashes_of,
    hashes_over_imap,
    message_files,
    source,
)
from tools.bench_measured import BenchFailed, Measured, respool, run

USER = LOGIN.replace("@", "%40")
SLOW_MESSAGES = 500  # for what does fewer than a hundred messages a second


class Server(Protocol):
    """A private server that mail is put into."""

    port: int
    password: str
    version: str

    def client(self) -> IMAPClient:
        """A connection that nobody has logged in on."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One way to do the work: ``run`` gets the number of the round."""

    name: str
    messages: int
    run: Callable[[int], Measured]


@dataclass(frozen=True, kw_only=True)
class Contest:
    """``ours`` against ``others``; ``check`` after the first round: is it all there?

    ``goal`` is the least that our messages/s are to be of another's, by its name.
    ``most_rounds``: more would not fit on the disk.
    """

    ours: Side
    others: tuple[Side, ...]
    goals: Mapping[str, float]
    check: Callable[[], None] = lambda: None
    versions: Mapping[str, str] = field(default_factory=dict)
    most_rounds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How many messages: small ones into the spool, usual ones elsewhere, and many of these.

    ``larger`` are so many that the start and the plan count for little.
    """

    small: int = 20_000
    usual: int = 3_000
    large: int = 20_000
    larger: int = 100_000


@contextmanager
def spool(scale: Scale, folders: int) -> Iterator[Contest]:
    """A live server's spool against CREATE, cp -a, sync and reconstruct -G."""
    by_hand = "CREATE, cp -a, sync, reconstruct -G"
    with (
        source(scale.small, SMALL, folders) as mail,
        server_root() as root,
        PrivateCyrus(root) as server,
    ):
        server.create_user(LOGIN, PARTITION)
        yield Contest(
            ours=Side(
                name="respool restore",
                messages=mail.messages,
                run=lambda turn: _into_spool(mail, server, turn),
            ),
            others=(
                Side(
                    name=by_hand,
                    messages=mail.messages,
                    run=lambda turn: _by_hand(mail, server, turn),
                ),
            ),
            goals={by_hand: 1 / 1.3},
            versions={"cyrus": server.version},
        )


def _into_spool(mail: Source, server: PrivateCyrus, turn: int) -> Measured:
    words = ("restore", LOGIN, FOLDER, "--into", f"respool{turn}", "--same-person")
    return respool(*words, "--backups", mail.spool, "--imapd-conf", server.imapd_conf)


def _by_hand(mail: Source, server: PrivateCyrus, turn: int) -> Measured:
    begun = time.monotonic()
    names = []
    for number, folder in enumerate(mail.folders):
        name = f"user/bench/hand{turn}-{number}@bluemind.loc"
        server.create_mailbox(name, PARTITION)
        data = server.run_tool("mbpath", name).stdout.strip()
        subprocess.run(["cp", "-a", f"{folder}/.", data], check=True)
        subprocess.run(["chown", "-R", "cyrus:mail", data], check=True)
        names.append(name)
    subprocess.run(["sync"], check=True)
    server.run_tool("reconstruct", "-G", *names, timeout_seconds=3600)
    return Measured(seconds=time.monotonic() - begun)


@contextmanager
def into_cyrus(scale: Scale) -> Iterator[Contest]:
    """IMAP into a Cyrus against mbsync, and APPEND one by one."""
    with source(scale.usual, USUAL) as mail, server_root() as root, PrivateCyrus(root) as server:
        server.create_user(LOGIN, PARTITION)
        with tempfile.TemporaryDirectory(prefix="rt-", dir="/tmp") as place:
            yield Contest(
                ours=_over_imap(mail, server),
                others=(_mbsync(mail, server, Path(place)), _one_by_one(mail, server)),
                goals={"mbsync": 3, "APPEND one by one": 20},
                check=lambda: _check_over_imap(mail, server),
                versions={"cyrus": server.version, "mbsync": _version("mbsync")},
            )


def into_dovecot(scale: Scale) -> AbstractContextManager[Contest]:
    """IMAP into a Dovecot against mbsync, and its own doveadm import."""
    return _into_dovecot(scale.usual, {"mbsync": 2, "doveadm import": 1})


def into_dovecot_at_large(scale: Scale) -> AbstractContextManager[Contest]:
    """More messages, so that what starts a program matters less; mbsync takes too long."""
    return _into_dovecot(scale.large, {"doveadm import": 1})


@contextmanager
def _into_dovecot(count: int, goals: Mapping[str, float]) -> Iterator[Contest]:
    with source(count, USUAL) as mail, server_root() as root, ExitStack() as stack:
        server = stack.enter_context(PrivateDovecot(root))
        server.create_user(LOGIN)
        time.sleep(1.1)  # until it reads who may log in
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rt-", dir="/tmp")))
        others = (_mbsync(mail, server, place), _doveadm_import(mail, server, place))
        yield Contest(
            ours=_over_imap(mail, server),
            others=tuple(each for each in others if each.name in goals),
            goals=goals,
            check=lambda: _check_over_imap(mail, server),
            versions={"dovecot": server.version, "mbsync": _version("mbsync")},
        )


def _over_imap(mail: Source, server: Server) -> Side:
    address = f"imap://{USER}@127.0.0.1:{server.port}"
    words = ("restore", LOGIN, FOLDER, "--to", address, "--backups", mail.spool)
    secret = {"RESPOOL_TO_PASSWORD": server.password}
    return Side(
        name="respool restore --to imap",
        messages=mail.messages,
        run=lambda turn: respool(*words, "--into", f"respool{turn}", more=secret),
    )


def _check_over_imap(mail: Source, server: Server) -> None:
    with server.client() as client:
        client.login(LOGIN, server.password)
        names = [name for _, _, name in client.list_folders() if "respool0" in name]
        found = sum((hashes_over_imap(client, name) for name in names), hashes_of([]))
    if found != hashes_of(message_files(mail.folders[0])):
        raise BenchFailed(f"not the same messages in {names}: {sum(found.values())}")


def _mbsync(mail: Source, server: Server, place: Path) -> Side:
    def push(turn: int) -> Measured:
        home = place / f"mbsync{turn}"
        as_maildir(mail.folders[0], home / "near" / "mail")
        (home / "state").mkdir()
        (home / "rc").write_text(
            f"IMAPAccount far\nHost 127.0.0.1\nPort {server.port}\nUser {LOGIN}\n"
            f"Pass {server.password}\nSSLType None\nAuthMechs LOGIN\n\n"
            "IMAPStore far\nAccount far\n\n"
            f"MaildirStore near\nPath {home}/near/\nInbox {home}/inbox\n\n"
            f"Channel all\nFar :far:mbsync{turn}\nNear :near:mail\n"
            f"Create Far\nSync Push\nSyncState {home}/state/\n",
            "utf-8",
        )
        return run(["mbsync", "-c", home / "rc", "all"])

    return Side(name="mbsync", messages=mail.messages, run=push)


def _one_by_one(mail: Source, server: Server) -> Side:
    files = message_files(mail.folders[0])[:SLOW_MESSAGES]

    def append(turn: int) -> Measured:
        begun = time.monotonic()
        with IMAPClient("127.0.0.1", port=server.port, ssl=False) as client:
            client.login(LOGIN, server.password)
            client.create_folder(f"one{turn}")
            for file in files:
                client.append(f"one{turn}", file.read_bytes(), flags=[b"\\Seen"])
        return Measured(seconds=time.monotonic() - begun)

    return Side(name="APPEND one by one", messages=len(files), run=append)


def _doveadm_import(mail: Source, server: PrivateDovecot, place: Path) -> Side:
    def bring(turn: int) -> Measured:
        maildir = place / f"import{turn}"
        as_maildir(mail.folders[0], maildir)
        place.chmod(0o755)
        subprocess.run(["chown", "-R", "mail:mail", maildir], check=True)
        program = DOVECOT.programs / "doveadm"
        words = ("-c", server.files.configuration, "import", "-u", LOGIN)
        return run([program, *words, f"maildir:{maildir}", f"imported{turn}", "all"])

    return Side(name="doveadm import", messages=mail.messages, run=bring)


def export_maildir(scale: Scale) -> AbstractContextManager[Contest]:
    """A Maildir against cp -a and sync."""
    return _export_maildir(scale.usual)


def export_large_maildir(scale: Scale) -> AbstractContextManager[Contest]:
    """More messages, so that what starts a program matters less."""
    return _export_maildir(scale.large)


@contextmanager
def export_larger_maildir(scale: Scale) -> Iterator[Contest]:
    """So many that what is left is what each message takes; once, and if there is room for it."""
    needed, free = 3 * scale.larger * USUAL, shutil.disk_usage("/tmp").free
    if free < needed:
        gib = 1 << 30
        raise BenchFailed(f"{needed / gib:.0f} GiB are to be free, and {free / gib:.0f} are")
    with _export_maildir(scale.larger) as contest:
        yield replace(contest, most_rounds=1)


@contextmanager
def _export_maildir(count: int) -> Iterator[Contest]:
    with source(count, USUAL) as mail, tempfile.TemporaryDirectory(dir="/tmp") as place:
        folder = mail.folders[0]
        copy = 'cp -a "$1" "$2" && sync'
        yield Contest(
            ours=_export(mail, "maildir", Path(place)),
            others=(
                Side(
                    name="cp -a, sync",
                    messages=mail.messages,
                    run=lambda turn: run(["sh", "-c", copy, "sh", folder, f"{place}/cp{turn}"]),
                ),
            ),
            goals={"cp -a, sync": 0.7},
        )


@contextmanager
def export_zip(scale: Scale) -> Iterator[Contest]:
    """A zip against its compressor alone."""
    with source(scale.usual, USUAL) as mail, tempfile.TemporaryDirectory(dir="/tmp") as place:
        program = Path(__file__).with_name("bench_compressor.py")
        alone: list[str | Path] = [sys.executable, program, mail.folders[0]]
        yield Contest(
            ours=_export(mail, "zip", Path(place)),
            others=(
                Side(
                    name="zlib alone",
                    messages=mail.messages,
                    run=lambda turn: run([*alone, Path(place) / f"alone{turn}"]),
                ),
            ),
            goals={"zlib alone": 1},
        )


def _export(mail: Source, form: str, place: Path) -> Side:
    words = ("restore", LOGIN, FOLDER, "--backups", mail.spool)
    return Side(
        name=f"respool export ({form})",
        messages=mail.messages,
        run=lambda turn: respool(*words, "--to", f"{form}:{place / f'ours{turn}.{form}'}"),
    )


def _version(program: str) -> str:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).split()[-1]

"""Invented mail for benches of targets: in a spool of a real server, and as a Maildir."""

from __future__ import annotations

import hashlib
import os
import random
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from imapclient import IMAPClient

from respool.cyrus.header import MAGIC
from respool.cyrus.index import IndexHeader, render_index
from respool.model.inventory import RECORD, Rows
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.small_spools import MOTTO

LOGIN = "bench@bluemind.loc"
FOLDER = "Archive"
PARTITION = "bluemind_loc"
SMALL, USUAL = 4096, 40_000  # octets: of each message, and on average
_SMALLEST = 700
_BELOW = Path("bluemind_loc/domain/b/bluemind.loc/b/user/bench")
_AT_ONCE = 50


@dataclass(frozen=True, kw_only=True)
class Source:
    """A spool as a backup has it; ``folders`` are where its messages lie."""

    spool: Path
    folders: tuple[Path, ...]
    messages: int


def message(number: int, size: int) -> bytes:
    """An invented message of exactly ``size`` octets."""
    head = (
        f"From: Sender {number % 97} <s{number % 97}@example.org>\r\nTo: <{LOGIN}>\r\n"
        f"Subject: invented message {number}\r\nMessage-ID: <{number}@example.org>\r\n"
        "Date: Mon, 06 Nov 2017 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    ).encode()
    text = random.Random(number).randbytes(min(size, 1 << 20) // 2 + 1).hex().encode()
    lines = b"\r\n".join(text[at : at + 70] for at in range(0, len(text), 70))
    body = lines * (size // len(lines) + 1)
    cut = (head + body)[: size - 2]
    return (cut[:-1] + b"x" if cut.endswith(b"\r") else cut) + b"\r\n"  # no CR CR LF


def sizes(count: int, mean: int) -> Iterator[int]:
    """As mail has them: many small ones, few large ones; all alike where they are small."""
    chance = random.Random(mean)
    usual = max(mean - _SMALLEST, 1)
    is_alike = mean <= SMALL or count == 1
    for _ in range(count):
        yield mean if is_alike else _SMALLEST + int(chance.expovariate(1 / usual))


@contextmanager
def source(count: int, mean: int, folders: int = 1) -> Iterator[Source]:
    """Mail of a real server, which is stopped: files in place, indexed by it, then flagged."""
    with server_root() as root:
        server = PrivateCyrus(root)
        with server:
            server.create_user(LOGIN, PARTITION)
            every = sizes(count, mean)
            names = [f"{FOLDER}/f{at:02}" for at in range(folders)] if folders > 1 else [FOLDER]
            if folders > 1:
                server.create_mailbox(f"user/bench/{FOLDER}@bluemind.loc", PARTITION)
            places = tuple(_fill(server, name, count // folders, every) for name in names)
        spool = server.files.data(PARTITION).parents[1]
        yield Source(spool=spool, folders=places, messages=count // folders * folders)


def _fill(server: PrivateCyrus, folder: str, count: int, every: Iterator[int]) -> Path:
    name = f"user/bench/{folder}@bluemind.loc"
    server.create_mailbox(name, PARTITION)
    data = Path(server.run_tool("mbpath", name).stdout.strip())
    owner = data.parent.stat()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chown(data, owner.st_uid, owner.st_gid)
    first = int(hashlib.sha1(folder.encode(), usedforsecurity=False).hexdigest()[:6], 16)
    for number in range(1, count + 1):
        file = data / f"{number}."
        file.write_bytes(message(first + number, next(every)))
        os.chown(file, owner.st_uid, owner.st_gid)
        os.utime(file, (1_500_000_000 + number, 1_500_000_000 + number))
    server.run_tool("reconstruct", name, timeout_seconds=3600)
    with server.client_as(LOGIN) as client:
        client.select_folder(folder)
        client.add_flags("1:*", [b"\\Seen"], silent=True)
        client.add_flags(f"1:{max(count // 10, 1)}", [b"\\Flagged", b"Travail"], silent=True)
    return data


def as_maildir(folder: Path, maildir: Path, most: int | None = None) -> None:
    """The message files of a spool's folder as a Maildir, by hard links; all of them read."""
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    for file in message_files(folder)[:most]:
        os.link(file, maildir / "cur" / f"15{file.name}bench.example.org:2,S")


def message_files(folder: Path) -> list[Path]:
    """In the order of their numbers."""
    return sorted(folder.glob("[0-9]*."), key=lambda file: int(file.name[:-1]))


def crowded_spool(root: Path, count: int, size: int) -> Source:
    """One folder of very many small messages, each of them another one."""
    below = _BELOW / FOLDER
    data, meta = root / "spool/data" / below, root / "spool/meta" / below
    for each in (data, meta):
        each.mkdir(parents=True)
    inbox = root / "spool/meta" / _BELOW
    _write_metadata(inbox, np.zeros(0, dtype=RECORD), "bench")
    rows: Rows = np.zeros(count, dtype=RECORD)
    rows["uid"] = np.arange(1, count + 1)
    rows["size"], rows["internaldate"] = size, 1_500_000_000
    guids = bytearray()
    for uid in range(1, count + 1):
        octets = message(uid, size)
        (data / f"{uid}.").write_bytes(octets)
        guids += hashlib.sha1(octets, usedforsecurity=False).digest()
    rows["guid"] = np.frombuffer(guids, dtype="V20")
    _write_metadata(meta, rows, "archive")
    return Source(spool=root / "spool", folders=(data,), messages=count)


def _write_metadata(meta: Path, rows: Rows, identity: str) -> None:
    """Header and index, each with the CRCs that a server checks."""
    rights = f"\tbench{identity}\n\nbench@bluemind.loc\tlrswipkxtecdan\t\n"
    header = MAGIC + MOTTO + rights.encode()
    (meta / "cyrus.header").write_bytes(header)
    head = IndexHeader(
        generation=1,
        last_uid=len(rows),
        uidvalidity=1,
        highestmodseq=1,
        exists=len(rows),
        header_file_crc=zlib.crc32(header),
    )
    (meta / "cyrus.index").write_bytes(render_index(17, head, rows))


def hashes_over_imap(client: IMAPClient, folder: str) -> Counter[str]:
    """SHA-1 of each message of a folder, as it is read back."""
    client.select_folder(folder, readonly=True)
    uids = client.search()
    found: Counter[str] = Counter()
    for start in range(0, len(uids), _AT_ONCE):
        for answer in client.fetch(uids[start : start + _AT_ONCE], ["BODY.PEEK[]"]).values():
            octets = answer[b"BODY[]"]
            found[hashlib.sha1(octets, usedforsecurity=False).hexdigest()] += 1
    return found


def hashes_of(files: list[Path]) -> Counter[str]:
    """SHA-1 of each file."""
    return Counter(
        hashlib.sha1(file.read_bytes(), usedforsecurity=False).hexdigest() for file in files
    )

"""Small spools and backup trees, laid out by hand for tests of what is found where."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from respool.cyrus.header import MAGIC
from respool.cyrus.index import IndexHeader, render_index
from respool.cyrus.spool_paths import PathRules, mailbox_directory
from respool.model.inventory import RECORD, Rows
from respool.model.names import MailboxName

MOTTO = (
    b'"The best thing about this system was that it had lots of goals."\n'
    b"\t--Jim Morris on Andrew\n"
)
OCTETS = b"Subject: Hello\r\nFrom: Bob <bob@b.loc>\r\n\r\nBody\r\n"


def mailbox_name(text: str) -> MailboxName:
    """``user/jdoe/Sent@b.loc`` or ``contact``, encoded, as a name."""
    path, at, domain = text.rpartition("@")
    path, domain = (path, domain) if at else (text, "")
    return MailboxName(domain=domain or None, parts=tuple(path.split("/")))


def write_mailbox(meta: Path, data: Path, *, uids: Sequence[int] = (1,), header: str = "") -> None:
    """The files of one mailbox: a header, an index, and a message file for each UID."""
    meta.mkdir(parents=True, exist_ok=True)
    data.mkdir(parents=True, exist_ok=True)
    rows: Rows = np.zeros(len(uids), dtype=RECORD)
    rows["uid"] = uids
    rows["size"] = len(OCTETS)
    rows["guid"] = np.void(b"\1" * 20)
    head = IndexHeader(last_uid=max(uids, default=0), uidvalidity=7, highestmodseq=1)
    (meta / "cyrus.index").write_bytes(render_index(13, head, rows))
    body = header or "\tid\n\nanyone\tlrs\t\n"
    (meta / "cyrus.header").write_bytes(MAGIC + MOTTO + body.encode())
    for uid in uids:
        (data / f"{uid}.").write_bytes(OCTETS)


def write_spool(
    root: Path, names: Sequence[str], *, partition: str = "b_loc", rules: PathRules | None = None
) -> None:
    """A spool as BlueMind has it, with one message in each of ``names``."""
    base = root / "var" / "spool" / "cyrus"
    for text in names:
        directory = mailbox_directory(mailbox_name(text), rules or PathRules())
        write_mailbox(base / "meta" / partition / directory, base / "data" / partition / directory)


def part_directory(root: Path, part_id: int, address: str = "10.0.0.1") -> Path:
    """Where DataProtect puts a mail part."""
    return root / "dp_spool" / "rsync" / address / "mail" / "imap" / str(part_id)


def write_description(
    root: Path, generation_id: int, parts: Sequence[Mapping[str, object]]
) -> None:
    """``generation-N.json`` with mail parts; what a part does not say has a usual value."""
    usual = {"begin": 1_700_000_000_000, "end": 1_700_000_100_000, "valid": "VALID"}
    described = [
        {"tag": "mail/imap", "server": "srv", "size": 1, **usual, **part} for part in parts
    ]
    value = {"id": generation_id, "protectionTime": 1_700_000_000_000, "parts": described}
    (root / f"generation-{generation_id}.json").write_text(json.dumps(value), "utf-8")

"""Small spools whose indexes are right to the last octet, to be spoilt in one way each."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from respool.backups.contents import accounts_in, mailboxes_of
from respool.backups.generation_soundness import GenerationFacts
from respool.backups.mailbox_soundness import CheckedMailbox
from respool.backups.soundness import check_mailboxes, check_workers
from respool.backups.source import tree_at
from respool.backups.stray_entries import stray_entries
from respool.cyrus.header import MAGIC
from respool.cyrus.index import IndexHeader, render_index
from respool.cyrus.spool_paths import PathRules, mailbox_directory
from respool.model.findings import Finding
from respool.model.inventory import RECORD, Rows
from tests.support.inventories import spool_generation
from tests.support.small_spools import MOTTO, mailbox_name

BASE = Path("var/spool/cyrus")
PARTITION = "b_loc"
JDOE = "user/jdoe@b.loc"
OWNER = "jdoe@b.loc\tlrswipkxtecdan\t"

Change = Callable[[Rows], None]


def directories(root: Path, name: str = JDOE) -> tuple[Path, Path]:
    """Data and meta of a mailbox."""
    below = Path(PARTITION) / mailbox_directory(mailbox_name(name), PathRules())
    return root / BASE / "data" / below, root / BASE / "meta" / below


def octets_of(uid: int) -> bytes:
    """The message that a small spool has under this UID."""
    return f"Subject: {uid}\r\n\r\nBody of {uid}\r\n".encode()


def write_sound(
    root: Path,
    uids: Sequence[int] = (1, 2, 3),
    *,
    name: str = JDOE,
    header: tuple[str | None, str] = (None, OWNER),
    version: int = 13,
    change: Change | None = None,
) -> tuple[Path, Path]:
    """One mailbox as a server writes it.

    ``header`` are its id and ACL; ``change`` spoils records before they get their CRCs.
    """
    data, meta = directories(root, name)
    data.mkdir(parents=True, exist_ok=True)
    meta.mkdir(parents=True, exist_ok=True)
    rows: Rows = np.zeros(len(uids), dtype=RECORD)
    for row, uid in zip(rows, uids, strict=True):
        octets = octets_of(uid)
        (data / f"{uid}.").write_bytes(octets)
        row["uid"], row["size"] = uid, len(octets)
        row["guid"] = np.void(hashlib.sha1(octets).digest())
    if change is not None:
        change(rows)
    uniqueid, acl = header
    octets = MAGIC + MOTTO + f"\t{uniqueid or name}\n\n{acl}\n".encode()
    (meta / "cyrus.header").write_bytes(octets)
    head = IndexHeader(
        last_uid=max(uids, default=0),
        uidvalidity=7,
        highestmodseq=1,
        header_file_crc=zlib.crc32(octets) if version >= 12 else None,
    )
    (meta / "cyrus.index").write_bytes(render_index(version, head, rows))
    return data, meta


def checked(root: Path, *, jobs: int = 1, limit: int = 5) -> list[CheckedMailbox]:
    """Every mailbox of a spool, checked, by name."""
    tree_at.cache_clear()
    generation = spool_generation(root)
    sources = (
        (source, None)
        for account in accounts_in(generation)
        for source in mailboxes_of(generation, account)
    )
    with check_workers(jobs, limit) as workers:
        answers = list(check_mailboxes(workers, sources, limit))
    found = [each for each in answers if isinstance(each, CheckedMailbox)]
    return sorted(found, key=lambda each: each.name)


def findings_in(root: Path, *, jobs: int = 1) -> list[Finding]:
    """All findings about mailboxes and between them, and about what lies beside."""
    mailboxes = checked(root, jobs=jobs)
    generation = spool_generation(root)
    facts = GenerationFacts(generation, list(accounts_in(generation)), None)
    listed = {path: names for each in mailboxes for path, names in each.directories.items()}
    found = [finding for each in mailboxes for finding in each.tally.kept]
    found += [finding for each in mailboxes for finding in facts.add(each)]
    found += facts.missing()
    found += stray_entries(PurePosixPath(root), listed)
    return found


def counts(root: Path, *, jobs: int = 1) -> dict[str, int]:
    """How many findings of each code there are."""
    return dict(Counter(each.code for each in findings_in(root, jobs=jobs)))

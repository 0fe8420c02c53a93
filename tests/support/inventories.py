"""What we read of a backup, beside what the server said of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from respool.backups.contents import accounts_in, mailboxes_of
from respool.backups.source import SourceMailbox, open_message
from respool.model.generations import Generation, GenerationState, Part
from respool.model.inventory import StoredMailbox
from tests.support.truth import TruthMailbox, TruthMessage

Message = tuple[int, str, str, int, tuple[str, ...]]


def spool_generation(place: Path) -> Generation:
    """A spool at ``place`` as the only part of a generation."""
    return Generation(
        generation_id=None,
        label="undated",
        taken_at=None,
        is_about=True,
        state=GenerationState.UNDATED,
        parts=(Part(part_id=None, place=PurePosixPath(place)),),
    )


def sources_in(generation: Generation) -> Iterator[SourceMailbox]:
    """Every mailbox of every account."""
    for account in accounts_in(generation):
        yield from mailboxes_of(generation, account)


def facts_read(mailbox: StoredMailbox) -> dict[str, object]:
    """What the index and header said, in the words of `facts_said`."""
    return {
        "acl": dict(mailbox.acl),
        "uidvalidity": mailbox.uidvalidity,
        "highestmodseq": mailbox.highestmodseq,
        "uidnext": mailbox.last_uid + 1,
        "messages": _read(mailbox),
        "expunged": sorted(mailbox.records[mailbox.recoverable()]["uid"].tolist()),
    }


def facts_said(box: TruthMailbox, raw: Mapping[str, Any]) -> dict[str, object]:
    r"""What the server said; without \\Seen where that is not in the index.

    ``raw`` is the mailbox as the truth file has it: some answers stand there alone.
    """
    expunged = raw.get("expunged_uids") or [message.uid for message in box.expunged]
    return {
        "acl": dict(box.acl),
        "uidvalidity": box.status["uidvalidity"],
        "highestmodseq": raw["highestmodseq"],
        "uidnext": box.status["uidnext"],
        "messages": [_said(each, has_seen=is_seen_in_index(box)) for each in box.messages],
        "expunged": sorted(expunged),
    }


def files_that_differ(source: SourceMailbox, mailbox: StoredMailbox) -> list[int]:
    """UIDs of records whose file is not what the GUID says."""
    differing = []
    for row in mailbox.records[mailbox.visible() | mailbox.recoverable()]:
        with open_message(source, int(row["uid"]), int(row["place"])) as file:
            found = hashlib.sha1(file.read(), usedforsecurity=False).digest()
        if found != row["guid"].tobytes():
            differing.append(int(row["uid"]))
    return differing


def is_seen_in_index(box: TruthMailbox) -> bool:
    """Whether the flags that the truth shows have the \\Seen of the index."""
    shared = box.annotations.get("/shared/vendor/cmu/cyrus-imapd/sharedseen") == "true"
    return shared or box.viewer == box.owner


def without_seen(facts: dict[str, object]) -> dict[str, object]:
    r"""The same facts without \Seen, where the truth has that of one reader."""
    messages = facts["messages"]
    assert isinstance(messages, list)
    plain = [(*each[:4], tuple(flag for flag in each[4] if flag != "\\Seen")) for each in messages]
    return {**facts, "messages": plain}


def _read(mailbox: StoredMailbox) -> list[Message]:
    return [
        (
            message.uid,
            message.guid or "",
            message.internaldate.isoformat(),
            message.size_bytes,
            tuple(sorted(message.flags)),
        )
        for message in mailbox.messages()
    ]


def _said(message: TruthMessage, *, has_seen: bool) -> Message:
    flags = message.flags if has_seen else message.flags - {"\\Seen"}
    return (
        message.uid,
        message.sha1,
        message.internaldate.isoformat(),
        message.size_bytes,
        tuple(sorted(flags)),
    )

"""What a generation lacks although an earlier one, or its own records, say that it existed.

Letters of a domain, archived messages, the server's databases, the HSM store of BlueMind 3.5:
each can be missing as a whole, and then no folder shows it by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

import numpy as np

from respool.backups.contents import all_mailboxes
from respool.backups.letters import missing_letters
from respool.backups.server_state import server_state
from respool.backups.source import SourceMailbox, read_header, read_index, tree_at
from respool.backups.spool_layout import Partition, find_partitions
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.generations import Generation, GenerationState, Part
from respool.model.inventory import ARCHIVED
from respool.model.messages import PartitionName
from respool.model.names import MailboxName

_SHOWN: Final = 3
STUB_KEYWORD: Final = "BMARCHIVED"
HSM_TAG: Final = "mail/archive"
HSM_STORE: Final = PurePosixPath("var/spool/bm-hsm/snappy")
_DATABASES: Final = tuple(
    PurePosixPath(above, name) for above in ("var/lib", "lib") for name in ("cyrus", "imap")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What mailboxes of a generation speak of, for who has read all of them.

    ``archived`` has, by spool and partition, a mailbox with archived messages; ``stubs`` is
    one with stubs, or None.
    """

    archived: Mapping[tuple[PurePosixPath, PartitionName], MailboxName]
    stubs: MailboxName | None


def lacks_of(
    generation: Generation, complete: Generation | None = None, spoken: Spoken | None = None
) -> Iterator[Finding]:
    """A finding for each thing that a generation lacks as a whole.

    ``complete`` is an earlier one to compare with; `complete_before` finds it. Where an
    archive or the HSM store is not there, and nobody says what is ``spoken`` of, indexes
    and headers are read until one speaks of it: at worst all of them.

    Raises:
        BackupFileMissing, BackupUnreadable: a part cannot be opened.
    """
    spools = [part for part in generation.parts if part.staged is None]
    for part in spools:
        twin = None if complete is None else _twin_of(part, spools, complete)
        yield from _lacks_beside(part, twin, complete)
        without = {each.name for each in _partitions(part) if each.archive is None}
        yield from _archives_before(part, twin, complete, without)
        yield from _archives_spoken_of(generation, part, without, spoken)
        yield from _mailboxes_named_only(generation, part)
    if spools:
        yield from _server_lacks(spools, complete)
        yield from _hsm_lacks(generation, complete, spoken)


def complete_before(
    generation: Generation, generations: Sequence[Generation]
) -> Generation | None:
    """The newest complete generation taken before ``generation``; None without any."""
    taken_at = generation.taken_at
    earlier = [
        (each.taken_at, each)
        for each in generations
        if each.state is GenerationState.COMPLETE and each.taken_at is not None
        if each is not generation and (taken_at is None or each.taken_at < taken_at)
    ]
    return max(earlier, key=lambda pair: pair[0])[1] if earlier else None


def _twin_of(part: Part, spools: Sequence[Part], complete: Generation) -> Part | None:
    """The part of the same server in another generation."""
    same = [each for each in complete.parts if _server(each) == _server(part)]
    if not same and len(spools) == len(complete.parts) == 1:
        return complete.parts[0]
    return same[0] if same else None


def _server(part: Part) -> str | None:
    return part.address or part.server


def _server_lacks(spools: Sequence[Part], complete: Generation | None) -> Iterator[Finding]:
    """The servers of an earlier generation of several that have no part in this one."""
    if complete is None or len(complete.parts) < 2:
        return
    here = {_server(part) for part in spools}
    for part in complete.parts:
        if _server(part) not in here:
            text = f"nothing of this server is in it, which {_named(complete)} has"
            yield _loss("server-missing", part, text)


def _lacks_beside(part: Part, twin: Part | None, complete: Generation | None) -> Iterator[Finding]:
    if twin is not None and complete is not None:
        for text in missing_letters(part.place, twin.place):
            yield _loss("letters-missing", part, f"{text}, which {_named(complete)} has")
    if _has_databases(part):
        return
    text = (
        "there is no var/lib/cyrus: what each reader has seen in mailshares, subscriptions,"
        " quotas and annotations of folders are not in it"
    )
    if twin is not None and complete is not None and _has_databases(twin):
        yield _loss("databases-missing", part, f"{text}; {_named(complete)} has it")
    else:
        yield _finding(Severity.NOTE, "databases-missing", part, text)


def _has_databases(part: Part) -> bool:
    tree = tree_at(part.place)
    return any(next(tree.names(directory), None) is not None for directory in _DATABASES)


def _mailboxes_named_only(generation: Generation, part: Part) -> Iterator[Finding]:
    """What the part's own mailboxes.db names and no directory of it is."""
    named = server_state(part.place).mailbox_records()
    if not named:
        return
    here = {source.name for source in _mailboxes(generation) if source.spool == part.place}
    missing = sorted(name for name in named if name not in here)
    if missing:
        some = ", ".join(name.display for name in missing[:_SHOWN])
        more = f" and {len(missing) - _SHOWN:,} more" if len(missing) > _SHOWN else ""
        text = f"mailboxes.db names what is not in it: {some}{more}"
        yield _loss("mailboxes-missing", part, text)


def _archives_before(
    part: Part, twin: Part | None, complete: Generation | None, without: set[PartitionName]
) -> Iterator[Finding]:
    """Archives that an earlier generation had; their partitions are taken out of ``without``."""
    if not without or twin is None or complete is None:
        return
    for partition in _partitions(twin):
        if partition.archive is not None and partition.name in without:
            without.remove(partition.name)
            text = f"no archive of partition {partition.name}, which {_named(complete)} has"
            yield _loss("archive-missing", part, text)


def _archives_spoken_of(
    generation: Generation, part: Part, without: set[PartitionName], spoken: Spoken | None
) -> Iterator[Finding]:
    if spoken is not None:
        found = [
            (partition, name)
            for (spool, partition), name in spoken.archived.items()
            if spool == part.place and partition in without
        ]
    else:
        sources = _archived_without(generation, part, without)
        found = [(source.place.partition, source.name) for source in sources]
    for partition, name in found:
        text = f"no archive of partition {partition}, although "
        yield _loss("archive-missing", part, f"{text}{name.display} has archived messages")


def _archived_without(
    generation: Generation, part: Part, partitions: set[PartitionName]
) -> Iterator[SourceMailbox]:
    """Of each partition the first mailbox with an archived message that it finds."""
    if not partitions:
        return
    for source in _mailboxes(generation):
        if source.spool != part.place or source.place.partition not in partitions:
            continue
        index = read_index(source)
        if index is not None and bool((index.records["system_flags"] & np.uint32(ARCHIVED)).any()):
            partitions.remove(source.place.partition)
            yield source
        if not partitions:
            return


def _hsm_lacks(
    generation: Generation, complete: Generation | None, spoken: Spoken | None
) -> Iterator[Finding]:
    if _has_hsm_store(generation):
        return
    part = generation.parts[0]
    if complete is not None and _has_hsm_store(complete):
        text = f"the store of archived messages is not in it, and {_named(complete)} has one"
        yield _loss("hsm-store-missing", part, text)
        return
    name = _mailbox_with_stubs(generation) if spoken is None else spoken.stubs
    if name is not None:
        text = (
            f"the store of archived messages is not in it, although {name.display}"
            " has stubs: of those only the headers can be restored"
        )
        yield _loss("hsm-store-missing", part, text)


def _mailbox_with_stubs(generation: Generation) -> MailboxName | None:
    for source in _mailboxes(generation):
        header = read_header(source)
        if header is not None and STUB_KEYWORD in header.keywords and _has_stub(source):
            return source.name
    return None


def _has_stub(source: SourceMailbox) -> bool:
    header, index = read_header(source), read_index(source)
    if header is None or index is None:
        return False
    slot = header.keywords.index(STUB_KEYWORD)
    words = index.records["user_flags"][:, slot // 32]
    return bool((words & np.uint32(1 << slot % 32)).any())


def _has_hsm_store(generation: Generation) -> bool:
    return any(other.tag == HSM_TAG for other in generation.others) or any(
        tree_at(part.place).is_directory(HSM_STORE) for part in generation.parts
    )


def _mailboxes(generation: Generation) -> Iterator[SourceMailbox]:
    for sources in all_mailboxes(generation).values():
        yield from sources


def _partitions(part: Part) -> tuple[Partition, ...]:
    return find_partitions(tree_at(part.place))


def _named(generation: Generation) -> str:
    return f"generation {generation.label}"


def _loss(code: str, part: Part, text: str) -> Finding:
    return _finding(Severity.LOSS, code, part, text)


def _finding(severity: Severity, code: str, part: Part, text: str) -> Finding:
    subject = _server(part) or str(part.place)
    if part.part_id is not None and code != "server-missing":
        subject = f"part {part.part_id}"
    return Finding(severity=severity, code=code, subject=subject, text=text)

"""Backup roots and their dated generations."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath

from respool.model.dataclasses import dataclass
from respool.model.findings import Finding


class GenerationState(StrEnum):
    """Whether a generation can be used."""

    COMPLETE = "complete"  # every mail part ended and is valid
    PARTIAL = "partial"  # something is said to be missing; what is there can be restored
    RUNNING = "running"  # a part has no end: a backup is being written, do not use it
    AT_RISK = "at-risk"  # a part that no description names: the next backup deletes it
    UNDATED = "undated"  # a single spool, without a date of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedDirectories:
    """The directories of one account, as a person staged them, in the order of typing.

    A mailshare has one of each kind for every letter. ``meta`` and ``archive`` may be
    empty, ``data`` never is.
    """

    data: tuple[PurePosixPath, ...]
    meta: tuple[PurePosixPath, ...] = ()
    archive: tuple[PurePosixPath, ...] = ()

    def __post_init__(self) -> None:
        if not self.data:
            raise ValueError("staged directories without any of data")

    @property
    def every(self) -> tuple[PurePosixPath, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys((*self.data, *self.meta, *self.archive)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One server's mail in one generation: a directory that holds ``var/spool/cyrus``.

    ``part_id`` is None where the backup kind has no parts. ``place`` is absolute.
    ``size_mib`` is what the backup's own description says, of the source.
    ``staged`` is there where the part is no spool but directories of one account below
    ``place``, which do not say whose they are; they are absolute, without links.
    """

    part_id: int | None
    place: PurePosixPath
    server: str | None = None
    address: str | None = None
    begin: datetime | None = None
    end: datetime | None = None
    size_mib: int | None = None
    validity: str | None = None
    has_end: bool = True
    staged: StagedDirectories | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPart:
    """A part of a generation that holds no mail: configuration, an archive store, a dump.

    ``tag`` is DataProtect's word for what it holds: ``bm/conf``, ``mail/archive``.
    ``place`` is absolute; below it are original paths, as in a part of mail.
    """

    tag: str
    part_id: int
    address: str
    place: PurePosixPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One dated state inside a backup root.

    ``generation_id`` is None where there is no description (a single spool, or a part
    at risk); ``label`` names it on screen and in ``-g`` in every case. ``taken_at`` is
    aware UTC, and approximate where ``is_about`` says so. ``others`` are what was backed up
    together with the mail and is on disk, too.
    """

    generation_id: int | None
    label: str
    taken_at: datetime | None
    is_about: bool
    state: GenerationState
    parts: tuple[Part, ...]
    software: str | None = None
    findings: tuple[Finding, ...] = field(default=())
    others: tuple[OtherPart, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRoot:
    """One place that has generations, and how it was recognised."""

    kind: str
    place: PurePosixPath
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusedEntry:
    """Something in a backup root that is no generation, and ``why``: ``a copy under way``."""

    name: str
    why: str

"""How BlueMind's core stands towards one account before a restore, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from respool.bluemind.api_answers import ApiMailbox
from respool.bluemind.families import Family
from respool.finishing.kept_rights import KeptRights
from respool.model.dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreSurvey:
    """What the core said; nothing was changed.

    ``mailbox`` is None where its directory has no such account, or another's of that name, or
    on another server: ``why_not`` says so. ``operations`` are the repairs that it offers for it.
    ``servers`` are the uids of those with mail that are this machine, and whose partition is
    there: one that is to be made must lie on one of them. ``is_email_free`` says whether the
    address of a mailshare that is to be made is nobody's, at any name of the domain; ``known``
    are those whom the backup lets in, as it names them, and whom the directory still has.
    """

    version: str
    family: Family
    domain: str
    mailbox: ApiMailbox | None
    operations: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    is_email_free: bool = False
    known: frozenset[str] = field(default_factory=frozenset)
    why_not: str | None = None

    @property
    def release(self) -> tuple[int, int]:
        """Its version as numbers: ``4.9.3884`` is (4, 9)."""
        major, minor = (*self.version.split("."), "0")[:2]
        return int(major), int(minor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """What the restore does that BlueMind is to hear of.

    ``is_written``: folders are made, or written into the spool; else mail only came over IMAP,
    which BlueMind sees by itself. ``has_narrower``: a folder is for fewer people than the
    account's INBOX. ``kept`` are rights that BlueMind's list would change. ``is_in_place``:
    default folders may come back. ``raised_kib`` is the limit that Cyrus's quota root gets, None
    where it stays.
    """

    is_written: bool
    has_narrower: bool = False
    is_in_place: bool = False
    is_mailshare: bool = False
    raised_kib: int | None = None
    kept: KeptRights = field(default_factory=KeptRights)

    @property
    def keeps_rights(self) -> bool:
        """Whether BlueMind must not write the rights of all folders by its one list."""
        return self.has_narrower or bool(self.kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A mailshare that is gone, as the backup had it: see `NewMailshare`.

    ``partition`` is where its mail goes; ``rights`` are those of its root.
    """

    uid: str
    name: str
    email: str
    partition: str
    quota_kib: int | None
    rights: Mapping[str, str]

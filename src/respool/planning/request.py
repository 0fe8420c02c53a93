"""What a person asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from respool.model.accounts import Account
from respool.model.conditions import Conditions
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.model.state import UidSet
from respool.planning.state_wish import StateWish

RENAME_AUTO = "auto"


class Person(StrEnum):
    """Whose the live account is, where a person has said so."""

    SAME = "same-person"  # his account was made anew
    OTHER = "other-person"  # somebody else has the name now, and is to get the mail


class Conflict(StrEnum):
    """What becomes of a message of the backup that the live account has already."""

    SKIP = "skip"  # the live copy stays as it is
    COPY = "copy"  # it is added again all the same
    NEWER_FLAGS = "newer-flags"  # the live copy gets the backup's flags where they are newer


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest:
    """A restore as asked, with every default filled in but the new folder's name.

    ``account`` is the backup's, ``target`` the live one that gets the mail. ``folders``
    are as typed; none means the whole account. ``into`` is the encoded name of the new
    first-level folder; ``is_into_given`` says whether a person chose it (then a taken
    name is refused) or it is our proposal (then the next free one is used). With
    ``is_in_place`` there is no new folder: INBOX becomes INBOX; with ``is_only_missing``,
    which implies it, only what the live account lacks comes back. ``renames`` map decoded
    folder paths to new ones; ``is_renaming_freely`` takes every proposal.
    ``is_without_seen`` leaves what each reader of a folder has read,
    ``is_without_annotations`` all annotations. ``remove_after_hours`` is how long after its
    end the run may be taken back by itself, None: never. ``is_rehearsal``: it is taken back
    as soon as it is proven. ``is_mending_line_ends``: a message with bare line feeds or carriage
    returns gets line ends that every IMAP server takes, and is proven so. ``domain_map`` has
    the new domain of accounts and of identities by their old one; where it has none, no other
    person is given any right on another server. ``state_only``: no mail is added, these flags
    of the live messages are put back. ``on_conflict`` is about what is restored in place.
    ``is_without_finishing``: BlueMind's core is not told of it.
    Where ``is_selective``, only single messages
    are taken: those that fulfilled ``conditions``, or were named; ``picked`` has their UIDs by
    the administrator's name of the backup's mailbox.
    """

    account: Account
    target: Account
    folders: tuple[str, ...]
    generation: str
    into: str
    is_into_given: bool
    renames: Mapping[str, str] = field(default_factory=dict)
    is_renaming_freely: bool = False
    is_without_metadata: bool = False
    has_expunged: bool = False
    person: Person | None = None
    is_creating_account: bool = False
    is_in_place: bool = False
    is_only_missing: bool = False
    is_raising_quota: bool = False
    is_without_seen: bool = False
    is_without_annotations: bool = False
    note: str | None = None
    remove_after_hours: int | None = None
    is_rehearsal: bool = False
    is_mending_line_ends: bool = False
    domain_map: Mapping[str, str] = field(default_factory=dict)
    state_only: StateWish | None = None
    on_conflict: Conflict = Conflict.SKIP
    conditions: Conditions = field(default_factory=Conditions)
    picked: Mapping[str, UidSet] = field(default_factory=dict)
    is_without_finishing: bool = False

    @property
    def is_selective(self) -> bool:
        """Whether single messages are taken, not all of each folder."""
        return bool(self.picked)

    @property
    def root(self) -> MailboxName:
        """What the backup's INBOX becomes: the new folder, or in place the live INBOX."""
        return self.target.root if self.is_in_place else self.target.root.child(self.into)

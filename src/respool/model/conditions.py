"""Which messages a person means: conditions, all of which a message must fulfil."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Final, Protocol

from respool.model.dataclasses import dataclass
from respool.model.folder_patterns import is_meant
from respool.model.folding import folded, folded_needle
from respool.model.json_text import as_utc_text
from respool.model.names import DELETED
from respool.model.state import UidSet

_GUID: Final = re.compile(r"[0-9a-f]{40}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    r"""What a message must be to be meant; None and () say nothing of it.

    ``sender``, ``recipient``, ``subject`` and ``text`` are parts of what is there, compared
    without case and accents (`folded`); ``message_id`` is whole, without its brackets.
    ``guids`` (40 hexadecimal digits) and ``uids`` are any of them, of ``flags`` (``\Seen``,
    ``$Forwarded``) all. ``since`` and ``before`` are about when it was received
    (INTERNALDATE); ``deleted_since`` is about when its user deleted it, or its folder: it
    means deleted mail alone. ``larger`` is in octets, and not equal. ``folders`` are as
    `is_meant` takes them: any.
    Times are aware, whole seconds.
    """

    sender: str | None = None
    recipient: str | None = None
    subject: str | None = None
    text: str | None = None
    message_id: str | None = None
    guids: tuple[str, ...] = ()
    uids: UidSet | None = None
    since: datetime | None = None
    before: datetime | None = None
    deleted_since: datetime | None = None
    larger: int | None = None
    has_attachment: bool = False
    flags: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        texts = (self.sender, self.recipient, self.subject, self.text, self.message_id)
        if any(text is not None and not folded(text) for text in texts):
            raise ValueError("nothing to look for was given")
        if not all(_GUID.fullmatch(each) for each in self.guids):
            raise ValueError("a GUID has 40 hexadecimal digits")
        if self.uids is not None and not self.uids.ranges:
            raise ValueError("a set of UIDs without any")
        if self.larger is not None and self.larger < 0:
            raise ValueError(f"a size is not {self.larger}")
        if not all(self.flags) or not all(self.folders):
            raise ValueError("a flag or a folder without a name")
        times = (self.since, self.before, self.deleted_since)
        if any(each is not None and each.tzinfo is None for each in times):
            raise ValueError("a time without a zone")
        if self.since is not None and self.before is not None and self.since >= self.before:
            raise ValueError("nothing can be both since then and before then")

    @property
    def is_empty(self) -> bool:
        """Whether every message is meant."""
        return self == Conditions()

    @property
    def is_exact(self) -> bool:
        """Whether single messages are named, and nothing is to be searched for."""
        return Conditions(guids=self.guids, uids=self.uids, folders=self.folders) == self

    @property
    def is_about_fields(self) -> bool:
        """Whether the sender's header fields are needed to tell, so cache or message file."""
        return (self.sender, self.recipient, self.subject, self.message_id) != (None,) * 4

    @property
    def is_about_body(self) -> bool:
        """Whether the whole message is needed to tell."""
        return self.text is not None or self.has_attachment

    def as_json(self) -> dict[str, object]:
        """All of them by the names of their fields; what was not asked is null or empty."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: _json(value) for name, value in values.items()}


EVERY_MESSAGE: Final = Conditions()


class DescribedFields(Protocol):
    """What a sender wrote into the header; people are ``Name <address>`` each."""

    @property
    def senders(self) -> tuple[str, ...]: ...  # noqa: D102 - see above
    @property
    def recipients(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def subject(self) -> str | None: ...  # noqa: D102
    @property
    def message_id(self) -> str | None: ...  # noqa: D102


class DescribedBody(Protocol):
    """What needs the whole message; ``text`` is that of body and attachments' names, decoded.

    Both but the subject are None where nobody knows: then no condition on them holds.
    """

    @property
    def subject(self) -> str | None: ...  # noqa: D102 - see above
    @property
    def has_attachment(self) -> bool | None: ...  # noqa: D102
    @property
    def text(self) -> str | None: ...  # noqa: D102


class Described(DescribedFields, DescribedBody, Protocol):
    r"""One message, as far as conditions ask for it; what is dear may be read when asked.

    ``folder`` is a decoded path. ``deleted_at`` is None where its user has not deleted it,
    or nobody knows when.
    """

    @property
    def folder(self) -> str: ...  # noqa: D102 - see above
    @property
    def uid(self) -> int: ...  # noqa: D102
    @property
    def guid(self) -> str | None: ...  # noqa: D102
    @property
    def internaldate(self) -> datetime: ...  # noqa: D102
    @property
    def deleted_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def size_bytes(self) -> int: ...  # noqa: D102
    @property
    def flags(self) -> tuple[str, ...]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """A `Described` message, all of which is known."""

    folder: str
    uid: int
    guid: str | None
    internaldate: datetime
    size_bytes: int
    deleted_at: datetime | None = None
    flags: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    subject: str | None = None
    message_id: str | None = None
    has_attachment: bool | None = None
    text: str | None = None


def matches(conditions: Conditions, message: Described) -> bool:
    """Whether a message fulfils all of the conditions; what is cheap is asked first."""
    return (
        _matches_record(conditions, message)
        and matches_fields(conditions, message)
        and matches_body(conditions, message)
    )


def _matches_record(wanted: Conditions, message: Described) -> bool:
    deleted_at = message.deleted_at
    return (
        (not wanted.guids or message.guid in wanted.guids)
        and (wanted.uids is None or _has_uid(wanted.uids, message.uid))
        and (wanted.since is None or message.internaldate >= wanted.since)
        and (wanted.before is None or message.internaldate < wanted.before)
        and (wanted.larger is None or message.size_bytes > wanted.larger)
        and (
            wanted.deleted_since is None
            or (deleted_at is not None and deleted_at >= wanted.deleted_since)
        )
        and (not wanted.flags or has_flags(wanted.flags, message.flags))
        and is_in_folders(wanted.folders, message.folder)
    )


def matches_fields(conditions: Conditions, message: DescribedFields) -> bool:
    """Whether a message fulfils those that need its header's fields."""
    wanted = conditions
    return (
        (wanted.sender is None or contains(message.senders, wanted.sender))
        and (wanted.recipient is None or contains(message.recipients, wanted.recipient))
        and (wanted.subject is None or contains([message.subject], wanted.subject))
        and (wanted.message_id is None or is_id(message.message_id, wanted.message_id))
    )


def matches_body(conditions: Conditions, message: DescribedBody) -> bool:
    """Whether a message fulfils those that need all of it: ``text`` and ``has_attachment``.

    ``text`` may stand in the subject, too.
    """
    if conditions.has_attachment and not message.has_attachment:
        return False
    wanted = conditions.text
    return (
        wanted is None or contains([message.subject], wanted) or contains([message.text], wanted)
    )


def is_in_folders(folders: Iterable[str], path: str, *, is_deleted: bool | None = None) -> bool:
    """Whether a decoded path is in any of ``folders``, or none were named.

    ``is_deleted`` None: the path tells it.
    """
    wanted = tuple(folders)
    if is_deleted is None:
        is_deleted = path.startswith(f"{DELETED}/")
    return not wanted or any(is_meant(each, path, is_deleted=is_deleted) for each in wanted)


def contains(texts: Iterable[str | None], needle: str) -> bool:
    """Whether one of ``texts`` has ``needle`` in it, without case and accents."""
    wanted = folded_needle(needle)
    return any(wanted in folded(text) for text in texts if text is not None)


def is_id(found: str | None, wanted: str) -> bool:
    """Whether two Message-IDs are the same, with or without brackets (RFC 5322, 3.6.4)."""
    return found is not None and found.strip().strip("<>") == wanted.strip().strip("<>")


def has_flags(wanted: Iterable[str], flags: Iterable[str]) -> bool:
    """Whether all of ``wanted`` are set; flags have no case (RFC 3501, 2.3.2)."""
    there = {each.lower() for each in flags}
    return all(each.lower() in there for each in wanted)


def _has_uid(uids: UidSet, uid: int) -> bool:
    return any(first <= uid <= last for first, last in uids.ranges)


def _json(value: object) -> object:
    if isinstance(value, datetime):
        return as_utc_text(value)
    if isinstance(value, UidSet):
        return str(value)
    return list(value) if isinstance(value, tuple) else value

"""Mailbox names: one value, and the ways that it is written."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from respool.model.dataclasses import dataclass
from respool.model.modified_utf7 import (
    InvalidModifiedUtf7,
    parse_modified_utf7,
    render_modified_utf7,
)

USER = "user"
DELETED = "DELETED"
_DELETED_AT: Final = re.compile(r"[0-9A-Fa-f]{8}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class MailboxName:
    """One Cyrus mailbox, named by its parts.

    ``parts`` run from the root inwards and are never empty. They are in the server's
    own encoding (modified UTF-7 where it is valid; what a backup holds is kept as it
    is), with a real dot as ``.``: ``("user", "john.doe", "v1.2")``.
    ``domain`` is None where the server has no virtual domains.
    """

    domain: str | None
    parts: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.parts or not all(self.parts):
            raise ValueError(f"a mailbox name needs parts that are not empty: {self.parts!r}")
        if any("/" in part or "\0" in part for part in self.parts):
            raise ValueError(f"no part of a mailbox name holds '/' or NUL: {self.parts!r}")

    @property
    def internal(self) -> str:
        """As in ``mailboxes.db`` up to 3.4: ``b.loc!user.john^doe.Sent``."""
        dotted = ".".join(part.replace(".", "^") for part in self.parts)
        return dotted if self.domain is None else f"{self.domain}!{dotted}"

    @property
    def admin(self) -> str:
        """As an administrator writes it with ``unixhierarchysep: yes``, still encoded."""
        return self.admin_with("/")

    def admin_with(self, separator: str) -> str:
        """As an administrator writes it, still encoded, with the server's separator."""
        path = separator.join(self.parts)
        return path if self.domain is None else f"{path}@{self.domain}"

    @property
    def display(self) -> str:
        """The administrator's name, decoded: ``user/jdoe/Été@b.loc``."""
        path = "/".join(decoded_part(part) for part in self.parts)
        return path if self.domain is None else f"{path}@{self.domain}"

    @property
    def is_user(self) -> bool:
        """Whether this is a user's INBOX or below it (not a deleted one)."""
        return len(self.parts) >= 2 and self.parts[0] == USER

    @property
    def is_deleted(self) -> bool:
        """Whether this lies below ``DELETED``, where delayed deletion keeps mailboxes."""
        return self.parts[0] == DELETED and len(self.parts) > 1

    @property
    def deleted_at(self) -> datetime | None:
        """When delayed deletion moved this here, by its last part; None where none says so.

        Eight hexadecimal digits, seconds since 1970, added by the server that deleted it.

        Source: imap/mboxname.c, ``mboxname_todeleted``, ``mboxname_isdeletedmailbox``.

        >>> str(parse_internal_name("b.loc!DELETED.user.jdoe.Old.673C4583").deleted_at)
        '2024-11-19 08:00:03+00:00'
        """
        if not self.is_deleted or len(self.parts) < 3 or not _DELETED_AT.fullmatch(self.parts[-1]):
            return None
        return datetime.fromtimestamp(int(self.parts[-1], 16), UTC)

    def child(self, *parts: str) -> MailboxName:
        """The mailbox ``parts`` below this one."""
        return MailboxName(domain=self.domain, parts=self.parts + parts)

    def ancestor(self, size: int) -> MailboxName:
        """The mailbox of the first ``size`` parts."""
        return MailboxName(domain=self.domain, parts=self.parts[:size])

    def is_below(self, other: MailboxName) -> bool:
        """Whether this is a descendant of ``other`` (not ``other`` itself)."""
        size = len(other.parts)
        return (
            self.domain == other.domain
            and len(self.parts) > size
            and self.parts[:size] == other.parts
        )


def decoded_part(part: str) -> str:
    """``part`` as people read it; unchanged where it is no modified UTF-7."""
    try:
        return parse_modified_utf7(part)
    except InvalidModifiedUtf7:
        return part


def encoded_part(text: str) -> str:
    """A folder name as people type it, in the server's encoding."""
    return render_modified_utf7(text)


def shortened(part: str, octets: int) -> str:
    """``part``, still encoded, without at least ``octets`` of its end, but never all of it."""
    text = decoded_part(part)
    wanted = max(len(part) - octets, 8)
    while len(encoded_part(text)) > wanted and len(text) > 1:
        text = text[:-1]
    return encoded_part(text)


def parse_internal_name(internal: str) -> MailboxName:
    """The mailbox of an internal name such as ``b.loc!user.john^doe.Sent``.

    Raises:
        ValueError: an empty part.
    """
    domain, mark, dotted = internal.partition("!")
    if not mark:
        domain, dotted = "", internal
    parts = tuple(part.replace("^", ".") for part in dotted.split("."))
    return MailboxName(domain=domain or None, parts=parts)

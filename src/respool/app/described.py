"""Messages of a backup as conditions ask for them: their header's fields, and all of them."""

from __future__ import annotations

from functools import cached_property

from respool.cyrus.message_headers import (
    READ_SIZE,
    AddressField,
    HeaderFields,
    parse_message_headers,
)
from respool.cyrus.message_text import MessageText, message_text
from respool.model.dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedHeader:
    """Header fields as conditions ask for them."""

    fields: HeaderFields

    @property
    def senders(self) -> tuple[str, ...]:
        """``Name <address>`` each."""
        return tuple(map(_person, self.fields.from_addresses))

    @property
    def recipients(self) -> tuple[str, ...]:
        """The same of ``To`` and ``Cc``."""
        return tuple(map(_person, (*self.fields.to_addresses, *self.fields.cc_addresses)))

    @property
    def subject(self) -> str | None:
        """Decoded."""
        return self.fields.subject

    @property
    def message_id(self) -> str | None:
        """With its brackets."""
        return self.fields.message_id


@dataclass(frozen=True, kw_only=True)
class DescribedMessage:
    """A whole message as conditions ask for it."""

    octets: bytes

    @cached_property
    def subject(self) -> str | None:
        """Decoded."""
        return parse_message_headers(self.octets[:READ_SIZE]).subject

    @property
    def has_attachment(self) -> bool:
        """Whether a part is one, or has the name of a file."""
        return bool(self._read.attachments)

    @property
    def text(self) -> str:
        """What can be read in it, and the names of attachments."""
        return "\n".join((self._read.text, *self._read.attachments))

    @cached_property
    def _read(self) -> MessageText:
        return message_text(self.octets)


def _person(each: AddressField) -> str:
    return f"{each.name or ''} <{each.address or ''}>"

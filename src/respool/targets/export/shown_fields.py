"""What a page shows of a message, of the first octets of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from respool.cyrus.message_headers import AddressField, parse_message_headers
from respool.exports.written import shown

START_OCTETS: Final = 16 << 10  # of a message: its header, in all but a few


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFields:
    """Subject and people as text; "" where there is none."""

    subject: str
    sender: str
    recipients: str


def shown_fields(start: bytes) -> ShownFields:
    """Those of a message that begins with ``start``."""
    fields = parse_message_headers(start)
    return ShownFields(
        subject=shown(fields.subject),
        sender=shown(_people(fields.from_addresses)),
        recipients=shown(_people(fields.to_addresses)),
    )


def _people(addresses: Sequence[AddressField]) -> str:
    return ", ".join(map(_person, addresses[:20]))


def _person(one: AddressField) -> str:
    if one.name and one.address:
        return f"{one.name} <{one.address}>"
    return one.name or one.address or ""

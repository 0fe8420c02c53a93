"""One message for people: a row of ``ls``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from respool.cli.output import shown_size

if TYPE_CHECKING:
    from respool.app.ls import ListedMessage


def message_row(message: ListedMessage) -> tuple[str, ...]:
    """Its UID, date, size, flags with marks, sender and subject."""
    sender = next(iter(message.fields.from_addresses), None)
    marks = ["expunged"] if message.is_expunged else []
    marks += ["damaged"] if message.findings else []
    marks += [] if message.hsm is None else [f"archived:{message.hsm}"]
    return (
        str(message.uid),
        f"{message.internaldate.astimezone():%Y-%m-%d %H:%M}",
        shown_size(message.size_bytes),
        " ".join([*message.flags, *marks]),
        (sender.name or sender.address or "") if sender else "",
        message.fields.subject or "",
    )

"""Findings: something odd in the data, as a value that is collected, shown and counted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters."""

    NOTE = "note"  # odd, nothing is lost
    LOSS = "loss"  # something of the user's is missing or damaged in the backup
    BLOCKS = "blocks"  # this mailbox cannot be restored with its metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One oddity. ``code`` is stable; ``subject`` is a mailbox, file or UID; ``text`` says it.

    ``uid`` is set where the finding is about one message.
    """

    severity: Severity
    code: str
    subject: str
    text: str
    uid: int | None = None

    def as_json(self) -> dict[str, str | int | None]:
        """The shape in every ``findings`` list."""
        return {
            "severity": self.severity.value,
            "code": self.code,
            "subject": self.subject,
            "text": self.text,
            "uid": self.uid,
        }

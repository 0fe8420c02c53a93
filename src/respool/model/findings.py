"""Findings: something odd in the data, as a value that is collected, shown and counted."""

from __future__ import annotations

from pathlib import PurePosixPath

from respool.model.dataclasses import dataclass
from respool.model.finding_kinds import KINDS, Severity

__all__ = ["Finding", "Severity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One oddity. ``code`` is one of KINDS; ``subject`` names a mailbox, file or UID.

    ``text`` says what was found. ``count`` is of how many things of its kind it speaks.
    ``uid`` is set where the finding is about one message, ``file`` where it is about a file
    or directory of the backup: its path relative to the part's place.
    """

    severity: Severity
    code: str
    subject: str
    text: str
    uid: int | None = None
    file: PurePosixPath | None = None
    count: int = 1

    def __post_init__(self) -> None:
        """Refuse what the reference does not know.

        Raises:
            ValueError: a code without a row, or a severity that its row does not name.
        """
        kind = KINDS.get(self.code)
        if kind is None or self.severity not in kind.severities:
            what = f'finding code "{self.code}"'
            what += "" if kind is None else f" with severity {self.severity}"
            where = "add it to model/finding_kinds.py and docs/reference/findings.md"
            raise ValueError(f"unknown {what}: {where}")

    @property
    def means(self) -> str:
        """What it means for a restore, in one sentence."""
        return KINDS[self.code].means

    def as_json(self) -> dict[str, str | int | None]:
        """The shape in every ``findings`` list."""
        return {
            "severity": self.severity.value,
            "code": self.code,
            "subject": self.subject,
            "file": None if self.file is None else str(self.file),
            "text": self.text,
            "means": self.means,
            "uid": self.uid,
            "count": self.count,
        }

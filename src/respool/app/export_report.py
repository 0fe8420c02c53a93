"""What reading an export again has found, as it is shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import Any, Final

from respool.exports.manifest_head import ManifestHead
from respool.model.dataclasses import dataclass
from respool.model.json_text import as_utc_text
from respool.verification.report import Verdict

MOST: Final = 1000  # differences, and things besides, that are kept one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportDifference:
    """One thing about a message that is not as the manifest says.

    ``aspect`` is ``missing``, ``unreadable``, ``size``, ``octets``, ``flags`` or ``date``.
    """

    folder: str
    uid: int
    file: str
    aspect: str
    expected: str
    found: str

    def as_json(self) -> dict[str, object]:
        """The shape in ``differs``."""
        return {
            "folder": self.folder,
            "uid": self.uid,
            "file": self.file,
            "aspect": self.aspect,
            "expected": self.expected,
            "found": self.found,
        }


@dataclass(slots=True, kw_only=True)
class ExportReport:
    """An export held against its manifest.

    ``read`` messages were looked at and ``proven`` are as the manifest says; ``octets`` were
    read of them. ``lost`` were lost in the backup already. ``counts`` has how many differ in
    which aspect, ``differs`` the first of them. ``added`` are the first of ``added_count``
    things that are there and in no manifest. ``damage`` says what is wrong with the manifest.
    """

    place: str
    head: ManifestHead
    read: int = 0
    proven: int = 0
    octets: int = 0
    lost: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    differs: list[ExportDifference] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    added_count: int = 0
    damage: str | None = None
    seconds: float = 0.0

    def note(self, differences: list[ExportDifference]) -> None:
        """One message that was looked at."""
        self.read += 1
        self.proven += not differences
        self.counts.update(each.aspect for each in differences)
        self.differs += differences[: max(0, MOST - len(self.differs))]

    def note_added(self, name: str) -> None:
        """Something that is there besides."""
        self.added_count += 1
        if len(self.added) < MOST:
            self.added.append(name)

    @property
    def verdict(self) -> Verdict:
        """Equality first; what the backup lacked is said after it."""
        if self.damage or self.counts or self.added_count or self.read < self.head.messages:
            return Verdict.DIFFERS
        return Verdict.INCOMPLETE if self.lost else Verdict.PROVEN

    @property
    def exit_status(self) -> int:
        """As that of `verify`: 0 proven, 3 proven but the backup lacked mail, 30 differs."""
        return {Verdict.PROVEN: 0, Verdict.INCOMPLETE: 3}.get(self.verdict, 30)

    def as_json(self) -> dict[str, Any]:
        """The shape of ``verify --export --json``."""
        return {
            "export": self.place,
            "form": self.head.form.value,
            "account": self.head.account.address,
            "generation": self.head.generation,
            "taken_at": as_utc_text(self.head.taken_at),
            "made_at": as_utc_text(self.head.made_at),
            "software": self.head.software,
            "verdict": self.verdict.value,
            "messages": self.proven,
            "expected": self.head.messages,
            "size_bytes": self.octets,
            "lost_in_backup": self.lost,
            "counts": dict(sorted(self.counts.items())),
            "differs": [each.as_json() for each in self.differs],
            "added": list(self.added),
            "added_count": self.added_count,
            "manifest": self.damage,
            "seconds": round(self.seconds, 3),
        }

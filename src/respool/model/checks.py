"""One thing that was looked at before a restore, and how it stands."""

from __future__ import annotations

from enum import StrEnum

from respool.model.dataclasses import dataclass


class Mark(StrEnum):
    """How a thing stands."""

    OK = "ok"  # found, and as it should be
    NOTE = "note"  # missing or odd, a restore can do without
    BAD = "bad"  # a restore cannot be done like this


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at, what was ``found``, and what to do about it."""

    what: str
    mark: Mark
    found: str
    hint: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """The shape in ``checks``."""
        return {
            "check": self.what,
            "status": self.mark.value,
            "found": self.found,
            "hint": self.hint,
        }

    @property
    def as_reason(self) -> str:
        """All of it in one sentence, as a reason against a plan."""
        said = f"{self.what}: {self.found}"
        return said if self.hint is None else f"{said}; {self.hint}"

"""Proofs that lie in the receipts of the steps themselves: at another server each step that
gives somebody something reads it back at once, and nobody can look again later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

Note: TypeAlias = Mapping[str, Any]
_GIVING: Final = "imap-give-seen"
_SETTING: Final = "imap-set-annotations"
_NOTHING_ELSE: Final[Note] = {"since": 0, "closed": "", "missing": ""}


def readers_seen_in_steps(receipts: Sequence[tuple[str, Note]]) -> Note | None:
    """What readers saw of their marks, as a proof says it; None where there was no such step."""
    notes = [note for kind, note in receipts if kind == _GIVING and "marks" in note]
    readers = [
        {
            "reader": note["reader"],
            "proven": note["marks"],
            "since": 0,
            "closed": "",
            "missing": "",
        }
        for note in notes
    ]
    return {"readers": readers} if readers else None


def annotations_read_in_steps(receipts: Sequence[tuple[str, Note]]) -> Note | None:
    """What read back of annotations, and of what a folder is for, as a proof says it; None where
    there was no such step.
    """
    given = [note["given"] for kind, note in receipts if kind == _SETTING]
    given += [note["uses"] for _, note in receipts if "uses" in note]
    return {"proven": sum(given), "differs": ()} if given else None

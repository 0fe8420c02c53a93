"""What was annotated again, as a receipt says it. Values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from respool.model.dataclasses import dataclass
from respool.model.state import SPECIAL_USE, UidSet
from respool.planning.plan import PlannedMailbox

Note: TypeAlias = Mapping[str, Any]
_NOT_READ: Final[Mapping[str, Any]] = {
    "entry": "every entry",
    "userid": None,
    "uid": None,
    "planned": "read back",
    "found": "not read back",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderAnnotations:
    """One folder: what was given, what reads back, what stays away and why.

    ``given`` and ``proven`` count annotations of the mailbox and of its messages, special
    use too. ``changed_since`` counts what somebody changed since.
    """

    folder: str
    given: int
    proven: int
    special_use: tuple[str, ...]
    differs: tuple[Mapping[str, Any], ...]
    changed_since: int
    left: Mapping[str, str]


def folder_annotations(
    planned: PlannedMailbox,
    receipts: Sequence[tuple[str, Note]],
    *,
    first_proof: Note | None,
    proof: Note | None,
) -> FolderAnnotations:
    """``receipts`` are kind and note of the folder's steps; ``first_proof`` is the run's
    own, ``proof`` the one to be reported.
    """
    left = dict(planned.annotations_left)
    refused = [
        (f"{entry} of {note['userid']}" if note["userid"] else entry, entry, why)
        for _, note in receipts
        for entry, _, why in note.get("refused", ())
    ]
    left |= {name: why for name, _, why in refused}
    wanted = planned.annotations + planned.message_annotations + len(planned.special_use[:1])
    given = max(wanted - _count_of_refused(receipts), 0)
    is_later = proof is not first_proof and first_proof is not None
    was_proven = is_later and first_proof is not None and not first_proof["differs"]
    proven = 0 if proof is None else int(proof["proven"])
    differs: tuple[Mapping[str, Any], ...] = ()
    if given and not was_proven:
        differs = tuple(proof["differs"]) if proof is not None else ()
        if not differs and proven < given:  # never read back, or nothing there to read
            differs = (_NOT_READ,)
    is_special = any(entry == SPECIAL_USE for _, entry, _ in refused)
    return FolderAnnotations(
        folder=planned.target_path,
        given=given,
        proven=proven,
        special_use=() if is_special else planned.special_use,
        differs=differs,
        changed_since=given - proven if was_proven else 0,
        left=left,
    )


def _count_of_refused(receipts: Sequence[tuple[str, Note]]) -> int:
    """How many annotations the server refused; one that it refused twice counts once."""
    refused = {
        (note["userid"], entry, uid)
        for _, note in receipts
        for entry, uids, _ in note.get("refused", ())
        for uid in ([None] if uids is None else UidSet.parse(uids).uids().tolist())
    }
    return len(refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationReport:
    """All annotations of a run."""

    folders: tuple[FolderAnnotations, ...] = ()

    @property
    def given(self) -> int:
        """How many were written."""
        return sum(each.given for each in self.folders)

    @property
    def proven(self) -> int:
        """How many of them read back."""
        return sum(each.proven for each in self.folders)

    @property
    def differs_count(self) -> int:
        """How many do not read back as planned."""
        return sum(len(each.differs) for each in self.folders)

    @property
    def changed_since(self) -> int:
        """How many somebody changed since."""
        return sum(each.changed_since for each in self.folders)

    @property
    def left(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        r"""Entry, or special use, and reason → the folders where it stays away."""
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for each in self.folders:
            for key in each.left.items():
                found[key] = (*found.get(key, ()), each.folder)
        return found

    def as_json(self) -> dict[str, Any]:
        """The shape of ``annotations`` in a receipt."""
        return {
            "given": self.given,
            "proven": self.proven,
            "differs": [
                {"folder": each.folder, **difference}
                for each in self.folders
                for difference in each.differs
            ],
            "changed_since": self.changed_since,
            "left": [
                {"entry": entry, "why": why, "folders": list(folders)}
                for (entry, why), folders in sorted(self.left.items())
            ],
        }

    def special_use_as_json(self) -> list[dict[str, Any]]:
        """The shape of ``special_use``: folders that are for something again."""
        return [
            {"folder": each.folder, "use": list(each.special_use)}
            for each in self.folders
            if each.special_use
        ]

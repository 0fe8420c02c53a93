"""What readers were given back, as a receipt says it. Values only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from respool.model.dataclasses import dataclass
from respool.planning.plan import PlannedMailbox

Note: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderOutcome:
    """One reader of one folder: marks that were planned for him, and that he sees.

    ``left`` says why he was given none. ``differs`` is what is not as planned;
    ``changed_since`` counts what he read, unread or lost from sight himself since.
    """

    folder: str
    reader: str
    marks: int
    proven: int
    differs: str | None = None
    changed_since: int = 0
    left: str | None = None


def reader_outcomes(
    planned: PlannedMailbox,
    receipts: Sequence[tuple[str, Note]],
    *,
    first_proof: Note | None,
    proof: Note | None,
) -> Iterator[ReaderOutcome]:
    """Every reader of a folder that the plan speaks of.

    ``receipts`` are kind and note of the folder's steps; ``first_proof`` is the run's
    own, ``proof`` the one to be reported.
    """
    given = {note["reader"]: note for _, note in receipts if "reader" in note}
    first, newest = _by_reader(first_proof), _by_reader(proof)
    is_later = first_proof is not None and proof is not first_proof
    for reader, marks in planned.seen_by.items():
        left = given.get(reader, {}).get("left")
        found = newest.get(reader)
        base = ReaderOutcome(
            folder=planned.target_path, reader=reader, marks=marks, proven=0, left=left
        )
        if left is not None:
            yield base
        elif found is None:
            yield _unread(base, proof, is_later=is_later)
        else:
            yield _compared(base, found, first.get(reader) if is_later else None)
    for reader, why in planned.seen_left.items():
        yield ReaderOutcome(folder=planned.target_path, reader=reader, marks=0, proven=0, left=why)


def _by_reader(proof: Note | None) -> Mapping[str, Note]:
    return {} if proof is None else {each["reader"]: each for each in proof["readers"]}


def _unread(base: ReaderOutcome, proof: Note | None, *, is_later: bool) -> ReaderOutcome:
    why = "not read back" if proof is None else str(proof.get("why", "not read back"))
    if is_later and proof is not None:  # the folder is gone: the proof of its mail tells of it
        return replace(base, changed_since=base.marks)
    return replace(base, differs=why)


def _compared(base: ReaderOutcome, found: Note, first: Note | None) -> ReaderOutcome:
    """Against the plan; ``first`` is what the run itself had proven, for a later look."""
    proven, since = int(found["proven"]), int(found["since"])
    missing = base.marks - proven
    was_proven = base.marks if first is None else int(first["proven"])
    if first is not None and was_proven == base.marks:
        return replace(base, proven=proven, changed_since=since + missing)
    if not missing:
        return replace(base, proven=proven, changed_since=since)
    why = found["closed"] or f"{missing} not read: {found['missing']}"
    return replace(base, proven=proven, changed_since=since, differs=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenReport:
    """All readers of all folders of a run."""

    outcomes: tuple[ReaderOutcome, ...] = ()

    @property
    def marks(self) -> int:
        """How many marks were given."""
        return sum(each.marks for each in self.outcomes if each.left is None)

    @property
    def proven(self) -> int:
        """How many of them their readers see."""
        return sum(each.proven for each in self.outcomes)

    @property
    def differing(self) -> tuple[ReaderOutcome, ...]:
        """Those that are not as planned."""
        return tuple(each for each in self.outcomes if each.differs is not None)

    @property
    def changed_since(self) -> int:
        """What readers changed themselves."""
        return sum(each.changed_since for each in self.outcomes)

    @property
    def readers(self) -> tuple[str, ...]:
        """Who was given marks."""
        return tuple(sorted({each.reader for each in self.outcomes if each.left is None}))

    @property
    def left(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """Reader and reason → the folders where he was given none."""
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for each in self.outcomes:
            if each.left is not None:
                key = each.reader, each.left
                found[key] = (*found.get(key, ()), each.folder)
        return found

    def as_json(self) -> dict[str, Any]:
        """The shape of ``seen`` in a receipt."""
        return {
            "readers": [self._reader(each) for each in self.readers],
            "marks": self.marks,
            "proven": self.proven,
            "missing_readers": [
                {"reader": reader, "why": why, "folders": list(folders)}
                for (reader, why), folders in sorted(self.left.items())
            ],
        }

    def _reader(self, reader: str) -> dict[str, Any]:
        his = [each for each in self.outcomes if each.reader == reader and each.left is None]
        return {
            "reader": reader,
            "folders": len(his),
            "marks": sum(each.marks for each in his),
            "proven": sum(each.proven for each in his),
            "differs": [
                {"folder": each.folder, "found": each.differs}
                for each in his
                if each.differs is not None
            ],
            "changed_since": sum(each.changed_since for each in his),
        }

"""Is a backup being written, or an old one being removed, and does it matter for a restore?

Source: BlueMind's GenerationWriter (a part has no end while it is written), ForgetTask (an old
part is emptied by rsync before it is removed), RemoveForgottenParts (every part that no
description names goes at the end of a backup).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from respool.backups.candidates import UNDER_WAY
from respool.backups.discovery import Backup
from respool.backups.source import SourceMailbox
from respool.model.dataclasses import dataclass
from respool.model.generations import Generation, GenerationState
from respool.system.processes import Process

_ELSEWHERE: Final = "wait for its end, or choose another generation (-g)"
_WHOLE: Final = "generation-running"
_PART: Final = "part-running"
_WRITERS: Final = frozenset({"rsync"})
_REMOVERS: Final = frozenset({"rm"})
_DELETING: Final = ("find", "-delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """What speaks ``against`` using the generation now, and what is only to be known."""

    against: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


def under_way(
    backup: Backup,
    generation: Generation,
    sources: Sequence[SourceMailbox],
    found: Iterable[Process],
) -> UnderWay:
    """What is being done to ``backup`` at this moment.

    ``sources`` are what a restore reads of ``generation``: what happens to the rest of it
    does not matter.
    """
    spools = frozenset(each.spool for each in sources)
    against = (
        *_without_end(generation, spools),
        *_at_risk(backup, generation),
        *touched(directories_of(sources), found),
    )
    return UnderWay(
        against=tuple(dict.fromkeys(against)),
        beside=tuple(_others(backup, generation, spools)),
    )


def directories_of(sources: Iterable[SourceMailbox]) -> frozenset[PurePosixPath]:
    """Where message files and metadata of ``sources`` lie, absolute."""
    return frozenset(
        source.spool / below
        for source in sources
        for below in (source.place.data, source.place.meta, source.place.archive)
        if below is not None
    )


def _without_end(generation: Generation, spools: frozenset[PurePosixPath]) -> Iterator[str]:
    if any(each.code == _WHOLE for each in generation.findings):
        yield f"generation {generation.label} is being written: {_ELSEWHERE}"
    for part in generation.parts:
        if not part.has_end and part.place in spools:
            yield (
                f"part {part.part_id} of generation {generation.label}, which has this mail, has"
                f" no end: it is being written; {_ELSEWHERE}"
            )


def _at_risk(backup: Backup, generation: Generation) -> Iterator[str]:
    """A part that no description names is deleted by the backup that runs now, at its end."""
    if generation.state is not GenerationState.AT_RISK:
        return
    for other in backup.generations:
        if other.state is GenerationState.RUNNING:
            yield (
                f"{generation.label} is named by no description, and generation {other.label} is"
                " being written: at its end BlueMind deletes such parts; move it out of dp_spool"
            )


def touched(directories: Collection[PurePosixPath], found: Iterable[Process]) -> Iterator[str]:
    """Programs that write to, or remove, directories that are to be read, or some above them.

    rsync names its destination last; ``--sender`` marks the end of it that only reads.
    """
    for process in found:
        for place in _written_by(process):
            if any(_meet(place, each) for each in directories):
                yield (
                    f"{process.name} (process {process.pid}) is writing to {place}, or emptying"
                    f" it: {_ELSEWHERE}"
                )
                break


def _written_by(process: Process) -> Iterator[PurePosixPath]:
    words: tuple[str, ...] = ()
    name, option = _DELETING
    if process.name in _REMOVERS or (process.name == name and option in process.words):
        words = process.words
    elif process.name in _WRITERS and "--sender" not in process.words:
        words = process.words[-1:]
    yield from (PurePosixPath(word) for word in words if word.startswith("/"))


def _meet(place: PurePosixPath, directory: PurePosixPath) -> bool:
    return place.is_relative_to(directory) or directory.is_relative_to(place)


def _others(
    backup: Backup, generation: Generation, spools: frozenset[PurePosixPath]
) -> Iterator[str]:
    ours = {f"part {part.part_id}" for part in generation.parts if part.place in spools}
    for each in generation.findings:
        if each.code == _PART and each.subject not in ours:
            yield f"{each.subject} of the same generation: {each.text}"
    for other in backup.generations:
        if other.state is GenerationState.RUNNING and other.label != generation.label:
            yield f"generation {other.label} is being written"
    for entry in backup.unused:
        if entry.why == UNDER_WAY:
            yield f"{entry.name}: {entry.why}"

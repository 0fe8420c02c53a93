"""Directories that may be generations, and what becomes of them: the way of all dated trees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Final

from respool.backups.dated_names import is_underway
from respool.backups.kind import RootContents
from respool.backups.opened_exports import opened_export
from respool.backups.source import tree_at
from respool.backups.spool_layout import find_partitions, newest_time_in
from respool.errors import BackupError, BackupFileMissing
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.generations import Generation, GenerationState, Part, UnusedEntry
from respool.system.read_only import EntryKind

_MACHINE_DEPTH: Final = 2  # rsnapshot's "localhost/", or a folder below it
_TOGETHER: Final = timedelta(hours=12)
NO_MAIL: Final = "no mail in it"
UNDER_WAY: Final = "a copy under way"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A directory that may be a generation.

    ``label`` names it for ``-g``; ``entry`` is its path below the root as shown;
    ``taken_at`` is None where nothing but its files can tell. ``host`` is the server
    where the tree says so. ``is_underway``: it is still being written.
    """

    label: str
    entry: str
    place: PurePosixPath
    taken_at: datetime | None
    is_about: bool = True
    host: str | None = None
    number: int | None = None
    is_underway: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spool:
    host: str | None
    place: PurePosixPath


def has_spool(place: PurePosixPath) -> bool:
    """Whether a directory has a spool, at once or below the name of a machine."""
    try:
        return bool(_spools_at(place))
    except BackupError:
        return False


def contents_of(
    candidates: Iterable[Candidate], unused: Iterable[UnusedEntry] = ()
) -> RootContents:
    """Generations of the candidates that have mail; those of several hosts joined by night.

    One that cannot be read is a generation without parts, one under way is running.
    """
    left = list(unused)
    generations = []
    for group in _by_night(tuple(candidates)):
        made, without = _generation(group)
        left += without
        if made is not None:
            generations.append(made)
    generations.sort(key=_order, reverse=True)
    left.sort(key=lambda entry: entry.name)
    return RootContents(generations=tuple(generations), unused=tuple(left))


def entries_besides(place: PurePosixPath, used: Iterable[str]) -> Iterator[UnusedEntry]:
    """The directories and links at a place that are not ``used``; files go without saying."""
    known = set(used)
    for entry in sorted(tree_at(place).scan(), key=lambda entry: entry.name):
        if entry.name in known or entry.name in {"lost+found", ".zfs"}:
            continue
        if entry.kind is EntryKind.LINK:
            yield UnusedEntry(name=entry.name, why="a link")
        elif entry.kind is EntryKind.DIRECTORY:
            why = UNDER_WAY if is_underway(entry.name) else "no generation by its name"
            yield UnusedEntry(name=entry.name, why=why)


def _spools_at(place: PurePosixPath, depth: int = _MACHINE_DEPTH) -> tuple[_Spool, ...]:
    """The spool at a place, else those of the machines below it.

    Raises:
        BackupFileMissing, BackupUnreadable.
    """
    tree, export = tree_at(place), opened_export(place)
    if export is not None and export.source.facts.software is None:
        return ()  # somebody's Maildir: many of them side by side are no generations
    if find_partitions(tree):
        return (_Spool(host=None, place=place),)
    if depth == 0:
        return ()
    return tuple(
        replace(spool, host="/".join(filter(None, (name, spool.host))))
        for name in tree.subdirectories()
        for spool in _spools_at(place / name, depth - 1)
    )


def _by_night(candidates: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """Candidates that belong together: of different hosts, within half a day; else each alone."""
    dated = [each for each in candidates if each.host is not None and each.taken_at is not None]
    for each in candidates:
        if each.host is None or each.taken_at is None:
            yield [each]
    group: list[Candidate] = []
    for each in sorted(dated, key=lambda each: (each.taken_at, each.host)):
        if group and not _goes_with(group, each):
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def _goes_with(group: Sequence[Candidate], other: Candidate) -> bool:
    first = group[0].taken_at
    is_new_host = all(each.host != other.host for each in group)
    is_near = bool(first and other.taken_at and other.taken_at - first < _TOGETHER)
    return is_new_host and is_near and not (group[0].is_underway or other.is_underway)


def _generation(group: Sequence[Candidate]) -> tuple[Generation | None, list[UnusedEntry]]:
    """What candidates of one night are together, and those of them that hold no mail."""
    parts: list[Part] = []
    findings: list[Finding] = []
    without: list[UnusedEntry] = []
    for each in group:
        found, problem = _parts_of(each)
        parts += found
        if problem is not None:
            findings.append(problem)
        elif not found and not each.is_underway:
            without.append(UnusedEntry(name=each.entry, why=NO_MAIL))
    first = next((each for each in group if each.is_underway), group[0])
    if not parts and not findings and not first.is_underway:
        return None, without
    if first.is_underway:
        findings.append(_finding("generation-running", first.entry, UNDER_WAY))
    return _made(first, group, parts, findings), without


def _made(
    first: Candidate, group: Sequence[Candidate], parts: list[Part], findings: list[Finding]
) -> Generation:
    taken_at = first.taken_at
    if taken_at is None and parts:
        taken_at = newest_time_in(tree_at(parts[0].place))
    state = GenerationState.COMPLETE
    if first.is_underway:
        state = GenerationState.RUNNING
    elif findings:
        state = GenerationState.PARTIAL
    return Generation(
        generation_id=first.number,
        label=first.label,
        taken_at=taken_at,
        is_about=any(each.is_about for each in group),
        state=state,
        parts=tuple(parts),
        findings=tuple(findings),
    )


def _parts_of(candidate: Candidate) -> tuple[list[Part], Finding | None]:
    try:
        spools = _spools_at(candidate.place)
    except BackupFileMissing:
        return [], _finding("generation-unreadable", candidate.entry, "it is gone again")
    except BackupError as error:
        text = f"it cannot be read: {error.why or error.what}"
        return [], _finding("generation-unreadable", candidate.entry, text)
    return [
        Part(
            part_id=None,
            place=spool.place,
            server="/".join(filter(None, (candidate.host, spool.host))) or None,
        )
        for spool in spools
    ], None


def _order(generation: Generation) -> tuple[bool, float, str]:
    taken_at = generation.taken_at
    return (taken_at is not None, taken_at.timestamp() if taken_at else 0.0, generation.label)


def _finding(code: str, subject: str, text: str) -> Finding:
    is_running = code == "generation-running"
    severity = Severity.NOTE if is_running else Severity.LOSS
    return Finding(severity=severity, code=code, subject=subject, text=text)

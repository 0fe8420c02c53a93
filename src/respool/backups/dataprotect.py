"""BlueMind's DataProtect: numbered parts below ``dp_spool``, described by JSON beside it.

The number of a directory is that of a part, not of a generation: only the description
knows which generation a part belongs to. A part that no description names is deleted by
BlueMind's next backup.

Source: BackupPath.java, GenerationWriter.java, RemoveForgottenParts.java.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final, TypeAlias

from respool.backups.descriptions import DescribedPart, Description, read_descriptions
from respool.backups.kind import RootContents
from respool.backups.letters import missing_letters
from respool.backups.source import tree_at
from respool.backups.spool_layout import find_partitions, newest_time_in
from respool.errors import BackupFileMissing
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.generations import BackupRoot, Generation, GenerationState, OtherPart, Part
from respool.system.read_only import ReadOnlyTree

_RSYNC: Final = "rsync"
_SPOOL: Final = "dp_spool"
_MAIL: Final = PurePosixPath("mail", "imap")
_ARCHIVE: Final = PurePosixPath("mail", "archive")
_VALID: Final = "VALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnDisk:
    part_id: int
    address: str
    tag: PurePosixPath
    place: PurePosixPath


_Disk: TypeAlias = Mapping[tuple[str, int], _OnDisk]  # by tag and number


class DataProtect:
    """The kind for ``/var/backups/bluemind``, its ``dp_spool``, or a copy of either."""

    name = "dataprotect"
    layout = "dp_spool/rsync/ADDRESS/mail/imap/NUMBER, as BlueMind writes it"

    def detect(self, place: PurePosixPath) -> BackupRoot | None:  # noqa: D102 - see BackupKind
        if _rsync_directory(place) is None:
            return None
        return BackupRoot(kind=self.name, place=place, description="BlueMind DataProtect")

    def contents(self, root: BackupRoot) -> RootContents:  # noqa: D102 - see BackupKind
        rsync = _rsync_directory(root.place)
        if rsync is None:
            return RootContents(generations=())
        on_disk = tuple(_parts_on_disk(rsync))
        disk = {(str(part.tag), part.part_id): part for part in on_disk}
        descriptions = _descriptions_near(rsync)
        described = [_described(description, disk) for description in descriptions]
        named = {
            (part.tag, part.part_id)
            for description in descriptions
            for part in (*description.parts, *description.others)
        }
        unnamed = [part for key, part in disk.items() if key not in named]
        forgotten = [_forgotten(part, unnamed) for part in unnamed if part.tag == _MAIL]
        free = _others(part for part in unnamed if part.tag == _ARCHIVE)
        found = [_with_store(each, free) for each in _with_missing_letters(described) + forgotten]
        return RootContents(generations=tuple(sorted(found, key=_order, reverse=True)))


def _order(generation: Generation) -> tuple[bool, float, int]:
    taken_at = generation.taken_at
    return (
        taken_at is not None,
        taken_at.timestamp() if taken_at else 0.0,
        generation.generation_id or 0,
    )


def _rsync_directory(place: PurePosixPath) -> PurePosixPath | None:
    """The directory of addresses at a root, its dp_spool, or itself."""
    for below in (PurePosixPath(_SPOOL, _RSYNC), PurePosixPath(_RSYNC), PurePosixPath()):
        try:
            tree = tree_at(place)
        except BackupFileMissing:
            return None
        if any(tree.is_directory(below / name / _MAIL) for name in tree.subdirectories(below)):
            return place / below
        if below.parts[:1] == (_SPOOL,) and tree.is_directory(below):
            return place / below
    return None


def _descriptions_near(rsync: PurePosixPath) -> tuple[Description, ...]:
    """Those of BlueMind's root, else of what was copied with the parts."""
    for directory in (rsync.parent.parent, rsync.parent, rsync):
        found = read_descriptions(directory)
        if found:
            return found
    return ()


def _parts_on_disk(rsync: PurePosixPath) -> Iterator[_OnDisk]:
    """All directories whose name is all digits; links such as ``last`` are none."""
    tree = tree_at(rsync)
    for address, tag in _tags(tree):
        for name in tree.subdirectories(address / tag):
            if name.isascii() and name.isdigit():
                place = tree.root / address / tag / name
                yield _OnDisk(part_id=int(name), address=address, tag=tag, place=place)


def _tags(tree: ReadOnlyTree) -> Iterator[tuple[str, PurePosixPath]]:
    """Each address with each tag that it has; a tag is two directories deep."""
    for address in tree.subdirectories():
        for first in tree.subdirectories(address):
            for second in tree.subdirectories(PurePosixPath(address, first)):
                yield address, PurePosixPath(first, second)


def _described(description: Description, disk: _Disk) -> Generation:
    findings: list[Finding] = []
    if description.problem is not None:
        text = f"its description cannot be read: {description.problem}"
        findings.append(_loss("description-unreadable", str(description.generation_id), text))
    elif not description.parts:
        findings.append(_loss("no-mail-part", str(description.generation_id), "it has no mail"))
    parts = []
    for named in description.parts:
        found = disk.get((named.tag, named.part_id))
        findings += _part_findings(named, found)
        if found is not None:
            parts.append(_part(named, found))
    begins = [part.begin for part in description.parts if part.begin is not None]
    return Generation(
        generation_id=description.generation_id,
        label=str(description.generation_id),
        taken_at=min(begins, default=description.protected_at),
        is_about=False,
        state=_state(description, findings),
        parts=tuple(sorted(parts, key=lambda part: part.part_id or 0)),
        software=description.software,
        findings=tuple(findings),
        others=_others(
            found
            for part in description.others
            if (found := disk.get((part.tag, part.part_id))) is not None
        ),
    )


def _with_store(generation: Generation, free: Sequence[OtherPart]) -> Generation:
    """One that has no archive of its own gets those that no description names.

    Bodies have random names: one of the name that a stub says is that stub's.
    """
    tag = str(_ARCHIVE)
    kept = [each for each in generation.others if each.tag != tag or each not in free]
    if any(each.tag == tag for each in kept):
        return generation
    return replace(generation, others=(*kept, *free))


def _others(found: Iterable[_OnDisk]) -> tuple[OtherPart, ...]:
    return tuple(
        OtherPart(tag=str(part.tag), part_id=part.part_id, address=part.address, place=part.place)
        for part in sorted(found, key=lambda part: (part.address, part.tag, part.part_id))
    )


def _state(description: Description, findings: list[Finding]) -> GenerationState:
    if any(not part.has_end for part in description.parts):
        return GenerationState.RUNNING
    return GenerationState.PARTIAL if findings else GenerationState.COMPLETE


def _part_findings(named: DescribedPart, found: _OnDisk | None) -> Iterator[Finding]:
    subject = f"part {named.part_id}"
    if not named.has_end:
        yield _note("part-running", subject, "it has no end: a backup is being written")
        return
    if found is None:
        yield _loss("part-missing", subject, "the description names it, it is not on disk")
    elif not find_partitions(tree_at(found.place)):
        yield _loss("part-empty", subject, "there is no mail spool in it")
    if named.validity not in {_VALID, None}:
        text = f"BlueMind calls it {named.validity}: something may be missing"
        yield _loss("part-not-valid", subject, text)


def _part(named: DescribedPart, found: _OnDisk) -> Part:
    return Part(
        part_id=named.part_id,
        place=found.place,
        server=named.server,
        address=found.address,
        begin=named.begin,
        end=named.end,
        size_mib=named.size_mib,
        validity=named.validity,
        has_end=named.has_end,
    )


def _forgotten(found: _OnDisk, unnamed: Sequence[_OnDisk]) -> Generation:
    """A part of mail that no description names, with what else of its server none names."""
    text = "no description names it: the next backup deletes it. Move it out of dp_spool"
    part = Part(part_id=found.part_id, place=found.place, address=found.address)
    return Generation(
        generation_id=None,
        label=f"part:{found.part_id}",
        taken_at=newest_time_in(tree_at(found.place)),
        is_about=True,
        state=GenerationState.AT_RISK,
        parts=(part,),
        findings=(_loss("part-without-description", f"part {found.part_id}", text),),
        others=_others(
            part for part in unnamed if part.tag != _MAIL and part.address == found.address
        ),
    )


def _with_missing_letters(generations: list[Generation]) -> list[Generation]:
    """Of partial generations, which letters each part lacks that the last complete one had."""
    complete = [each for each in generations if each.state is GenerationState.COMPLETE]
    return [
        replace(each, findings=(*each.findings, *_letter_findings(each, complete)))
        if each.state is GenerationState.PARTIAL
        else each
        for each in generations
    ]


def _letter_findings(generation: Generation, complete: list[Generation]) -> Iterator[Finding]:
    for part in generation.parts:
        others = [
            other
            for reference in sorted(complete, key=_order, reverse=True)
            for other in reference.parts
            if other.address == part.address
        ]
        for text in missing_letters(part.place, others[0].place) if others else ():
            yield _loss("letters-missing", f"part {part.part_id}", text)


def _loss(code: str, subject: str, text: str) -> Finding:
    return Finding(severity=Severity.LOSS, code=code, subject=subject, text=text)


def _note(code: str, subject: str, text: str) -> Finding:
    return Finding(severity=Severity.NOTE, code=code, subject=subject, text=text)

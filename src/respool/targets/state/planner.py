r"""What of the flags of a live account changes, from values alone.

Whose ``\Seen`` it is decides who changes it: that of a user's own folders stands in their
index and is the owner's; that of a mailshare is each reader's own, unless all share one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from respool.errors import PlanRefused
from respool.model.accounts import AccountKind, folder_path
from respool.model.dataclasses import dataclass
from respool.planning.context import PlanContext
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.proof import ProveFlags
from respool.planning.request import RestoreRequest
from respool.planning.room_needs import RoomNeed
from respool.planning.state_wish import StateWish, parse_state_wish
from respool.planning.step import Step
from respool.targets.state.differences import (
    Differences,
    Matched,
    flag_differences,
    mark_differences,
    together,
)
from respool.targets.state.matching import Matches, Wanted, matches
from respool.targets.state.newer import with_newer_flags
from respool.targets.state.planned import FolderFlags, vanished
from respool.targets.state.survey import LiveFolder, StateFolder, StateSurvey

MERGED: Final = parse_state_wish("all", is_exact=True)
GONE: Final = "no such account any more"
ALL_SHARE: Final = "all readers share what they have read here, or did so in the backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePlan:
    """A head, and steps that are made as they are asked for."""

    head: PlanHead
    folders: tuple[FolderFlags, ...]

    @property
    def needs(self) -> tuple[RoomNeed, ...]:
        """Flags take next to nothing."""
        return ()

    def steps(self) -> Iterator[Step]:
        """Folder after folder: flags, then the proof."""
        yield from flag_steps(self.folders)


def flag_steps(folders: Iterable[FolderFlags]) -> Iterator[Step]:
    """Folder after folder: flags, then the proof."""
    for each in folders:
        if each.count:
            yield from each.steps()
            yield ProveFlags(lane=each.folder.written)


def plan_merge(
    request: RestoreRequest, wanted: Sequence[Wanted], survey: StateSurvey
) -> tuple[FolderFlags, ...]:
    r"""What changes where the backup's flags are newer than those of what is there.

    Marks of readers have no age of their own, and stay.
    """
    found = matches(wanted, survey.folders, None, MERGED)
    newer = tuple(tuple(map(with_newer_flags, pairs)) for pairs in found.by_live)
    work = _Work(request=replace(request, is_without_seen=True), wish=MERGED, survey=survey)
    return tuple(work.folders(replace(found, by_live=newer), {}))


def plan_state(
    request: RestoreRequest,
    wanted: Sequence[Wanted],
    later: Sequence[StateFolder] | None,
    survey: StateSurvey,
    context: PlanContext,
) -> StatePlan:
    """The plan of a restore of flags alone; ``later`` has the folders of the later generation.

    Raises:
        PlanRefused: it cannot be carried out, with every reason.
    """
    wish = request.state_only
    assert wish is not None  # noqa: S101 - the target of such a request
    if context.reasons:
        raise PlanRefused(
            f"the flags of {request.target.address} cannot be put back",
            tuple(dict.fromkeys(context.reasons)),
        )
    found = matches(wanted, survey.folders, later, wish)
    gone = {
        each.folder.path: count for each, count in zip(wanted, found.gone, strict=True) if count
    }
    work = _Work(request=request, wish=wish, survey=survey)
    folders = tuple(work.folders(found, gone))
    return StatePlan(
        head=PlanHead(
            **context.head_part(request),
            target_kind="state",
            target=f"{request.target.address} on {survey.server}",
            into=folder_path(request.target.root),
            into_encoded=request.target.root.parts[-1],
            owner=survey.owner,
            mailboxes=_listed(wanted, folders, gone),
            quota=(),
            facts=survey.facts,
            findings=context.findings,
        ),
        folders=folders,
    )


def _listed(
    wanted: Sequence[Wanted], folders: Sequence[FolderFlags], gone: Mapping[str, int]
) -> tuple[PlannedMailbox, ...]:
    """The live folders that something is to be said of, and those that are gone."""
    sources = {each.folder.path: each.folder for each in wanted}
    names = {path: source.mailbox.name.admin for path, source in sources.items()}
    there = {each.folder.path for each in folders}
    return (
        *(each.planned(names.get(each.folder.path)) for each in folders if each.is_told),
        *(vanished(sources[path], count) for path, count in gone.items() if path not in there),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One plan under way."""

    request: RestoreRequest
    wish: StateWish
    survey: StateSurvey

    def folders(self, found: Matches, gone: Mapping[str, int]) -> Iterator[FolderFlags]:
        """What changes in each live folder, if only nothing."""
        for folder, matched in zip(self.survey.folders, found.by_live, strict=True):
            main = [
                flag_differences(each, self.wish, has_seen=self._has_seen(each))
                for each in matched
            ]
            by_reader, left = self._readers(folder, matched)
            yield FolderFlags(
                folder=folder,
                main_login=self.survey.owner,
                main=together(main),
                by_reader=by_reader,
                left=left,
                gone=gone.get(folder.path, 0),
                elsewhere=sum(
                    each.count
                    for each, pair in zip(main, matched, strict=True)
                    if pair.was.path != folder.path
                ),
            )

    @property
    def _is_share(self) -> bool:
        return self.request.target.kind is AccountKind.MAILSHARE

    def _has_seen(self, matched: Matched) -> bool:
        r"""Whether \Seen of both indexes is the same people's: the owner's, or everybody's."""
        if not self._is_share:
            return True
        boxes = (matched.was.mailbox, matched.now.mailbox)
        return all(each.shared_seen for each in boxes)

    def _readers(
        self, folder: LiveFolder, matched: Sequence[Matched]
    ) -> tuple[dict[str, Differences], dict[str, str]]:
        """What changes of each reader's own marks; why one with differences is left out."""
        by_reader: dict[str, Differences] = {}
        left: dict[str, str] = {}
        if self.request.is_without_seen:
            return by_reader, left
        for reader in sorted(_readers_of(matched)):
            found = together(mark_differences(each, reader, self.wish) for each in matched)
            if not found.count:
                continue
            why = self._why_left(folder, matched, reader)
            if why is None:
                by_reader[reader] = found
            else:
                left[reader] = why
        return by_reader, left

    def _why_left(self, folder: LiveFolder, matched: Sequence[Matched], reader: str) -> str | None:
        if folder.mailbox.shared_seen or any(each.was.mailbox.shared_seen for each in matched):
            return ALL_SHARE
        if reader not in self.survey.readers:
            return GONE
        return folder.closed_to.get(reader)


def _readers_of(matched: Sequence[Matched]) -> frozenset[str]:
    sides = [side for each in matched for side in (each.was, each.later, each.now) if side]
    return frozenset(reader for side in sides for reader in side.seen_by)

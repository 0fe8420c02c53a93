"""What became of one message, generation by generation: seen, moved, marked, expunged, gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from respool.catalogue.entries import Standing
from respool.catalogue.evidence import Evidence
from respool.catalogue.generations import Known
from respool.catalogue.spans import Spans
from respool.model.dataclasses import dataclass


class Happened(StrEnum):
    """What a generation shows that the one before it did not."""

    FIRST = "first-seen"
    MOVED = "moved"
    COPIED = "copied"
    BACK = "back"  # it had been gone
    FLAGS = "flags-changed"
    EXPUNGED = "expunged"  # deleted by its user, and kept for a while
    REMOVED = "removed"  # one of several copies
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent:
    """One thing that happened to a message, seen first in ``generation``.

    ``before`` is where it stood, ``now`` where it stands; ``at`` is when, where that is known.
    """

    what: Happened
    generation: Known
    before: Standing | None
    now: Standing | None
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    at: datetime | None = None


Places = Mapping[tuple[int, int], Standing]  # by folder and UID


def message_events(
    spans: Spans, standings: Sequence[Standing], evidence: Evidence
) -> Iterator[MessageEvent]:
    """The life of one account's message; of what a generation may only lack, nothing is said."""
    before: Places = {}
    was_seen = False
    for at, generation in enumerate(spans.generations):
        found = {
            (each.folder.number, each.uid): each
            for each in standings
            if each.generations >> at & 1
        }
        now = _with_doubtful(before, found, at, evidence, spans)
        yield from _between(before, now, generation, was_seen=was_seen)
        was_seen = was_seen or bool(now)
        before = now


def _with_doubtful(
    before: Places, found: Places, at: int, evidence: Evidence, spans: Spans
) -> Places:
    """What a generation has, with what was there before and it cannot say is gone."""
    account = next((each.folder.account for each in before.values()), None)
    is_whole = account is None or bool(evidence.of_account(account) >> at & 1)
    is_telling = account is None or bool(evidence.of_messages(account) >> at & 1)
    now = dict(found)
    if not is_telling and not any(each.is_seen for each in found.values()):
        now.update({key: each for key, each in before.items() if each.is_seen})
    for key, standing in before.items():
        is_damaged = evidence.damaged_in(key[0]) >> at & 1
        is_unknown = not is_whole and not spans.of_folder(key[0]) >> at & 1
        if is_damaged or (is_unknown and key not in found):
            now[key] = standing
    return now if now or is_telling else before


def _between(
    before: Places, now: Places, generation: Known, *, was_seen: bool
) -> Iterator[MessageEvent]:
    both = sorted(before.keys() & now.keys())
    come = [now[key] for key in now.keys() - before.keys()]
    come.sort(key=lambda each: (each.is_expunged, each.folder.path, each.uid))
    left = [before[key] for key in sorted(before.keys() - now.keys())]
    left += [before[key] for key in both if now[key].is_expunged]
    left = [each for each in left if not each.is_expunged]
    moved: set[tuple[int, int]] = set()
    for standing in come:
        if left and not standing.is_expunged:
            former = left.pop(0)
            key = (former.folder.number, former.uid)
            moved.add(key)
            yield _arrived(Happened.MOVED, former, now.get(key), standing, generation)
            continue
        what = Happened.COPIED if before or come[0] is not standing else Happened.FIRST
        if was_seen and not before:
            what = Happened.BACK
        yield _arrived(what, None, None, standing, generation)
    for key in both:
        if key not in moved:
            yield from _changed(before[key], now[key], generation)
    for key in sorted(before.keys() - now.keys() - moved):
        yield from _left(before[key], now, generation)


def _left(before: Standing, now: Places, generation: Known) -> Iterator[MessageEvent]:
    """What was only kept as deleted, and no longer is, is worth a word where it was the last."""
    if now and before.is_expunged:
        return
    what = Happened.REMOVED if now else Happened.GONE
    yield MessageEvent(what=what, generation=generation, before=before, now=None)


def _arrived(
    what: Happened,
    former: Standing | None,
    rest: Standing | None,
    standing: Standing,
    generation: Known,
) -> MessageEvent:
    """It came to where it is; of a move ``rest`` is what is kept where it was."""
    gained, lost = _flags(former, standing)
    return MessageEvent(
        what=what,
        generation=generation,
        before=former,
        now=standing,
        gained=gained,
        lost=lost,
        at=standing.folder.name.deleted_at or (None if rest is None else rest.changed),
    )


def _changed(before: Standing, now: Standing, generation: Known) -> Iterator[MessageEvent]:
    if now.is_expunged and not before.is_expunged:
        yield MessageEvent(
            what=Happened.EXPUNGED,
            generation=generation,
            before=before,
            now=now,
            at=now.changed,
        )
        return
    if before.is_expunged and not now.is_expunged:
        yield MessageEvent(what=Happened.BACK, generation=generation, before=before, now=now)
        return
    gained, lost = _flags(before, now)
    if gained or lost:
        yield MessageEvent(
            what=Happened.FLAGS,
            generation=generation,
            before=before,
            now=now,
            gained=gained,
            lost=lost,
        )


def _flags(before: Standing | None, now: Standing) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if before is None:
        return (), ()
    gained = tuple(each for each in now.flags if each not in before.flags)
    lost = tuple(each for each in before.flags if each not in now.flags)
    return gained, lost

"""What BlueMind's core says of its backups, as lines below the table of ``respool backups``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from respool.app.backups import GenerationSummary
    from respool.app.bluemind_generations import CoreSays

_MOST_LACKING: Final = 6


def bluemind_lines(said: CoreSays, summaries: Sequence[GenerationSummary]) -> Iterator[str]:
    """What runs, what is kept how long, what is missing on disk; or why nobody was asked."""
    if said.silence is not None:
        yield said.silence
    if said.joined is None or said.known is None:
        return
    running = ", ".join(map(str, said.joined.running))
    if running:
        yield f"BlueMind is writing generation {running}"
    lacking = said.joined.lacking
    for each in lacking[:_MOST_LACKING]:
        server = f" of {each.server}" if each.server else ""
        yield (
            f"not on disk: part {each.part_id}{server}, which BlueMind knows as of generation"
            f" {each.generation_id}"
        )
    if len(lacking) > _MOST_LACKING:
        yield f"not on disk: {len(lacking) - _MOST_LACKING} more parts that BlueMind knows"
    if said.known.retention is not None:
        yield _kept(summaries, str(said.known.retention), is_running=bool(running))


def _kept(summaries: Sequence[GenerationSummary], policy: str, *, is_running: bool) -> str:
    """``kept until: 87 goes with the next backup; 159 about 22 Dec (30 daily)``."""
    known = [
        (each.generation.label, each.standing.kept_until, each.standing.goes_next)
        for each in summaries
        if each.standing is not None and each.standing.kept_until is not None
    ]
    next_ = [label for label, _, goes_next in known if goes_next]
    when = "when the backup that runs ends" if is_running else "with the next backup"
    told = [f"{', '.join(next_)} {'go' if len(next_) > 1 else 'goes'} {when}"] if next_ else []
    later = [(label, until) for label, until, goes_next in known if not goes_next]
    if later:
        label, until = later[0]  # the newest
        told.append(f"{label} goes about {until.astimezone():%d %b %Y}")
    return f"kept until: {'; '.join(told) or 'not known here'} ({policy})"

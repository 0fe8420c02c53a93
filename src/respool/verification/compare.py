"""Is a message that was read back the one that was planned? Values in, differences out."""

from __future__ import annotations

from datetime import UTC, datetime

from respool.model.dataclasses import dataclass
from respool.model.messages import RECENT, SEEN, ReadBack
from respool.planning.step import PlannedMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as planned. ``aspect`` is a stable word."""

    uid: int
    aspect: str
    planned: str
    found: str


def compare_message(
    planned: PlannedMessage, found: ReadBack | None, *, is_seen_known: bool
) -> tuple[Difference, ...]:
    r"""What differs; nothing where the message is proven.

    ``found`` is None for a message that is not there. ``is_seen_known`` says whether
    whoever read sees the owner's ``\Seen``; an administrator does not.
    """
    uid = planned.uid
    if found is None:
        return (Difference(uid=uid, aspect="missing", planned="there", found="not there"),)
    wanted_flags, found_flags = set(planned.flags), set(found.flags) - {RECENT}
    if not is_seen_known:
        wanted_flags.discard(SEEN)
        found_flags.discard(SEEN)
    date = datetime.fromtimestamp(planned.internaldate, UTC)
    aspects = (
        ("octets", planned.guid or "unknown", found.guid),
        ("size", str(planned.size_bytes), str(found.size_bytes)),
        ("flags", " ".join(sorted(wanted_flags)), " ".join(sorted(found_flags))),
        ("date", date.isoformat(), found.internaldate.astimezone(UTC).isoformat()),
    )
    return tuple(
        Difference(uid=uid, aspect=aspect, planned=wanted, found=got)
        for aspect, wanted, got in aspects
        if wanted != got
    )

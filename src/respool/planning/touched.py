r"""Did somebody touch what a run left in a folder? Values in, counts and UIDs out.

Touched is a message whose flags, but for ``\Seen`` and ``\Recent``, or whose octets are
not those that the run left; one that is gone; and one that the run did not bring.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import field
from typing import Final

from respool.model.dataclasses import dataclass
from respool.model.messages import DELETED, RECENT, SEEN

OF_EVERYBODY_S_OWN: Final = frozenset({SEEN, RECENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One message of a mailbox; ``guid`` None where nobody knows it."""

    uid: int
    guid: str | None
    flags: frozenset[str]


def _uids() -> array[int]:
    return array("I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What became of the messages that a run left, by UID, ascending.

    ``untouched`` are as they were left, ``changed`` are not, ``gone`` are not there;
    ``foreign`` came from elsewhere.
    """

    untouched: array[int] = field(default_factory=_uids)
    changed: array[int] = field(default_factory=_uids)
    gone: array[int] = field(default_factory=_uids)
    foreign: array[int] = field(default_factory=_uids)

    @property
    def is_nothing(self) -> bool:
        """Whether the mailbox holds exactly what the run left."""
        return not (self.changed or self.gone or self.foreign)

    def text(self) -> str:
        """What was touched, for people: ``2 messages were changed, 1 is new``."""
        parts = (
            (self.changed, "was changed", "were changed"),
            (self.gone, "is gone", "are gone"),
            (self.foreign, "is new", "are new"),
        )
        said = [_counted(len(uids), one, many) for uids, one, many in parts if uids]
        return ", ".join(said) or "nothing"


def compared(
    left: Iterable[Held], present: Iterable[Held], *, is_marked_by_us: bool = False
) -> Touched:
    r"""What became of ``left``, by what is ``present`` now; both in UID order, read once.

    ``is_marked_by_us``: an undo that was cut off may have set ``\Deleted``.
    """
    ours = frozenset({DELETED}) if is_marked_by_us else frozenset()
    touched = Touched()
    now = iter(present)
    there = next(now, None)
    for each in left:
        while there is not None and there.uid < each.uid:
            touched.foreign.append(there.uid)
            there = next(now, None)
        if there is None or there.uid != each.uid:
            touched.gone.append(each.uid)
            continue
        is_same = _is_same(each, there, ours)
        (touched.untouched if is_same else touched.changed).append(each.uid)
        there = next(now, None)
    if there is not None:
        touched.foreign.append(there.uid)
        touched.foreign.extend(rest.uid for rest in now)
    return touched


def _is_same(left: Held, now: Held, ours: frozenset[str]) -> bool:
    is_same_guid = left.guid is None or now.guid is None or left.guid == now.guid
    return is_same_guid and left.flags == now.flags - OF_EVERYBODY_S_OWN - (ours - left.flags)


def _counted(count: int, one: str, many: str) -> str:
    return f"1 message {one}" if count == 1 else f"{count} messages {many}"

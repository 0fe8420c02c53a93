"""Who was subscribed to what, as a receipt says it. Values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from respool.model.dataclasses import dataclass

Note: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionReport:
    """``given`` counts subscriptions by userid, ``proven`` those that each sees again.

    ``differs`` are names by userid that are not there; ``changed_since`` counts what users
    cancelled since; ``left`` counts those that were refused, by userid and reason.
    """

    given: Mapping[str, int]
    proven: int
    differs: Mapping[str, tuple[str, ...]]
    changed_since: int
    left: Mapping[tuple[str, str], int]

    @property
    def count(self) -> int:
        """How many subscriptions were made."""
        return sum(self.given.values())

    @property
    def differs_count(self) -> int:
        """How many of them are not there."""
        return sum(map(len, self.differs.values()))

    def as_json(self) -> dict[str, Any]:
        """The shape of ``subscriptions`` in a receipt."""
        return {
            "users": [{"userid": who, "given": count} for who, count in self.given.items()],
            "given": self.count,
            "proven": self.proven,
            "differs": [
                {"userid": who, "missing": list(names)} for who, names in self.differs.items()
            ],
            "changed_since": self.changed_since,
            "left": [
                {"userid": who, "count": count, "why": why}
                for (who, why), count in sorted(self.left.items())
            ],
        }


NONE = SubscriptionReport(given={}, proven=0, differs={}, changed_since=0, left={})


def subscription_report(
    receipts: Sequence[tuple[str, Note]], *, first_proof: Note | None, proof: Note | None
) -> SubscriptionReport:
    """``receipts`` are kind and note of the account's steps; ``first_proof`` is the run's
    own, ``proof`` the one to be reported.
    """
    notes = [note for _, note in receipts if "subscribed" in note]
    given = Counter(note["userid"] for note in notes if note["subscribed"] is not None)
    left = Counter(
        (note["userid"], str(note.get("why"))) for note in notes if note["subscribed"] is None
    )
    users = [] if proof is None else proof["users"]
    proven = sum(int(each["proven"]) for each in users)
    missing = {each["userid"]: tuple(each["missing"]) for each in users if each["missing"]}
    seen = {each["userid"]: int(each["proven"]) for each in users}
    for who, count in given.items():
        if seen.get(who, 0) < count:
            missing.setdefault(who, ("not read back",))
    is_later = first_proof is not None and proof is not first_proof
    was_proven = is_later and not any(each["missing"] for each in (first_proof or {})["users"])
    return SubscriptionReport(
        given=dict(given),
        proven=proven,
        differs={} if was_proven else missing,
        changed_since=sum(given.values()) - proven if was_proven else 0,
        left=dict(left),
    )

"""What a planner of any target is told besides request, backup and survey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import TypedDict

from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.model.names import MailboxName
from respool.planning.plan import PLAN_VERSION
from respool.planning.request import RestoreRequest


class HeadPart(TypedDict):
    """What the head of a plan says whatever the target: fields of `PlanHead`."""

    version: int
    software: str
    made_at: datetime
    request: RestoreRequest
    generation_label: str
    taken_at: datetime | None
    is_about: bool
    is_older: bool
    source: str
    source_id: str | None
    skipped: Mapping[str, str]
    live_has: int | None
    looked_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanContext:
    """What a plan says about where and when it was made, and what is known besides.

    ``root_acl`` and ``root_id`` are ACL and unique id of the account's root in the backup,
    None where not known.
    ``findings`` are about the account as a whole; ``reasons`` speak against the plan.
    ``logins`` are those of the backup's readers who have an account on the target,
    ``special_uses`` what folders of the target's owner are for already. ``subscriptions``
    are the backup's mailboxes by login on the target; nobody who had none. ``live_has``
    is how many of the messages live mail still has, None where nobody looked;
    ``looked_at`` is as in `PlanHead`.
    """

    software: str
    now: datetime
    generation_label: str
    taken_at: datetime | None
    is_about: bool
    source: str
    is_older: bool
    skipped: Mapping[str, str]
    looked_at: int | None = None
    root_acl: Mapping[str, str] | None = None
    root_id: str | None = None
    findings: tuple[Finding, ...] = ()
    reasons: tuple[str, ...] = ()
    logins: frozenset[str] = frozenset()
    special_uses: frozenset[str] = frozenset()
    subscriptions: Mapping[str, frozenset[MailboxName]] = field(default_factory=dict)
    live_has: int | None = None

    def head_part(self, request: RestoreRequest) -> HeadPart:
        """What a plan of ``request`` says of the backup and of itself."""
        return HeadPart(
            version=PLAN_VERSION,
            software=self.software,
            made_at=self.now,
            request=request,
            generation_label=self.generation_label,
            taken_at=self.taken_at,
            is_about=self.is_about,
            is_older=self.is_older,
            source=self.source,
            source_id=self.root_id,
            skipped=self.skipped,
            live_has=self.live_has,
            looked_at=self.looked_at,
        )

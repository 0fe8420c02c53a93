"""A restore as a person typed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import timedelta

from respool.app.selection import Wanted
from respool.model.conditions import Conditions
from respool.model.dataclasses import dataclass
from respool.model.state import UidSet
from respool.planning.chosen_lines import ChosenGroup
from respool.planning.request import Conflict, Person
from respool.planning.state_wish import StateWish


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted of which account, and how; see the options of ``respool restore``.

    ``conditions`` say which messages, ``chosen`` names them one by one; ``picked`` is what a
    plan took, by the names of its source mailboxes: nothing is searched again then.
    """

    wanted: Wanted
    conditions: Conditions = field(default_factory=Conditions)
    chosen: ChosenGroup | None = None
    picked: Mapping[str, UidSet] | None = None
    to: str | None = None
    as_user: str | None = None
    domain_map: Mapping[str, str] = field(default_factory=dict)
    is_mending_line_ends: bool = False
    into: str | None = None
    renames: Sequence[str] = field(default=())
    is_without_metadata: bool = False
    has_expunged: bool = False
    person: Person | None = None
    is_creating_account: bool = False
    is_in_place: bool = False
    is_only_missing: bool = False
    is_raising_quota: bool = False
    is_without_seen: bool = False
    is_without_annotations: bool = False
    note: str | None = None
    remove_after: timedelta | None = None
    is_rehearsal: bool = False
    state_only: StateWish | None = None
    on_conflict: Conflict | None = None
    is_without_finishing: bool = False

    @property
    def is_taking_expunged(self) -> bool:
        """Whether mail that its user deleted is taken: as asked, or because it was named."""
        is_meant = self.conditions.deleted_since is not None or self.chosen is not None
        return self.has_expunged or is_meant

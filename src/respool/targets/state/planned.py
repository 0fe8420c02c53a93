"""One live folder of a plan that changes flags: what changes, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Final

import numpy as np

from respool.model.dataclasses import dataclass
from respool.model.state import UidSet
from respool.planning.flag_step import FlagChange, PlannedFlags
from respool.planning.plan import PlannedMailbox
from respool.targets.state.columns import Rows
from respool.targets.state.differences import Change, Differences
from respool.targets.state.steps import StoreFlags
from respool.targets.state.survey import LiveFolder, StateFolder

GROUP_MESSAGES: Final = 500
# No mail comes into a folder of such a plan.
_NO_MAIL: Final[Mapping[str, Any]] = {
    "unseen": 0,
    "size_bytes": 0,
    "left_out": 0,
    "brought_back": 0,
    "lost": 0,
    "archived": 0,
    "archived_bytes": 0,
    "stubs": 0,
    "damaged_stubs": 0,
    "joined": 0,
    "is_seen_kept": True,
    "is_without_metadata": False,
    "rights": {},
    "narrower_for": (),
    "seen_by": {},
    "seen_left": {},
    "is_owner_a_reader": False,
    "annotations": 0,
    "message_annotations": 0,
    "special_use": (),
    "annotations_left": {},
    "subscribers": (),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FolderFlags:
    """What changes in one live folder, by whose login: None of the administrator.

    ``gone`` and ``elsewhere`` as `PlannedFlags` has them; ``left`` says of a reader why he is
    left out.
    """

    folder: LiveFolder
    main_login: str | None
    main: Differences
    by_reader: Mapping[str, Differences] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)
    gone: int = 0
    elsewhere: int = 0

    @property
    def count(self) -> int:
        """Messages that change; one counts for each reader whose mark of it changes."""
        return self.main.count + sum(each.count for each in self.by_reader.values())

    @property
    def is_told(self) -> bool:
        """Whether a plan says anything of it."""
        main = self.main
        return bool(self.count or self.gone or self.left or main.already or main.only_live)

    def planned(self, source_name: str | None) -> PlannedMailbox:
        """As a plan lists it; ``source_name`` is the backup's folder of this name, if any."""
        main = self.main
        flags = PlannedFlags(
            changed=self.count,
            to_set=main.touching(0),
            to_clear=main.touching(1),
            already=main.already,
            gone=self.gone,
            elsewhere=self.elsewhere,
            only_live=main.only_live,
            by_flag=main.by_flag,
            by_reader={
                reader: (found.touching(0), found.touching(1))
                for reader, found in self.by_reader.items()
                if found.count
            },
            readers_left=self.left,
        )
        return PlannedMailbox(
            source_name=source_name,
            source_path=self.folder.path,
            target_name=self.folder.written,
            target_path=self.folder.path,
            is_new=False,
            messages=self.count,
            is_seen_shared=self.folder.mailbox.shared_seen,
            flags=flags,
            **_NO_MAIL,
        )

    def steps(self) -> Iterator[StoreFlags]:
        """Its steps, made as they are asked for."""
        yield from self._of_login(self.main_login, self.main)
        for login, differences in self.by_reader.items():
            yield from self._of_login(login, differences)

    def _of_login(self, login: str | None, differences: Differences) -> Iterator[StoreFlags]:
        group: list[FlagChange] = []
        size = 0
        for change in self._changes(differences.rows):
            if group and size + change.count > GROUP_MESSAGES:
                yield self._step(login, group)
                group, size = [], 0
            group.append(change)
            size += change.count
        if group:
            yield self._step(login, group)

    def _changes(self, rows: Mapping[Change, Rows]) -> Iterator[FlagChange]:
        records = self.folder.mailbox.records
        for (added, cleared), some in rows.items():
            ordered = np.sort(some)  # records are in the order of their UIDs
            for start in range(0, len(ordered), GROUP_MESSAGES):
                at = ordered[start : start + GROUP_MESSAGES]
                yield FlagChange(
                    add=added,
                    remove=cleared,
                    uids=str(UidSet.of_array(records["uid"][at])),
                    guids=records["guid"][at].tobytes().hex(),
                )

    def _step(self, login: str | None, changes: list[FlagChange]) -> StoreFlags:
        mailbox = self.folder.mailbox
        return StoreFlags(
            lane=self.folder.written,
            mailbox=self.folder.written,
            domain=mailbox.name.domain,
            parts=mailbox.name.parts,
            uniqueid=mailbox.uniqueid,
            uidvalidity=int(mailbox.uidvalidity or 0),
            login=login,
            changes=tuple(changes),
        )


def vanished(source: StateFolder, gone: int) -> PlannedMailbox:
    """A folder of the backup that the live account has no more, with its messages."""
    nothing = FolderFlags(
        folder=LiveFolder(mailbox=source.mailbox, written=source.mailbox.name.admin),
        main_login=None,
        main=Differences(),
        gone=gone,
    )
    return nothing.planned(source.mailbox.name.admin)

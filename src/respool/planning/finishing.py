"""What BlueMind is told of a restore, as the head of a plan has it: values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from respool.bluemind.families import Family
from respool.model.dataclasses import dataclass

SAVE_RIGHTS: Final = "save-rights"  # the list of sharings is sent back as it was read
CONSOLIDATE: Final = "consolidate-index"
NOT_ASKED: Final = "bluemind-not-asked"  # the code of a finding
RIGHTS_BY_REPAIR: Final = "mailboxAcls"  # all other work is repair operations, by their own ids


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryQuota:
    """A limit that BlueMind's directory has, and the one that it gets for the restore; KiB."""

    former: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMailshare:
    """A mailshare that BlueMind makes: ``uid`` in its directory, ``name`` in Cyrus.

    ``email`` None: it gets no address. ``data_location`` is the uid of the server that its mail
    lies on. ``shared`` has a verb by directory uid of whom it was shared with. The quota is in
    KiB, None for no limit.
    """

    uid: str
    name: str
    email: str | None
    data_location: str
    quota_kib: int | None
    shared: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finishing:
    """What is done through BlueMind's core around a restore, and what is left to a person.

    ``version`` is None where the core was not asked: then nothing is done. ``domain`` and
    ``entry`` are uids in its directory, ``address`` is what its own commands are given.
    ``work`` comes in this order once all mail is proven: SAVE_RIGHTS, ids of repair operations,
    CONSOLIDATE. ``side_effects`` say what else it does, ``by_hand`` what a person is to do.
    """

    family: Family
    version: str | None
    domain: str
    entry: str
    address: str
    makes: NewMailshare | None = None
    quota: DirectoryQuota | None = None
    work: tuple[str, ...] = ()
    side_effects: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()

    @property
    def gives_rights(self) -> bool:
        """Whether BlueMind writes the rights to every folder anew."""
        return SAVE_RIGHTS in self.work or RIGHTS_BY_REPAIR in self.work

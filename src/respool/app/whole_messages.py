"""Which stubs of an account come back as whole messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from respool.app.selection import Selection
from respool.backups.account_stores import account_stores
from respool.backups.hsm_store import stores_of
from respool.backups.source import SourceMailbox
from respool.backups.whole_messages import (
    Archive,
    WholeMailbox,
    may_have_stubs,
    possible_stubs,
    with_bodies,
)
from respool.model.dataclasses import dataclass
from respool.model.hsm import StorePlace
from respool.model.inventory import StoredMailbox
from respool.planning.chosen import ChosenMailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A mailbox that is restored: where it is, as it was read, and as it is to be."""

    source: SourceMailbox
    read: StoredMailbox
    chosen: ChosenMailbox


def with_whole_messages(
    selection: Selection, taken: Sequence[Taken], *, has_expunged: bool
) -> tuple[ChosenMailbox, ...]:
    """The mailboxes that are ``taken``, with their stubs joined where the archive has them.

    Raises:
        LibraryMissing: what the archive has is compressed, and cannot be read here.
    """
    generation = selection.generation
    has_store = bool(stores_of(generation))
    reads_files = has_store or may_have_stubs(generation.software)
    masks = [
        possible_stubs(each.chosen.mailbox, each.read, reads_files=reads_files)
        & each.chosen.wanted(has_expunged=has_expunged)
        for each in taken
    ]
    if not any(mask.any() for mask in masks):
        return tuple(each.chosen for each in taken)
    sources = [each.source for each in taken]
    stores = account_stores(generation, selection.account, selection.root, sources)
    archive = Archive(stores=stores, is_there=has_store)
    return tuple(
        _joined(each, with_bodies(each.source, each.chosen.mailbox, mask, archive), stores)
        for each, mask in zip(taken, masks, strict=True)
    )


def _joined(taken: Taken, whole: WholeMailbox, stores: tuple[StorePlace, ...]) -> ChosenMailbox:
    return replace(
        taken.chosen,
        place=replace(taken.chosen.place, stores=stores if whole.joined else ()),
        mailbox=whole.mailbox,
        stubs=whole.stubs,
        damaged_stubs=whole.damaged,
        joined=whole.joined,
    )

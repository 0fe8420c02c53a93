"""Which stubs of an account come back as whole messages, and where its archive lies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from respool.app.selection import Selection
from respool.backups.contents import read_mailbox
from respool.backups.hsm_store import places_of, stores_of
from respool.backups.source import SourceMailbox, read_header
from respool.backups.stub_messages import stubs_among
from respool.backups.whole_messages import (
    Archive,
    WholeMailbox,
    may_have_stubs,
    possible_stubs,
    stub_ids,
    with_bodies,
)
from respool.cyrus.files_as_records import with_files_as_records
from respool.model.accounts import Account
from respool.model.generations import Generation
from respool.model.hsm import StorePlace
from respool.model.inventory import StoredMailbox
from respool.targets.spool.sequence import ChosenMailbox


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


def account_stores(
    generation: Generation,
    account: Account,
    root: SourceMailbox | None,
    sources: Iterable[SourceMailbox],
) -> tuple[StorePlace, ...]:
    """The directories of an account's archive; ``sources`` are the mailboxes in question.

    The same for the same mailboxes, in whatever order.
    """
    header = None if root is None else read_header(root)
    ordered = sorted(sources, key=lambda source: source.name.admin)
    return places_of(
        generation, account, {} if header is None else header.acl, lambda: _ids(ordered)
    )


def _ids(sources: Iterable[SourceMailbox]) -> Iterator[str]:
    """The ids of all stubs, of one mailbox after the other."""
    for source in sources:
        read = read_mailbox(source)
        mailbox = with_files_as_records(read)
        candidates = possible_stubs(mailbox, read, reads_files=True)
        yield from stub_ids(stubs_among(source, mailbox.records[candidates]))

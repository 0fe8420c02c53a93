"""Which directories of an archive belong to an account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from respool.backups.hsm_store import places_of
from respool.backups.source import SourceMailbox, read_header, read_mailbox
from respool.backups.stub_messages import stubs_among
from respool.backups.whole_messages import possible_stubs, stub_ids
from respool.cyrus.files_as_records import with_files_as_records
from respool.model.accounts import Account
from respool.model.generations import Generation
from respool.model.hsm import StorePlace
from respool.model.inventory import RESTORED


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
        read = read_mailbox(source, RESTORED)
        mailbox = with_files_as_records(read)
        candidates = possible_stubs(mailbox, read, reads_files=True)
        yield from stub_ids(stubs_among(source, mailbox.records, candidates))

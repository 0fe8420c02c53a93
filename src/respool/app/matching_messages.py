"""A mailbox of a backup as if it held those messages alone that fulfil conditions."""

from __future__ import annotations

from respool.app.picking import pick
from respool.app.selection import Selection
from respool.backups.source import SourceMailbox
from respool.cyrus.files_as_records import with_files_as_records
from respool.errors import NothingMatches
from respool.model.condition_text import conditions_text
from respool.model.conditions import Conditions
from respool.model.inventory import StoredMailbox
from respool.planning.picking import only


def matching_messages(
    selection: Selection,
    source: SourceMailbox,
    mailbox: StoredMailbox,
    conditions: Conditions,
    *,
    has_expunged: bool,
) -> StoredMailbox:
    """``mailbox``, read with the columns of SEARCHED, with the messages that `pick` picks."""
    if conditions.is_empty:
        return mailbox
    mended = with_files_as_records(mailbox)
    found = pick(selection, source, mended, conditions, has_expunged=has_expunged)
    return only(mailbox, found.uids, is_exact=conditions.is_exact)


def nothing_matches(selection: Selection, conditions: Conditions) -> NothingMatches:
    """What is said where no message does."""
    return NothingMatches(
        f"no message of {selection.account.address} in generation {selection.generation.label}"
        f" matches: {conditions_text(conditions)}",
        hint="--include-expunged of ls looks at mail that its user deleted, too",
    )

"""Which accounts of a catalogue a person means: one, or all that a pattern fits."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

from respool.app.account_lookup import find_account, written_out
from respool.app.catalogue import Catalogue
from respool.catalogue.folders import accounts_by_number
from respool.errors import AccountNotInGeneration
from respool.model.accounts import Account

_PATTERN: Final = frozenset("*?[")


def accounts_called(opened: Catalogue, text: str) -> frozenset[Account]:
    """The accounts that are called so, of both kinds, or whose names a pattern fits.

    An address that the catalogue does not know is looked for as elsewhere, in the newest
    generation that tells whose it is.

    Raises:
        AccountNotInGeneration: none; AmbiguousName, UsageError: as `find_account`.
    """
    wanted, is_pattern = text.casefold(), bool(_PATTERN & set(text))

    def is_meant(account: Account) -> bool:
        names = (account.address, account.userid, written_out(account))
        folded = (each.casefold() for each in names)
        return any(fnmatchcase(each, wanted) if is_pattern else each == wanted for each in folded)

    found = frozenset(filter(is_meant, accounts_by_number(opened.database).values()))
    if found:
        return found
    for generation in () if is_pattern else reversed(opened.generations):
        try:
            return frozenset({find_account(generation, text, opened.backup.live)})
        except AccountNotInGeneration:
            continue
    raise AccountNotInGeneration(
        f'no account "{text}" is in any generation', hint="respool accounts -g all shows them"
    )

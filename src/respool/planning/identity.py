"""Whether a restore is refused because the live account may be another person's now.

What speaks for and against comes from `respool.planning.incarnation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from respool.model.accounts import Account, AccountKind
from respool.model.findings import Finding, Severity
from respool.planning.incarnation import Comparison
from respool.planning.request import Person

_WHAT_TO_TYPE: Final = (
    "--same-person if the account was made anew for the same person,"
    " --other-person if the mail is to go to whoever has it now,"
    " or --to another account"
)
_SAID: Final[Mapping[Person, tuple[str, str]]] = {
    Person.SAME: (
        "same-person-said",
        "the account is taken for the same person's, as was said or as a restore has made it",
    ),
    Person.OTHER: ("other-person-said", "it was said that the mail goes to another person"),
}


def identity_reasons(
    comparison: Comparison, account: Account, *, person: Person | None, has_held_mail: bool
) -> tuple[str, ...]:
    """Why a restore into the live account is refused, and what to type; else nothing.

    ``has_held_mail`` says whether the live account has ever held a message: one that has
    not is nobody's yet, as long as its owner is not known to be another.
    """
    if not comparison.speaks_against or person is not None:
        return ()
    if account.kind is AccountKind.MAILSHARE:
        return ()
    if not has_held_mail and not comparison.has_other_owner:
        return ()
    return (
        f"{account.address} may be another person's account than the one in the backup",
        *comparison.lines,
        _WHAT_TO_TYPE,
    )


def identity_findings(
    comparison: Comparison, account: Account, *, person: Person | None, has_held_mail: bool
) -> tuple[Finding, ...]:
    """What a plan that is not refused says of the account's identity; all are notes."""
    if identity_reasons(comparison, account, person=person, has_held_mail=has_held_mail):
        return ()
    if person is not None:
        code, said = _SAID[person]
    elif comparison.speaks_against:
        code, said = "account-made-anew", "the live account is not the one of the backup"
        if account.kind is AccountKind.USER:
            said += ", but has never held a message"
    elif not comparison.speaks_for:
        code, said = "identity-not-compared", "nothing tells whether it is the same account"
    else:
        return ()
    text = f"{said}; compared: {'; '.join(comparison.lines)}"
    subject = account.root.display
    return (Finding(severity=Severity.NOTE, code=code, subject=subject, text=text),)

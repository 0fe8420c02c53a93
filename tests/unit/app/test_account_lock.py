from __future__ import annotations

from pathlib import Path

import pytest

from respool.app.state import account_lock
from respool.model.accounts import Account, AccountKind


def lock(login: str, domain: str | None, *, kind: AccountKind = AccountKind.USER) -> Path:
    """Of a server whose default domain is b.loc."""
    account = Account(kind=kind, login=login, domain=domain)
    return account_lock(Path("/state"), account, "b.loc")


def test_the_default_domain_is_part_of_a_name_or_not() -> None:
    assert lock("jdoe", "b.loc") == lock("jdoe", None)


def test_without_a_default_domain_no_domain_is_none_of_them() -> None:
    one, other = (
        Account(kind=AccountKind.USER, login="jdoe", domain=domain) for domain in ("b.loc", None)
    )

    assert account_lock(Path("/state"), one, None) != account_lock(Path("/state"), other, None)


@pytest.mark.parametrize(
    "other",
    [
        lock("jdoe", "c.loc"),
        lock("jdo", "b.loc"),
        lock("jdoe", "b.loc", kind=AccountKind.MAILSHARE),
    ],
    ids=["domain", "login", "kind"],
)
def test_other_accounts_have_locks_of_their_own(other: Path) -> None:
    assert other != lock("jdoe", "b.loc")


def test_a_login_with_slashes_stays_in_the_directory_of_locks() -> None:
    assert lock("../../x", "b.loc").parent == Path("/state/locks")

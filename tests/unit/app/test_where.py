from __future__ import annotations

import pytest

from respool.app.far_logins import far_account
from respool.app.where import TargetKind, where_of, where_of_export
from respool.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        (None, TargetKind.SPOOL),
        ("asmith@example.org", TargetKind.SPOOL),
        ("user/jdoe@example.org", TargetKind.SPOOL),
        ("IMAPS://mail.example.com", TargetKind.IMAP),
        ("zip:jdoe.zip", TargetKind.EXPORT),
    ],
)
def test_a_target_is_an_account_here_or_far_or_files(typed: str | None, kind: TargetKind) -> None:
    assert where_of(typed).kind is kind


@pytest.mark.parametrize("typed", ["pst:/home/jdoe.pst", "imap4://mail.example.com"])
def test_a_form_that_is_not_written_is_not_taken_for_an_account(typed: str) -> None:
    with pytest.raises(UsageError, match="nothing is restored to") as told:
        where_of(typed)
    assert "eml, maildir, mbox, zip" in str(told.value.hint)


@pytest.mark.parametrize("path", ["zip:/srv/jdoe.zip", "eml:/srv/jdoe", "mbox:jdoe"])
def test_an_export_may_name_its_form(path: str) -> None:
    assert where_of_export(path) == path


def test_whoever_is_to_log_in_for_another_is_named() -> None:
    """Else the account's own login, which hardly is an administrator, would be tried."""
    with pytest.raises(UsageError, match=r"who logs in for asmith@example\.org"):
        far_account("imaps://mail.example.com", "jdoe@example.org", "asmith@example.org", {})

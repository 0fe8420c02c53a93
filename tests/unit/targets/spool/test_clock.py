from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from respool.cyrus.index import IndexHeader
from respool.model.checks import Mark
from respool.targets.spool.clock import (
    ClockSigns,
    backup_findings,
    clock_check,
    clock_findings,
    clock_reasons,
    newest_in,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SOON = NOW + timedelta(hours=23)
AHEAD = NOW + timedelta(hours=25)


@pytest.mark.parametrize(
    ("mail", "databases", "reasons", "findings"),
    [
        (None, None, 0, 0),
        (NOW, SOON, 0, 0),
        (AHEAD, NOW, 0, 1),
        (AHEAD, None, 0, 1),
        (None, AHEAD, 0, 1),
        (AHEAD, AHEAD, 1, 0),
    ],
)
def test_two_signs_speak_against_the_clock_and_one_is_said(
    mail: datetime | None, databases: datetime | None, reasons: int, findings: int
) -> None:
    """A single odd date may be damage, and must not keep anybody from his mail."""
    signs = ClockSigns(mail=mail, databases=databases)

    assert len(clock_reasons(NOW, signs)) == reasons
    assert len(clock_findings(NOW, signs)) == findings


def test_what_is_said_names_both_times() -> None:
    (reason,) = clock_reasons(NOW, ClockSigns(mail=AHEAD, databases=AHEAD))

    assert "says 2026-03-02 12:00 UTC, but the live account was written at 2026-03-03" in reason


def test_a_backup_of_a_time_to_come_is_said() -> None:
    assert backup_findings(NOW, None) == backup_findings(NOW, NOW) == ()
    (finding,) = backup_findings(NOW, NOW + timedelta(hours=2))
    assert finding.code == "clock-doubtful"


def test_the_newest_time_of_the_indexes_is_of_mail_or_of_a_folder() -> None:
    """What no clock has ever said is passed over."""
    old, new = 1_700_000_000, 1_750_000_000
    headers = [
        IndexHeader(last_appenddate=old, uidvalidity=new),
        IndexHeader(uidvalidity=1 << 32),
        IndexHeader(),
    ]

    assert newest_in(headers) == datetime.fromtimestamp(new, UTC)
    assert newest_in([IndexHeader()]) is None


def test_doctor_names_what_is_dated_in_the_future() -> None:
    assert clock_check(NOW, NOW, NOW).mark is Mark.OK
    found = clock_check(NOW, AHEAD, AHEAD)
    assert found.mark is Mark.NOTE
    assert "mailboxes is dated" in found.found
    assert "backup is dated" in found.found

"""A finding has a code that the reference knows, and says what it means for a restore."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from respool.model.finding_kinds import KINDS
from respool.model.findings import Finding, Severity

WHERE = r"add it to model/finding_kinds\.py and docs/reference/findings\.md"


def test_a_code_that_no_table_has_is_refused() -> None:
    with pytest.raises(ValueError, match=f'"moon-full": {WHERE}'):
        Finding(severity=Severity.NOTE, code="moon-full", subject="s", text="t")


def test_a_severity_that_the_code_cannot_have_is_refused() -> None:
    with pytest.raises(ValueError, match=f'"guid-zero" with severity loss: {WHERE}'):
        Finding(severity=Severity.LOSS, code="guid-zero", subject="s", text="t")


def test_json_says_which_file_and_what_it_means() -> None:
    finding = Finding(
        severity=Severity.LOSS,
        code="message-file-missing",
        subject="message 7",
        text="its file is not in the backup",
        uid=7,
        file=PurePosixPath("data/7."),
    )

    assert finding.as_json() == {
        "severity": "loss",
        "code": "message-file-missing",
        "subject": "message 7",
        "file": "data/7.",
        "text": "its file is not in the backup",
        "means": KINDS["message-file-missing"].means,
        "uid": 7,
        "count": 1,
    }


def test_a_finding_about_no_file_has_null_for_it() -> None:
    finding = Finding(severity=Severity.LOSS, code="no-mail-part", subject="89", text="t")

    assert finding.as_json()["file"] is None

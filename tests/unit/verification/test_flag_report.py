from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from respool.verification.flag_report import mended_findings, refused_flag_findings


def test_each_refused_flag_is_told_once_by_its_name() -> None:
    receipts: list[Mapping[str, Any]] = [
        {"refused_flags": {"1": ["a]"], "2": ["a]", "b]"]}},
        {},
        {"refused_flags": {}},
    ]
    found = list(refused_flag_findings(receipts))
    assert [(each.code, each.subject, each.count) for each in found] == [
        ("flag-refused", "a]", 2),
        ("flag-refused", "b]", 1),
    ]


def test_each_mended_message_is_told_with_its_folder() -> None:
    (found,) = mended_findings("Sent", [{"mended": {"7": {"guid": "ab", "size_bytes": 9}}}])
    assert (found.code, found.subject, found.uid) == ("line-ends-mended", "Sent", 7)

from __future__ import annotations

import pytest

from respool.model.folding import folded


@pytest.mark.parametrize(
    ("typed", "there"),
    [
        ("elements", "Éléments"),
        ("STRASSE", "Straße"),
        ("istanbul", "İSTANBUL"),
        ("abc 12", "\uff21\uff22\uff23\u3000\uff11\uff12"),
        ("καλημερα", "Καλημέρα"),
        ("ёлка", "ЕЛКА"),
        ("東京", "東京"),
        ("会議資料", "会議資料"),
        ("ガ", "ｶﾞ"),
        ("two words", "Two\r\n\tWORDS"),
        ("e\u0301te\u0301", "Été"),
    ],
)
def test_case_accents_widths_and_folds_do_not_count(typed: str, there: str) -> None:
    assert folded(typed) == folded(there)


@pytest.mark.parametrize(
    ("part", "whole"), [("가", "각"), ("か", "が"), ("कि", "क"), ("rose", "ros")]
)
def test_another_letter_is_not_found_in_a_letter(part: str, whole: str) -> None:
    assert folded(part) not in folded(whole)

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.exports.safe_names import (
    MOST_NAME,
    MOST_PART,
    message_name,
    numbered,
    safe_part,
    same_name,
    uid_of,
    units,
)

ANY = st.text(st.characters(codec=None), max_size=200) | st.sampled_from(
    [
        "CON",
        "nul.txt",
        "COM1",
        "lpt\u00b9",
        "...",
        " ",
        "a.",
        "a ",
        "\u202etxt.exe",
        "\ud800",
        "a\0b",
    ]
)


@given(ANY)
def test_a_safe_name_is_one_on_every_system(text: str) -> None:
    name = safe_part(text)

    assert 0 < units(name) <= MOST_PART
    assert len(name.encode("utf-8")) <= 255
    assert not set(name) & set('<>:"/\\|?*')
    assert not any(unicodedata.category(each) in {"Cc", "Cf", "Cs"} for each in name)
    assert name[-1] not in " ." and name[0] != " "  # noqa: PT018
    assert safe_part(name) == name


@pytest.mark.parametrize("name", ["con", "NUL", "aux.eml", "Com7", "lpt\u00b2.x", "CONIN$"])
def test_a_device_is_not_what_a_name_says(name: str) -> None:
    stem = safe_part(name).partition(".")[0]
    assert stem.endswith("_")


@given(ANY, st.integers(2, 10**6))
def test_a_number_keeps_a_name_safe_and_short(text: str, number: int) -> None:
    name = numbered(safe_part(text), number)
    assert units(name) <= MOST_PART
    assert safe_part(name) == name


@given(ANY, st.integers(1, 2**31 - 1), st.integers(0, 2**32))
def test_the_name_of_a_message_is_short_and_tells_its_uid(
    subject: str, uid: int, date: int
) -> None:
    name = message_name(date, subject, uid)
    assert units(name) <= MOST_NAME
    assert uid_of(name) == uid
    assert safe_part(name, MOST_NAME) == name


def test_one_letter_in_two_forms_and_two_cases_is_one_name() -> None:
    assert same_name("E\u0301t\u00c9") == same_name("\u00e9te\u0301")

"""Which flags are meant, as typed."""

from __future__ import annotations

import pytest

from respool.planning.state_wish import parse_state_wish


def test_all_are_the_system_flags_and_keywords_but_not_deleted() -> None:
    wish = parse_state_wish("all")

    assert wish.means("\\Seen")
    assert wish.means("Anything")
    assert not wish.means("\\Deleted")
    assert not wish.means("\\Recent")


def test_deleted_is_meant_where_it_is_named() -> None:
    assert parse_state_wish("deleted").flags == ("\\Deleted",)


def test_a_keyword_is_meant_in_any_case() -> None:
    wish = parse_state_wish("seen, $forwarded")

    assert wish.means("$Forwarded")
    assert not wish.means("$Junk")
    assert not wish.means("\\Flagged")


def test_flags_are_no_keywords() -> None:
    assert not parse_state_wish("flags").means("Work")


@pytest.mark.parametrize("typed", ["", ",", "recent", "\\Recent", "two words", "a(b"])
def test_what_is_no_flag_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"flag|set"):
        parse_state_wish(typed)


def test_what_is_meant_reads_as_a_list() -> None:
    assert parse_state_wish("seen").text() == "\\Seen"
    assert parse_state_wish("seen,flagged,keywords").text() == "\\Flagged, \\Seen and keywords"


def test_flags_are_only_set_unless_more_is_asked_for() -> None:
    assert not parse_state_wish("seen").clears
    assert parse_state_wish("seen", is_exact=True).clears
    assert parse_state_wish("seen", until="88").clears

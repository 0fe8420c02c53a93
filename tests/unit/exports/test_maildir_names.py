from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from respool.exports.maildir_names import (
    message_base,
    parse_info,
    parse_keywords,
    render_info,
    render_keywords,
    uid_of,
)
from respool.model.messages import SYSTEM_FLAGS

SYSTEM = [name for _, name in SYSTEM_FLAGS]
KEYWORD = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=9)
KEYWORDS = st.lists(KEYWORD, max_size=26, unique=True)


@given(KEYWORDS, st.sets(st.sampled_from(SYSTEM)), st.data())
def test_flags_come_back_from_the_name_and_the_keywords_file(
    keywords: list[str], system: set[str], data: st.DataObject
) -> None:
    kept = data.draw(st.sets(st.sampled_from(keywords))) if keywords else set()
    name = message_base(1507017600, 7, 100) + render_info([*system, *kept], keywords)

    assert parse_info(name, parse_keywords(render_keywords(keywords))) == system | kept
    assert uid_of(name) == 7


def test_letters_of_a_name_are_in_the_order_of_ascii() -> None:
    info = render_info(["b", "\\Seen", "a", "\\Draft"], ["a", "b"])
    assert info == ":2,DSab"


def test_names_sort_as_their_uids_do() -> None:
    names = [message_base(1, uid, 9) for uid in (1, 9, 10, 2**31 - 1)]
    assert names == sorted(names)


def test_a_keywords_file_of_another_hand_is_read_as_far_as_it_goes() -> None:
    assert parse_keywords("1 b\nnonsense\n99 z\n") == ("", "b")

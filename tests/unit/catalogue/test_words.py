from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.catalogue.words import INSIDE, id_word, pieces, words_of
from respool.model.folding import folded

TEXT = st.text(st.sampled_from("aé AZ09_-会議資料のгодカガ한국อ\u0e31"), min_size=1, max_size=12)


def is_found(needle: str, text: str) -> bool:
    """Whether the words of ``text`` let ``needle`` through, as a search asks for them."""
    plain, pairs = words_of(text)
    return all(
        (word[:2] in pairs or any(each.startswith(word) for each in pairs))
        if is_dense
        else any(word[:INSIDE] in each for each in plain)
        for is_dense, word in pieces(folded(needle))
    )


@pytest.mark.parametrize(
    ("needle", "text"),
    [
        ("résumé", "Your RESUME, please"),
        ("nung für März", "Rechnung für März 2024"),
        ("会議", "【重要】会議資料のご送付"),
        ("料", "会議資料"),
        ("закупк", "Отдел закупок и закупка"),
        ("Lodz, Strasse 5, Aero", "Łódź, Straße 5, Ærø"),
        ("smørrebrød", "SMORREBROD"),
    ],
)
def test_a_part_of_a_subject_is_among_its_words(needle: str, text: str) -> None:
    assert is_found(needle, text)


@given(TEXT, TEXT, TEXT)
def test_whatever_stands_in_a_text_is_among_its_words(
    before: str, needle: str, after: str
) -> None:
    text = before + needle + after
    if folded(needle) and folded(needle) in folded(text):
        assert is_found(needle, text)


WORD = "".join(f"{number:x}" for number in range(7, 300))


@given(st.integers(0, len(WORD) - 1), st.integers(1, 200))
def test_any_part_of_a_long_word_is_among_its_pieces(at: int, size: int) -> None:
    assert is_found(WORD[at : at + size], f"Re: {WORD}!")


def test_a_message_id_is_the_same_with_and_without_brackets() -> None:
    assert id_word(" <a@b.c> ") == id_word("a@b.c") != id_word("a@b.d")

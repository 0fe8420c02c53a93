from __future__ import annotations

from respool.targets.imap.pairing import Copy, paired

SEEN = frozenset({"\\Seen"})
NONE: frozenset[str] = frozenset()


def copy(uid: int, guid: str = "a", date: int = 0, flags: frozenset[str] = NONE) -> Copy:
    return Copy(uid=uid, guid=guid, date=date, flags=flags)


def test_what_is_not_there_is_not_found() -> None:
    assert paired([copy(1)], [copy(9, guid="b")]) == {}


def test_two_of_the_same_octets_need_two_that_are_there() -> None:
    assert paired([copy(1), copy(2)], [copy(9)]) == {1: 9}
    assert paired([copy(1), copy(2)], [copy(8), copy(9)]) == {1: 8, 2: 9}


def test_of_equal_octets_those_with_the_same_flags_belong_together() -> None:
    assert paired([copy(1), copy(2, flags=SEEN)], [copy(8, flags=SEEN), copy(9)]) == {1: 9, 2: 8}


def test_of_equal_octets_those_of_the_same_date_belong_together() -> None:
    assert paired([copy(1, date=5), copy(2, date=6)], [copy(8, date=6), copy(9, date=5)]) == {
        1: 9,
        2: 8,
    }


def test_a_message_that_was_flagged_meanwhile_is_still_ours() -> None:
    assert paired([copy(1)], [copy(9, flags=SEEN)]) == {1: 9}


def test_keywords_are_the_same_in_any_case() -> None:
    wanted = [copy(1, flags=frozenset({"$Forwarded"})), copy(2)]
    present = [copy(8), copy(9, flags=frozenset({"$forwarded", "\\Recent"}))]
    assert paired(wanted, present) == {1: 9, 2: 8}

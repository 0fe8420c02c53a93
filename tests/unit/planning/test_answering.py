"""Which live copy answers which copy of the backup."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from respool.planning import answering
from respool.planning.answering import Answer, Answers, answers_to, in_common, said_to
from respool.planning.folder_copies import FolderCopies
from tests.support.processor_time import at_most

ZERO = ""


def folder(
    path: str, contents: Sequence[str], *, folder_id: str | None = None, first_uid: int = 1
) -> FolderCopies:
    """A folder of messages; each text is another message, an empty one has no GUID."""
    octets = b"".join(
        hashlib.sha1(each.encode()).digest() if each else bytes(20) for each in contents
    )
    return FolderCopies(
        path=path,
        folder_id=folder_id,
        guids=np.frombuffer(octets, dtype="V20"),
        uids=np.arange(first_uid, first_uid + len(contents), dtype=np.uint32),
        asked=np.ones(len(contents), dtype=np.bool_),
    )


def said(answers: Answers, number: int = 0) -> list[Answer]:
    """What is said of each copy of one folder of the backup."""
    return [Answer(each) for each in answers.folders[number].answers.tolist()]


def test_a_copy_in_the_same_folder_comes_before_one_elsewhere() -> None:
    live = [folder("Trash", ["a"]), folder("INBOX", ["a"])]

    answers = answers_to([folder("INBOX", ["a"])], live)

    assert said(answers) == [Answer.SAME_FOLDER]
    assert answers.folders[0].folders.tolist() == [1]
    assert [each.tolist() for each in answers.taken] == [[False], [True]]


def test_a_copy_in_the_folder_with_the_same_id_comes_before_one_elsewhere() -> None:
    live = [folder("Archive", ["a"]), folder("New name", ["a"], folder_id="i1")]

    answers = answers_to([folder("Old name", ["a"], folder_id="i1")], live)

    assert said(answers) == [Answer.SAME_ID]
    assert answers.folders[0].folders.tolist() == [1]


@pytest.mark.parametrize("count", [128, 129, 300])
def test_the_last_of_very_many_folders_answers_as_the_first_does(count: int) -> None:
    live = [folder(f"f{number}", [str(number)]) for number in range(count)]
    wanted = [0, 126, count - 1]

    answers = answers_to([folder("f", [str(number) for number in wanted])], live)

    assert answers.folders[0].folders.tolist() == wanted


def test_what_was_moved_is_elsewhere_and_not_missing() -> None:
    answers = answers_to([folder("INBOX", ["a", "b"])], [folder("Projects", ["b"])])

    assert said(answers) == [Answer.MISSING, Answer.ELSEWHERE]
    assert answers.folders[0].missing().tolist() == [True, False]
    assert answers.folders[0].answered().tolist() == [False, True]
    assert answers.folders[0].rows.tolist() == [-1, 0]


def test_a_message_that_the_backup_has_twice_and_live_once_is_missing_once() -> None:
    answers = answers_to([folder("INBOX", ["a", "a"])], [folder("INBOX", ["x", "a"])])

    assert said(answers) == [Answer.MISSING, Answer.SAME_FOLDER]  # the one with its UID


def test_a_copy_of_another_folder_is_not_taken_from_the_folder_that_needs_it() -> None:
    backup = [folder("A", ["a"]), folder("B", ["a"])]

    answers = answers_to(backup, [folder("B", ["a"])])

    assert said(answers, 0) == [Answer.MISSING]
    assert said(answers, 1) == [Answer.SAME_FOLDER]


def test_messages_without_a_guid_answer_nothing_and_are_answered_by_nothing() -> None:
    answers = answers_to([folder("INBOX", [ZERO, "a"])], [folder("INBOX", [ZERO, "a"])])

    assert said(answers) == [Answer.WITHOUT_GUID, Answer.SAME_FOLDER]
    assert answers.taken[0].tolist() == [False, True]


def test_a_guid_that_ends_in_zeros_is_not_the_shorter_one() -> None:
    guids = np.frombuffer(bytes([1] * 19 + [0]) + bytes([1] * 18 + [0, 0]), dtype="V20")
    one, other = (
        FolderCopies(
            path="INBOX",
            folder_id=None,
            guids=guids[at : at + 1],
            uids=np.array([1], dtype=np.uint32),
            asked=np.array([True]),
        )
        for at in (0, 1)
    )

    assert said(answers_to([one], [other])) == [Answer.MISSING]
    assert said(answers_to([one], [one])) == [Answer.SAME_FOLDER]


def test_what_is_not_asked_for_neither_wants_an_answer_nor_gives_one() -> None:
    hidden = folder("INBOX", ["a"])
    hidden.asked[:] = False

    assert said(answers_to([hidden], [folder("INBOX", ["a"])])) == [Answer.NOT_ASKED]
    assert said(answers_to([folder("INBOX", ["a"])], [hidden])) == [Answer.MISSING]


def test_folders_without_an_id_are_not_taken_for_one_another() -> None:
    answers = answers_to([folder("A", ["a"])], [folder("B", ["a"])])

    assert said(answers) == [Answer.ELSEWHERE]


def test_nothing_is_answered_by_nothing() -> None:
    assert answers_to([], []).folders == ()
    assert said(answers_to([folder("INBOX", ["a"])], [])) == [Answer.MISSING]
    assert answers_to([], [folder("INBOX", ["a"])]).taken[0].tolist() == [False]


_ACCOUNT = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C"]),
        st.sampled_from([None, "1", "2"]),
        st.lists(st.sampled_from([ZERO, "a", "b", "c"]), max_size=4),
    ),
    max_size=3,
    unique_by=lambda each: each[0],
)


@settings(max_examples=50, deadline=None)
@given(backup=_ACCOUNT, live=_ACCOUNT)
def test_each_live_copy_answers_one_and_as_many_are_missing_as_there_are_copies_too_few(
    backup: list[tuple[str, str | None, list[str]]],
    live: list[tuple[str, str | None, list[str]]],
) -> None:
    here = [folder(path, texts, folder_id=each) for path, each, texts in backup]
    there = [folder(path, texts, folder_id=each) for path, each, texts in live]

    answers = answers_to(here, there)

    given_answers = [
        (int(number), int(row))
        for each in answers.folders
        for number, row in zip(each.folders, each.rows, strict=True)
        if number >= 0
    ]
    taken = [(n, int(row)) for n, mask in enumerate(answers.taken) for row in np.flatnonzero(mask)]
    assert sorted(given_answers) == taken  # each once
    guids = [[each.guids for each in side] for side in (here, there)]
    assert in_common(*guids) == len(taken)
    wanted = Counter(text for _, _, texts in backup for text in texts if text)
    kept = Counter(text for _, _, texts in live for text in texts if text)
    missing = Counter(
        texts[row]
        for (_, _, texts), each in zip(backup, answers.folders, strict=True)
        for row in np.flatnonzero(each.missing())
    )
    assert missing == wanted - kept
    for (_, _, texts), each in zip(backup, answers.folders, strict=True):
        for row in np.flatnonzero(each.answered()):
            assert live[each.folders[row]][2][each.rows[row]] == texts[row]


def test_a_hundred_thousand_messages_take_far_less_than_a_second() -> None:
    texts = [str(number) for number in range(50_000)]
    backup = [folder("INBOX", texts), folder("Sent", [f"s{each}" for each in texts])]
    live = [folder("Moved", texts[::-1]), folder("Sent", [f"s{each}" for each in texts[100:]])]

    with at_most(1):
        answers = answers_to(backup, live)

    assert int(answers.folders[1].missing().sum()) == 100
    assert set(said(answers, 0)) == {Answer.ELSEWHERE}


@pytest.mark.parametrize("at_once", [1, 7, 64])
def test_in_parts_the_answers_are_those_to_the_whole(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(at_once)
    names = [str(number) for number in range(60)]

    def side() -> list[FolderCopies]:
        return [
            folder(path, chance.choices([*names, ZERO], k=80), folder_id=chance.choice("xyz"))
            for path in chance.sample("abcd", 3)
        ]

    backup, live = side(), side()
    whole = answers_to(backup, live)
    monkeypatch.setattr(answering, "COPIES_AT_ONCE", at_once)

    parted, told = answers_to(backup, live), said_to(backup, live)

    for one, other, said_alone in zip(whole.folders, parted.folders, told, strict=True):
        assert one.answers.tolist() == other.answers.tolist() == said_alone.answers.tolist()
        assert one.folders.tolist() == other.folders.tolist()
        assert one.rows.tolist() == other.rows.tolist()
        assert one.answered().tolist() == (one.folders >= 0).tolist()
    assert [each.tolist() for each in whole.taken] == [each.tolist() for each in parted.taken]

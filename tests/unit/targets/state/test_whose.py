"""Whose change a message's flags are, where a run was cut off."""

from __future__ import annotations

from collections.abc import Mapping

from respool.system.fetch_answer import FetchedMessage
from respool.targets.state.storing import Aim
from respool.targets.state.whose import by_others

SEEN = frozenset({"\\Seen"})
DRAFT = frozenset({"\\Draft"})
NONE = frozenset[str]()
NOTED = 10
Now = Mapping[int, tuple[frozenset[str], int | None]]  # flags and modseq by UID


def found_others(now: Now, *, was_begun: bool = True, noted: int | None = NOTED) -> set[int]:
    """Which of messages that had no flags, and were to be read, somebody else changed."""
    aims = {uid: Aim(guid="", add=SEEN, remove=NONE) for uid in now}
    found = {uid: message(uid, flags, modseq) for uid, (flags, modseq) in now.items()}
    return set(by_others(aims, dict.fromkeys(now, NONE), noted, found, was_begun=was_begun))


def message(uid: int, flags: frozenset[str], modseq: int | None) -> FetchedMessage:
    return FetchedMessage(
        uid=uid, flags=flags, internaldate=None, size_bytes=None, octets=None, modseq=modseq
    )


def test_before_a_step_is_begun_every_change_is_somebody_elses() -> None:
    assert found_others({1: (SEEN, 11), 2: (NONE, 9)}, was_begun=False) == {1}


def test_where_one_is_as_it_was_noted_the_command_never_came() -> None:
    assert found_others({1: (SEEN, 11), 2: (NONE, 9), 3: (NONE, 10)}) == {1}


def test_where_none_is_as_it_was_noted_all_is_the_runs_own() -> None:
    assert found_others({1: (SEEN, 11), 2: (SEEN, 12), 3: (SEEN, 12)}) == set()


def test_commands_after_one_that_never_came_never_came_either() -> None:
    aims = {
        1: Aim(guid="", add=SEEN, remove=NONE),
        2: Aim(guid="", add=SEEN, remove=NONE),
        3: Aim(guid="", add=DRAFT, remove=NONE),
    }
    found = {1: message(1, SEEN, 11), 2: message(2, NONE, 9), 3: message(3, DRAFT, 12)}

    others = by_others(aims, dict.fromkeys(aims, NONE), NOTED, found, was_begun=True)

    assert others == {1: SEEN, 3: DRAFT}


def test_what_was_put_back_already_does_not_count() -> None:
    assert found_others({1: (SEEN, 12), 2: (NONE, 13), 3: (NONE, 13)}) == set()


def test_where_modseqs_tell_nothing_all_is_the_runs_own() -> None:
    assert found_others({1: (SEEN, 9), 2: (NONE, 9)}) == set()
    assert found_others({1: (SEEN, None), 2: (NONE, None)}, noted=None) == set()

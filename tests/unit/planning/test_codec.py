from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from respool.app.wiring import STEP_KINDS
from respool.errors import PlanFileInvalid
from respool.planning.codec import (
    check_plan,
    from_json,
    parse_head,
    parse_step,
    parse_tail,
    render_plan,
    render_step,
    to_json,
)
from respool.planning.plan import PlanHead, PlanTail
from respool.planning.proof import ProveMailbox
from respool.planning.source_place import SourcePlace
from respool.planning.step import PlannedMessage, Step
from respool.targets.spool.steps import CopyMessages, CreateMailbox, RebuildMailbox
from tests.unit.planning.plans import HEAD, HEADS, made, message, plan_lines, values_of

PLACE = SourcePlace(
    spool=PurePosixPath("/backup"), partition="b_loc", data=None, meta=None, archive=None
)
STEPS: tuple[Step, ...] = (
    made(CreateMailbox, mailbox="user/jdoe/x@b.loc", partition="b_loc"),
    made(
        CopyMessages, lane="x", source=PLACE, messages=(message(1), message(7, flags=("a", "b")))
    ),
    RebuildMailbox(lane="x"),
)
LINES = plan_lines(STEPS)
ANY_STEP = st.one_of(*map(values_of, STEP_KINDS.values()))

Change = Callable[[list[str]], list[str]]


def changed_step(**changes: object) -> str:
    return json.dumps({**json.loads(LINES[2]), **changes})


def changed_head(**changes: object) -> str:
    return json.dumps({**json.loads(LINES[0]), **changes})


@pytest.mark.parametrize("kind", STEP_KINDS.values(), ids=STEP_KINDS)
@settings(max_examples=12)
@given(data=st.data())
def test_every_kind_of_step_comes_back_from_its_line(
    kind: type[Step], data: st.DataObject
) -> None:
    step = data.draw(values_of(kind))

    line = render_step(3, step)

    assert parse_step(line, STEP_KINDS) == step
    assert line.isascii()
    assert "\n" not in line


@given(head=HEADS)
def test_every_head_comes_back_from_its_line(head: PlanHead) -> None:
    assert parse_head(next(render_plan(head, ()))) == head


@settings(max_examples=20)
@given(steps=st.lists(ANY_STEP, max_size=4))
def test_a_whole_plan_is_the_same_lines_each_time_and_passes_its_own_check(
    steps: list[Step],
) -> None:
    lines = plan_lines(steps)

    assert plan_lines(steps) == lines
    assert [parse_step(line, STEP_KINDS) for line in lines[1:-1]] == steps
    assert check_plan(lines, STEP_KINDS).steps == len(steps)


def test_the_tail_counts_steps_and_messages() -> None:
    tail = check_plan(LINES, STEP_KINDS)

    assert (tail.steps, tail.messages) == (3, 2)
    assert tail == parse_tail(LINES[-1])


def test_names_of_any_octets_come_back() -> None:
    """What was no UTF-8 on disk is written as ASCII and read as the same name."""
    odd = "caf\udce9/\u00c9t\u00e9/\u65e5\u672c/\U0001f600"
    head = replace(HEAD, into=odd, facts={odd: odd})
    step = RebuildMailbox(lane=odd)

    lines = plan_lines([step], head)

    assert all(line.isascii() for line in lines)
    assert parse_head(lines[0]) == head
    assert parse_step(lines[1], STEP_KINDS) == step
    check_plan(lines, STEP_KINDS)


@settings(max_examples=40)
@given(size=st.integers(0, sum(map(len, LINES)) + len(LINES) - 2))
def test_a_plan_that_was_cut_anywhere_is_refused(size: int) -> None:
    with pytest.raises(PlanFileInvalid):
        check_plan("\n".join(LINES)[:size].split("\n"), STEP_KINDS)


@settings(max_examples=40)
@given(at=st.integers(0, sum(map(len, LINES)) - 1), put=st.characters(codec="ascii"))
def test_a_plan_of_which_one_character_was_altered_is_refused(at: int, put: str) -> None:
    """Wherever it stands; what JSON reads as the same tail is the same plan."""
    text = "\n".join(LINES)
    altered = (text[:at] + put + text[at + 1 :]).split("\n")
    try:
        tail = check_plan(altered, STEP_KINDS)
    except PlanFileInvalid:
        return
    assert altered[:-1] == LINES[:-1]
    assert tail == parse_tail(LINES[-1])


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:0],
        lambda lines: lines[:-1],
        lambda lines: [lines[0]],
        lambda lines: [*lines, lines[1]],
        lambda lines: [*lines, ""],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
        lambda lines: [*lines[:2], changed_step(lane="y"), *lines[3:]],
        lambda lines: [changed_head(into="elsewhere"), *lines[1:]],
        lambda lines: [*lines[:-1], plan_lines(())[-1]],
    ],
    ids=[
        "empty",
        "without-tail",
        "head-alone",
        "step-after-tail",
        "line-after-tail",
        "step-removed",
        "steps-exchanged",
        "lane-altered",
        "head-altered",
        "tail-of-another",
    ],
)
def test_a_plan_that_was_altered_is_refused(change: Change) -> None:
    with pytest.raises(PlanFileInvalid):
        check_plan(change(LINES), STEP_KINDS)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "NaN",
        "[" * 100_000,
        "{}",
        '{"kind":[]}',
        '{"kind":null}',
        changed_step(kind="spool-set-fire"),
        changed_step(lane=None),
        changed_step(lane=5),
        changed_step(surprise="x"),
        changed_step(step="1"),
        changed_step(source="x"),
        changed_step(source={}),
        changed_step(messages=None),
        changed_step(messages={}),
        changed_step(messages=[None]),
        changed_step(messages=[[1, None, 0, 0, []]]),
        changed_step(messages=[[0, None, 0, 0, [], False]]),
        changed_step(messages=[[2**31, None, 0, 0, [], False]]),
        changed_step(messages=[[1.0, None, 0, 0, [], False]]),
        changed_step(messages=[[True, None, 0, 0, [], False]]),
        changed_step(messages=[[1, 5, 0, 0, [], False]]),
        changed_step(messages=[[1, None, 0, -1, [], False]]),
        changed_step(messages=[[1, None, 0, 0, "x", False]]),
        changed_step(messages=[[1, None, 0, 0, [5], False]]),
        changed_step(messages=[[1, None, 0, 0, [], 0]]),
    ],
    ids=lambda line: line[-40:],
)
def test_a_line_that_is_no_step_of_ours_is_refused(line: str) -> None:
    with pytest.raises(PlanFileInvalid):
        parse_step(line, STEP_KINDS)


def test_a_step_that_lacks_a_field_is_refused() -> None:
    for name in ("lane", "owner", "parts", "is_seen_shared", "may_grow"):
        fields = json.loads(render_step(0, made(ProveMailbox, lane="x", parts=("a",))))
        del fields[name]
        with pytest.raises(PlanFileInvalid):
            parse_step(json.dumps(fields), STEP_KINDS)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"respool": "journal"}, "no plan of respool"),
        ({"version": 1}, "another version"),
        ({"version": None}, "another version"),
        ({"made_at": "yesterday"}, "not what it should be"),
        ({"made_at": 5}, "not what it should be"),
        ({"request": []}, "not what it should be"),
        ({"facts": {"a": 5}}, "not what it should be"),
        ({"facts": []}, "not what it should be"),
        ({"is_about": 1}, "not what it should be"),
        ({"findings": [{}]}, "not what it should be"),
        ({"surprise": 1}, "not what it should be"),
    ],
    ids=str,
)
def test_a_head_that_is_not_ours_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(PlanFileInvalid, match=says):
        parse_head(changed_head(**changes))


def test_a_step_is_read_even_where_the_digest_fits_only_if_it_is_ours() -> None:
    """Whoever writes a digest of his own still cannot smuggle a step in."""
    foreign = changed_step(kind="spool-set-fire")
    digest = hashlib.sha256((LINES[0] + foreign).encode()).hexdigest()
    tail = json.dumps({"steps": 1, "messages": 0, "digest": digest})

    with pytest.raises(PlanFileInvalid, match="does not know"):
        check_plan([LINES[0], foreign, tail], STEP_KINDS)


@pytest.mark.parametrize("line", ["{}", '{"steps":1}', '{"steps":"1","messages":0,"digest":""}'])
def test_a_last_line_that_is_no_tail_is_refused(line: str) -> None:
    with pytest.raises(PlanFileInvalid):
        parse_tail(line)


def test_a_plan_without_steps_is_a_plan() -> None:
    tail = check_plan(plan_lines(()), STEP_KINDS)

    assert tail == PlanTail(steps=0, messages=0, digest=tail.digest)


def test_a_step_that_calls_itself_another_is_refused_even_with_a_right_digest() -> None:
    body = [*LINES[:2], changed_step(step=0), *LINES[3:-1]]
    digest = hashlib.sha256("".join(body).encode()).hexdigest()
    tail = json.dumps({**json.loads(LINES[-1]), "digest": digest})

    with pytest.raises(PlanFileInvalid, match="calls itself 0"):
        check_plan([*body, tail], STEP_KINDS)


@pytest.mark.parametrize("one", [message(1), message(7, flags=("a", "b"))])
def test_a_single_message_is_written_and_read_like_one_of_many(one: PlannedMessage) -> None:
    """It is a tuple, which is written otherwise."""
    written = to_json(one)

    assert written == one.as_row()
    assert from_json(PlannedMessage, written) == one

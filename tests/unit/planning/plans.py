"""Plans for tests: one by hand, and Hypothesis strategies made from the types themselves."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from respool.model.accounts import Account, AccountKind
from respool.model.conditions import Conditions
from respool.model.finding_kinds import KINDS
from respool.model.findings import Finding
from respool.model.state import UidSet
from respool.planning.codec import render_plan
from respool.planning.flag_step import FlagChange
from respool.planning.plan import PLAN_VERSION, PlanHead
from respool.planning.request import RestoreRequest
from respool.planning.step import PlannedMessage, Step

ValueT = TypeVar("ValueT")

_EMPTY: Mapping[Any, Any] = {
    str: "",
    bool: False,
    int: 0,
    tuple: (),
    Mapping: {},
    Union: None,
    types.UnionType: None,
}


def _has_no_default(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def made(kind: type[ValueT], **values: Any) -> ValueT:  # noqa: ANN401 - any field of any type
    """A value of a dataclass; what a test does not name is empty."""
    hints = get_type_hints(kind)
    empty = {
        field.name: _EMPTY[get_origin(hints[field.name]) or hints[field.name]]
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
        if field.name not in values and _has_no_default(field)
    }
    return kind(**values, **empty)


ACCOUNT = Account(kind=AccountKind.USER, login="jdoe", domain="b.loc")
REQUEST = made(RestoreRequest, account=ACCOUNT, target=ACCOUNT, generation="1234", into="restored")
HEAD = made(
    PlanHead,
    version=PLAN_VERSION,
    software="0",
    made_at=datetime(2026, 3, 2, tzinfo=UTC),
    request=REQUEST,
    target="jdoe@b.loc on a server",
    into="restored",
)

# Any text, and octets of names that are no UTF-8, as the system hands them over.
TEXT = st.text(
    st.characters(codec="utf-8") | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF),
    max_size=6,
)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2106, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
MESSAGES = st.builds(
    PlannedMessage,
    uid=st.integers(1, 2**31 - 1),
    guid=st.none() | st.binary(min_size=20, max_size=20).map(bytes.hex),
    internaldate=st.integers(0, 2**32 - 1),
    size_bytes=st.integers(0, 2**40),
    flags=st.lists(TEXT, max_size=2).map(tuple),
    is_archived=st.booleans(),
)
FLAG_CHANGES = st.lists(st.integers(1, 2**31 - 1), unique=True, max_size=3).map(
    lambda uids: FlagChange(
        add=("\\Seen",), remove=(), uids=str(UidSet.of(uids)), guids="ab" * 20 * len(uids)
    )
)
UIDS = st.lists(st.integers(1, 2**31 - 1), min_size=1, max_size=3).map(UidSet.of)
CONDITIONS = st.builds(
    Conditions,
    sender=st.none() | st.just("alice"),
    guids=st.lists(st.binary(min_size=20, max_size=20).map(bytes.hex), max_size=2).map(tuple),
    uids=st.none() | UIDS,
    since=st.none() | MOMENTS,
    larger=st.none() | st.integers(0, 2**40),
    has_attachment=st.booleans(),
    flags=st.sampled_from(((), ("\\Seen", "$Forwarded"))),
)
_PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    bool: st.booleans(),
    int: st.integers(-1, 2**63),
    datetime: MOMENTS,
    PurePosixPath: TEXT.filter(lambda text: "\0" not in text).map(PurePosixPath),
    PlannedMessage: MESSAGES,
    FlagChange: FLAG_CHANGES,
    UidSet: UIDS,
    Conditions: CONDITIONS,
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - any type that a plan has
    """Any value of a type that stands in a plan."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if origin in {Union, types.UnionType}:
        return st.none() | values_of(arguments[0])
    if origin is tuple:
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if origin is Mapping:
        return st.dictionaries(TEXT, values_of(arguments[1]), max_size=2)
    if issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    fields = {field.name for field in dataclasses.fields(kind)}
    return _findings() if kind is Finding else _built(kind, fields)


def _built(kind: Any, fields: Iterable[str], **given: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401
    hints = get_type_hints(kind)
    return st.builds(kind, **given, **{name: values_of(hints[name]) for name in fields})


def _findings() -> st.SearchStrategy[Any]:
    """Codes of the table, each with a severity that it can have."""
    pairs = [(each.code, one) for each in KINDS.values() for one in sorted(each.severities)]
    return st.sampled_from(pairs).flatmap(
        lambda pair: _built(
            Finding,
            ("subject", "text", "uid", "file", "count"),
            code=st.just(pair[0]),
            severity=st.just(pair[1]),
        )
    )


HEADS = values_of(PlanHead).map(lambda head: dataclasses.replace(head, version=PLAN_VERSION))


def message(uid: int, guid: str | None = "ab" * 20, **changes: Any) -> PlannedMessage:  # noqa: ANN401
    """A message of a plan; what is not said has a usual value."""
    usual = {"internaldate": 1_700_000_000, "size_bytes": 100, "flags": ("\\Seen",)}
    return PlannedMessage(uid=uid, guid=guid, **{**usual, **changes})


def plan_lines(steps: Iterable[Step], head: PlanHead = HEAD) -> list[str]:
    """The lines of a whole plan."""
    return list(render_plan(head, steps))

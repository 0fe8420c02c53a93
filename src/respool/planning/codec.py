"""Plan ⇄ JSON lines: a head, one step a line, a tail with count and digest."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import PurePosixPath
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from respool.errors import PlanFileInvalid
from respool.model.state import UidSet
from respool.planning.plan import PLAN_VERSION, PlanHead, PlanTail
from respool.planning.step import MessageStep, PlannedMessage, Step

ValueT = TypeVar("ValueT")
StepKinds = Mapping[str, type[Step]]


def to_json(value: Any) -> Any:  # noqa: ANN401, PLR0911 - the edge where values become JSON
    """``value`` as what the JSON writer knows: dataclasses become objects or rows."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, PlannedMessage):  # a tuple itself
        return value.as_row()
    if isinstance(value, tuple | list):
        if value and type(value[0]) is PlannedMessage:  # then all are; there are millions of them
            return [message.as_row() for message in value]
        return [to_json(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, PurePosixPath | UidSet):
        return str(value)
    return {name: to_json(getattr(value, name)) for name in _field_names(value.__class__)}


def from_json(kind: type[ValueT], value: Any) -> ValueT:  # noqa: ANN401 - JSON enters here
    """The value of type ``kind`` that `to_json` wrote.

    Raises:
        PlanFileInvalid: anything else stands there.
    """
    try:
        made: ValueT = _made(kind, value)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise PlanFileInvalid(
            "a line of the plan is not what it should be", why=str(error)
        ) from error
    return made


def render_step(number: int, step: Step) -> str:
    """The line of one step, without its line feed."""
    return _line({"step": number, "kind": step.kind, **to_json(step)})


def parse_step(line: str, kinds: StepKinds, *, number: int | None = None) -> Step:
    """The step of one line; ``number`` is what it must be, where that is known.

    Raises:
        PlanFileInvalid: no such kind, not its fields, or another number.
    """
    fields = _object(line)
    found, word = fields.pop("step", None), fields.pop("kind", None)
    kind = kinds.get(word) if type(word) is str and type(found) is int else None
    if kind is None:
        raise PlanFileInvalid("the plan has a step that this version does not know", why=line[:80])
    if number is not None and found != number:
        raise PlanFileInvalid(f"step {number} of the plan calls itself {found}", why=line[:80])
    return from_json(kind, fields)


def render_plan(head: PlanHead, steps: Iterable[Step]) -> Iterator[str]:
    """The lines of a plan, lazily, each without its line feed; the last is its tail."""
    digest = hashlib.sha256()
    count = messages = 0
    line = _line({"respool": "plan", **to_json(head)})
    digest.update(line.encode("utf-8", "surrogateescape"))
    yield line
    for step in steps:
        line = render_step(count, step)
        digest.update(line.encode("utf-8", "surrogateescape"))
        count += 1
        messages += len(step.messages) if isinstance(step, MessageStep) else 0
        yield line
    yield _line(to_json(PlanTail(steps=count, messages=messages, digest=digest.hexdigest())))


def parse_head(line: str) -> PlanHead:
    """The head of a plan.

    Raises:
        PlanFileInvalid: no plan, or one of another version.
    """
    fields = _object(line)
    if fields.pop("respool", None) != "plan":
        raise PlanFileInvalid("this is no plan of respool", hint="respool plan ... --out FILE")
    if fields.get("version") != PLAN_VERSION:
        raise PlanFileInvalid(
            "this plan was written by another version",
            why=f"plan version {fields.get('version')}; this is {PLAN_VERSION}",
            hint="make the plan again",
        )
    return from_json(PlanHead, fields)


def parse_tail(line: str) -> PlanTail:
    """The last line of a plan.

    Raises:
        PlanFileInvalid: it is none.
    """
    return from_json(PlanTail, _object(line))


def check_plan(lines: Iterable[str], kinds: StepKinds) -> PlanTail:
    """Read a whole plan once, lazily; its tail.

    Raises:
        PlanFileInvalid: cut, altered, or with a step that cannot be read.
    """
    digest = hashlib.sha256()
    count = messages = 0
    previous: str | None = None
    for line in lines:
        if previous is not None:
            digest.update(previous.encode("utf-8", "surrogateescape"))
            if count:
                step = parse_step(previous, kinds, number=count - 1)
                messages += len(step.messages) if isinstance(step, MessageStep) else 0
            count += 1
        previous = line
    if previous is None:
        raise PlanFileInvalid("the plan is empty")
    tail = parse_tail(previous)
    if (tail.steps, tail.messages, tail.digest) != (count - 1, messages, digest.hexdigest()):
        raise PlanFileInvalid(
            "the plan was cut or altered since it was made",
            why=f"its last line speaks of {tail.steps} steps and another digest",
            hint="make the plan again",
        )
    return tail


def _line(fields: Any) -> str:  # noqa: ANN401
    return json.dumps(fields, ensure_ascii=True, separators=(",", ":"))


def _object(line: str) -> dict[str, Any]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise PlanFileInvalid("a line of the plan is no JSON", why=str(error)) from error
    if not isinstance(fields, dict):
        raise PlanFileInvalid("a line of the plan is no JSON object", why=line[:80])
    return fields


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _made(kind: Any, value: Any) -> Any:  # noqa: ANN401, PLR0911 - one case a type
    origin = get_origin(kind)
    if origin is Union or origin is types.UnionType:
        inner = next(item for item in get_args(kind) if item is not type(None))
        return None if value is None else _made(inner, value)
    if origin is tuple:
        inner, items = get_args(kind)[0], _checked(list, value)
        if inner is PlannedMessage:  # there are millions of them
            return tuple(map(PlannedMessage.from_row, items))
        return tuple(_made(inner, item) for item in items)
    if origin is not None and issubclass(origin, Mapping):
        inner = get_args(kind)[1]
        return {key: _made(inner, item) for key, item in _checked(dict, value).items()}
    if kind is PlannedMessage:
        return PlannedMessage.from_row(_checked(list, value))
    if kind is UidSet:
        return UidSet.parse(_checked(str, value))
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind, value)
    if kind is datetime:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    if isinstance(kind, type) and issubclass(kind, StrEnum | PurePosixPath):
        return kind(_checked(str, value))
    supertype = getattr(kind, "__supertype__", kind)
    return _checked(supertype, value)


def _dataclass(kind: type, value: Any) -> Any:  # noqa: ANN401
    names = _field_names(kind)
    hints = _hints(kind)
    unknown = set(_checked(dict, value)) - set(names)
    if unknown:
        raise ValueError(f"unknown fields {sorted(unknown)}")
    return kind(**{name: _made(hints[name], item) for name, item in value.items()})


def _checked(kind: Any, value: Any) -> Any:  # noqa: ANN401
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"expected {kind.__name__}, found {value!r:.60}")
    return value

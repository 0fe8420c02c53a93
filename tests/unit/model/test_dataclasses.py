"""Each class is made twice, by ours and by the library's; they must be alike."""

# ruff: noqa: ANN401 - these classes are of no type that could be named

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from functools import cached_property
from typing import Any, ClassVar

import pytest

from respool.model import dataclasses as ours

Decorator = Callable[..., Callable[[type], Any]]
LIBRARY: Decorator = dataclasses.dataclass
OURS: Decorator = ours.dataclass
FROZEN = {"frozen": True, "slots": True, "kw_only": True}


def named(dataclass: Decorator) -> Any:
    @dataclass(**FROZEN)
    class Named:
        """Of a name and more."""

        kind: ClassVar[str] = "named"

        name: str
        size: int = 3
        parts: tuple[int, ...] = ()
        known: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    return Named


def placed(dataclass: Decorator) -> Any:
    @dataclass(frozen=True, slots=True)
    class Placed:
        name: str
        size: int = field(default=3, kw_only=True)

    return Placed


def derived(dataclass: Decorator) -> Any:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Derived(named(dataclass)):  # type: ignore[misc]
        name: str = "another"
        more: str

    return Derived


def counted(dataclass: Decorator) -> Any:
    @dataclass(slots=True)
    class Counted:
        name: str
        size: int = field(init=False, default=4)
        parts: list[int] = field(init=False, default_factory=list)

        def __post_init__(self) -> None:
            self.parts.append(self.size)

    return Counted


def own(dataclass: Decorator) -> Any:
    @dataclass(**FROZEN)
    class Own:
        name: str

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Own)

        def __hash__(self) -> int:
            return 7

    return Own


def only_equal(dataclass: Decorator) -> Any:
    @dataclass(**FROZEN)
    class OnlyEqual:  # noqa: PLW1641 - made by the decorator
        name: str

        def __eq__(self, other: object) -> bool:
            return True

    return OnlyEqual


def incomparable(dataclass: Decorator) -> Any:
    @dataclass(**FROZEN, eq=False)
    class Incomparable:
        name: str

    return Incomparable


def cached(dataclass: Decorator) -> Any:
    @dataclass(frozen=True, kw_only=True)
    class Cached:
        name: str

        @cached_property
        def length(self) -> int:
            return len(self.name)

    return Cached


def ordered(dataclass: Decorator) -> Any:
    @dataclass(**FROZEN, order=True)
    class Ordered:
        name: str

    return Ordered


def empty(dataclass: Decorator) -> Any:
    @dataclass(**FROZEN)
    class Empty:
        pass

    return Empty


MAKERS = (
    named,
    placed,
    derived,
    counted,
    own,
    only_equal,
    incomparable,
    cached,
    ordered,
    empty,
)
VALUES: dict[object, dict[str, str]] = {derived: {"more": "x"}, empty: {}}
both = pytest.mark.parametrize("make", MAKERS)


def objects(make: Callable[[Decorator], Any], **more: object) -> tuple[Any, Any]:
    values = VALUES.get(make, {"name": "a"})
    first, second = make(OURS), make(LIBRARY)
    return first(**values, **more), second(**values, **more)


def outcome(call: Callable[[], object]) -> object:
    """What it gives, or which error it raises, in words."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - compared
        return f"{type(error).__name__}: {error}"


@both
def test_it_takes_what_the_librarys_takes(make: Callable[[Decorator], Any]) -> None:
    objects(make)
    mine, theirs = make(OURS), make(LIBRARY)
    outcome(mine)  # made when first called

    def shape(cls: Any) -> list[tuple[object, ...]]:
        found = inspect.signature(cls.__init__).parameters.values()
        return [(each.kind, each.default is not each.empty) for each in found]

    assert shape(mine) == shape(theirs)
    assert outcome(lambda: mine(nothing=1)) == outcome(lambda: theirs(nothing=1))
    assert mine.__match_args__ == theirs.__match_args__


@both
def test_its_objects_hold_and_show_the_same(make: Callable[[Decorator], Any]) -> None:
    mine, theirs = objects(make)
    if make is not incomparable:
        assert repr(mine) == repr(theirs)
    assert dataclasses.asdict(mine) == dataclasses.asdict(theirs)
    assert getattr(type(mine), "__slots__", None) == getattr(type(theirs), "__slots__", None)


@both
def test_its_objects_are_equal_and_hashed_alike(make: Callable[[Decorator], Any]) -> None:
    mine, theirs = objects(make)
    other = copy.copy(mine)
    assert (mine == other) is (theirs == copy.copy(theirs))
    assert (mine == theirs) is (theirs == mine)
    assert (type(mine).__hash__ is None) is (type(theirs).__hash__ is None)
    if make is not incomparable:
        assert outcome(lambda: hash(mine) == hash(other)) == outcome(
            lambda: hash(theirs) == hash(copy.copy(theirs))
        )


@both
@pytest.mark.parametrize(
    "change", [lambda one: setattr(one, "name", 1), lambda one: delattr(one, "name")]
)
def test_they_are_as_frozen(
    make: Callable[[Decorator], Any], change: Callable[[object], None]
) -> None:
    mine, theirs = objects(make)
    if make is not empty:
        assert outcome(lambda: change(mine)) == outcome(lambda: change(theirs))


def test_what_is_no_field_cannot_be_set_either() -> None:
    mine, _ = objects(named)
    with pytest.raises(dataclasses.FrozenInstanceError):
        mine.unknown = 1


@both
def test_another_is_made_of_one(make: Callable[[Decorator], Any]) -> None:
    mine, theirs = objects(make)
    changed = {} if make is empty else {"name": "b"}
    assert dataclasses.asdict(dataclasses.replace(mine, **changed)) == dataclasses.asdict(
        dataclasses.replace(theirs, **changed)
    )


def test_a_class_derived_without_a_decorator_makes_its_objects() -> None:
    class Plain(named(OURS)):  # type: ignore[misc]
        pass

    assert Plain(name="a") == Plain(name="a")
    assert repr(Plain(name="a")).endswith("Plain(name='a', size=3, parts=())")


def test_a_cached_value_is_kept_beside_the_fields() -> None:
    mine, _ = objects(cached)
    assert (mine.length, mine.length, vars(mine)) == (1, 1, {"name": "a", "length": 1})


@ours.dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Where pickle finds it."""

    name: str
    numbers: tuple[int, ...] = (1, 2)


def test_an_object_is_sent_to_another_process_and_copied() -> None:
    sent = Sent(name="a")
    assert pickle.loads(pickle.dumps(sent)) == sent
    assert copy.deepcopy(sent) == sent


def test_several_threads_may_be_the_first() -> None:
    for _ in range(20):
        cls = named(OURS)
        ready = threading.Barrier(4)

        def first(cls: Any = cls, ready: threading.Barrier = ready) -> tuple[int, str, bool]:
            ready.wait()
            return cls(name="a").size, repr(cls(name="b"))[-2:], cls(name="c") == cls(name="c")

        with ThreadPoolExecutor(4) as pool:
            made = [pool.submit(first) for _ in range(4)]
        assert [each.result() for each in made] == [(3, "))", True)] * 4

"""``dataclass`` as the standard library has it, but what a class needs is made when it is used.

The library compiles six functions for each class at once. A command loads several hundred
classes, of which it makes objects of some: compiling took a third of its start.
Whoever checks types sees the library's own.
The library takes these classes for such as can be changed: what derives from a frozen one is
made by this decorator, too.
"""

# ruff: noqa: ANN401 - these functions are of any class, and get whatever is given to it

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from dataclasses import dataclass

_SHOWN_AND_COMPARED: Final = ("__repr__", "__eq__", "__hash__")


def _dataclass(
    *,
    frozen: bool = False,
    slots: bool = False,
    kw_only: bool = False,
    eq: bool = True,
    order: bool = False,
) -> Callable[[type], Any]:
    """As `dataclasses.dataclass`, which itself makes those that can be ordered."""

    def make(cls: type) -> Any:
        if order:
            library = dataclasses.dataclass(
                frozen=frozen, slots=slots, kw_only=kw_only, order=True
            )
            return library(cls)
        if cls.__doc__ is None:
            cls.__doc__ = cls.__name__  # else the library makes one of the signature
        own = frozenset(vars(cls))
        library = dataclasses.dataclass(
            slots=slots, kw_only=kw_only, init=False, repr=False, eq=False
        )
        made: Any = library(cls)
        _make_late(made, own, is_frozen=frozen, is_compared=eq)
        if frozen:
            _freeze(made)
            if slots:
                made.__getstate__ = _getstate
                made.__setstate__ = _setstate
        return made

    return make


def _make_late(cls: Any, own: frozenset[str], *, is_frozen: bool, is_compared: bool) -> None:
    """Give ``cls`` functions that put the real ones in their own places when first called.

    What the class itself defines, ``own``, is kept; as the library has it, a class that can
    be compared and changed has no hash.
    """
    if "__init__" not in own:

        def make_init(self: Any, *args: Any, **values: Any) -> None:
            cls.__init__ = made = _init_of(cls, is_frozen=is_frozen)
            made(self, *args, **values)

        cls.__init__ = make_init
    if "__repr__" not in own:
        cls.__repr__ = _late(cls, "__repr__")
    if not is_compared:
        return
    if "__eq__" not in own:
        cls.__eq__ = _late(cls, "__eq__")
    if not is_frozen and "__hash__" not in own:
        cls.__hash__ = None
    if is_frozen and ("__hash__" not in own or cls.__hash__ is None):
        cls.__hash__ = _late(cls, "__hash__")


def _late(cls: Any, name: str) -> Callable[..., Any]:
    def first(*args: Any) -> Any:
        """Take all three of a class that the library makes of the same fields."""
        every = [(each.name, each.type, each) for each in dataclasses.fields(cls)]
        twin = dataclasses.make_dataclass(
            cls.__qualname__,
            every,
            namespace={"__doc__": cls.__doc__ or " "},  # or one is made of a signature
            init=False,
            unsafe_hash=True,
        )
        for each in _SHOWN_AND_COMPARED:
            if getattr(vars(cls).get(each), "__code__", None) is first.__code__:
                setattr(cls, each, vars(twin)[each])
        return getattr(cls, name)(*args)

    return first


def _init_of(cls: Any, *, is_frozen: bool) -> Callable[..., None]:
    """The function that sets every field, with the library's signature.

    The library would compile two more beside it that refuse changes, in thrice the time.
    """
    fields = [each for each in dataclasses.fields(cls) if each.init]
    known: dict[str, Any] = {"_put": object.__setattr__, "_missing": dataclasses.MISSING}
    plain = [_parameter(each, known) for each in fields if not each.kw_only]
    named = [_parameter(each, known) for each in fields if each.kw_only]
    head = ", ".join(["_self", *plain, *(["*"] if named else []), *named])
    put = "_put(_self, {!r}, {})" if is_frozen else "_self.{} = {}"
    body = [put.format(each.name, value) for each, value in _values(cls, known)]
    if hasattr(cls, "__post_init__"):
        body.append("_self.__post_init__()")
    source = f"def __init__({head}):\n " + "\n ".join(body or ["pass"])
    exec(source, known)  # noqa: S102 - of names of fields alone, as the library does
    made: Callable[..., None] = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _parameter(field: dataclasses.Field[Any], known: dict[str, Any]) -> str:
    if field.default is not dataclasses.MISSING:
        known[f"_default_{field.name}"] = field.default
        return f"{field.name}=_default_{field.name}"
    if field.default_factory is not dataclasses.MISSING:
        return f"{field.name}=_missing"
    return field.name


def _values(cls: Any, known: dict[str, Any]) -> Iterator[tuple[dataclasses.Field[Any], str]]:
    """What each field is set to; nothing where it has a place of its own later."""
    for each in dataclasses.fields(cls):
        made = f"_make_{each.name}"
        if each.default_factory is not dataclasses.MISSING:
            known[made] = each.default_factory
            given = f"{made}() if {each.name} is _missing else {each.name}"
            yield each, given if each.init else f"{made}()"
        elif each.init:
            yield each, each.name
        elif each.default is not dataclasses.MISSING:
            known[made] = each.default
            yield each, made


def _freeze(cls: Any) -> None:
    names = frozenset(each.name for each in dataclasses.fields(cls))

    def refuse_set(self: Any, name: str, value: Any) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def refuse_delete(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    cls.__setattr__ = refuse_set
    cls.__delattr__ = refuse_delete


def _getstate(self: Any) -> list[Any]:
    """For pickle, which would set the fields of a frozen object one by one."""
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _setstate(self: Any, state: list[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


if not TYPE_CHECKING:
    dataclass = _dataclass

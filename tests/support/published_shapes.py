"""Is a JSON value what a published client writes or reads? By names of fields, and of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from tests.support.published_clients import Published

_LISTS: Final = {"ListSerDer", "SetSerDer", "CollectionSerDer", "ArraySerDer"}
_PLAIN: Final[dict[str, type | tuple[type, ...]]] = {
    "STRING": str,
    "INT": int,
    "LONG": int,
    "DOUBLE": (int, float),
    "BOOLEAN": bool,
}
_INSIDE: Final = {"ItemValue": "value", "ListResult": "values"}


def misfits(said: Published, coders: Sequence[str], value: Any, *, whole: bool) -> Iterator[str]:  # noqa: ANN401 - JSON
    """What does not fit; ``coders`` are names from `PublishedCall`, outermost first.

    An answer has to be ``whole``: a client reads each field. A body may leave some out.
    """
    head, *rest = coders
    if value is None:
        return
    if head in _LISTS or head == "ListResult":
        yield from _in_list(said, coders, value, whole=whole)
    elif head in _PLAIN:
        if not isinstance(value, _PLAIN[head]):
            yield f"{value!r} is no {head}"
    elif head in said.words:
        if value not in said.words[head]:
            yield f"{value!r} is no {head}"
    elif not isinstance(value, dict):
        yield f"{value!r} is no {head}"
    else:
        fields = said.fields[head]
        yield from (f"{head} has no field {key}" for key in sorted(value.keys() - fields))
        if whole:
            yield from (f"{head} lacks {key}" for key in sorted(fields - value.keys()))
        if rest and head in _INSIDE:
            yield from misfits(said, rest, value.get(_INSIDE[head]), whole=whole)


def _in_list(
    said: Published,
    coders: Sequence[str],
    value: Any,  # noqa: ANN401 - JSON
    *,
    whole: bool,
) -> Iterator[str]:
    inner = value.get("values") if coders[0] == "ListResult" and isinstance(value, dict) else value
    if not isinstance(inner, list):
        yield f"{value!r} is no {coders[0]}"
        return
    for each in inner:
        yield from misfits(said, coders[1:], each, whole=whole)

"""A call of the stand-in core: its route, and what came with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import unquote_plus

from tests.support.bluemind_core.json_values import Fields, Json
from tests.support.bluemind_core.keys import Holder
from tests.support.bluemind_core.server_faults import unreadable
from tests.support.bluemind_core.versions import CoreFamily

if TYPE_CHECKING:
    from tests.support.bluemind_core.core import BlueMindCore

EVERY: Final = frozenset(CoreFamily)
SINCE_4: Final = EVERY - {CoreFamily.BM3}
SINCE_49: Final = frozenset({CoreFamily.BM49, CoreFamily.BM5})
UNTIL_48: Final = frozenset({CoreFamily.BM3, CoreFamily.BM4})
ONLY_3: Final = frozenset({CoreFamily.BM3})
ONLY_5: Final = frozenset({CoreFamily.BM5})
WITH_CYRUS: Final = EVERY - ONLY_5


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, its parts decoded."""

    holder: Holder
    key: str | None = None
    parts: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: Json = None

    @property
    def domain(self) -> str:
        """The domain uid of the path."""
        return self.parts["domain"]

    @property
    def uid(self) -> str:
        """The directory uid of the path."""
        return self.parts["uid"]

    def fields(self, parameter: str) -> Fields:
        """The body, an object.

        Raises:
            ServerFault: it is none.
        """
        if not isinstance(self.body, dict):
            raise unreadable(parameter)
        return self.body

    def listed(self, parameter: str, kind: type) -> list[Json]:
        """The body, a list of such.

        Raises:
            ServerFault: it is none.
        """
        if not isinstance(self.body, list) or not all(isinstance(x, kind) for x in self.body):
            raise unreadable(parameter)
        return self.body


Handler: TypeAlias = "Callable[[BlueMindCore, Call], Json]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route. ``role`` None: any key opens it; ``is_public``: none is needed.

    In ``path``, ``{domain}``, ``{uid}`` and so on stand for one part each. ``query`` are the
    names that it knows. ``is_secret``: the body is a password, and is not kept.
    """

    method: str
    path: str
    handler: Handler
    families: frozenset[CoreFamily] = EVERY
    query: tuple[str, ...] = ()
    has_body: bool = False
    role: str | None = None
    is_public: bool = False
    is_secret: bool = False

    def match(self, method: str, raw_path: str) -> dict[str, str] | None:
        """The parts of a path, still escaped, that is this route's, decoded as the core does.

        A ``+`` means a blank there. Source: RestServiceMethodHandler.buildInvocation.
        """
        if method != self.method:
            return None
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, raw_path)
        if found is None:
            return None
        return {name: unquote_plus(part) for name, part in found.groupdict().items()}


def find_route(
    routes: Iterable[Route], family: CoreFamily, method: str, raw_path: str
) -> tuple[Route, dict[str, str]] | None:
    """The route of that family for a path: of two, the one with fewer blanks to fill."""
    found = [
        (route, parts)
        for route in routes
        if family in route.families and (parts := route.match(method, raw_path)) is not None
    ]
    return min(found, key=lambda each: len(each[1]), default=None)

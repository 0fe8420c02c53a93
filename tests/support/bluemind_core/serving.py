"""From a request to its answer: who asks, which route, which fault, what is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote_plus

from tests.support.bluemind_core.asked import Asked
from tests.support.bluemind_core.faults import Fault, FaultKind
from tests.support.bluemind_core.json_values import Json
from tests.support.bluemind_core.keys import NOBODY, WRONG, Holder
from tests.support.bluemind_core.listener import HttpAnswer, HttpRequest, json_answer
from tests.support.bluemind_core.mail import MailTrouble
from tests.support.bluemind_core.routes import Call, Route, find_route
from tests.support.bluemind_core.server_faults import ServerFault, not_found, unreadable
from tests.support.bluemind_core.table import ROUTES

if TYPE_CHECKING:
    from tests.support.bluemind_core.core import BlueMindCore

_NO_CONTENT: Final = 204
_LOST: Final = HttpAnswer(status=0, is_lost=True)
_SECRET: Final = "(a password)"
_OF_THE_PROXY: Final = frozenset({502, 503, 504})
_CODES: Final = {401: "AUTHENTICATION_FAIL", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}
_NO_JSON: Final = b"<html><body>It works!</body></html>"


def answer(core: BlueMindCore, request: HttpRequest) -> HttpAnswer:
    """What a request is answered with."""
    raw_path, _, raw_query = request.raw_path.partition("?")
    found = find_route(ROUTES, core.version.family, request.method, raw_path)
    route = None if found is None else found[0]
    asked = Asked(
        method=request.method,
        path=unquote_plus(raw_path),
        route="" if route is None else route.path,
        by=_kind_of(core, request.key),
        query=dict(parse_qsl(raw_query, keep_blank_values=True)),
        body=_SECRET if route is not None and route.is_secret else _kept(request.octets),
    )
    core.requests.add(asked)
    fault = core.faults.of(asked)
    if fault is None:
        return _said(core, request, asked, found)
    done = _said(core, request, asked, found) if fault.is_after else None
    if fault.kind is FaultKind.ANSWER:
        return _refused(fault, request.key)
    return _with(core, fault, asked, done) or _said(core, request, asked, found)


def _with(
    core: BlueMindCore, fault: Fault, asked: Asked, done: HttpAnswer | None
) -> HttpAnswer | None:
    """The answer that a fault leaves; None: as ever."""
    match fault.kind:
        case FaultKind.HANG:
            core.is_ending.wait(fault.seconds)
            return _LOST
        case FaultKind.RESTART:
            core.restart(fault.seconds)
            return _LOST
        case FaultKind.CALL:
            assert fault.call is not None
            fault.call(asked)
            return done
        case _:
            return _spoilt(fault)


def _spoilt(fault: Fault) -> HttpAnswer:
    match fault.kind:
        case FaultKind.CUT:
            return HttpAnswer(status=200, octets=b'{"id": "half of"}', is_cut=True)
        case FaultKind.GARBLE:
            return HttpAnswer(status=200, octets=_NO_JSON)
        case _:
            return HttpAnswer(status=200, swells_to=fault.octets)


def _refused(fault: Fault, key: str | None) -> HttpAnswer:
    """Another status: with the core's own words, or those of the proxy before it."""
    if fault.body is not None:
        return json_answer(fault.status, fault.body)
    if fault.status in _OF_THE_PROXY:
        page = f"<html><head><title>{fault.status}</title></head><body>nginx</body></html>"
        return HttpAnswer(status=fault.status, octets=page.encode())
    code = _CODES.get(fault.status, "UNKNOWN")
    message = f"session id {key} is not valid" if fault.status == 401 else "a test wanted this"
    return json_answer(fault.status, ServerFault(message, code).body)


def _said(
    core: BlueMindCore,
    request: HttpRequest,
    asked: Asked,
    found: tuple[Route, dict[str, str]] | None,
) -> HttpAnswer:
    try:
        body = _called(core, request, asked, found)
    except ServerFault as fault:
        return json_answer(fault.status, fault.body)
    except MailTrouble as trouble:
        return json_answer(500, ServerFault(str(trouble)).body)
    return json_answer(_NO_CONTENT if body is None else 200, body)


def _called(
    core: BlueMindCore,
    request: HttpRequest,
    asked: Asked,
    found: tuple[Route, dict[str, str]] | None,
) -> Json:
    if found is None:
        raise not_found(f"no service registered on path {asked.path}")
    route, parts = found
    holder = _holder(core, request.key, route)
    body = None
    if route.has_body:
        try:
            body = json.loads(request.octets)
        except ValueError:
            raise unreadable("body") from None
    call = Call(holder=holder, key=request.key, parts=parts, query=asked.query, body=body)
    return route.handler(core, call)


def _holder(core: BlueMindCore, key: str | None, route: Route) -> Holder:
    holder = core.keys.holder(key)
    if not route.is_public:
        holder.check(route.role)
    return holder


def _kind_of(core: BlueMindCore, key: str | None) -> str:
    try:
        return core.keys.holder(key).kind
    except ServerFault:
        return WRONG if key is not None else NOBODY


def _kept(octets: bytes) -> Json:
    if not octets:
        return None
    try:
        return json.loads(octets)
    except ValueError:
        return "(no JSON)"

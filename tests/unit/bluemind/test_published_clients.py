"""What we ask BlueMind's core, and what our stand-in for it answers, against its own clients.

They are read, never run. For versions before 4.9 there is no client of their own: they are
compared with that of 4.9, but for what is known to differ (reference of BlueMind, section 5).
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from respool.bluemind import api_requests
from respool.bluemind.api_requests import ApiRequest
from respool.bluemind.families import Family
from tests.support.bluemind_core.asking import ask
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.installation import Domain, Installation, Mailshare, User
from tests.support.bluemind_core.routes import Route
from tests.support.bluemind_core.table import ROUTES
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.published_clients import (
    CLIENT_3,
    CLIENT_4,
    CLIENT_5,
    CLIENTS,
    Published,
    PublishedCall,
    PublishedClient,
    find_call,
    published,
    without_names,
)
from tests.support.published_shapes import misfits

DOMAIN = "bluemind.loc"
CLIENT_OF = {
    CoreFamily.BM3: CLIENT_3,
    CoreFamily.BM4: CLIENT_4,
    CoreFamily.BM49: CLIENT_4,
    CoreFamily.BM5: CLIENT_5,
}
REPAIR = "/directory/{}/{}/mgmt/_maintenance/repair"
# Versions 4.0 to 4.8 have no client: what is not as in that of 4.9, and why.
UNTIL_48 = {
    ("POST", REPAIR): "a list of ids, as in 3.x; RepairConfig came with 4.9 (section 5.3)",
    ("POST", "/directory/{}/{}/mgmt/_maintenance/check"): "as in 3.x; gone with 4.9 (5.3)",
    ("GET", "/tasks/{}/_currentLogs"): "no offset, as in 3.x; it came with 4.9 (5.4)",
    ("POST", "/mgmt/mailbox/{}/{}/_reset"): "it came with 4.9 (5.3)",
}
INSTALLATION = Installation(
    domains=(Domain(uid=DOMAIN, aliases=("bm.example",)),),
    users=(
        User(
            uid="U1",
            login="jdoe",
            domain=DOMAIN,
            emails=("jdoe@bluemind.loc",),
            shared_with={"M1": "All"},
        ),
    ),
    mailshares=(
        Mailshare(
            uid="M1",
            name="contact",
            domain=DOMAIN,
            emails=("contact@bluemind.loc",),
            shared_with={"U1": "Read"},
        ),
    ),
    groups={"G1": ("U1",)},
)
# What a request function is called with, by the names of its parameters.
SAMPLES: dict[str, Any] = {
    "domain": DOMAIN,
    "uid": "U1",
    "name": "contact",
    "email": "jdoe@bluemind.loc",
    "login": "jdoe@bluemind.loc",
    "task_id": "repair-U1@bluemind.loc",
    "operations": ["mailboxAcls"],
    "entries": [{"subject": "U1", "verb": "Read"}],
    "query": {"nameOrEmailFilter": "jdoe", "kindsFilter": ["USER"], "size": 10},
    "offset": 0,
}
VALUES = {"save_user": "users/{}/U1", "save_mailshare": "mailshares/{}/M1"}

Start = Callable[..., BlueMindCore]


def family_says(family: CoreFamily, method: str, path: str) -> Published:
    """The client that a call of that family is compared with."""
    is_as_before = family is CoreFamily.BM4 and (method, path) in UNTIL_48
    return published(CLIENT_3 if is_as_before else CLIENT_OF[family])


def said_by(family: CoreFamily) -> Published:
    return published(CLIENT_OF[family])


def published_path(route: Route) -> str:
    return without_names(route.path).replace("/default/", "/{}/")


def request_functions() -> Iterator[str]:
    for name, function in inspect.getmembers(api_requests, inspect.isfunction):
        is_ours = function.__module__ == api_requests.__name__ and not name.startswith("_")
        if is_ours and inspect.signature(function).return_annotation == "ApiRequest":
            yield name


def request_of(name: str, family: Family, core: BlueMindCore) -> ApiRequest:
    function = getattr(api_requests, name)
    arguments = dict(SAMPLES, family=family)
    if name in VALUES:
        arguments["value"] = ask(core, f"GET /{VALUES[name].format(DOMAIN)}/complete").body[
            "value"
        ]
    else:
        arguments["value"] = {"name": "contact", "routing": "internal", "emails": []}
    wanted = inspect.signature(function).parameters
    assert wanted.keys() <= arguments.keys(), f"no sample for a parameter of {name}"
    made = function(**{each: arguments[each] for each in wanted})
    assert isinstance(made, ApiRequest)
    return made


@pytest.fixture(params=list(CoreFamily), ids=lambda family: f"BlueMind {family}")
def core(request: pytest.FixtureRequest, bluemind_core: Start, tmp_path: Path) -> BlueMindCore:
    generation = {
        "id": 1,
        "protectionTime": 1_700_000_000_000,
        "blueMind": {"major": "4", "minor": "9", "release": "1", "displayName": "4.9.1"},
        "withWarnings": False,
        "withErrors": False,
        "parts": [],
    }
    (tmp_path / "generation-1.json").write_text(json.dumps(generation), "utf-8")
    return bluemind_core(INSTALLATION, version=request.param, backup_root=tmp_path)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_published_client_is_understood(client: PublishedClient) -> None:
    said = published(client)

    save = said.calls["POST", "/mailboxes/{}/{}/_acls"]
    assert save.body == ("ListSerDer", "AccessControlEntry")
    assert said.fields["AccessControlEntry"] == {"subject", "verb"}
    assert {"emails", "quota", "name"} <= said.fields["Mailshare"]
    assert "All" in said.words["Verb"]


def test_every_request_of_ours_is_one_of_the_published_calls(core: BlueMindCore) -> None:
    family = core.version.family
    wrong: list[str] = []

    for name in request_functions():
        made = request_of(name, Family(family.value), core)
        said = family_says(family, made.method, _template(family, made))
        call = find_call(said, made.method, made.path)
        wrong += [f"{name}: {each}" for each in _differences(said, call, made)]

    assert wrong == []


def test_every_request_of_ours_is_one_that_the_stand_in_answers(core: BlueMindCore) -> None:
    """What it says to it is another matter: a sample may be refused."""
    for name in request_functions():
        made = request_of(name, Family(core.version.family.value), core)
        said = ask(core, f"{made.method} {made.path}", made.body, **made.query)
        is_unknown = said.status == 404 and "no service" in said.body["message"]
        assert not is_unknown, name


def test_every_route_of_the_stand_in_is_published() -> None:
    wrong: list[str] = []

    for route, family in [(each, family) for each in ROUTES for family in each.families]:
        path = published_path(route)
        call = family_says(family, route.method, path).calls.get((route.method, path))
        if call is None or call.query != route.query or (call.body is None) == route.has_body:
            wrong.append(f"BlueMind {family}: {route.method} {path}, but {call}")

    assert wrong == []


def test_a_route_is_answered_by_every_version_that_publishes_it() -> None:
    answered: dict[tuple[str, str], set[CoreFamily]] = {}
    for route in ROUTES:
        answered.setdefault((route.method, published_path(route)), set()).update(route.families)

    wrong = {
        (method, path): by ^ having
        for (method, path), by in answered.items()
        if by ^ (having := {x for x in CoreFamily if (method, path) in said_by(x).calls})
        and not ((method, path) in UNTIL_48 and by ^ having == {CoreFamily.BM4})
    }

    assert wrong == {}


def test_answers_have_the_fields_that_a_client_reads(core: BlueMindCore) -> None:
    family = core.version.family
    task = ask(core, f"POST /mgmt/mailbox/{DOMAIN}/U1/_consolidate").body["id"]
    core.settle()
    wrong: list[str] = []

    for route in ROUTES:
        if route.method != "GET" or family not in route.families:
            continue
        path = _filled(route.path, task)
        said = family_says(family, "GET", without_names(route.path))
        call = find_call(said, "GET", path)
        assert call is not None
        answer = ask(core, f"GET {path}", **_queries(route)).body
        if call.answer:
            wrong += [f"{path}: {x}" for x in misfits(said, call.answer, answer, whole=True)]
            assert answer, f"nothing to compare: {path}"

    assert wrong == []


def _filled(path: str, task: str) -> str:
    uids = {"mailshares": "M1", "servers": "bm-master", "groups": "G1"}
    return path.format(
        domain=DOMAIN,
        uid=uids.get(path.split("/")[1], "U1"),
        task=task,
        email="jdoe%40bluemind.loc",
        login="jdoe",
        container="mailbox%3Aacls-M1",
    )


def _queries(route: Route) -> dict[str, str]:
    who = "contact" if route.path.startswith("/mailshares") else "jdoe"
    email = "user" if route.path.endswith("_byType") else f"{who}%40bluemind.loc"
    samples = {"email": email, "name": "jdoe", "offset": "0"}
    if route.path == "/domains/_lookup":
        samples["name"] = DOMAIN
    return {name: samples[name] for name in route.query}


def _template(family: CoreFamily, made: ApiRequest) -> str:
    call = find_call(published(CLIENT_OF[family]), made.method, made.path)
    return made.path if call is None else call.path


def _differences(said: Published, call: PublishedCall | None, made: ApiRequest) -> Iterator[str]:
    if call is None:
        yield f"no such call: {made.method} {made.path}"
        return
    yield from (f"no query {each}" for each in sorted(made.query.keys() - set(call.query)))
    if (call.body is None) != (made.body is None):
        yield f"a body is {'not ' if call.body is None else ''}wanted by {call.source}"
    elif call.body is not None:
        yield from misfits(said, call.body, made.body, whole=False)

"""Asks the stand-in core something, as any HTTP client would: for tests of the stand-in."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.json_values import Fields, Json

_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A status, and the body, None for none."""

    status: int
    body: Json = None


def ask(
    core: BlueMindCore, call: str, body: Json = None, *, key: str | None = None, **query: str
) -> Said:
    """What the core says to ``call`` (``GET /domains``), asked with admin0's key, or ``key``.

    ``key`` "": none at all. Each call has a connection of its own.
    """
    method, _, path = call.partition(" ")
    url = urlsplit(core.url)
    connection = http.client.HTTPConnection(url.netloc, timeout=_SECONDS)
    shown = core.keys.core_token if key is None else key
    headers = {"X-BM-ApiKey": shown} if shown else {}
    octets = None if body is None else json.dumps(body).encode()
    words = "&".join(f"{name}={value}" for name, value in query.items())
    whole = url.path + path + (f"?{words}" if words else "")
    try:
        connection.request(method, whole, octets, headers)
        answer = connection.getresponse()
        said = answer.read()
    finally:
        connection.close()
    return Said(status=answer.status, body=json.loads(said) if said else None)


def end_of(core: BlueMindCore, said: Said) -> Fields:
    """The status of the task that ``said`` names, once it is over."""
    path = f"/tasks/{said.body['id']}".replace("@", "%40")
    for _ in range(500):
        status: Fields = ask(core, f"GET {path}").body
        if status["state"] in {"Success", "InError"}:
            return status
        time.sleep(0.01)
    raise AssertionError(f"{path} does not end")

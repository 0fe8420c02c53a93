"""Speaks with the core of a BlueMind server over HTTP: the only importer of httpx."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Final, Self
from urllib.parse import SplitResult, urlsplit

from respool.bluemind.api_requests import ApiRequest
from respool.errors import (
    BluemindFault,
    BluemindRefused,
    BluemindUnreachable,
    CertificateNotTrusted,
    LibraryMissing,
    NotEncrypted,
    UsageError,
)
from respool.model.dataclasses import dataclass
from respool.model.one_line import one_line

_KEY_HEADER: Final = "X-BM-ApiKey"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_CONNECT_SECONDS: Final = 10.0
_ANSWER_SECONDS: Final = 60.0
_LONGEST_SECONDS: Final = 600.0
_MOST_OCTETS: Final = 64 << 20
_REFUSED: Final = frozenset({401, 403})
_AWAY: Final = frozenset({502, 503, 504})
_NO_CONTENT: Final = 204
_TRIES: Final = 3
_MOST_TOLD: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAccess:
    """Where a core answers, and the key that opens it, which no text of this object shows.

    ``url`` ends in ``/api``. TLS is verified by the system's certificates, or by those in
    ``ca_file`` (PEM) alone; a plain address is for this machine only, unless ``is_insecure``.
    In seconds: ``answer_seconds`` is how long nothing may come, ``longest_seconds`` how long one
    answer may take, ``wait`` how long between two tries of a call that changes nothing.
    """

    url: str
    key: str = field(repr=False)
    ca_file: Path | None = None
    is_insecure: bool = False
    answer_seconds: float = _ANSWER_SECONDS
    longest_seconds: float = _LONGEST_SECONDS
    wait: float = 1.0


class BluemindApi:
    """One core, for the length of a block. Any thread may ask."""

    def __init__(self, access: ApiAccess, sleep: Callable[[float], None] = time.sleep) -> None:
        self.access = access
        self._sleep = sleep
        self._httpx = _library()
        _check_address(access)
        timeout = self._httpx.Timeout(access.answer_seconds, connect=_CONNECT_SECONDS)
        self._client = self._httpx.Client(
            verify=_trust(access), timeout=timeout, trust_env=False, follow_redirects=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def ask(self, request: ApiRequest, *, key: str | None = None) -> Any:  # noqa: ANN401 - JSON
        """What the core answers; None for nothing. ``key``: another session's than ours.

        A call that changes nothing is tried three times where the core is away.

        Raises:
            BluemindUnreachable: nobody answers, or not in time; one that changes something may
                have had its effect.
            BluemindRefused: the key is wrong, or lacks a role.
            BluemindFault: the core says that it cannot.
        """
        tries = _TRIES if request.is_reading else 1
        while True:
            tries -= 1
            try:
                return self._once(request, key or self.access.key)
            except BluemindUnreachable:
                if not tries:
                    raise
            self._sleep(self.access.wait)

    def _once(self, request: ApiRequest, key: str) -> Any:  # noqa: ANN401 - JSON
        headers = {_KEY_HEADER: _sendable(key), "Accept": "application/json"}
        content = None
        if request.body is not None:
            content = json.dumps(request.body).encode()
            headers["Content-Type"] = "application/json"
        what = f"{request.method} {request.path}"
        try:
            with self._client.stream(
                request.method,
                self.access.url.rstrip("/") + request.path,
                params=dict(request.query) or None,
                content=content,
                headers=headers,
            ) as response:
                octets = self._read(response, what)
                status = int(response.status_code)
        except self._httpx.ConnectError as error:
            raise self._not_connected(error) from None
        except (self._httpx.HTTPError, self._httpx.InvalidURL) as error:
            raise BluemindUnreachable(
                f"BlueMind's core at {self._place} did not answer {what}", why=_told(error)
            ) from None
        return _answer(what, status, octets, key)

    def _read(self, response: Any, what: str) -> bytes:  # noqa: ANN401 - httpx has no types here
        octets = bytearray()
        until = time.monotonic() + self.access.longest_seconds
        for piece in response.iter_bytes():
            octets += piece
            if time.monotonic() > until:
                raise BluemindUnreachable(
                    f"BlueMind's core at {self._place} does not come to the end of {what}",
                    why=f"{len(octets)} octets in {self.access.longest_seconds:.0f} s",
                )
            if len(octets) > _MOST_OCTETS:
                raise BluemindFault(f"BlueMind's core answers {what} without an end")
        return bytes(octets)

    def _not_connected(self, error: Exception) -> CertificateNotTrusted | BluemindUnreachable:
        why = _told(error)
        if "CERTIFICATE" in why.upper():
            return CertificateNotTrusted(
                f"nobody whom we trust vouches for BlueMind's core at {self._place}",
                why=why,
                hint="--ca-file FILE names the certificates to trust it by",
            )
        return BluemindUnreachable(
            f"nothing answers where BlueMind's core should be, at {self._place}", why=why
        )

    @property
    def _place(self) -> str:
        return urlsplit(self.access.url).netloc


def _answer(what: str, status: int, octets: bytes, key: str) -> Any:  # noqa: ANN401 - JSON
    if status in _REFUSED:
        raise BluemindRefused(
            f"BlueMind's core refused {what}",
            why=_fault(octets, key)[1],
            hint="the key is wrong or old, or its account lacks a role:"
            " RESPOOL_BLUEMIND_KEY_FILE names another",
        )
    if status in _AWAY:
        raise BluemindUnreachable(f"BlueMind's core is away: {what}", why=f"status {status}")
    if not 200 <= status < 300:
        code, message = _fault(octets, key)
        raise BluemindFault(
            f"BlueMind's core cannot do {what}",
            why=f"status {status}: {message}",
            status=status,
            fault=code,
        )
    if status == _NO_CONTENT or not octets.strip():
        return None
    try:
        return json.loads(octets)
    except (ValueError, RecursionError) as error:
        raise BluemindFault(
            f"BlueMind's core answered {what} with no JSON", why=str(error)
        ) from None


def _sendable(key: str) -> str:
    """``key``, which is one word of ASCII: what else it is would stand in the error."""
    if not (key.isascii() and key.isprintable() and key.split() == [key]):
        raise UsageError(
            "what is set as BlueMind's key can be none",
            why="it has blanks, line ends, or letters that are not ASCII",
            hint="RESPOOL_BLUEMIND_KEY_FILE names a file whose first line it is",
        )
    return key


def _fault(octets: bytes, key: str) -> tuple[str | None, str]:
    """``errorCode`` and ``message`` of a ServerFault.

    A core repeats a key that it does not know to whoever asked, in whatever way it escapes it.
    """
    told: Any = None
    with suppress(ValueError, RecursionError):
        told = json.loads(octets)
    if not isinstance(told, dict):
        return None, _shown(octets.decode("utf-8", "replace"), key)
    code = told.get("errorCode")
    message = _shown(str(told.get("message") or code), key)
    return (None if code is None else _shown(str(code), key)), message


def _shown(text: str, key: str) -> str:
    return one_line(text.replace(key, "…")[:_MOST_TOLD])


def parts_of(url: str) -> SplitResult:
    """An address of a core, in parts; what stands before an ``@`` is told to nobody.

    Raises:
        UsageError: it is none.
    """
    with suppress(ValueError):  # of no host in brackets, or a port that is no number
        parts = urlsplit(url)
        is_sound = parts.port is None or parts.port > 0
        if is_sound and parts.scheme in {"http", "https"} and parts.hostname:
            return parts
    raise UsageError(
        f'"{one_line(url.rpartition("@")[2])}" is no address of BlueMind\'s core',
        hint="https://HOST/api, or on the server itself http://localhost:8090/api",
    )


def _check_address(access: ApiAccess) -> None:
    parts = parts_of(access.url)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "names and passwords do not belong into the address of BlueMind's core",
            hint="RESPOOL_BLUEMIND_KEY_FILE names the file with the key",
        )
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not access.is_insecure:
        raise NotEncrypted(
            f"the key would cross the network in the clear to {parts.netloc}",
            hint=f"https://{parts.hostname}/api",
        )


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    try:
        return urlsplit(url).hostname in _LOOPBACK
    except ValueError:
        return False


def _trust(access: ApiAccess) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=access.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"{access.ca_file} holds no certificates that can be read", why=str(error)
        ) from error


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__


def _library() -> ModuleType:
    """httpx, which the extra ``bluemind`` installs.

    Raises:
        LibraryMissing: it is not installed.
    """
    try:
        import httpx  # noqa: PLC0415 - an extra: nothing else needs it
    except ImportError as error:
        raise LibraryMissing(
            "the library that speaks with BlueMind's core is missing",
            why=str(error),
            hint="pip install 'respool[bluemind]'",
        ) from error
    library: ModuleType = httpx
    return library

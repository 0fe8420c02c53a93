"""From settings to the core of BlueMind: its address and its key, where there are any."""

# ruff: noqa: PLC0415 - what speaks with a core is loaded where there may be one

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from respool.app.settings import Secret, Settings, secret_in
from respool.cyrus.imapd_conf import ServerConfiguration
from respool.errors import BluemindUnreachable, UsageError
from respool.system.bluemind_signs import is_bluemind, is_there

if TYPE_CHECKING:
    from respool.system.bluemind_api import ApiAccess
    from respool.system.bluemind_core import BluemindCore

TOKEN: Final = Path("/etc/bm/bm-core.tok")  # admin0's key, for root on the server itself
LOCAL_API: Final = "http://localhost:8090/api"
_SILENT_SECONDS: Final = 60.0


def api_access(settings: Settings, token: Path = TOKEN) -> ApiAccess | None:
    """How to reach BlueMind's core; None where nothing says that there is one.

    On the server itself nothing has to be set: root finds the key in ``token``. That one is
    this machine's, and goes to no other.

    Raises:
        UsageError: an address without a key.
    """
    key, url = settings.bluemind_key, settings.bluemind_api
    if key is None and url is None and not is_there(token):
        return None
    from respool.system.bluemind_api import ApiAccess, is_loopback

    is_near = url is None or is_loopback(url)
    key = key or (_local_key(token) if is_near else None)
    if key is None:
        raise UsageError(
            "BlueMind's core needs a key",
            why=f"none is set, and {token} cannot be read"
            if is_near
            else f"none is set, and {token} is of this machine alone",
            hint="RESPOOL_BLUEMIND_KEY_FILE names a file whose first line it is",
        )
    return ApiAccess(
        url=url or LOCAL_API,
        key=key.reveal(),
        ca_file=settings.ca_file,
        is_insecure=settings.is_insecure,
    )


def is_perhaps_bluemind(settings: Settings, configuration: ServerConfiguration) -> bool:
    """Whether anything says that there is a core, or that the server is BlueMind's.

    Raises:
        UsageError: as `api_access`.
    """
    return is_bluemind(configuration) or api_access(settings) is not None


@contextmanager
def core_of(settings: Settings) -> Iterator[BluemindCore | None]:
    """BlueMind's core, for the length of a block; None where nothing says that there is one.

    Raises:
        as `api_access` and `open_core`.
    """
    access = api_access(settings)
    if access is None:
        yield None
        return
    from respool.system.bluemind_core import open_core

    with open_core(access) as core:
        yield core


@contextmanager
def patient_core(settings: Settings) -> Iterator[BluemindCore | None]:
    """As `core_of`, for what is asked of each of many accounts.

    Where nobody answered, that is known for a minute and not tried again for every account.
    """
    silence = settings.core_silence
    if silence.error is not None and time.monotonic() < silence.until:
        raise silence.error
    try:
        with core_of(settings) as core:
            yield core
    except BluemindUnreachable as error:
        silence.error, silence.until = error, time.monotonic() + _SILENT_SECONDS
        raise


def _local_key(token: Path) -> Secret | None:
    try:
        return secret_in(token)
    except UsageError:
        return None

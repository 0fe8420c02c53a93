"""Every route that the stand-in core answers, whatever its version."""

from __future__ import annotations

from typing import Final

from tests.support.bluemind_core import (
    calls_accounts,
    calls_dataprotect,
    calls_directory,
    calls_installation,
    calls_mailboxes,
    calls_tasks,
)
from tests.support.bluemind_core.routes import Route

ROUTES: Final[tuple[Route, ...]] = (
    *calls_installation.ROUTES,
    *calls_directory.ROUTES,
    *calls_mailboxes.ROUTES,
    *calls_accounts.ROUTES,
    *calls_tasks.ROUTES,
    *calls_dataprotect.ROUTES,
)

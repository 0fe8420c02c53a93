"""The commands that are killed: restore, resume and undo, by their use cases."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from respool.app.restore import restore
from respool.app.settings import Secret, Settings
from respool.errors import RespoolError
from tests.support.restoring import agreeing, wish
from tests.support.undoing import resumed, undone

Order = Mapping[str, Any]


def carry_out(order: Order) -> dict[str, Any]:
    """Do what is asked for; how it ended, as JSON.

    ``ended`` is a verdict, the state of a run after an undo, ``refused`` with the error's
    ``code``, or ``broken`` by a bug.
    """
    try:
        return {"ended": _PHASES[order["phase"]](settings_of(order), order)}
    except RespoolError as error:
        reasons = tuple(map(str, getattr(error, "reasons", ())))
        told = "; ".join(str(each) for each in (error.what, error.why, *reasons) if each)
        return {"ended": "refused", "code": error.code, "told": told}
    except BaseException:  # noqa: BLE001 - told to whoever asked
        return {"ended": "broken", "told": traceback.format_exc()}


def settings_of(order: Order) -> Settings:
    """The settings of a command."""
    more = order["settings"]
    key = more.get("bluemind_key")
    return Settings(
        bluemind_api=more.get("bluemind_api"),
        bluemind_key=None if key is None else Secret(key),
        backups=Path(order["backups"]),
        imapd_conf=Path(order["imapd_conf"]),
        imap=None,
        imap_admin=None,
        imap_password=None,
        to_password=None,
        state=Path(order["state"]),
        staged=None,
    )


def _restore(settings: Settings, order: Order) -> str:
    wanted = wish(order["account"], *order["folders"], **order["wish"])
    return restore(settings, wanted, agreeing()).verdict.value


def _resume(settings: Settings, _order: Order) -> str:
    return resumed(settings).verdict.value


def _undo(settings: Settings, _order: Order) -> str:
    return undone(settings).state.value


_PHASES: Mapping[str, Callable[[Settings, Order], str]] = {
    "restore": _restore,
    "resume": _resume,
    "undo": _undo,
}

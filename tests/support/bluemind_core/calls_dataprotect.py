"""Calls about DataProtect: the generations of the test's tree, as the core knows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.bluemind_core.json_values import Fields, Json
from tests.support.bluemind_core.routes import Call, Route
from tests.support.bluemind_core.server_faults import unreadable
from tests.support.bluemind_core.versions import CoreFamily, CoreVersion

if TYPE_CHECKING:
    from tests.support.bluemind_core.core import BlueMindCore


def read_generations(root: Path | None, version: CoreVersion) -> list[Fields]:
    """What the files ``generation-N.json`` below ``root`` say, as that version shows it."""
    files = sorted(root.glob("generation-*.json")) if root is not None else []
    found: list[Fields] = [json.loads(file.read_text("utf-8")) for file in files]
    for part in (part for each in found for part in each.get("parts") or ()):
        if version.family is CoreFamily.BM3:
            part.pop("datatype", None)
        else:
            part.setdefault("datatype", None)
    return sorted(found, key=lambda each: int(each["id"]))


def _generations(core: BlueMindCore, _: Call) -> Json:
    return core.generations


def _sync(core: BlueMindCore, _: Call) -> Json:
    """Read the files again: this is how a backup from elsewhere is made known."""
    core.generations = read_generations(core.backup_root, core.version)


def _policy(core: BlueMindCore, _: Call) -> Json:
    return core.policy


def _save_policy(core: BlueMindCore, call: Call) -> Json:
    policy = call.fields("rp")
    if any(not isinstance(each, int | None) for each in policy.values()):
        raise unreadable("rp")
    core.policy = {key: policy.get(key) for key in ("daily", "weekly", "monthly")}


_RESTORE = "manageRestore"
_DATAPROTECT = "manageDataProtect"
ROUTES = (
    Route(method="GET", path="/dataprotect/generations", handler=_generations, role=_RESTORE),
    Route(method="POST", path="/dataprotect/_syncfs", handler=_sync, role=_DATAPROTECT),
    Route(method="GET", path="/dataprotect/policy", handler=_policy, role=_DATAPROTECT),
    Route(
        method="POST",
        path="/dataprotect/policy",
        has_body=True,
        handler=_save_policy,
        role=_DATAPROTECT,
    ),
)

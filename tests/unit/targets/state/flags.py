"""Folders of a backup and of a live account with flags, and plans for them, as values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from respool.model.accounts import Account, folder_parts
from respool.model.inventory import StoredMailbox
from respool.model.messages import SYSTEM_FLAGS
from respool.model.state import UidSet
from respool.planning.plan import PlannedMailbox
from respool.planning.state_wish import StateWish, parse_state_wish
from respool.targets.state.matching import Wanted
from respool.targets.state.planner import StatePlan, plan_state
from respool.targets.state.survey import LiveFolder, StateFolder, StateSurvey
from tests.unit.planning.plans import ACCOUNT, REQUEST
from tests.unit.targets.spool.plans import CONTEXT, rows_of, stored

OWNER = "jdoe@b.loc"
ALICE = "alice@b.loc"
Messages = Sequence[tuple[str, str]]  # content, and flags with blanks between


def guid(content: str) -> str:
    """The SHA-1 of a content, in hex."""
    return hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()


def mailbox_of(
    path: str,
    messages: Messages,
    *,
    account: Account = ACCOUNT,
    **changes: Any,  # noqa: ANN401 - any field of a mailbox
) -> StoredMailbox:
    """A mailbox with these messages, UIDs from 1 on."""
    name = account.root if path == "INBOX" else account.root.child(*folder_parts(path))
    words = [flags.split() for _, flags in messages]
    keywords = sorted({word for flags in words for word in flags if not word.startswith("\\")})
    bits = {flag: bit for bit, flag in SYSTEM_FLAGS}
    rows = rows_of(len(messages))
    for at, (content, _) in enumerate(messages):
        rows["guid"][at] = np.void(bytes.fromhex(guid(content)))
        rows["system_flags"][at] = sum(bits.get(word, 0) for word in words[at])
        slots = [keywords.index(word) for word in words[at] if word in keywords]
        rows["user_flags"][at, 0] = sum(1 << slot for slot in slots)
    usual = {"name": name, "keywords": tuple(keywords), "uniqueid": path}
    return stored(rows, **{**usual, **changes})


def backup(
    path: str,
    messages: Messages,
    seen_by: Mapping[str, str] | None = None,
    **changes: Any,  # noqa: ANN401 - any field of a mailbox
) -> StateFolder:
    """A folder of a backup; ``seen_by`` has sets of UIDs."""
    seen = {who: UidSet.parse(uids) for who, uids in (seen_by or {}).items()}
    return StateFolder(mailbox=mailbox_of(path, messages, **changes), seen_by=seen)


def live(
    path: str,
    messages: Messages,
    seen_by: Mapping[str, str] | None = None,
    **changes: Any,  # noqa: ANN401 - any field of a mailbox
) -> LiveFolder:
    """A folder of the live account."""
    closed_to = changes.pop("closed_to", {})
    folder = backup(path, messages, seen_by, **changes)
    return LiveFolder(
        mailbox=folder.mailbox,
        seen_by=folder.seen_by,
        written=folder.mailbox.name.admin,
        closed_to=closed_to,
    )


def wish_for(typed: str = "all", *, is_exact: bool = False, until: str | None = None) -> StateWish:
    """What is wanted."""
    return parse_state_wish(typed, is_exact=is_exact, until=until)


def planned(
    was: Sequence[StateFolder],
    now: Sequence[LiveFolder],
    *,
    wish: StateWish | None = None,
    later: Sequence[StateFolder] | None = None,
    owner: str | None = OWNER,
    **request: Any,  # noqa: ANN401 - any field of the request
) -> StatePlan:
    """The plan of putting back what ``was``."""
    asked = replace(REQUEST, state_only=wish or wish_for(), **request)
    wanted = [Wanted(folder=each, asked=each.mailbox.visible()) for each in was]
    survey = StateSurvey(
        server="mail, Cyrus 3.6.1", owner=owner, folders=tuple(now), readers=frozenset({ALICE})
    )
    return plan_state(asked, wanted, later, survey, CONTEXT)


def changes(plan: StatePlan) -> list[tuple[str, str | None, str, str, str]]:
    """Folder, login, flags to set, flags to clear, and UIDs, of all that the plan changes."""
    return [
        (step.mailbox, step.login, " ".join(each.add), " ".join(each.remove), each.uids)
        for folder in plan.folders
        for step in folder.steps()
        for each in step.changes
    ]


def of_folder(plan: StatePlan, path: str) -> PlannedMailbox:
    """What the head says of one folder."""
    return next(each for each in plan.head.mailboxes if each.target_path == path)

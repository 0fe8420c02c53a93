"""Surveys of IMAP servers as values, and plans for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from respool.planning.chosen import ChosenMailbox
from respool.targets.imap.names import ImapNames
from respool.targets.imap.planner import plan_restore
from respool.targets.imap.sequence import ImapPlan
from respool.targets.imap.survey import ImapFolder, ImapSurvey
from tests.unit.planning.plans import ACCOUNT, REQUEST
from tests.unit.targets.spool.plans import CONTEXT

NAMES = ImapNames(root=ACCOUNT.root)
SURVEY = ImapSurvey(
    where="imaps://jdoe@mail.example.org:993",
    server="a server",
    login="jdoe",
    user="jdoe",
    capabilities=frozenset({"IMAP4REV1", "UIDPLUS", "NAMESPACE"}),
    names=NAMES,
    folders={"INBOX": ImapFolder(messages=3)},
)
EMPTY = {"folders": {"INBOX": ImapFolder(messages=0)}}
SPECIAL = {
    "folders": {
        "INBOX": ImapFolder(messages=0),
        "Gesendet": ImapFolder(uses=frozenset({"\\Sent"}), messages=0),
    }
}
IN_PLACE = {"is_in_place": True}


def planned(
    wanted: Sequence[ChosenMailbox],
    *,
    request: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
    **survey: Any,  # noqa: ANN401 - any field of the survey
) -> ImapPlan:
    """The plan of a restore of ``wanted``."""
    asked = replace(REQUEST, **(request or {}))
    known = replace(CONTEXT, **(context or {}))
    return plan_restore(asked, wanted, replace(SURVEY, **survey), known)

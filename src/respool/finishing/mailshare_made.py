"""A mailshare that BlueMind is to make anew, from what the backup says of it. Values only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from respool.errors import PlanRefused
from respool.finishing.steps import CreateMailshare
from respool.finishing.survey import CoreSurvey, Gone
from respool.planning.finishing import NewMailshare

_GROUP: Final = "group:"
# Source: DbAclToCyrusAcl.java: All is lrswipkxtea, Write lrswipkxte, Read lrp.
_VERBS: Final = (
    ("All", frozenset("lrswipkxtea")),
    ("Write", frozenset("lrswipkxte")),
    ("Read", frozenset("lrp")),
)
_EVERYBODY_MAY: Final = frozenset("p")  # "anyone p", in every mailshare
_IN_NO_VERB: Final = frozenset("cdn")  # shorthand of the server, and annotations


def new_mailshare(survey: CoreSurvey, gone: Gone) -> NewMailshare:
    """As it was: name, quota, server and readers.

    Raises:
        PlanRefused: it cannot be told which server its mail is to lie on.
    """
    return NewMailshare(
        uid=gone.uid,
        name=gone.name,
        email=gone.email if survey.is_email_free else None,
        data_location=_data_location(survey, gone),
        quota_kib=gone.quota_kib,
        shared=_shared(survey, gone),
    )


def mailshare_value(step: CreateMailshare) -> dict[str, Any]:
    """The body that BlueMind is sent: a Mailshare."""
    emails = []
    if step.email is not None:
        emails = [{"address": step.email, "allAliases": True, "isDefault": True}]
    return {
        "name": step.name,
        "quota": step.quota_kib,
        "routing": "internal",
        "card": {"identification": {"formatedName": {"value": step.name}}},
        "emails": emails,
        "dataLocation": step.data_location,
        "orgUnitUid": None,
        "hidden": False,
        "archived": False,
        "system": False,
    }


def sharings(step: CreateMailshare) -> list[dict[str, str]]:
    """Its list of sharings: AccessControlEntry."""
    return [{"subject": who, "verb": verb} for who, verb in sorted(step.shared.items())]


def _data_location(survey: CoreSurvey, gone: Gone) -> str:
    """By the partition (``<server>__<domain>`` since 4.0), else the only one there is here."""
    domain = survey.domain.replace(".", "_")
    named = [
        each for each in survey.servers if f"{each.replace('.', '_')}__{domain}" == gone.partition
    ]
    found = named or list(survey.servers)
    if len(found) != 1:
        where = " or ".join(found)
        why = (
            f"its mail may lie on {where}, and partition {gone.partition} does not tell"
            if found
            else (
                "no server with mail that its core knows is this machine, with the partition"
                f" that BlueMind would choose for {survey.domain}"
            )
        )
        raise PlanRefused(
            f"BlueMind is not asked to make {gone.name} anew",
            (why,),
            hint="make it in the admin console, then run this again; or --to ACCOUNT",
        )
    return found[0]


def _shared(survey: CoreSurvey, gone: Gone) -> dict[str, str]:
    """Who could read it, of those whom the directory knows still."""
    found = {}
    for who, may in gone.rights.items():
        name, _, domain = who.removeprefix(_GROUP).rpartition("@")
        verb = _verb(may)
        if domain == survey.domain and verb is not None and who in survey.known:
            found[name] = verb
    return found


def not_shared(survey: CoreSurvey, gone: Gone) -> Iterator[str]:
    """Whom the backup let in, and whom the new one lets in less, or not at all."""
    shared, letters = _shared(survey, gone), dict(_VERBS)
    for who, may in gone.rights.items():
        name, at, _ = who.removeprefix(_GROUP).rpartition("@")
        given = letters.get(shared.get(name, ""), frozenset())
        if at and not who.startswith("-") and not _let_in(may) <= given:
            yield who


def _verb(may: str) -> str | None:
    """The most that gives nobody more than he had; BlueMind has no other rights."""
    had = frozenset(may) | _EVERYBODY_MAY
    return next((verb for verb, letters in _VERBS if letters <= had), None)


def _let_in(may: str) -> frozenset[str]:
    return frozenset(may) - _EVERYBODY_MAY - _IN_NO_VERB

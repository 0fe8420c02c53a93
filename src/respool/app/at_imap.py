"""Restores into an account of any IMAP server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from respool.app.far_bluemind import account_there, check_is_meant
from respool.app.far_finishing import FarCore, with_far_finishing
from respool.app.far_logins import (
    FarAccount,
    far_account,
    far_server,
    given_password,
    share_of,
)
from respool.app.far_wish import FarWish
from respool.app.left_over import left_sources
from respool.app.prepared import Prepared, prepare, prepare_again
from respool.app.reached import Plan, Prover
from respool.app.same_plan import check_same
from respool.app.settings import Settings
from respool.app.source_now import left_reasons, source_reasons
from respool.app.state import far_lock
from respool.app.wish import Wish
from respool.errors import NotReady, SurveyChanged, UsageError
from respool.finishing import patience
from respool.finishing.asking import Asking
from respool.finishing.far_actor import FAR_STEPS, FarFinishingActor
from respool.finishing.steps import LastLook
from respool.model.dataclasses import dataclass
from respool.planning.appending import AppendMessages
from respool.planning.plan import PlanHead
from respool.planning.proof import ProveAppended, ProveSubscriptions
from respool.planning.request import RestoreRequest
from respool.runs.actor import Actor, RunRecord
from respool.runs.journal import Journal, RunJournal
from respool.system.bluemind_core import BluemindCore
from respool.system.bluemind_sessions import BluemindSessions
from respool.system.imap_places import ImapPlace, parse_imap_place
from respool.system.imap_server import ImapServer
from respool.targets.imap.actor import imap_actor
from respool.targets.imap.planner import plan_restore
from respool.targets.imap.steps import IMAP_STEPS
from respool.targets.imap.surveyor import survey_imap
from respool.verification.appended import AppendedProofActor
from respool.verification.subscriptions import SubscriptionProofActor

_NOT_THERE = (
    ("on_conflict", "--on-conflict", "only the live server of this machine is looked into"),
    ("is_only_missing", "--only-missing", "only the live server of this machine is looked into"),
    ("is_creating_account", "--create-account", "an account is made by its own server's tools"),
    ("is_raising_quota", "--raise-quota", "a limit is raised by its own server's tools"),
)


@contextmanager
def reach_imap(
    settings: Settings, typed: str, wish: FarWish, as_user: str | None = None
) -> Iterator[AtImap]:
    """The account of another server that an address names, for the length of a block.

    Where the API of a BlueMind on that host was named, its directory says which account is
    meant, and a session of its user is the password, unless one was given.

    Raises:
        UsageError: it names none.
        TargetError: it cannot be reached, or refuses the login.
        PlanRefused: BlueMind can have no mail put into that account.
    """
    place = parse_imap_place(typed)
    with ExitStack() as kept:
        asked = FarCore(settings, place)
        kept.callback(asked.close)
        core: BluemindCore | None = None
        if as_user in {None, place.user} and not _is_told(settings, place):
            core = asked.find()
        if core is None:
            far = far_account(typed, wish.account, as_user, wish.domains)
            server = far_server(settings, far)
        else:
            far = account_there(settings, core, place, wish)
            sessions = kept.enter_context(BluemindSessions(core))
            server = far_server(settings, far, sessions)
        kept.callback(server.close)
        yield AtImap(server=server, far=far, core=core, asked=asked)


def _is_told(settings: Settings, place: ImapPlace) -> bool:
    """Whether both a user and his password were given: then nobody has to be asked for them."""
    if place.user is None or share_of(place) is not None:
        return False
    return given_password(settings, place.user) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtImap:
    """An account of another server; see `Reached` for each call."""

    server: ImapServer
    far: FarAccount
    core: BluemindCore | None
    asked: FarCore

    def mend(self, state: Path) -> None:
        """Nothing is ever borrowed there."""

    def plan(self, settings: Settings, wish: Wish) -> Plan:
        """The plan of a restore into that account."""
        for field, option, why in _NOT_THERE:
            if getattr(wish, field):
                raise UsageError(f"{option} is not for another server", why=why)
        prepared = prepare(settings, wish)
        check_is_meant(self.far, prepared.selection.account)
        return self._planned(settings, prepared, prepared.request(self.far.account))

    def _planned(self, settings: Settings, prepared: Prepared, request: RestoreRequest) -> Plan:
        survey = survey_imap(self.server, request)
        plan = plan_restore(request, prepared.choice.mailboxes, survey, prepared.context())
        return with_far_finishing(settings, plan, self.core, self.far)

    def check_is_of(self, number: int, head: PlanHead) -> None:
        """It is: the run's own address was asked."""

    def lock_file(self, state: Path, head: PlanHead) -> Path:
        """One for each account of each server."""
        return far_lock(state, head)

    def check_unchanged(self, settings: Settings, head: PlanHead, _file: Path) -> None:
        """The server must offer what it offered, and the new folder be free still."""
        survey = survey_imap(self.server, head.request)
        reasons = [
            f"{name} was {head.facts.get(name)}, and is {now}"
            for name, now in survey.facts.items()
            if head.facts.get(name) != now
        ]
        taken = [
            each.target_name
            for each in head.mailboxes
            if each.is_new and each.target_name in survey.folders
        ]
        reasons += [f"{name} is there now" for name in taken[:1]]
        reasons += [*survey.obstacles, *source_reasons(settings, head)]
        if reasons:
            raise SurveyChanged(
                "server or backup are no longer as they were when the plan was made",
                tuple(reasons),
                hint="make the plan again",
            )

    def check_honesty(self, settings: Settings, file: Path) -> None:
        """Its steps must be those that the same request makes now."""
        check_same(
            file, lambda head: self._planned(settings, prepare_again(settings, head), head.request)
        )

    def check_ready(self, _settings: Settings, run: RunJournal) -> None:
        """Whether the account can be asked, and the backup still has what is left."""
        survey = survey_imap(self.server, run.head().request)
        reasons = (*survey.obstacles, *left_reasons(left_sources(run)))
        if reasons:
            raise NotReady(
                f"run {run.number} cannot go on as things are now",
                reasons,
                hint="mend that and go on, or take the run back",
            )

    def actors(self, record: RunRecord) -> Mapping[str, Actor[Any]]:
        """See `imap_actors`; and who tells BlueMind."""
        finishing = {step.kind: self._finishing(record) for step in FAR_STEPS}
        return {**finishing, **imap_actors(self.server, record)}

    def provers(self, record: RunRecord) -> Mapping[str, Prover]:
        """See `imap_provers`; and the last look."""
        return {LastLook.kind: self._finishing(record), **imap_provers(self.server, record)}

    def _finishing(self, record: RunRecord) -> FarFinishingActor:
        asking = Asking(core=self.asked, patience=patience.USUAL, silence=self.asked.silence)
        return FarFinishingActor(asking=asking, server=self.server, record=record)

    def settle(self, state: Path, journal: Journal, held: Path | None = None) -> None:
        """Nothing is changed there for a time."""


def imap_actors(server: ImapServer, record: RunRecord) -> Mapping[str, Actor[Any]]:
    """One actor for all that changes the account, and those of the proofs."""
    actor = imap_actor(server, record)
    kinds = (AppendMessages.kind, *(step.kind for step in IMAP_STEPS))
    return {**dict.fromkeys(kinds, actor), **imap_provers(server, record)}


def imap_provers(server: ImapServer, record: RunRecord) -> Mapping[str, Prover]:
    """Mail and subscriptions are read back as the user."""
    return {
        ProveAppended.kind: AppendedProofActor(server=server, record=record),
        ProveSubscriptions.kind: SubscriptionProofActor(
            server=server, record=record, persistently=server.persistently
        ),
    }

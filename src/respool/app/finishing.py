"""What BlueMind is told of a restore: recognised at planning, carried out as steps of the run."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from respool.app.bluemind_access import api_access, patient_core
from respool.app.merging import MergingPlan
from respool.app.reached import Plan
from respool.app.settings import Settings
from respool.bluemind import api_requests
from respool.bluemind.api_answers import values_of
from respool.bluemind.families import Family
from respool.errors import PlanRefused, RespoolError, UsageError
from respool.finishing.by_hand import repair_command
from respool.finishing.here import here_of
from respool.finishing.kept_rights import KeptRights
from respool.finishing.own_rights import apart_of, changed_by, with_own_rights
from respool.finishing.planner import finishing_asked, finishing_unasked
from respool.finishing.sequence import closing_steps, opening_steps
from respool.finishing.survey import Doing, Gone
from respool.finishing.surveyor import survey_core, survey_core_without
from respool.model.accounts import Account, AccountKind
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.names import decoded_part
from respool.planning.finishing import NOT_ASKED, Finishing
from respool.planning.plan import PlanHead
from respool.planning.room_needs import RoomNeed
from respool.planning.step import Step
from respool.system.bluemind_core import BluemindCore
from respool.system.bluemind_signs import is_bluemind
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.sequence import SpoolPlan, is_spool_written
from respool.targets.spool.steps import CreateAccount, CreateMailbox
from respool.targets.spool.survey import SpoolSurvey
from respool.targets.spool.surveyor import IN_THE_CONSOLE

_SINCE_4: Final = (3, 0, 0)  # BlueMind 3.5 has Cyrus 2.4, 4.0 to 4.9 have 3.0
_STORAGE: Final = "STORAGE"
_AS_ASKED: Final = "as was asked for"
_NO_KEY: Final = "no key of BlueMind's core is set"
_UNKNOWN: Final = "its directory has no such mailbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishingPlan:
    """A restore, and what BlueMind is told before and after it. ``root`` is the account's."""

    head: PlanHead
    restoring: Plan
    root: str

    @property
    def needs(self) -> tuple[RoomNeed, ...]:
        """What the mail takes."""
        return self.restoring.needs

    def steps(self) -> Iterator[Step]:
        """First what makes room, then all mail, proven; BlueMind hears of it last."""
        yield from opening_steps(self.head, self.root)
        finishing = self.head.finishing
        is_made = finishing is not None and finishing.makes is not None
        for step in self.restoring.steps():
            if is_made and isinstance(step, CreateAccount):
                continue  # BlueMind makes it
            if is_made and isinstance(step, CreateMailbox):
                yield replace(step, may_be_there=True)
            else:
                yield step
        yield from closing_steps(self.head)


def with_finishing(
    settings: Settings, plan: SpoolPlan | MergingPlan, server: CyrusServer
) -> SpoolPlan | MergingPlan | FinishingPlan:
    """``plan``, and what BlueMind is told of it; the plan itself where it is not BlueMind's.

    Raises:
        PlanRefused: an account would be made behind BlueMind's back.
    """
    survey = plan.mail.survey if isinstance(plan, MergingPlan) else plan.survey
    finishing, findings = finishing_of(settings, plan.head, survey, server)
    head = replace(plan.head, findings=(*plan.head.findings, *findings), finishing=finishing)
    if finishing is None:
        return replace(plan, head=head)
    root = survey.name_rules.written(head.request.target.root)
    return FinishingPlan(head=head, restoring=plan, root=root)


def finishing_of(
    settings: Settings, head: PlanHead, survey: SpoolSurvey, server: CyrusServer
) -> tuple[Finishing | None, tuple[Finding, ...]]:
    """What BlueMind is told of a plan, and what is to be said of that.

    Raises:
        PlanRefused: an account would be made behind BlueMind's back.
        UsageError: the address that was given for its core is none.
    """
    is_told = any(each.messages or each.is_new for each in head.mailboxes)
    is_signed = is_bluemind(server.configuration)
    if not is_told or not (is_signed or api_access(settings) is not None):
        return None, ()
    about = _About(head=head, survey=survey, server=server)
    if head.request.is_without_finishing:
        return about.left(_AS_ASKED) if is_signed else (None, ())
    try:
        with patient_core(settings) as core:
            found = _NO_KEY if core is None else _asked(core, about)
    except PlanRefused:
        raise
    except RespoolError as error:
        if settings.bluemind_api is not None and isinstance(error, UsageError):
            raise
        found = error.what if error.why is None else f"{error.what}: {error.why}"
    if isinstance(found, Finishing):
        return found, ()
    if is_signed:
        return about.left(found)
    # It may be another server's: that is for a person to tell.
    return None, () if found in {_NO_KEY, _UNKNOWN} else (not_asked(found),)


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """One plan, and the server that it is for."""

    head: PlanHead
    survey: SpoolSurvey
    server: CyrusServer

    @property
    def target(self) -> Account:
        return self.head.request.target

    @property
    def domain(self) -> str:
        """The one that BlueMind files it under."""
        return self.target.domain or self.server.default_domain or ""

    @property
    def doing(self) -> Doing:
        head, root = self.head, self.survey.name_rules.written(self.target.root)
        raised = (
            each.raised_to
            for each in head.quota
            if each.root == root and each.resource == _STORAGE and each.raised_to is not None
        )
        return Doing(
            is_written=is_spool_written(head),
            has_narrower=any(each.narrower_for for each in head.mailboxes),
            is_in_place=head.request.is_in_place,
            is_mailshare=self.target.kind is AccountKind.MAILSHARE,
            raised_kib=next(raised, None),
            kept=KeptRights(own=self._own_rights),
        )

    @property
    def _own_rights(self) -> tuple[str, ...]:
        """Live folders that BlueMind would give other rights than they have."""
        if self.survey.is_absent or not is_spool_written(self.head):
            return ()
        root = self.survey.name_rules.written(self.target.root)
        return with_own_rights(self.server, root, self.survey.existing)

    def doing_beside(self, entry: str, listed: Sequence[Any]) -> Doing:
        """`doing`, where BlueMind's list of sharings for the entry is ``listed``."""
        doing = self.doing
        if not doing.is_written:
            return doing
        apart = apart_of(self.server, self.target, f"{entry}@{self.domain}")
        changed = changed_by(listed, self.domain, self.survey.rights, apart)
        return replace(doing, kept=replace(changed, own=doing.kept.own))

    @property
    def gone(self) -> Gone | None:
        """The mailshare that is to be made; None where the account is there."""
        if not self.survey.is_absent:
            return None
        limits = {each.resource: each.limit for each in self.survey.quotas}
        name = decoded_part(self.target.login)
        seed = f"{name}@{self.domain} {self.head.made_at.isoformat()}"
        return Gone(
            uid=str(uuid.uuid5(uuid.NAMESPACE_URL, seed)).upper(),
            name=name,
            email=f"{name}@{self.domain}",
            partition=self.survey.partition,
            quota_kib=limits.get(_STORAGE),
            rights=self.survey.rights,
        )

    def left(self, why: str) -> tuple[Finishing, tuple[Finding, ...]]:
        """What is left to a person, because the core is not asked.

        Raises:
            PlanRefused: an account would be made behind BlueMind's back.
        """
        self.check_nothing_is_made()
        return self._unasked(), (not_asked(why),)

    def _unasked(self) -> Finishing:
        """Which BlueMind it is, the version of its Cyrus tells."""
        family = Family.BM4 if self.server.version >= _SINCE_4 else Family.BM3
        login = decoded_part(self.target.login)
        return finishing_unasked(family, self.doing, self.domain, login, self.target.address)

    def check_nothing_is_made(self) -> None:
        """An account that BlueMind does not know is of no use, and in its way."""
        if self.survey.is_absent:
            raise PlanRefused(
                f"this restore into {self.target.address} cannot be carried out",
                (f"nothing is created behind the back of a BlueMind server: {IN_THE_CONSOLE}",),
            )


def _asked(core: BluemindCore, about: _About) -> Finishing | str:
    """By what the core says; why not, where it is another's, or knows no such account."""
    if not core.family.has_cyrus:
        return _UNKNOWN
    gone, here = about.gone, here_of(about.server, core)
    doing = about.doing
    if gone is None:
        survey = survey_core(core, about.target, about.domain, here)
        if survey.mailbox is not None:
            answer = core.api.ask(api_requests.mailbox_acl(about.domain, survey.mailbox.uid))
            listed = list(values_of(answer or [], "an AccessControlEntry"))
            doing = about.doing_beside(survey.mailbox.uid, listed)
    else:
        if about.target.kind is AccountKind.USER:
            about.check_nothing_is_made()
        survey = survey_core_without(core, gone, about.domain, here)
        if survey.mailbox is not None:
            raise PlanRefused(
                f"this restore into {about.target.address} cannot be carried out",
                ("BlueMind's directory has it, but Cyrus has no mailbox of it",),
                hint=repair_command(("mailboxExists",), about.target.address),
            )
    found = finishing_asked(survey, doing, about.target.address, gone)
    return found or survey.why_not or _UNKNOWN


def not_asked(why: str) -> Finding:
    """What a plan says where BlueMind's core is not told of it."""
    return Finding(
        severity=Severity.NOTE,
        code=NOT_ASKED,
        subject="BlueMind",
        text=f"its core is not told of this restore: {why}",
    )

"""What a BlueMind is told of mail that came to it over IMAP; it has seen the mail itself."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from respool.app.far_bluemind import far_core
from respool.app.far_domains import live_domain
from respool.app.far_logins import FarAccount
from respool.app.reached import Plan
from respool.app.settings import Settings
from respool.bluemind.families import Family
from respool.errors import UsageError
from respool.finishing import by_hand
from respool.finishing.asking import Silence
from respool.finishing.planner import finishing_asked
from respool.finishing.survey import Doing
from respool.finishing.surveyor import survey_core
from respool.model.accounts import AccountKind
from respool.planning.finishing import Finishing
from respool.planning.plan import PlanHead
from respool.system.bluemind_core import BluemindCore
from respool.system.imap_listing import OF_BLUEMIND_5
from respool.system.imap_places import ImapPlace
from respool.targets.imap.sequence import ImapPlan


class FarCore:
    """The core of the server at an address, opened once; None where none was named."""

    def __init__(self, settings: Settings, place: ImapPlace) -> None:
        self._settings = settings
        self._place = place
        self._kept = ExitStack()
        self._core: BluemindCore | None = None
        self.silence = Silence()

    def find(self) -> BluemindCore | None:
        """The core, if there is one.

        Raises:
            as `far_core`.
        """
        if self._core is None:
            self._core = self._kept.enter_context(far_core(self._settings, self._place))
        return self._core

    def __call__(self) -> BluemindCore:
        """The core.

        Raises:
            UsageError: none was named, or none of that host; and as `far_core`.
        """
        core = self.find()
        if core is None:
            raise UsageError(
                f"this step needs the core of the BlueMind at {self._place.address.host}",
                hint=f"--bluemind-api https://{self._place.address.host}/api, and its key",
            )
        return core

    def close(self) -> None:
        """Let it go."""
        self._core = None
        self._kept.close()


def with_far_finishing(
    settings: Settings, plan: ImapPlan, core: BluemindCore | None, far: FarAccount
) -> Plan:
    """``plan``, and what BlueMind is told of it; the plan itself where it is not BlueMind's.

    Raises:
        TargetError: its core does not answer, or refuses us.
    """
    if not any(each.messages or each.is_new for each in plan.head.mailboxes):
        return plan
    findings = plan.head.findings
    is_asked = core is not None and not plan.head.request.is_without_finishing
    if not is_asked and not plan.survey.can(OF_BLUEMIND_5):
        return plan
    # It knows all that a live Cyrus is told, too, which takes long to load.
    from respool.app.finishing import FinishingPlan, not_asked  # noqa: PLC0415

    told = _asked(settings, core, far, plan.head) if core is not None and is_asked else None
    found = told if isinstance(told, Finishing) else _unasked(far)
    findings += (not_asked(told),) if isinstance(told, str) else ()
    head = replace(plan.head, finishing=found, findings=findings)
    return FinishingPlan(head=head, restoring=plan, root="")


def _asked(
    settings: Settings, core: BluemindCore, far: FarAccount, head: PlanHead
) -> Finishing | str | None:
    """By what the core offers for the account; None where it knows no account of that name.

    Text says why it is not asked: what it knows by that name is another's.
    """
    account = far.account
    domain = live_domain(settings, core, account.domain or "", {})
    survey = survey_core(core, account, domain.uid)
    doing = Doing(
        is_written=not core.family.has_cyrus,  # else the mail is in Cyrus, which tells it
        is_in_place=head.request.is_in_place,
        is_mailshare=account.kind is AccountKind.MAILSHARE,
    )
    return finishing_asked(survey, doing, account.address) or survey.why_not


def _unasked(far: FarAccount) -> Finishing:
    account = far.account
    return Finishing(
        family=Family.BM5,
        version=None,
        domain=account.domain or "",
        entry=account.login,
        address=account.address,
        by_hand=(by_hand.index_click(Family.BM5, account.address),),
    )

"""A plan file tells BlueMind what its restore needs now, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from respool.app.finishing import finishing_of
from respool.app.settings import Settings
from respool.errors import SurveyChanged
from respool.finishing.sequence import closing_steps, opening_steps
from respool.finishing.steps import FINISHING_STEPS, CreateMailshare
from respool.model.dataclasses import dataclass
from respool.planning.finishing import Finishing
from respool.planning.plan import PlanHead
from respool.planning.step import ACCOUNT_LANE, Step
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.steps import CreateAccount, CreateMailbox
from respool.targets.spool.survey import SpoolSurvey


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The finishing steps of a plan file, told apart from its others while it is read.

    ``made`` is what BlueMind is to be told now, ``account`` how the spool's own plan would make
    an account that BlueMind makes; ``found`` are the finishing steps of the file.
    """

    head: PlanHead
    root: str
    made: Finishing | None
    account: CreateAccount
    found: list[Step] = field(default_factory=list)

    @classmethod
    def of(
        cls, settings: Settings, head: PlanHead, survey: SpoolSurvey, server: CyrusServer
    ) -> Finished:
        """Those of the plan with that head; BlueMind's core is asked anew.

        Raises:
            PlanRefused: an account would be made behind BlueMind's back.
        """
        root = survey.name_rules.written(head.request.target.root)
        account = CreateAccount(
            lane=ACCOUNT_LANE,
            mailbox=root,
            partition=survey.partition,
            rights=survey.rights,
            limits={each.resource: each.limit for each in survey.quotas},
        )
        made, _ = finishing_of(settings, head, survey, server)
        return cls(head=head, root=root, made=made, account=account)

    def rest(self, steps: Iterable[Step]) -> Iterator[Step]:
        """All others, as they are where BlueMind is not told of anything."""
        for step in steps:
            if isinstance(step, FINISHING_STEPS):
                self.found.append(step)
                if isinstance(step, CreateMailshare):
                    yield self.account
            elif isinstance(step, CreateMailbox) and self._is_made:
                yield replace(step, may_be_there=False)
            else:
                yield step

    def reasons(self) -> Iterator[str]:
        """What is not as the head says; once all steps were read."""
        wanted = [*opening_steps(self.head, self.root), *closing_steps(self.head)]
        if self.found != wanted:
            yield "its steps tell BlueMind something else than its head says"

    def check_unchanged(self) -> None:
        """See that BlueMind is to be told now what the head says.

        Raises:
            SurveyChanged: it stands otherwise towards the account than when the plan was made.
        """
        check_unchanged(self.head.finishing, self.made)

    @property
    def _is_made(self) -> bool:
        return self.head.finishing is not None and self.head.finishing.makes is not None


def check_unchanged(then: Finishing | None, now: Finishing | None) -> None:
    """See that BlueMind is told now what it was to be told when a plan was made.

    Raises:
        SurveyChanged: it is not.
    """
    if then != now:
        raise SurveyChanged(
            "BlueMind is no longer as it was when the plan was made",
            tuple(_changes(then, now)),
            hint="make the plan again",
        )


def _changes(then: Finishing | None, now: Finishing | None) -> Iterator[str]:
    if then is None or now is None:
        is_told = "is not told of this restore" if now is None else "is to be told of it"
        yield f"its core {is_told} now"
        return
    if then.version != now.version:
        yield f"its core was {then.version or 'not asked'}, now it is {now.version or 'not asked'}"
    yield from (each for each in now.side_effects if each not in then.side_effects)
    if no_more := _missing(then, now):
        yield f"left out now: {', '.join(no_more)}"
    if more := _missing(now, then):
        yield f"needed now: {', '.join(more)}"
    yield from (
        f"left to a person now: {each}" for each in now.by_hand if each not in then.by_hand
    )
    if then.quota != now.quota or then.makes != now.makes or then.entry != now.entry:
        yield "its directory has the account, or its limit, otherwise"


def _missing(of: Finishing, than: Finishing) -> list[str]:
    return [each for each in of.work if each not in than.work]

"""Restores that are killed while BlueMind is told of them, and then resumed or undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import pytest

from respool.app.run_details import show_run
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.cyrus_mail import CyrusMail
from tests.support.bluemind_core.installation import Domain, Installation, User
from tests.support.bluemind_core.sharing import rights_of
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.cut_counts import is_long
from tests.support.directions import DOMAIN, INTO, TargetAccount, fresh_target
from tests.support.faults.bench import Bench, Case, Ending, Outcome, bench_of
from tests.support.faults.points import JOURNAL, Moment, Point
from tests.support.faults.scenarios import CONTACT, Scenario
from tests.support.given_back import READERS
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import settings_for

pytestmark = [pytest.mark.needs_cyrus, pytest.mark.slow, pytest.mark.timeout(600)]
NUMBERS = count(1)
SMALL = 5  # KiB: the restore raises that
FAMILIES = (CoreFamily.BM3, CoreFamily.BM49) if is_long() else (CoreFamily.BM49,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A bench whose server is BlueMind's; every account of it is in its directory, too."""

    bench: Bench
    core: BlueMindCore
    logins: list[str] = field(default_factory=list)

    @property
    def scenario(self) -> Scenario:
        return Scenario(
            name=f"finished for BlueMind {self.core.version.software}",
            layout="names",
            account=CONTACT,
            folders=("INBOX", "Archives"),
            prepare=self.prepare,
            wish={"into": INTO, "is_raising_quota": True},
            is_expunged=True,
            settings={
                "bluemind_api": self.core.url,
                "bluemind_key": self.core.keys.core_token,
            },
        )

    @property
    def making(self) -> Scenario:
        """A mailshare that is gone, which BlueMind makes on a partition that it chooses."""
        return replace(
            self.scenario,
            name=f"made by BlueMind {self.core.version.software}",
            prepare=self.name_of_one,
            wish={"is_in_place": True, "is_creating_account": True},
            is_removed=True,
        )

    def name_of_one(self, _: PrivateCyrus) -> TargetAccount:
        login = f"made{next(NUMBERS)}@{DOMAIN}"
        for uid in (each.partition("@")[0] for each in READERS):
            if self.core.directory.find(DOMAIN, uid) is None:
                self.core.directory.add(User(uid=uid, login=uid, domain=DOMAIN))
        return TargetAccount(kind="share", login=login, readers=READERS)

    def prepare(self, server: PrivateCyrus) -> TargetAccount:
        target = fresh_target(server, "user")
        login = target.login.partition("@")[0]
        user = User(uid=login, login=login, domain=DOMAIN, quota_kib=SMALL)
        entry = self.core.directory.add(user)
        self.core.mail.set_quota(entry)
        self.core.mail.write_rights(entry, rights_of(self.core.directory, entry))
        self.logins.append(login)
        return target

    def numbers(self) -> list[int]:
        """Those of the steps that BlueMind is asked in, by the first run of all."""
        settings = settings_for(
            self.bench.server, self.bench.backups, self.bench.states / "state1"
        )
        steps = show_run(settings, 1).steps
        return [each.row.number for each in steps if each.row.kind.startswith("bluemind-")]

    def carry_out(self, case: Case) -> Outcome:
        """As the bench does; what was expunged is gone before the next account is there."""
        outcome = self.bench.carry_out(case)
        self.expire()
        return outcome

    def expire(self) -> None:
        done = self.bench.server.run_tool("cyr_expire", "-E", "1", "-X", "0")
        assert done.returncode == 0, done.stderr

    def known(self) -> list[object]:
        """What BlueMind has of the last account, without its name."""
        self.core.settle()
        login = self.logins[-1]
        index = self.core.search_index.get(login, {})
        quota = self.core.directory.get(DOMAIN, login).quota_kib
        return [quota, sorted((name.replace(login, ""), n) for name, n in index.items())]


@pytest.fixture(params=FAMILIES, ids=str, scope="module")
def site(request: pytest.FixtureRequest, as_root: None) -> Iterator[Site]:
    installation = Installation(domains=(Domain(uid=DOMAIN),))
    with (
        bench_of("names") as bench,
        BlueMindCore(installation, version=request.param, mail=CyrusMail(bench.server)) as core,
    ):
        yield Site(bench=bench, core=core)


def cases(scenario: Scenario, numbers: Sequence[int], ending: Ending) -> Iterator[Case]:
    """When each step was done and nobody has noted that, and after some are noted as begun."""
    instants: tuple[tuple[str, Moment], ...] = (("done", "before"), ("started", "after"))
    for place, number in enumerate(numbers):
        for state, moment in instants[: 1 + (is_long() or place % 3 == 0)]:
            name = f"step {number} {state}"
            cut = Point(group=JOURNAL, name=name, ordinal=1, moment=moment)
            yield Case(scenario=scenario, cut=cut, ending=ending)


def test_killed_at_every_finishing_step_and_resumed_it_ends_the_same(site: Site) -> None:
    """In the mailboxes, on disk, and in what BlueMind knows of them."""
    scenario = site.scenario
    site.bench.clean_of(scenario)
    site.expire()
    wanted = None
    chosen = list(cases(scenario, site.numbers(), "resume"))
    assert len(chosen) > 8
    for case in chosen:
        outcome = site.carry_out(case)
        assert outcome.killed, case
        assert outcome.differences == (), case
        wanted = wanted or site.known()
        assert site.known() == wanted, case


def test_killed_at_a_finishing_step_and_undone_all_is_as_before(site: Site) -> None:
    scenario = site.scenario
    site.bench.clean_of(scenario)
    site.expire()
    for case in list(cases(scenario, site.numbers(), "undo"))[::4]:
        outcome = site.carry_out(case)
        assert outcome.differences == (), case
        quota, index = site.known()
        assert quota == SMALL, case
        assert {count for _, count in index} <= {0}, case  # type: ignore[attr-defined]


@pytest.mark.parametrize("ending", ["resume", "undo"])
def test_killed_while_bluemind_makes_the_mailshare_it_goes_on_or_is_removed(
    ending: Ending, site: Site
) -> None:
    """BlueMind has it, on a partition of its own choice, and nobody has noted that.

    Files of a mailshare lie after its folders' letters, which tells nothing of another one's.
    """
    cut = Point(group=JOURNAL, name="step 0 done", ordinal=1, moment="before")
    case = Case(scenario=site.making, cut=cut, ending=ending)

    outcome = site.carry_out(case)

    assert outcome.killed == (cut,)
    assert [each for each in outcome.differences if not each.startswith("files:")] == []

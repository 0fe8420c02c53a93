"""Restores into a BlueMind server: its core is told all, in the order of the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from respool.app.restore import restore
from respool.app.settings import Secret, Settings
from respool.cli.restore_text import plan_text
from respool.planning.plan import PlanHead
from respool.verification.report import Receipt
from tests.docs.pages import sections
from tests.docs.test_finishing_page import CELL, PAGE
from tests.support.bluemind_core.asked import Asked
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.cyrus_mail import CyrusMail
from tests.support.bluemind_core.installation import Domain, Installation, User
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.directions import DOMAIN, INTO, TargetAccount, fresh_target
from tests.support.imap_contents import acl_of
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import agreeing, settings_for, wish
from tests.support.undoing import undone
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
SOURCE = SPOOLS["2.5.17"]
FOLDERS = ("Sent", "Projects/2017")
CYRUS_FAMILIES = (CoreFamily.BM3, CoreFamily.BM4, CoreFamily.BM49)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A mail server of BlueMind, one account on it, and the command's settings."""

    server: PrivateCyrus
    core: BlueMindCore
    target: TargetAccount
    settings: Settings

    def restore(self, heads: list[PlanHead] | None = None) -> Receipt:
        wanted = wish(JDOE, *FOLDERS, to=self.target.written, into=INTO)
        return restore(self.settings, wanted, agreeing(heads))

    @property
    def uid(self) -> str:
        return self.target.login.partition("@")[0]


@pytest.fixture
def site_of(
    restoring_names: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    bluemind_core: Callable[..., BlueMindCore],
    tmp_path: Path,
) -> Callable[..., Site]:
    def make(family: CoreFamily) -> Site:
        server = restoring_names
        target = fresh_target(server, "user")
        login = target.login.partition("@")[0]
        user = User(uid=login, login=login, domain=DOMAIN, emails=(f"{login}@*",))
        core = bluemind_core(
            Installation(domains=(Domain(uid=DOMAIN),), users=(user,)),
            version=family,
            mail=CyrusMail(server),
        )
        settings = replace(
            settings_for(server, unpacked(SOURCE), tmp_path / "state"),
            bluemind_api=core.url,
            bluemind_key=Secret(core.keys.core_token),
        )
        return Site(server=server, core=core, target=target, settings=settings)

    return make


def acl_letters(site: Site, mailbox: str) -> Mapping[str, str]:
    with site.server.admin_client() as admin:
        return acl_of(admin, mailbox)


def table(family: CoreFamily, uid: str) -> list[str]:
    """The calls of the page's table, for a restore of a user into a new folder."""
    rows = CELL.findall(sections(PAGE, 3)[f"BlueMind {family}"])
    calls = (f"{call} {body}" for _, call, body in rows if "DefaultFolders" not in body)
    return [each.replace("DOMAIN", DOMAIN).replace("UID", uid) for each in calls]


def asked(site: Site, uid: str) -> list[str]:
    """What was asked of the core that changes something, as the page's table writes it."""
    return [
        f"{each.method} {each.path} {body_of(each)}"
        for each in site.core.requests.all()
        if each.method != "GET" and uid in each.path
    ]


def body_of(each: Asked) -> str:
    if each.path.endswith("/_acls"):
        return "the list, as it was read"
    return "none" if each.body is None else f"`{json.dumps(each.body)}`"


@pytest.mark.parametrize("family", CYRUS_FAMILIES, ids=str)
def test_all_that_a_person_had_to_click_is_done_in_the_order_of_the_page_and_taken_back(
    family: CoreFamily, site_of: Callable[..., Site]
) -> None:
    """
    Rights are really written anew, the index really counts the mail; what is left is webmail's
    click on 3.5 alone. An undo tells BlueMind once more, when all is gone.
    """
    site = site_of(family)
    heads: list[PlanHead] = []
    receipt = site.restore(heads)
    site.core.settle()

    assert asked(site, site.uid) == table(family, site.uid)
    assert receipt.verdict.value == "proven"
    assert [each for each in receipt.left_to_do if "Manage folders" not in each] == []
    assert len(receipt.left_to_do) == (family is CoreFamily.BM3)
    assert "admin0" in acl_letters(site, site.target.mailbox(f"{INTO}/Sent"))
    counted = site.core.search_index[site.uid]
    assert counted[site.target.mailbox(f"{INTO}/Sent")] == 5
    if family is not CoreFamily.BM3:
        assert site.target.mailbox(f"{INTO}/Sent") in site.core.replicated[site.uid]
    text = plan_text(heads[0])
    assert f"THEN  BlueMind {site.core.version.software} is told: rights" in text

    report = undone(site.settings, receipt.run)

    assert report.state.value == "undone"
    assert site.target.mailbox(f"{INTO}/Sent") not in site.core.search_index[site.uid]
    assert asked(site, site.uid)[-1] == table(family, site.uid)[-1]

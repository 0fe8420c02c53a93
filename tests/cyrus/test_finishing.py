"""Restores into a BlueMind server: its core is told all, in the order of the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from respool.app.restore import restore_plan, save_plan
from respool.app.verify import verify
from respool.cli.restore_text import plan_text
from respool.errors import Interrupted, PlanRefused
from respool.finishing import directory_quota
from respool.finishing.asking import Asking
from respool.finishing.steps import RaiseDirectoryQuota
from respool.planning.plan import PlanHead
from respool.runs.actor import Note
from tests.docs.pages import sections
from tests.docs.test_finishing_page import CELL, PAGE
from tests.support.bluemind_core.asked import Asked
from tests.support.bluemind_core.installation import User
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.bluemind_site import JDOE, Site
from tests.support.directions import DOMAIN, INTO
from tests.support.plan_files import Fields, forge
from tests.support.restoring import agreeing, restored, wish
from tests.support.undoing import undone
from tests.support.whole_account import SPOOLS

pytestmark = pytest.mark.needs_cyrus
SOURCE = SPOOLS["2.5.17"]
CYRUS_FAMILIES = (CoreFamily.BM3, CoreFamily.BM4, CoreFamily.BM49)
MADE: dict[str, Any] = {"is_in_place": True, "is_creating_account": True}
SMALL = 15  # KiB: the two folders have more


def table(family: CoreFamily, uid: str) -> list[str]:
    """The calls of the page's table, for a restore of a user into a new folder."""
    rows = CELL.findall(sections(PAGE, 3)[f"BlueMind {family}"])
    calls = (f"{call} {body}" for _, call, body in rows if "DefaultFolders" not in body)
    return [each.replace("DOMAIN", DOMAIN).replace("UID", uid) for each in calls]


def shown(each: Asked) -> str:
    """As the page's table writes it."""
    if each.path.endswith("/_acls"):
        return f"{each.call} the list, as it was read"
    return f"{each.call} {'none' if each.body is None else f'`{json.dumps(each.body)}`'}"


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
    sent = site.target.mailbox(f"{INTO}/Sent")

    receipt = site.restore(heads)

    assert list(map(shown, site.asked())) == table(family, site.uid)
    assert receipt.verdict.value == "proven"
    assert [each for each in receipt.left_to_do if "Manage folders" not in each] == []
    assert len(receipt.left_to_do) == (family is CoreFamily.BM3)
    assert "admin0" in site.rights(f"{INTO}/Sent")
    assert site.core.search_index[site.uid][sent] == 5
    if family is not CoreFamily.BM3:
        assert sent in site.core.replicated[site.uid]
    assert f"THEN  BlueMind {site.core.version.software}: rights, " in plan_text(heads[0])
    assert verify(site.settings, receipt.run)[0].left_to_do == receipt.left_to_do

    report = undone(site.settings, receipt.run)

    assert report.state.value == "undone"
    assert sent not in site.core.search_index[site.uid]
    assert shown(site.asked()[-1]) == table(family, site.uid)[-1]


def test_sharings_with_words_that_nobody_here_knows_are_sent_back_as_they_were_read(
    site_of: Callable[..., Site],
) -> None:
    site = site_of(CoreFamily.BM3)
    listed = [{"subject": "anna", "verb": "Freebusy"}, {"subject": "anna", "verb": "Read"}]
    site.entry.acl = list(listed)
    with site.server.admin_client() as admin:
        admin.setacl(site.target.root, f"anna@{DOMAIN}", "lr")

    site.restore()

    (saved,) = [each for each in site.asked() if each.path.endswith("/_acls")]
    assert saved.body == listed
    assert site.rights(f"{INTO}/Sent")[f"anna@{DOMAIN}"] == "lpr"


@pytest.mark.parametrize("family", [CoreFamily.BM3, CoreFamily.BM49], ids=str)
def test_a_limit_is_raised_in_the_directory_too_and_put_back_in_both_once_all_fits(
    family: CoreFamily, site_of: Callable[..., Site]
) -> None:
    site = site_of(family, quota_kib=SMALL)
    others = {key: value for key, value in site.entry.value.items() if key != "quota"}

    receipt = site.restore(is_raising_quota=True)

    assert receipt.verdict.value == "proven"
    assert site.entry.quota_kib == site.limit_kib() > SMALL
    assert {key: value for key, value in site.entry.value.items() if key != "quota"} == others
    empty(site, INTO)
    verify(site.settings, receipt.run)
    assert (site.entry.quota_kib, site.limit_kib()) == (SMALL, SMALL)


def test_what_two_runs_raised_goes_back_in_two_steps(site_of: Callable[..., Site]) -> None:
    site = site_of(CoreFamily.BM49, quota_kib=SMALL)
    first = site.restore(is_raising_quota=True)
    second = site.restore(is_raising_quota=True, into="second")
    assert undone(site.settings, second.run).state.value == "undone"
    empty(site, INTO)

    verify(site.settings, first.run)

    assert (site.entry.quota_kib, site.limit_kib()) == (SMALL, SMALL)


def test_a_limit_that_a_killed_run_raised_is_put_back_by_the_next_command(
    site_of: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the request and before its note: the journal knows that it was begun."""
    site = site_of(CoreFamily.BM49, quota_kib=SMALL)
    raise_limit = directory_quota.raise_limit

    def killed(asking: Asking, step: RaiseDirectoryQuota, before: Note) -> Note:
        raise_limit(asking, step, before)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(directory_quota, "raise_limit", killed)
        with pytest.raises(Interrupted):
            site.restore(is_raising_quota=True)
    assert site.entry.quota_kib != SMALL

    other = restored(site.settings, wish(JDOE, "Vide", to=site.target.written, into="other"))
    verify(site.settings, other.run)

    assert (site.entry.quota_kib, site.limit_kib()) == (SMALL, SMALL)


def empty(site: Site, below: str) -> None:
    """As its owner, expunge all that was restored there."""
    with site.server.client_as(site.target.readers[0]) as client:
        for path in ("Sent", "Projects/2017/Q3", "Projects/2017"):
            client.select_folder(f"{below}/{path}")
            client.delete_messages(client.search("ALL"))
            client.expunge()


def test_an_undo_puts_the_limit_back_in_both(site_of: Callable[..., Site]) -> None:
    site = site_of(CoreFamily.BM4, quota_kib=SMALL)
    receipt = site.restore(is_raising_quota=True)
    assert site.entry.quota_kib != SMALL

    undone(site.settings, receipt.run)

    assert (site.entry.quota_kib, site.limit_kib()) == (SMALL, SMALL)


@pytest.mark.parametrize("family", [CoreFamily.BM3, CoreFamily.BM49], ids=str)
def test_a_mailshare_that_is_gone_is_made_by_bluemind_and_removed_by_it_again(
    family: CoreFamily, site_of: Callable[..., Site]
) -> None:
    """Its folders that BlueMind makes along, empty, are filled; in the end all is gone.

    A message of that INBOX was marked as deleted, and is still there.
    """
    site = site_of(family)
    name = f"{site.uid}group"
    site.core.directory.add(User(uid="jdoe", login="jdoe", domain=DOMAIN))
    words: dict[str, Any] = {
        "to": f"share/{name}@{DOMAIN}",
        "is_in_place": True,
        "is_creating_account": True,
    }

    receipt = restored(site.settings, wish(JDOE, "INBOX", "Sent", **words))

    entry = site.core.directory.by_name(DOMAIN, name)
    assert entry is not None
    assert receipt.verdict.value == "proven"
    left = [each for each in receipt.left_to_do if "nobody could log in" not in each]
    assert len(left) == len(receipt.left_to_do) - 1
    assert ["would expunge 1 message " in each for each in left] == [family is CoreFamily.BM49]
    with site.server.admin_client() as admin:
        assert admin.folder_status(f"{name}/Sent@{DOMAIN}", ["MESSAGES"])[b"MESSAGES"] == 5

    report = undone(site.settings, receipt.run)

    assert [(e.mailbox, e.kept) for e in report.mailboxes if e.kept] == []
    assert [str(each) for each in report.others] == []
    assert site.core.directory.by_name(DOMAIN, name) is None
    with site.server.admin_client() as admin:
        assert list(admin.list_folders("", f"{name}*@{DOMAIN}")) == []


def test_a_user_is_never_made_behind_bluemind_s_back(site_of: Callable[..., Site]) -> None:
    site = site_of(CoreFamily.BM4)
    words: dict[str, Any] = {
        "to": f"user/nobody@{DOMAIN}",
        "is_in_place": True,
        "is_creating_account": True,
    }

    with pytest.raises(PlanRefused) as refused:
        restored(site.settings, wish(JDOE, **words))
    assert "admin console" in str(refused.value.why)
    assert site.asked() == []


def test_without_the_core_all_else_works_and_what_remains_is_named(
    site_of: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = site_of(CoreFamily.BM4)
    monkeypatch.setattr("respool.app.finishing.is_bluemind", lambda _: True)
    monkeypatch.setattr("respool.app.bluemind_access.is_bluemind", lambda _: True)
    settings = replace(site.settings, bluemind_key=None, bluemind_api=None)
    monkeypatch.setattr("respool.app.finishing.api_access", lambda _: None)

    receipt = replace(site, settings=settings).restore()

    assert receipt.verdict.value == "proven"
    assert any(each.code == "bluemind-not-asked" for each in receipt.findings)
    assert any("bm-cli maintenance repair --ops" in each for each in receipt.left_to_do)
    assert site.asked() == []


def forged(plan: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """One finishing step of a plan file is another."""

    def alter(lines: Fields) -> None:
        change(next(each for each in lines if each.get("kind") == "bluemind-repair"))

    forge(plan, alter)


def test_a_plan_file_is_carried_out_as_it_is_and_refused_where_it_tells_bluemind_other_things(
    site_of: Callable[..., Site], tmp_path: Path
) -> None:
    site = site_of(CoreFamily.BM4)
    plan = tmp_path / "plan"
    save_plan(site.settings, wish(JDOE, "Sent", to=site.target.written, into=INTO), plan)
    honest = plan.read_bytes()
    for name, value in {"operation": "mailboxFilesystem", "entry": "alice"}.items():
        forged(plan, lambda step, n=name, v=value: step.update({n: v}))  # type: ignore[misc]
        with pytest.raises(PlanRefused):
            restore_plan(site.settings, plan, agreeing())
        plan.write_bytes(honest)
    assert site.asked() == []

    receipt = restore_plan(site.settings, plan, agreeing())

    assert (receipt.verdict.value, receipt.left_to_do) == ("proven", ())
    assert len(site.asked()) == 6


def test_a_person_may_keep_bluemind_out_of_it(
    site_of: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = site_of(CoreFamily.BM4)
    monkeypatch.setattr("respool.app.finishing.is_bluemind", lambda _: True)

    receipt = site.restore(is_without_finishing=True)

    assert receipt.verdict.value == "proven"
    assert any("bm-cli maintenance repair --ops" in each for each in receipt.left_to_do)
    assert site.asked() == []


def test_a_mailshare_whose_readers_are_all_unknown_is_proven_and_left_to_be_shared(
    site_of: Callable[..., Site],
) -> None:
    """That nobody can open it is as the directory has it, and nothing that differs."""
    site = site_of(CoreFamily.BM49)
    share = f"share/{site.uid}group@{DOMAIN}"

    receipt = restored(site.settings, wish(JDOE, "Sent", to=share, **MADE))

    assert receipt.verdict.value == "proven"
    assert any("tab Sharings: share it" in each for each in receipt.left_to_do)

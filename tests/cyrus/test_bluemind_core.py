"""The stand-in core of BlueMind does what it says: quirks, tasks, faults, and real mail."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.bluemind_core.asking import ask, end_of
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.faults import Fault
from tests.support.bluemind_core.installation import Domain, Installation, Mailshare, User
from tests.support.bluemind_core.mail import NoMail
from tests.support.bluemind_core.tasks import FORGOTTEN_AFTER_SECONDS
from tests.support.bluemind_core.versions import BEFORE_43, CoreFamily
from tests.support.certificates import make_certificates

DOMAIN = "bluemind.loc"
REPAIR = f"POST /directory/{DOMAIN}/U1/mgmt/_maintenance/repair"
CONSOLIDATE = f"POST /mgmt/mailbox/{DOMAIN}/U1/_consolidate"
INSTALLATION = Installation(
    domains=(Domain(uid=DOMAIN, aliases=("bm.example",), default_alias="bm.example"),),
    users=(
        User(
            uid="U1",
            login="jdoe",
            domain=DOMAIN,
            name="Jane Doe",
            emails=("jane@*",),
            quota_kib=1000,
            roles=("manageMailbox",),
        ),
        User(uid="U2", login="gone", domain=DOMAIN, is_archived=True),
    ),
    mailshares=(Mailshare(uid="M1", name="contact", domain=DOMAIN, shared_with={"U1": "Write"}),),
)

Start = Callable[..., BlueMindCore]


@pytest.fixture(params=list(CoreFamily), ids=lambda family: f"BlueMind {family}")
def core(request: pytest.FixtureRequest, bluemind_core: Start) -> BlueMindCore:
    return bluemind_core(INSTALLATION, version=request.param)


@pytest.fixture
def core4(bluemind_core: Start) -> BlueMindCore:
    return bluemind_core(INSTALLATION, version=CoreFamily.BM4)


@pytest.fixture
def core49(bluemind_core: Start) -> BlueMindCore:
    return bluemind_core(INSTALLATION, version=CoreFamily.BM49)


def test_nothing_found_is_no_body_and_an_unknown_path_is_404(core: BlueMindCore) -> None:
    found = ask(core, f"GET /mailboxes/{DOMAIN}/_byemail", email="jane%40bm.example")
    nothing = ask(core, f"GET /mailboxes/{DOMAIN}/_byemail", email="nobody%40bm.example")

    assert found.body["uid"] == "U1"
    assert (nothing.status, nothing.body) == (204, None)
    assert ask(core, "GET /nowhere").status == 404


def test_keys_open_what_their_roles_open(core4: BlueMindCore) -> None:
    key = core4.keys.user_key(DOMAIN, "U1")

    assert ask(core4, f"GET /mailboxes/{DOMAIN}/U1/complete", key=key).status == 200
    assert ask(core4, f"GET /users/{DOMAIN}/U1/complete", key=key).status == 403
    assert ask(core4, "GET /domains", key="").status == 403
    wrong = ask(core4, "GET /domains", key="not-a-key")
    assert wrong.status == 401
    assert "not-a-key" in wrong.body["message"]


def test_no_key_and_no_password_is_kept(core4: BlueMindCore) -> None:
    logged_in = ask(core4, "POST /auth/login", "secret", key="", login=f"jdoe%40{DOMAIN}")
    ask(core4, "GET /auth", key=logged_in.body["authKey"])

    assert logged_in.body["status"] == "Ok"
    kept = repr(core4.requests.all())
    assert "secret" not in kept
    assert logged_in.body["authKey"] not in kept
    assert [each.by for each in core4.requests.all()] == ["nobody", "session"]


def test_an_empty_list_of_repairs_means_all_and_unknown_ones_are_passed_over(
    core4: BlueMindCore,
) -> None:
    end_of(core4, ask(core4, REPAIR, ["mailboxQuota", "no such thing"]))
    assert [each for _, each, _ in core4.repairs.runs] == ["mailboxQuota"]

    end_of(core4, ask(core4, REPAIR, []))
    offered = ask(core4, f"GET /directory/{DOMAIN}/U1/mgmt/_maintenance").body
    assert [each for _, each, _ in core4.repairs.runs[1:]] == [x["identifier"] for x in offered]


def test_until_48_one_bad_entry_is_an_error_with_a_report(core4: BlueMindCore) -> None:
    core4.repairs.fail("mailboxQuota", "too much", "WARN")

    end = end_of(core4, ask(core4, REPAIR, ["mailboxAcls", "mailboxQuota"]))

    assert end["state"] == "InError"
    report = json.loads(end["result"])
    states = {each["id"]: each["state"] for each in report["entries"]}
    assert states == {"mailboxAcls": "OK", "mailboxQuota": "WARN"}


def test_an_exception_ends_a_repair_and_its_report(core4: BlueMindCore) -> None:
    core4.repairs.break_off("mailboxFilters", "no such thing")

    end = end_of(core4, ask(core4, REPAIR, ["mailboxQuota", "mailboxFilters", "containers"]))

    assert end["state"] == "InError"
    assert [each["id"] for each in json.loads(end["result"])["entries"]] == ["mailboxQuota"]
    lines = ask(core4, f"GET /tasks/repair-U1%40{DOMAIN}/_currentLogs").body
    assert lines[-2:] == ["Unknown error: no such thing", ""]


def test_since_49_what_went_wrong_is_in_the_log_alone(core49: BlueMindCore) -> None:
    core49.repairs.fail("mailboxQuota", "Error on checking mailbox quota")
    ids = ["mailboxAcls", "mailboxQuota"]

    end = end_of(core49, ask(core49, REPAIR, {"opIdentifiers": ids, "verbose": False}))

    assert (end["state"], end["result"], end["steps"]) == ("Success", "", 0)
    lines = ask(core49, f"GET /tasks/repair-U1%40{DOMAIN}/_currentLogs", offset="0").body
    assert lines == [None, "Error on checking mailbox quota", None, ""]
    assert ask(core49, REPAIR, ids).status == 500


def test_since_49_an_exception_is_an_error_without_a_word(core49: BlueMindCore) -> None:
    core49.repairs.break_off("mailboxQuota")

    end = end_of(core49, ask(core49, REPAIR, {"opIdentifiers": ["mailboxQuota"]}))

    assert (end["state"], end["result"]) == ("InError", "")
    lines = ask(core49, f"GET /tasks/repair-U1%40{DOMAIN}/_currentLogs", offset="0").body
    assert lines == [None, ""]


def test_subscriptions_follow_the_sharings_and_taking_one_away_is_reported_as_ko(
    core4: BlueMindCore,
) -> None:
    path = REPAIR.replace("U1", "M1")
    end_of(core4, ask(core4, path, ["mailboxSubscription"]))
    assert core4.subscribers["M1"] == {"U1"}

    ask(core4, f"POST /mailboxes/{DOMAIN}/M1/_acls", [])
    assert end_of(core4, ask(core4, path, ["mailboxSubscription"]))["state"] == "InError"
    assert core4.subscribers["M1"] == set()


def test_an_entry_is_repaired_once_at_a_time_but_an_index_is_not(core4: BlueMindCore) -> None:
    core4.tasks.never_end = True
    first = ask(core4, REPAIR, ["mailboxQuota"])
    core4.settle()

    again = ask(core4, REPAIR, ["mailboxQuota"])
    both = [ask(core4, CONSOLIDATE) for _ in range(2)]

    assert first.status == 200
    assert again.status == 500
    assert again.body["message"].endswith("already running")
    assert len({each.body["id"] for each in both}) == 2


def test_suspended_entries_are_refused_from_43_to_48(bluemind_core: Start) -> None:
    path = REPAIR.replace("U1", "U2")
    refused = ask(bluemind_core(INSTALLATION, version=CoreFamily.BM4), path, ["mailboxQuota"])
    taken = ask(bluemind_core(INSTALLATION, version=BEFORE_43), path, ["mailboxQuota"])

    assert (refused.status, taken.status) == (500, 200)
    assert "archived" in refused.body["message"]


def test_a_task_is_forgotten_ten_minutes_after_its_end_and_at_a_restart(
    core4: BlueMindCore,
) -> None:
    started = ask(core4, CONSOLIDATE)
    end_of(core4, started)
    core4.settle()
    path = f"GET /tasks/{started.body['id']}"

    core4.clock.advance(FORGOTTEN_AFTER_SECONDS - 1)
    assert ask(core4, path).status == 200
    core4.clock.advance(2)
    assert ask(core4, path).status == 404

    path = f"GET /tasks/{ask(core4, CONSOLIDATE).body['id']}"
    core4.restart(0.05)
    with pytest.raises(ConnectionRefusedError):
        ask(core4, path)
    time.sleep(0.2)
    assert ask(core4, path).status == 404


def test_a_value_is_saved_as_it_comes_and_checked(core4: BlueMindCore) -> None:
    path = f"/users/{DOMAIN}/U1"
    value = ask(core4, f"GET {path}/complete").body["value"]

    assert ask(core4, f"POST {path}", value | {"quota": 2000}).status == 204
    assert ask(core4, f"POST {path}", value | {"dataLocation": "nowhere"}).status == 500
    assert ask(core4, f"POST {path}", [value]).status == 500

    mail = core4.mail
    assert isinstance(mail, NoMail)
    assert mail.quotas_kib == {f"user/jdoe@{DOMAIN}": 2000}


def test_sharings_are_saved_with_verbs_of_the_version_only(core4: BlueMindCore) -> None:
    path = f"/mailboxes/{DOMAIN}/M1/_acls"
    lines = ask(core4, f"GET {path}").body
    container = "/containers/_manage/mailbox%3Aacls-M1/_acl"

    assert ask(core4, f"POST {path}", lines).status == 204
    assert ask(core4, f"PUT {container}", lines).status == 204
    assert ask(core4, f"POST {path}", [{"subject": "U1", "verb": "SendAs"}]).status == 500
    assert ask(core4, f"GET {container}").body == lines == [{"subject": "U1", "verb": "Write"}]


def test_it_answers_over_tls_to_whoever_trusts_it(bluemind_core: Start, tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path / "tls")
    core = bluemind_core(INSTALLATION, certificates=certificates)
    trust = ssl.create_default_context(cafile=certificates.authority)

    with urllib.request.urlopen(f"{core.url}/system/installation/state", context=trust) as said:
        assert json.load(said) == "CORE_STATE_RUNNING"
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(f"{core.url}/system/installation/state")


def test_faults_happen_to_the_request_that_they_are_for(core4: BlueMindCore) -> None:
    core4.faults.add(Fault.answering(500), route="/domains", nth=2)
    assert [ask(core4, "GET /domains").status for _ in range(3)] == [200, 500, 200]

    core4.faults.add(Fault.cutting())
    with pytest.raises(http.client.IncompleteRead):
        ask(core4, "GET /domains")
    core4.faults.add(Fault.garbling())
    with pytest.raises(ValueError, match="Expecting value"):
        ask(core4, "GET /domains")
    core4.faults.add(Fault.hanging(0.05, is_after=True), method="POST")
    with pytest.raises(http.client.RemoteDisconnected):
        ask(core4, CONSOLIDATE)
    core4.settle()
    assert core4.consolidations == ["U1"]
    seen: list[str] = []
    core4.faults.add(Fault.calling(lambda asked: seen.append(asked.call)))
    assert ask(core4, "GET /domains").status == 200
    assert seen == ["GET /domains"]

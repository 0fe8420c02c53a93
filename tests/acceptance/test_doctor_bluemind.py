"""``respool doctor --bluemind``: all that a core is asked, tried on the stand-in; only reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from respool.app.bluemind_doctor import core_checks, examine_bluemind
from respool.app.settings import Settings, read_settings
from respool.model.checks import Check, Mark
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.faults import Fault
from tests.support.bluemind_core.installation import Domain, Installation, Mailshare, User
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.command import document

UID = "1718a2b3c4d.internal"
ROLES = ("manageMailbox", "manageRestore")
PEOPLE = Installation(
    domains=(Domain(uid=UID, aliases=("example.org",), default_alias="example.org"),),
    users=(
        User(
            uid="4F2A",
            login="john.d",
            domain=UID,
            name="John Doe",
            emails=("jdoe@*",),
            quota_kib=2048,
            shared_with={"77B1": "Write", "77B2": "Juggle"},
            roles=ROLES,
        ),
    ),
    mailshares=(Mailshare(uid="9C", name="sales", domain=UID),),
)

Start = Callable[..., BlueMindCore]


def settings_for(core: BlueMindCore, key: str | None = None, **options: str) -> Settings:
    environment = {"RESPOOL_BLUEMIND_KEY": key or core.keys.core_token}
    return read_settings({"bluemind_api": core.url, **options}, environment, Path("none.toml"))


def examined(settings: Settings, account: str | None = None) -> Mapping[str, Check]:
    return {each.what: each for each in examine_bluemind(settings, account)}


@pytest.mark.parametrize("family", list(CoreFamily))
def test_every_family_answers_everything_and_is_only_read(
    bluemind_core: Start, family: CoreFamily
) -> None:
    core = bluemind_core(PEOPLE, version=family)
    found = examined(settings_for(core))

    assert [each for each in found.values() if each.mark is Mark.BAD] == []
    assert list(found) == [
        "core",
        "TLS",
        "state",
        "key",
        "domains",
        "servers",
        "generations",
        "tasks",
        "account",
        "look-ups",
        "rights",
        "quota",
        "repairs",
        "finishing",
    ]
    assert found["account"].found.startswith(f"john.d@{UID}, user, uid 4F2A")
    assert found["look-ups"].found == "the same by uid, login, address, display name"
    assert "admin0@global.virt" in found["key"].found
    assert "Juggle is not known here" in found["rights"].found
    assert "of 2,048 KiB" in found["quota"].found
    asked = core.requests.all()
    assert {each.route for each in asked if each.method != "GET"} == {
        "/directory/{domain}/_search"
    }
    assert not any(each.route == "" for each in asked)  # all of them are routes of that family


def test_it_says_that_finishing_was_never_run_on_a_real_bluemind(bluemind_core: Start) -> None:
    last = examined(settings_for(bluemind_core(PEOPLE)))["finishing"]

    assert (last.mark, "never run on a real BlueMind" in last.found) == (Mark.NOTE, True)
    assert "report" in (last.hint or "")


@pytest.mark.parametrize("text", ["jdoe@example.org", "john.d", "John Doe", "sales"])
def test_the_account_may_be_named_as_people_name_it(bluemind_core: Start, text: str) -> None:
    found = examined(settings_for(bluemind_core(PEOPLE)), text)

    assert found["look-ups"].mark is Mark.OK
    assert ("sales" if text == "sales" else "john.d") in found["account"].found


def test_an_account_that_there_is_not_is_bad(bluemind_core: Start) -> None:
    found = examined(settings_for(bluemind_core(PEOPLE)), "nobody")

    assert found["account"].mark is Mark.BAD


def test_a_key_without_a_role_is_a_note_that_names_the_call(bluemind_core: Start) -> None:
    core = bluemind_core(PEOPLE)
    found = examined(settings_for(core, core.keys.user_key(UID, "4F2A")))

    assert f"4F2A@{UID}, with the roles manageMailbox, manageRestore" in found["key"].found
    assert found["generations"].hint == "the key lacks a role for the policy"
    assert not any(each.mark is Mark.BAD for each in found.values())


def test_a_wrong_key_is_bad_and_not_repeated(bluemind_core: Start) -> None:
    found = examined(settings_for(bluemind_core(PEOPLE), "no-such-key"))

    assert list(found) == ["core", "TLS", "state", "key", "domains"][: len(found)]
    assert any(each.mark is Mark.BAD for each in found.values())
    assert not any("no-such-key" in f"{each.found}{each.hint}" for each in found.values())


def test_a_repair_that_is_not_offered_is_said(bluemind_core: Start) -> None:
    core = bluemind_core(PEOPLE)
    body = [{"identifier": each} for each in ("mailboxAcls", "somethingNew")]
    route = "/directory/{domain}/{uid}/mgmt/_maintenance"
    core.faults.add(Fault.answering(200, body), method="GET", route=route)
    found = examined(settings_for(core))["repairs"]

    assert found.mark is Mark.NOTE
    assert (
        "offers 2; finishing would ask for mailboxAcls; not offered: mailboxQuota" in found.found
    )


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (Fault.answering(500), "servers"),
        (Fault.garbling(), "servers"),
        (Fault.answering(200, {"no": "list"}), "servers"),
    ],
)
def test_an_answer_that_is_none_is_bad_in_its_own_line_alone(
    bluemind_core: Start, fault: Fault, line: str
) -> None:
    core = bluemind_core(PEOPLE)
    core.faults.add(fault, route="/servers/default/_complete")
    found = examined(settings_for(core))

    assert [what for what, each in found.items() if each.mark is Mark.BAD] == [line]


def test_a_core_in_maintenance_is_bad(bluemind_core: Start) -> None:
    core = bluemind_core(PEOPLE)
    core.state = "CORE_STATE_MAINTENANCE"

    assert examined(settings_for(core))["state"].mark is Mark.BAD


def test_without_any_key_it_says_what_to_set(tmp_path: Path) -> None:
    settings = read_settings({}, {}, tmp_path / "none.toml")

    assert "RESPOOL_BLUEMIND_KEY_FILE" in (examined(settings)["core"].hint or "")


class TestEveryDoctor:
    def test_one_line_says_version_family_and_state(self, bluemind_core: Start) -> None:
        [line] = core_checks(settings_for(bluemind_core(PEOPLE)), is_bluemind=True)

        assert (line.what, line.mark) == ("BlueMind", Mark.OK)
        assert line.found == "BlueMind 4.8.51120, family 4.0-4.8, says CORE_STATE_RUNNING"

    def test_a_bluemind_without_a_key_is_a_note(self, tmp_path: Path) -> None:
        settings = read_settings({}, {}, tmp_path / "none.toml")
        [line] = core_checks(settings, is_bluemind=True)

        assert line.mark is Mark.NOTE
        assert list(core_checks(settings, is_bluemind=False)) == []

    def test_a_core_that_is_away_keeps_no_restore_from_being_made(
        self, bluemind_core: Start
    ) -> None:
        core = bluemind_core(PEOPLE)
        core.faults.add(Fault.answering(500), route="/system/installation/version")
        [line] = core_checks(settings_for(core), is_bluemind=False)

        assert line.mark is Mark.NOTE


def test_the_command_prints_json(bluemind_core: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    core = bluemind_core(PEOPLE)
    monkeypatch.setenv("RESPOOL_BLUEMIND_KEY", core.keys.core_token)
    found: Mapping[str, Any] = document(
        "doctor", "--bluemind", "--account", "jdoe@example.org", "--bluemind-api", core.url
    )

    assert found["ready"] is True
    assert {each["status"] for each in found["checks"]} == {"ok", "note"}

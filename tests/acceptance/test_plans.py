"""``respool plan`` changes nothing; ``restore --plan`` does exactly that, or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from respool.app.wiring import STEP_KINDS
from respool.planning.codec import check_plan
from tests.support.imap_contents import folder_names
from tests.support.live_server import live_truth
from tests.support.restoring import Ran, Workplace, live_state

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"
INBOX = f"user/{JDOE}"
INTO = "restored-2024-11-19"
USERS = sorted({box.owner for box in live_truth().mailboxes.values() if box.owner})


@pytest.fixture
def plan_file(live: Workplace, tmp_path: Path) -> Path:
    """A plan for the lost folder, made a moment ago."""
    file = tmp_path / "jdoe.plan"
    made = live.run("plan", JDOE, "Projects/2017", "--out", str(file))
    assert made.status == 0, made.errors
    return file


@pytest.fixture
def sample(untouched: Workplace, tmp_path: Path) -> Path:
    """A plan that no test carries out."""
    file = tmp_path / "sample.plan"
    assert untouched.run("plan", JDOE, "Projects/2017", "--out", str(file)).status == 0
    return file


def carry_out(live: Workplace, file: Path) -> Ran:
    return live.run("restore", "--plan", str(file), "--yes", "--json")


def test_a_plan_changes_nothing(
    untouched: Workplace, unchanged: Callable[[Path], AbstractContextManager[None]]
) -> None:
    """
    Neither the server nor the backup; all that is left of it is its line in the access log.
    """
    before = live_state(untouched.server, USERS)
    with unchanged(untouched.backups):
        ran = untouched.run("plan", JDOE, "Projects/2017", "--details")
    assert ran.status == 0
    assert live_state(untouched.server, USERS) == before
    assert [each.name for each in untouched.state.iterdir()] == ["access.log"]


def test_a_plan_says_from_where_to_where_and_how_much(untouched: Workplace) -> None:
    ran = untouched.run("plan", JDOE, "Projects/2017", "--details")
    for said in (
        "generation 88, Tue 19 Nov 2024 01:00 UTC, the newest that has it; 2 folders",
        f"new folder {INTO}/Projects/2017",
        "13 messages",
        "1 deleted by the user",
        "nothing that exists is changed",
        "mail flows",
        f"Projects/2017/Q3 -> {INTO}/Projects/2017/Q3",
    ):
        assert said in ran.output


def test_a_plan_as_json_is_a_whole_plan(untouched: Workplace) -> None:
    """
    A head, a step a line, and a last line that agrees with them.
    """
    ran = untouched.run("plan", JDOE, "Projects/2017", "--json")
    lines = ran.output.splitlines()
    head = json.loads(lines[0])
    tail = check_plan(lines, STEP_KINDS)
    assert head["respool"] == "plan"
    assert head["into"] == INTO
    assert tail.messages == 13
    assert tail.steps == len(lines) - 2


def test_a_plan_in_a_file_is_private_and_holds_no_mail(sample: Path) -> None:
    assert sample.stat().st_mode & 0o777 == 0o600
    assert "Subject" not in sample.read_text("ascii")


def test_a_plan_in_a_file_is_carried_out_as_it_is(live: Workplace, plan_file: Path) -> None:
    ran = carry_out(live, plan_file)
    assert ran.status == 0
    assert ran.json["into"] == INTO
    assert (ran.json["messages"], ran.json["verdict"]) == (13, "proven")
    assert plan_file.exists()


def test_a_plan_that_was_carried_out_does_not_hold_any_more(
    live: Workplace, plan_file: Path
) -> None:
    """
    Its folder is there by now; nothing is added twice.
    """
    carry_out(live, plan_file)
    again = carry_out(live, plan_file)
    assert (again.status, again.error["error"]) == (12, "survey-changed")
    assert INTO in again.error["why"]


def test_a_plan_for_a_file_that_is_there_is_refused(untouched: Workplace, sample: Path) -> None:
    kept = sample.read_bytes()
    ran = untouched.run("plan", JDOE, "Sent", "--out", str(sample))
    assert ran.status == 2
    assert sample.read_bytes() == kept


def test_a_plan_or_a_state_inside_the_backup_or_the_spool_is_refused(untouched: Workplace) -> None:
    spool = untouched.server.files.data("bluemind_loc")
    for place in (untouched.backups / "x.plan", spool / "x.plan"):
        ran = untouched.run("plan", JDOE, "Projects/2017", "--out", str(place))
        assert ran.status == 2
        assert not place.exists()
        ran = untouched.run("restore", JDOE, "Projects/2017", "--yes", "--state", str(place))
        assert ran.status == 2
        assert not place.exists()


def _altered(lines: list[str]) -> list[str]:
    at = next(number for number, line in enumerate(lines) if "spool-copy-messages" in line)
    return [*lines[:at], lines[at].replace("Seen", "Flagged", 1), *lines[at + 1 :]]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(_altered, id="a flag altered"),
        pytest.param(lambda lines: lines[:-1], id="the last line cut"),
        pytest.param(lambda lines: [*lines[:3], *lines[4:]], id="a step left out"),
        pytest.param(lambda lines: [lines[0].replace(INTO, "Sent"), *lines[1:]], id="the head"),
        pytest.param(lambda lines: ["not a plan", *lines[1:]], id="no JSON"),
        pytest.param(lambda lines: lines[:1], id="the head alone"),
        pytest.param(lambda _lines: [], id="empty"),
    ],
)
def test_a_plan_that_was_cut_or_altered_is_refused(
    untouched: Workplace, sample: Path, spoil: Callable[[list[str]], list[str]]
) -> None:
    lines = sample.read_text("ascii").splitlines()
    spoiled = spoil(lines)
    assert spoiled != lines
    sample.write_text("".join(f"{line}\n" for line in spoiled), "ascii")
    ran = carry_out(untouched, sample)
    assert (ran.status, ran.error["error"]) == (12, "plan-file-invalid")
    assert ran.error["changed"] is None
    assert not has_new_folder(untouched)


def test_a_plan_file_that_is_not_there_is_refused(untouched: Workplace, tmp_path: Path) -> None:
    ran = carry_out(untouched, tmp_path / "nothing")
    assert (ran.status, ran.error["error"]) == (12, "plan-file-invalid")


def test_octets_that_are_no_plan_are_refused(untouched: Workplace, tmp_path: Path) -> None:
    file = tmp_path / "octets"
    file.write_bytes(bytes(range(256)))
    ran = carry_out(untouched, file)
    assert (ran.status, ran.error["error"]) == (12, "plan-file-invalid")


def _forged(file: Path, *steps: dict[str, object]) -> None:
    """The plan with ``steps`` before its own, and a count and digest of those."""
    head, *own = file.read_text("ascii").splitlines()[:-1]
    fields = [*steps, *map(json.loads, own)]
    body = [
        json.dumps({**each, "step": number}, separators=(",", ":"))
        for number, each in enumerate(fields)
    ]
    tail = {
        "steps": len(body),
        "messages": sum(len(each.get("messages", ())) for each in fields),
        "digest": hashlib.sha256("".join([head, *body]).encode("ascii")).hexdigest(),
    }
    lines = [head, *body, json.dumps(tail, separators=(",", ":"))]
    file.write_text("".join(f"{line}\n" for line in lines), "ascii")


ALICE = "user/alice@bluemind.loc"


@pytest.mark.parametrize(
    "step",
    [
        {"kind": "spool-raise-quota", "root": ALICE, "former": {}, "limits": {"STORAGE": 1}},
        {"kind": "spool-settle-quota", "root": INBOX, "former": {}, "limits": {}},
        {"kind": "spool-adopt-mailbox", "mailbox": INBOX, "is_seen_shared": False},
        {"kind": "spool-give-rights", "mailbox": ALICE, "rights": {JDOE: "lrs"}},
        {
            "kind": "spool-create-account",
            "mailbox": "user/mallory@bluemind.loc",
            "partition": "bluemind_loc",
            "rights": {JDOE: "lrs"},
            "limits": {},
        },
    ],
    ids=lambda step: step["kind"],
)
def test_a_plan_with_a_step_that_nobody_agreed_to_is_refused(
    untouched: Workplace, sample: Path, step: dict[str, object]
) -> None:
    """
    Its digest is right: whoever can write a plan file can compute that, too.
    """
    before = live_state(untouched.server, USERS)
    _forged(sample, {**step, "lane": ""})
    ran = carry_out(untouched, sample)
    assert (ran.status, ran.error["error"]) == (12, "plan-refused")
    assert f"step 0 ({step['kind']})" in ran.error["why"]
    assert live_state(untouched.server, USERS) == before


def test_a_plan_that_was_only_written_anew_is_still_the_same(
    live: Workplace, plan_file: Path
) -> None:
    """So the refusals above are about the steps, not about how they were written."""
    _forged(plan_file)
    assert carry_out(live, plan_file).status == 0


def take_the_folder(live: Workplace) -> None:
    live.server.create_mailbox(f"user/jdoe/{INTO}@bluemind.loc")


def lower_the_quota(live: Workplace) -> None:
    with live.server.admin_client() as admin:
        used = admin.get_quota_root(INBOX)[1][0].usage
        admin._imap.setquota(f'"{INBOX}"', f"(STORAGE {used + 5})")


def give_alice_rights(live: Workplace) -> None:
    with live.server.admin_client() as admin:
        admin.setacl(INBOX, "alice@bluemind.loc", "lrs")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(take_the_folder, "is there by now", id="folder taken"),
        pytest.param(lower_the_quota, "quota", id="quota lowered"),
        pytest.param(give_alice_rights, "alice@bluemind.loc lrs", id="rights given"),
    ],
)
def test_a_plan_does_not_hold_once_the_server_has_changed(
    live: Workplace, plan_file: Path, change: Callable[[Workplace], None], said: str
) -> None:
    change(live)
    ran = carry_out(live, plan_file)
    assert (ran.status, ran.error["error"]) == (12, "survey-changed")
    assert said in ran.error["why"]
    assert ran.error["changed"] is None
    with live.server.client_as(JDOE) as client:
        assert f"{INTO}/Projects/2017" not in folder_names(client)


def test_a_plan_goes_with_no_other_wishes(untouched: Workplace, sample: Path) -> None:
    for more in ((JDOE,), ("--into", "x"), ("-g", "87"), ("--note", "x")):
        ran = untouched.run("restore", "--plan", str(sample), "--yes", *more)
        assert ran.status == 2
        assert "NOTHING WAS CHANGED" in ran.errors


def test_doctor_tells_as_json_that_this_machine_is_ready(untouched: Workplace) -> None:
    ran = untouched.run("doctor", "--json")
    assert ran.status == 0
    assert ran.json["ready"] is True
    found = {check["check"]: check["status"] for check in ran.json["checks"]}
    assert {"rights", "backups", "state", "configuration", "administrator"} <= found.keys()
    assert set(found.values()) == {"ok"}
    assert not untouched.state.exists()


def has_new_folder(live: Workplace) -> bool:
    with live.server.client_as(JDOE) as client:
        return any(INTO in name for name in folder_names(client))

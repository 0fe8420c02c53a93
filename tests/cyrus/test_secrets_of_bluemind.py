"""BlueMind's keys stand nowhere: over a whole restore with its failures, all is searched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.cyrus_mail import CyrusMail
from tests.support.bluemind_core.faults import Fault
from tests.support.bluemind_core.installation import Domain, Installation, User
from tests.support.directions import DOMAIN, fresh_target
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import Ran, Workplace
from tests.support.watched_processes import watched_processes
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
WRONG = "a-wrong-key-that-is-a-secret-too"


def test_no_key_of_bluemind_is_written_said_or_shown(
    as_root: None,
    bluemind_cyrus: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    bluemind_core: Callable[..., BlueMindCore],
    tmp_path: Path,
) -> None:
    """Not in state, plans, journals, receipts, logs, output, errors; not in any process."""
    target = fresh_target(bluemind_cyrus, "user")
    login = target.login.partition("@")[0]
    people = Installation(
        domains=(Domain(uid=DOMAIN),),
        users=(User(uid=login, login=login, domain=DOMAIN, name="John", emails=(f"{login}@*",)),),
    )
    core = bluemind_core(people, mail=CyrusMail(bluemind_cyrus))
    key = core.keys.core_token
    place = Workplace(
        server=bluemind_cyrus,
        backups=unpacked(SPOOLS["2.5.17"]),
        state=tmp_path / "state",
        variables={"RESPOOL_BLUEMIND_API": core.url, "RESPOOL_BLUEMIND_KEY": key},
    )
    with watched_processes(lambda: [key.encode(), WRONG.encode()]) as shown:
        ran = story(place, core, target.written, tmp_path / "plan.jsonl")

    check_story(ran)
    kept = {str(each): each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    assert all(any(word in name for name in kept) for word in ("plan", "journal.db", "receipt"))
    kept |= {name: f"{each.output}{each.errors}".encode() for name, each in ran.items()}
    secrets = [key.encode(), WRONG.encode()]
    assert [name for name, octets in kept.items() if any(each in octets for each in secrets)] == []
    assert shown == set()


def story(place: Workplace, core: BlueMindCore, target: str, file: Path) -> dict[str, Ran]:
    """A restore of which much goes wrong; a core that fails repeats the key to whoever asked."""
    key = place.variables["RESPOOL_BLUEMIND_KEY"]
    stranger = replace(place, variables={**place.variables, "RESPOOL_BLUEMIND_KEY": WRONG})
    named = ("--to", "John")  # his name in the directory
    into = ("Sent", "--to", target, "--into", "back")
    ran = {
        "doctor": place.run("doctor", "--bluemind", "--account", "John"),
        "wrong key": stranger.run("doctor", "--bluemind", "--json"),
        "wrong key in a plan": stranger.run("plan", JDOE, *into, "--json"),
        "plan": place.run("plan", JDOE, "Sent", *named, "--into", "back", "--out", str(file)),
    }
    told = {"errorCode": "UNKNOWN", "message": f"session id {key} is not valid"}
    core.faults.add(Fault.answering(500, told), method="POST", times=None)
    ran["restore that its core fails"] = place.run("restore", "--plan", str(file), "--yes")
    core.faults.clear()
    core.faults.add(Fault.answering(401, told), nth=3)
    ran["refused while it goes on"] = place.run("resume", "1", "--json")
    ran["resume"] = place.run("resume", "1", "--json")
    ran["show"] = place.run("runs", "show", "1", "--details")
    core.faults.add(Fault.garbling(), nth=2)
    ran["undo that stumbles"] = place.run("undo", "1", "--yes", "--json")
    ran["undo"] = place.run("undo", "1", "--yes", "--json")
    return ran


def check_story(ran: dict[str, Ran]) -> None:
    """That it was the story which it is meant to be: its failures did happen."""
    said = {name: each.errors for name, each in ran.items()}
    assert ran["doctor"].status == 0, said["doctor"]
    assert ran["wrong key"].status == 3
    assert ran["plan"].status == 0, said["plan"]
    assert ran["restore that its core fails"].status not in {0, 1}
    assert ran["resume"].status == 0, said["resume"]
    assert ran["undo that stumbles"].status == 20
    assert ran["undo"].status == 0, said["undo"]
    assert not any(each.status == 1 for each in ran.values()), said

"""Mail of BlueMind 3.5 and 4 into a BlueMind 5, by IMAP and its API: both are stand-ins."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import SIGTERM
from subprocess import Popen
from typing import Any

import pytest

from respool.model.names import decoded_part
from tests.support import golden
from tests.support.bluemind5_world import DOMAIN, BlueMind5World, bluemind5_world
from tests.support.bluemind_core.faults import Fault
from tests.support.certificates import make_certificates
from tests.support.restoring import Ran

SU = "POST /auth/_su"
LOGOUT = "POST /auth/logout"
INTO = "restored-now"
SUBTREE = "replication.subtree"


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """A backup of an older BlueMind; ``root`` is where it lies, ``truth`` what is in it."""

    root: Path
    truth: str
    generation: str = "latest"

    def guids(self, account: str, *, into: str) -> dict[str, Counter[str]]:
        """What a server had told of it: SHA-1 of what is to come back, by the folder there."""
        truth = (
            "dataprotect/truth-1233" if self.generation == "88" else "dataprotect-bm4/truth-412"
        )
        mailboxes: dict[str, Any] = golden.truth(f"{truth}.json")["mailboxes"]
        name = account.removesuffix(f"@{DOMAIN}")
        found: dict[str, Counter[str]] = {}
        for each, box in mailboxes.items():
            own, _, domain = each.rpartition("@")
            if domain == DOMAIN and (own == name or own.startswith(f"{name}/")):
                path = own.removeprefix(name)
                guids = Counter(message["sha1"] for message in box["messages"])
                found |= {f"{into}{path}": guids} if guids else {}
        return found


@pytest.fixture(scope="module")
def old_24(tmp_path_factory: pytest.TempPathFactory) -> Old:
    """Of early 3.5: Cyrus 2.4, index version 12; a copy of the server's directories."""
    root = golden.unpack_spool("2.4.20", tmp_path_factory.mktemp("bm24"))
    return Old(root=root, truth="2.4.20/truth")


@pytest.fixture(scope="module")
def old_35(tmp_path_factory: pytest.TempPathFactory) -> Old:
    """Of 3.5: index version 13, one copy of the whole spool."""
    root = golden.unpack_dataprotect(tmp_path_factory.mktemp("bm35"))
    return Old(root=root, truth="dataprotect/truth-1233", generation="88")


@pytest.fixture(scope="module")
def old_4(tmp_path_factory: pytest.TempPathFactory) -> Old:
    """Of 4: a partition of server and domain, an archive tree, one copy a letter."""
    root = golden.unpack_dataprotect_bm4(tmp_path_factory.mktemp("bm4"))
    return Old(root=root, truth="dataprotect-bm4/truth-412", generation="31")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BlueMind5World]:
    with bluemind5_world(tmp_path) as one:
        yield one


def restore(world: BlueMind5World, old: Old, account: str, *words: str, **variables: str) -> Ran:
    """A restore that is agreed to."""
    to = ("--to", world.host) if "--to" not in words else ()
    asked = (account, "-g", old.generation, *words, *to, "--yes", "--json")
    return world.run(old.root, "restore", *asked, variables=variables)


def check_nothing_of_a_key_is_kept(world: BlueMind5World, *ran: Ran) -> None:
    """Of no session, and not the administrator's; and no session is left open."""
    secrets = [key.encode() for key in (*world.keys, world.core.keys.core_token)]
    kept = world.written() | {
        f"said {n}": (r.output + r.errors).encode() for n, r in enumerate(ran)
    }
    assert [name for name, octets in kept.items() if any(key in octets for key in secrets)] == []
    assert world.core.keys.open_sessions() == ()


def below(world: BlueMind5World, login: str, name: str) -> dict[str, Counter[str]]:
    """SHA-1 of what lies in and below a folder, by decoded names; not of empty ones."""
    return {
        decoded_part(folder): Counter(hashlib.sha1(octets).hexdigest() for octets in mails)
        for folder, mails in world.held()[login].items()
        if mails and (folder == name or folder.startswith(f"{name}/"))
    }


def told(world: BlueMind5World) -> list[str]:
    """What the core did once the mail was there, in order."""
    repairs = [operation for _, operation, _ in world.core.repairs.runs]
    return [*repairs, *(f"{uid} consolidated" for uid in world.core.consolidations)]


@pytest.mark.parametrize("kind", ["35", "4"])
def test_a_user_s_mail_is_planned_restored_proven_and_taken_back(
    kind: str, world: BlueMind5World, request: pytest.FixtureRequest
) -> None:
    old: Old = request.getfixturevalue(f"old_{kind}")
    before = world.held()
    account = f"jdoe@{DOMAIN}"
    plan = ("plan", account, "-g", old.generation, "--to", world.host, "--json")
    planned = world.run(old.root, *plan)
    assert planned.status == 0, planned.errors
    assert world.held() == before

    done = restore(world, old, account, "--into", INTO)

    assert (done.status, done.json["verdict"]) == (0, "proven"), done.errors
    folders = done.json["mailboxes"]
    assert sum(each["by_guid"] for each in folders) > done.json["messages"] / 2
    assert below(world, account, INTO) == old.guids(f"user/{account}", into=INTO)
    assert told(world) == [SUBTREE, "mailboxSubscription", "U1 consolidated"]
    assert done.json["left_to_do"] == []
    verified = world.run(old.root, "verify", "1", "--json")
    assert verified.json["verdict"] == "proven", verified.errors
    assert {each["by_guid"] for each in verified.json["mailboxes"]} == {0}
    undone = world.run(old.root, "undo", "1", "--yes", "--json")
    assert (undone.status, undone.json["state"]) == (0, "undone"), undone.errors
    assert world.held() == before
    assert world.calls(SU) == world.calls(LOGOUT) == 4
    check_nothing_of_a_key_is_kept(world, planned, done, verified, undone)


def test_a_mailshare_is_filled_by_one_who_may_write_to_it_and_taken_back(
    world: BlueMind5World, old_35: Old
) -> None:
    before = world.held()
    account = f"contact@{DOMAIN}"

    done = restore(world, old_35, account, "--into", INTO)

    assert (done.status, done.json["verdict"]) == (0, "proven"), done.errors
    assert f"alice%40{DOMAIN}" in done.json["target"]
    assert done.json["target"].endswith("/share/contact")
    check_mailshare_is_restored_and_taken_back(world, old_35, before)
    check_nothing_of_a_key_is_kept(world, done)


def check_mailshare_is_restored_and_taken_back(
    world: BlueMind5World, old: Old, before: dict[str, dict[str, list[bytes]]]
) -> None:
    wanted = old.guids(f"contact@{DOMAIN}", into=f"contact/{INTO}")
    assert below(world, "shared", f"contact/{INTO}") == wanted
    assert told(world) == [SUBTREE, "M1 consolidated"]
    undone = world.run(old.root, "undo", "1", "--yes", "--json")
    assert (undone.status, undone.json["state"]) == (0, "undone"), undone.errors
    assert world.held() == before
    check_nothing_of_a_key_is_kept(world, undone)


def test_mail_of_an_early_3_5_comes_over_tls_that_is_verified(tmp_path: Path, old_24: Old) -> None:
    certificates = make_certificates(tmp_path / "tls")
    account, trust = f"jdoe@{DOMAIN}", ("--ca-file", str(certificates.authority))
    (tmp_path / "place").mkdir()
    with bluemind5_world(tmp_path / "place", certificates=certificates) as world:
        strange = restore(world, old_24, account, "Sent")
        done = restore(world, old_24, account, "--into", INTO, *trust)

        assert strange.error["error"] == "certificate-not-trusted", strange.errors
        assert (done.status, done.json["verdict"]) == (0, "proven"), done.errors
        assert done.json["target"].startswith("imaps://")
        wanted = old_24.guids(f"user/{account}", into=INTO)
        assert below(world, account, INTO) == wanted
        check_nothing_of_a_key_is_kept(world, strange, done)


def test_a_plan_of_a_mailshare_that_was_kept_is_carried_out_and_taken_back(
    world: BlueMind5World, old_4: Old
) -> None:
    before, file = world.held(), str(world.place / "kept.plan")
    to = ("--to", f"{world.of(f'alice@{DOMAIN}')}/share/contact", "--into", INTO)
    kept = world.run(old_4.root, "plan", f"contact@{DOMAIN}", *to, "--out", file)
    assert kept.status == 0, kept.errors

    done = world.run(old_4.root, "restore", "--plan", file, "--yes", "--json")

    assert (done.status, done.json["verdict"]) == (0, "proven"), done.errors
    check_mailshare_is_restored_and_taken_back(world, old_4, before)
    check_nothing_of_a_key_is_kept(world, kept, done)


def test_in_place_mail_goes_into_the_default_folders_that_are_there(
    world: BlueMind5World, old_4: Old
) -> None:
    """One that BlueMind made for it goes with it."""
    folders = world.imap.accounts[f"jdoe@{DOMAIN}"].folders
    del folders["Templates"]
    before = world.held()

    done = restore(world, old_4, f"jdoe@{DOMAIN}", "--in-place")

    assert (done.status, done.json["verdict"]) == (0, "proven"), done.errors
    held, wanted = world.held()[f"jdoe@{DOMAIN}"], old_4.guids(f"user/jdoe@{DOMAIN}", into="")
    assert {name: len(held[name]) for name in ("INBOX", "Sent", "Drafts", "Trash")} == {
        name: wanted["" if name == "INBOX" else f"/{name}"].total()
        for name in ("INBOX", "Sent", "Drafts", "Trash")
    }
    assert len([name for name in held if name.lower() == "sent"]) == 1
    assert "mailboxDefaultFolders" in told(world)
    assert "Templates" in held
    undone = world.run(old_4.root, "undo", "1", "--yes", "--json")
    assert (undone.status, undone.json["state"]) == (0, "undone"), undone.errors
    assert world.held() == before


def test_many_go_each_with_a_session_of_its_own(world: BlueMind5World, old_35: Old) -> None:
    """One that is not there, or that nobody writes to, stops no other."""
    words = ("--accounts", f"*@{DOMAIN}", "-g", "88", "--to", world.host, "--yes", "--json")

    done = world.run(old_35.root, "restore", *words)

    accounts = {each["account"]: each for each in done.json["accounts"]}
    proven = {name for name, each in accounts.items() if each.get("verdict") == "proven"}
    assert proven == {f"user/{name}@{DOMAIN}" for name in ("alice", "jdoe", "john.doe")} | {
        f"share/contact@{DOMAIN}"
    }, done.output
    assert set(accounts) - proven == {f"user/1digit@{DOMAIN}", f"share/info@{DOMAIN}"}
    assert "nobody may write" in str(accounts[f"share/info@{DOMAIN}"])
    check_nothing_of_a_key_is_kept(world, done)


def test_a_password_that_was_given_is_used_and_no_session_is_made(
    world: BlueMind5World, old_35: Old
) -> None:
    to = world.of(f"jdoe@{DOMAIN}")
    password = {"RESPOOL_TO_PASSWORD": world.imap.password}

    done = restore(world, old_35, f"jdoe@{DOMAIN}", "Sent", "--to", to, **password)

    assert done.json["verdict"] == "proven", done.errors
    assert (world.calls(SU), world.keys) == (0, [])
    (left,) = done.json["left_to_do"]
    assert left == f"bm-cli maintenance consolidateIndex jdoe@{DOMAIN}"


def test_what_bluemind_could_not_do_and_what_is_gone_again_is_left_for_a_person(
    world: BlueMind5World, old_35: Old
) -> None:
    world.core.repairs.fail(SUBTREE, "no such subtree")
    lose = Fault.calling(lambda _: world.folder("jdoe", f"{INTO}/Sent").clear())
    world.core.faults.add(lose, route=f"/mgmt/mailbox/{DOMAIN}/U1/_consolidate")

    done = restore(world, old_35, f"jdoe@{DOMAIN}", "Sent", "--into", INTO)

    said, command, gone = done.json["left_to_do"]
    assert command == f"bm-cli maintenance repair --ops {SUBTREE} jdoe@{DOMAIN}"
    assert "no such subtree" in said
    assert gone == f"{INTO}/Sent has 0 messages, 5 were proven in it before"


@pytest.mark.parametrize("what", ["no role", "a wrong key", "nobody answers"])
def test_where_no_session_is_to_be_had_nothing_is_changed(
    what: str, world: BlueMind5World, old_35: Old
) -> None:
    before, variables = world.held(), {}
    code = "bluemind-refused"
    if what == "no role":
        world.key_file.write_text(world.core.keys.user_key(DOMAIN, "U5"))
    elif what == "a wrong key":
        world.key_file.write_text("nobody-knows-me")
    else:
        variables, code = (
            {"RESPOOL_BLUEMIND_API": "http://127.0.0.1:1/api"},
            "bluemind-unreachable",
        )

    ran = restore(world, old_35, f"jdoe@{DOMAIN}", **variables)

    assert ran.error["error"] == code, ran.errors
    assert ran.status not in {0, 1}
    assert world.held() == before
    assert world.key_file.read_text().strip() not in ran.errors
    check_nothing_of_a_key_is_kept(world, ran)


def when_so_many_are_there(world: BlueMind5World, count: int, do: Callable[[], None]) -> None:
    """Once, as the next message comes."""
    left, lock = iter(range(count)), threading.Lock()

    def refuse(_octets: bytes) -> str | None:
        with lock:
            if next(left, None) is None and world.imap.refuse is refuse:
                world.imap.refuse = lambda _: None
                do()
        return None

    world.imap.refuse = refuse


def expire(world: BlueMind5World) -> None:
    """Every session ends, and every connection."""
    for key in world.core.keys.open_sessions():
        world.core.keys.revoke(key)
    world.imap.cut_all()


def test_a_session_that_expires_half_way_is_made_anew(world: BlueMind5World, old_35: Old) -> None:
    when_so_many_are_there(world, 40, lambda: expire(world))

    done = restore(world, old_35, f"jdoe@{DOMAIN}", "--into", INTO)

    assert (done.status, done.json["verdict"]) == (0, "proven"), done.errors
    wanted = old_35.guids(f"user/jdoe@{DOMAIN}", into=INTO)
    assert below(world, f"jdoe@{DOMAIN}", INTO) == wanted
    assert world.calls(SU) > 1
    check_nothing_of_a_key_is_kept(world, done)


def test_where_none_can_be_made_anew_it_stops_and_goes_on_later(
    world: BlueMind5World, old_35: Old
) -> None:
    def gone() -> None:
        expire(world)
        world.core.restart(1.5)

    when_so_many_are_there(world, 40, gone)
    stopped = restore(world, old_35, f"jdoe@{DOMAIN}", "--into", INTO)
    assert stopped.status not in {0, 1, 30}, stopped.output

    done = world.run(old_35.root, "resume", "1", "--json")

    assert (done.status, done.json["verdict"]) == (0, "proven"), done.errors
    wanted = old_35.guids(f"user/jdoe@{DOMAIN}", into=INTO)
    assert below(world, f"jdoe@{DOMAIN}", INTO) == wanted
    check_nothing_of_a_key_is_kept(world, stopped, done)


@pytest.mark.parametrize("why", ["refused", "told to stop"])
def test_a_session_is_ended_also_when_the_restore_is_not_to_its_end(
    why: str, world: BlueMind5World, old_35: Old
) -> None:
    if why == "refused":
        world.imap.refuse = lambda _: "Over quota"
    else:
        stop = partial(Popen.send_signal, sig=SIGTERM)
        when_so_many_are_there(world, 40, lambda: stop(world.processes[-1]))

    ran = restore(world, old_35, f"jdoe@{DOMAIN}")

    assert ran.status not in {0, 1}
    assert world.keys
    check_nothing_of_a_key_is_kept(world, ran)

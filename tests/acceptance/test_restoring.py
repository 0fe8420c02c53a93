"""``respool restore`` brings a lost folder back into the live account, and proves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support import golden
from tests.support.imap_contents import (
    HeldMessage,
    acl_of,
    folder_names,
    quota_of,
    subscriptions_of,
)
from tests.support.live_server import live_truth, serve_golden_live
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import (
    LiveState,
    Ran,
    Workplace,
    check_server_sound,
    held,
    left_behind,
    live_state,
    owner_sees,
)
from tests.support.trees import differences, fingerprint
from tests.support.truth import Truth, read_truth

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"
INTO = "restored-2024-11-19"
LOST = ("Projects/2017", "Projects/2017/Q3")
MADE = (INTO, f"{INTO}/Projects", f"{INTO}/Projects/2017", f"{INTO}/Projects/2017/Q3")
TRUTH = read_truth("dataprotect/truth-1233.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One restore of what jdoe deleted by mistake, with all that was before and after."""

    workplace: Workplace
    ran: Ran
    before: LiveState
    after: LiveState
    quota_before: int
    changed_in_backup: list[str]

    @property
    def server(self) -> PrivateCyrus:
        """The live server."""
        return self.workplace.server


@pytest.fixture(scope="module")
def story(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    backups = golden.unpack_dataprotect(tmp_path_factory.mktemp("backup"))
    users = sorted({box.owner for box in live_truth().mailboxes.values() if box.owner})
    with server_root() as root, serve_golden_live(root) as server:
        place = Workplace(server=server, backups=backups, state=root / "state")
        before, traces, used = live_state(server, users), fingerprint(backups), _used(server)
        ran = place.run("restore", JDOE, "Projects/2017", "--yes", "--json")
        yield Story(
            workplace=place,
            ran=ran,
            before=before,
            after=live_state(server, users, without=INTO),
            quota_before=used,
            changed_in_backup=differences(traces, fingerprint(backups)),
        )


def test_it_ends_well_and_shows_the_plan_first(story: Story) -> None:
    assert story.ran.status == 0
    assert "generation 88" in story.ran.errors
    assert f"new folder {INTO}/Projects/2017" in story.ran.errors
    assert "nothing that exists is changed" in story.ran.errors


NOTHING_OF = {
    **dict.fromkeys(("conflicts", "finishing", "flags", "note", "remove_after_hours")),
    "rehearsal": None,
    **dict.fromkeys(("lost_in_backup", "refused", "still_there", "narrower"), 0),
}


def test_its_receipt_has_exactly_the_promised_shape(story: Story) -> None:
    """
    Every field is there, with what was restored; only times are not known before.
    """
    receipt = story.ran.json
    assert receipt.pop("seconds") > 0
    assert set(receipt.pop("seconds_by_phase")) == {"restore", "proof"}
    assert receipt == {
        **NOTHING_OF,
        "run": 1,
        "account": JDOE,
        "generation": "88",
        "target": f"{JDOE} on cyrus.bluemind.loc, Cyrus {story.server.version.partition('-')[0]}",
        "into": INTO,
        "verdict": "proven",
        "mailboxes": [_row(path) for path in LOST],
        "messages": 13,
        "size_bytes": sum(each.size_bytes for path in LOST for each in _true(path)),
        "hsm": {"stubs": 0, "whole": 0},
        "seen": {
            "readers": [],
            "marks": 0,
            "proven": 0,
            "missing_readers": [
                {
                    "reader": "alice@bluemind.loc",
                    "why": "may not read this folder",
                    "folders": [f"{INTO}/Projects/2017"],
                }
            ],
        },
        "annotations": {"given": 1, "proven": 1, "differs": [], "changed_since": 0, "left": []},
        "special_use": [],
        "subscriptions": {
            "given": 4,
            "proven": 4,
            "differs": [],
            "changed_since": 0,
            "left": [],
            "users": [{"userid": JDOE, "given": 4}],
        },
        "quota_raised": [],
        "closed": [],
        "findings": [],
        "left_to_do": [],
    }


def test_the_owner_sees_the_messages_of_that_night(story: Story) -> None:
    """
    UIDs, flags, keywords, dates, sizes and octets are those that the server had then.
    """
    seen = owner_sees(story.server, JDOE, [f"{INTO}/{path}" for path in LOST])
    assert seen == {f"{INTO}/{path}": _true(path) for path in LOST}


def test_the_folders_between_are_made_and_empty(story: Story) -> None:
    with story.server.client_as(JDOE) as client:
        assert {name for name in folder_names(client) if INTO in name} == set(MADE)
    assert owner_sees(story.server, JDOE, MADE[:2]) == {MADE[0]: (), MADE[1]: ()}


def test_the_owner_is_subscribed_to_all_of_it(story: Story) -> None:
    with story.server.client_as(JDOE) as client:
        assert {name for name in subscriptions_of(client) if INTO in name} == set(MADE)


def test_its_rights_are_exactly_those_of_the_inbox(story: Story) -> None:
    with story.server.admin_client() as admin:
        wanted = acl_of(admin, f"user/{JDOE}")
        for path in MADE:
            assert acl_of(admin, f"user/jdoe/{path}@bluemind.loc") == wanted, path


def test_the_quota_counts_what_was_added(story: Story) -> None:
    """
    Storage as GETQUOTAROOT tells it, in KiB, to the one that rounding may cost.
    """
    added = sum(each.size_bytes for path in LOST for each in _true(path))
    assert abs(_used(story.server) - story.quota_before - added / 1024) <= 1


def test_live_mail_is_as_it_was(story: Story) -> None:
    """
    Messages, flags, rights, UIDs, modseqs, limits and subscriptions of every account.
    """
    assert story.after.messages == story.before.messages
    assert story.after == story.before


def test_the_backup_is_as_it_was(story: Story) -> None:
    """
    To the last access time.
    """
    assert story.changed_in_backup == []


def test_nothing_is_left_to_mend_and_no_error_was_logged(story: Story) -> None:
    check_server_sound(story.server, JDOE)


def test_no_door_is_left(story: Story) -> None:
    assert left_behind(story.ran.pid) == ()
    sockets = story.server.files.config_directory / "socket"
    assert [each.name for each in sockets.iterdir() if each.name.startswith("respool")] == []


def test_new_mail_still_arrives_in_the_restored_folder_and_beside(live: Workplace) -> None:
    """
    The next UID is above all restored ones.
    """
    live.run("restore", JDOE, "Projects/2017", "--yes")
    folder = f"{INTO}/Projects/2017"
    with live.server.client_as(JDOE) as client:
        client.append(folder, b"Subject: new\r\n\r\nnew\r\n")
        client.append("INBOX", b"Subject: new\r\n\r\nnew\r\n")
        client.select_folder(folder)
        uids = client.search("ALL")
    assert uids[:-1] == [message.uid for message in _true("Projects/2017")]
    assert uids[-1] > uids[-2]


def test_the_same_command_again_takes_the_next_free_name(live: Workplace) -> None:
    first, second = (live.run("restore", JDOE, "=Drafts", "--yes", "--json") for _ in range(2))
    assert [first.json["into"], second.json["into"]] == [
        first.json["into"],
        f"{first.json['into']}-2",
    ]
    assert [first.json["run"], second.json["run"]] == [1, 2]
    assert second.json["verdict"] == "proven"


def test_a_taken_into_is_refused(untouched: Workplace) -> None:
    ran = untouched.run("restore", JDOE, "Drafts", "--into", "Projects", "--yes", "--json")
    assert ran.status == 12
    assert ran.error["error"] == "plan-refused"
    assert ran.error["changed"] is None
    assert "Projects" in ran.error["why"]


def test_a_whole_account_comes_back_without_what_was_deleted(live: Workplace) -> None:
    """
    INBOX becomes the new folder itself; DELETED is left out.
    """
    ran = live.run("restore", JDOE, "-g", "88", "--yes", "--json", "--note", "ticket 17")
    assert ran.status == 0
    assert ran.json["verdict"] == "proven"
    assert ran.json["note"] == "ticket 17"
    boxes = [box for box in TRUTH.of_user(JDOE) if not box.is_deleted]
    assert {each["from"] for each in ran.json["mailboxes"]} == {_path(box.name) for box in boxes}
    names = {box.name: _restored_name(_path(box.name)) for box in boxes}
    seen = owner_sees(live.server, JDOE, list(names.values()))
    for box in boxes:
        assert seen[names[box.name]] == tuple(map(held, box.messages)), box.name
    check_server_sound(live.server, JDOE)


def test_the_receipt_is_kept_for_the_ticket(live: Workplace) -> None:
    ran = live.run("restore", JDOE, "Projects/2017", "--yes")
    kept = live.state / "runs" / "1"
    assert ran.status == 0
    assert "RUN 1  PROVEN: 13 of 13 read back as jdoe, equal to the backup" in ran.output
    assert "respool, run 1: PROVEN" in (kept / "receipt.txt").read_text("utf-8")
    assert {path.name for path in kept.iterdir()} == {"plan.jsonl", "receipt.json", "receipt.txt"}
    assert live.state.stat().st_mode & 0o777 == 0o700
    assert list((live.state / "plans").iterdir()) == []


def test_a_mailshare_comes_back_into_a_folder_of_its_own(live: Workplace) -> None:
    """
    With its rights, read back by the administrator: nobody owns it. It does not share
    what was read, so that is nobody's, and its mail is unread; that is said before.
    """
    into = "restored-2024-11-20"
    ran = live.run("restore", "contact@bluemind.loc", "--yes", "--json")
    assert (ran.status, ran.json["verdict"], ran.json["into"]) == (0, "proven", into)
    assert {each["read_by"] for each in ran.json["mailboxes"]} == {"administrator"}
    assert sum(each["proven"] for each in ran.json["mailboxes"]) == ran.json["messages"] > 0
    assert "unread" in ran.errors
    with live.server.admin_client() as admin:
        rights = acl_of(admin, "contact@bluemind.loc")
        for each in ran.json["mailboxes"]:
            assert acl_of(admin, f"contact/{each['to']}@bluemind.loc") == rights


def test_without_an_account_it_says_what_to_type(untouched: Workplace) -> None:
    ran = untouched.run("restore", "--yes")
    assert ran.status == 2
    assert "NOTHING WAS CHANGED" in ran.errors


def test_an_account_that_the_server_does_not_have_is_refused(live: Workplace) -> None:
    with live.server.admin_client() as admin:
        admin.setacl("user/alice@bluemind.loc", "admin0", "x")
        admin.delete_folder("user/alice@bluemind.loc")
    ran = live.run("restore", "alice@bluemind.loc", "--yes", "--json")
    assert ran.status == 13
    assert ran.error["error"] == "account-not-on-server"


def _used(server: PrivateCyrus) -> int:
    with server.client_as(JDOE) as client:
        return quota_of(client, "INBOX")["STORAGE"][0]


def _true(path: str, truth: Truth = TRUTH) -> tuple[HeldMessage, ...]:
    box = truth.mailboxes[f"user/jdoe/{path}@bluemind.loc"]
    return tuple(map(held, box.messages))


def _row(path: str) -> dict[str, object]:
    count = len(_true(path))
    return {
        "from": path,
        "to": f"{INTO}/{path}",
        "planned": count,
        "restored": count,
        "proven": count,
        "differs": [],
        "by_guid": 0,
        "differs_count": 0,
        "changed_since": [],
        "changed_count": 0,
        "lost": {},
        "left": {},
        "read_by": "owner",
    }


def _path(name: str) -> str:
    path = name.removesuffix("@bluemind.loc").removeprefix("user/jdoe")
    return path.removeprefix("/") or "INBOX"


def _restored_name(path: str) -> str:
    return INTO if path == "INBOX" else f"{INTO}/{path}"

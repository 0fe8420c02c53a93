"""What conditions pick of every golden backup is what its server's own answers say."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from respool.app.at_export import AtExport
from respool.app.chosen_messages import chosen_of_lines
from respool.app.pickers import in_one_folder
from respool.app.prepared import prepare, prepare_again
from respool.app.selection import Wanted
from respool.app.settings import Settings
from respool.app.where import where_of
from respool.app.wish import Wish
from respool.errors import (
    FolderNotInGeneration,
    MessageNotInMailbox,
    NothingMatches,
    PlanRefused,
    UsageError,
)
from respool.model.conditions import Conditions
from respool.model.folding import folded
from respool.model.state import UidSet
from respool.planning.codec import parse_head, render_plan
from tests.support import golden
from tests.support.command import document, lines

JDOE, ALICE = "jdoe@bluemind.loc", "alice@bluemind.loc"
INBOX = f"user/{JDOE}"


@pytest.fixture(scope="module", params=golden.VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def spools(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    places: dict[str, Path] = {}

    def place(version: str) -> Path:
        if version not in places:
            places[version] = golden.unpack_spool(version, tmp_path_factory.mktemp("spool"))
        return places[version]

    return place


def settings_of(place: Path, state: Path) -> Settings:
    return Settings(
        backups=place,
        imapd_conf=Path("/nonexistent"),
        imap=None,
        imap_admin=None,
        imap_password=None,
        to_password=None,
        state=state,
    )


def picked(
    place: Path,
    state: Path,
    *folders: str,
    account: str = JDOE,
    **asked: Any,  # noqa: ANN401 - of a dataclass that knows its types
) -> dict[str, list[int]]:
    """UIDs by the mailbox's encoded name, of a restore by conditions."""
    wanted = Wanted(account=account, folders=folders, command="restore")
    wish = Wish(wanted=wanted, conditions=Conditions(**asked))
    found = prepare(settings_of(place, state), wish).choice.picked
    return {name: uids.uids().tolist() for name, uids in found.items()}


def true(version: str, is_meant: Callable[[Mapping[str, Any]], bool]) -> dict[str, list[int]]:
    """The same by what the server said."""
    found = {
        box["imap_name"]: sorted(each["uid"] for each in box["messages"] if is_meant(each))
        for box in golden.truth(version)["mailboxes"].values()
        if box.get("owner") == JDOE
    }
    return {name: uids for name, uids in found.items() if uids}


def decoded(raw: str | None) -> str:
    """By the standard library."""
    try:
        return folded(str(make_header(decode_header(raw or ""))))
    except (UnicodeError, LookupError, ValueError):
        return ""


def test_by_sender_and_subject_of_any_script(
    version: str, spools: Callable[[str], Path], tmp_path: Path
) -> None:
    """
    Names of senders in Japanese, German and Chinese, and a part of an address.
    """
    for word in ("krüger", "田中", "example.COM"):
        wanted = folded(word)
        assert picked(spools(version), tmp_path, sender=word) == true(
            version,
            lambda each, wanted=wanted: any(  # type: ignore[misc]
                wanted in f"{decoded(name)} <{folded(address or '')}>"
                for name, address in each["from"]
            ),
        )
    for word in ("phone", "anderung", "会議", "date nobody"):
        wanted = folded(word)
        found = picked(spools(version), tmp_path, subject=word)
        assert found == true(
            version,
            lambda each, wanted=wanted: wanted in decoded(each["subject"]),  # type: ignore[misc]
        )
        assert found


def test_by_date_size_and_flag(
    version: str, spools: Callable[[str], Path], tmp_path: Path
) -> None:
    since = datetime(2004, 2, 29, tzinfo=UTC)
    before = datetime(2024, 11, 1, tzinfo=UTC)
    found = picked(
        spools(version), tmp_path, since=since, before=before, larger=600, flags=("\\Seen",)
    )
    assert found == true(
        version,
        lambda each: (
            since <= parsed_date(each["internaldate"]) < before
            and each["size"] > 600
            and "\\Seen" in each["flags"]
        ),
    )
    assert found


def parsed_date(text: str) -> datetime:
    return datetime.strptime(text.strip(), "%d-%b-%Y %H:%M:%S %z")


def test_by_message_id_and_guid(
    version: str, spools: Callable[[str], Path], tmp_path: Path
) -> None:
    wanted = "37f4816b.in-01@example.com"
    found = picked(spools(version), tmp_path, message_id=wanted)
    assert found == true(version, lambda each: each["message_id"] == f"<{wanted}>")
    sha1 = golden.truth(version)["mailboxes"][f"user/{JDOE}"]["messages"][0]["sha1"]
    assert picked(spools(version), tmp_path, guids=(sha1,)) == true(
        version, lambda each: each["sha1"] == sha1
    )


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The DataProtect tree of the story."""
    return golden.unpack_dataprotect(tmp_path_factory.mktemp("backup"))


def test_text_is_looked_for_in_bodies_and_names_of_attachments(
    spools: Callable[[str], Path], tmp_path: Path
) -> None:
    """
    Every octet of every message was read by the standard library's parser for the truth here.
    """
    place = spools("3.8.7")
    files = {
        int(file.name[:-1]): message_from_bytes(file.read_bytes(), policy=default)
        for file in inbox_of(place).glob("*.")
    }
    attached = {
        uid
        for uid, message in files.items()
        if any(part.get_filename() for part in message.walk())
    }
    found = picked(place, tmp_path, "INBOX", has_attachment=True)
    seen = true("3.8.7", lambda each: each["uid"] in attached)
    assert found == {INBOX: seen[INBOX]}
    uid = min(found[INBOX])
    for name in filter(None, (part.get_filename() for part in files[uid].walk())):
        assert uid in picked(place, tmp_path, "INBOX", text=name.upper())[INBOX]


def inbox_of(place: Path) -> Path:
    return place / "var/spool/cyrus/data/bluemind_loc/domain/b/bluemind.loc/j/user/jdoe"


def test_what_was_deleted_since_is_taken_from_deleted_folders_and_from_expunged_mail(
    backup: Path, tmp_path: Path
) -> None:
    """
    On 19 November jdoe deleted Projects/2017 with Q3: 6 and 7 messages; nothing else is as new.
    """
    since = datetime(2024, 11, 19, 1, tzinfo=UTC)
    found = picked(backup, tmp_path, deleted_since=since)
    deleted = {name: uids for name, uids in found.items() if name.startswith("DELETED/")}
    assert sorted(map(len, deleted.values())) == [6, 7]
    expunged = golden.truth("dataprotect/truth-1234.json")["mailboxes"]
    for name in found.keys() - deleted.keys():
        known = {
            each["uid"]
            for box in expunged.values()
            if box["imap_name"] == name
            for each in box["expunged"]
        }
        assert set(found[name]) <= known


def test_a_plan_made_again_picks_the_same_messages_without_searching(
    backup: Path, tmp_path: Path
) -> None:
    """
    It goes by what its head says: the UIDs by mailbox, and the conditions for people.
    """
    settings = settings_of(backup, tmp_path / "state")
    wish = Wish(
        wanted=Wanted(account=JDOE, command="restore"),
        to=f"zip:{tmp_path / 'new.zip'}",
        conditions=Conditions(sender="alice"),
    )
    target = AtExport(where_of(wish.to))
    plan = target.plan(settings, wish)
    file = tmp_path / "alice.plan"
    file.write_text("\n".join(render_plan(plan.head, plan.steps())) + "\n", "ascii")
    head = parse_head(file.read_text("ascii").splitlines()[0])
    assert head.request == plan.head.request
    assert head.request.conditions == wish.conditions
    assert head.request.picked
    target.check_honesty(settings, file)
    again = prepare_again(settings, head)
    assert again.choice.picked == head.request.picked
    assert again.request(head.request.account) == head.request


def test_a_plan_that_does_not_say_what_was_found_is_not_the_same(
    backup: Path, tmp_path: Path
) -> None:
    settings = settings_of(backup, tmp_path / "state")
    wish = Wish(
        wanted=Wanted(account=JDOE, folders=("INBOX",), command="restore"),
        to=f"zip:{tmp_path / 'new.zip'}",
    )
    target = AtExport(where_of(wish.to))
    plan = target.plan(settings, wish)
    file = tmp_path / "quiet.plan"
    silent = replace(plan.head, findings=())
    assert plan.head.findings
    file.write_text("\n".join(render_plan(silent, plan.steps())) + "\n", "ascii")

    with pytest.raises(PlanRefused) as raised:
        target.check_honesty(settings, file)

    assert all(each.startswith("it does not say: ") for each in raised.value.reasons)


def test_folders_of_which_nothing_is_taken_are_left_out_unless_named(
    backup: Path, tmp_path: Path
) -> None:
    assert list(picked(backup, tmp_path, "INBOX", "Vide", subject="phone")) == [
        "user/jdoe@bluemind.loc",
        "user/jdoe/Vide@bluemind.loc",
    ]
    assert list(picked(backup, tmp_path, "INBOX", "V*", subject="phone")) == [
        "user/jdoe@bluemind.loc"
    ]


def test_a_uid_is_of_one_folder_and_not_of_those_below(backup: Path, tmp_path: Path) -> None:
    asked = Conditions(uids=UidSet.parse("1:2"))
    wanted = in_one_folder(Wanted(account=JDOE, folders=("Projects/2017",)), asked)
    found = prepare(settings_of(backup, tmp_path), Wish(wanted=wanted, conditions=asked))
    assert {name: str(uids) for name, uids in found.choice.picked.items()} == {
        "user/jdoe/Projects/2017@bluemind.loc": "1:2"
    }
    for folders in ((), ("INBOX", "Sent")):
        with pytest.raises(UsageError, match="which folder"):
            in_one_folder(Wanted(account=JDOE, folders=folders), asked)


def test_a_guid_that_is_nowhere_is_an_error_and_one_elsewhere_is_said(
    backup: Path, tmp_path: Path
) -> None:
    """
    Alice's first message is gone in the newest generation, and is in the two before.
    """
    with pytest.raises(MessageNotInMailbox, match="no message with GUID ab") as nowhere:
        picked(backup, tmp_path, guids=("ab" * 20,))
    assert "3 generations" in (nowhere.value.why or "")
    lost = golden.truth("dataprotect/truth-1233.json")["mailboxes"][f"user/{ALICE}"]
    with pytest.raises(MessageNotInMailbox) as elsewhere:
        picked(backup, tmp_path, account=ALICE, guids=(lost["messages"][0]["sha1"],))
    assert (elsewhere.value.hint or "").endswith("-g 88")


def test_nothing_that_matches_is_said_with_how_many_were_looked_at(
    backup: Path, tmp_path: Path
) -> None:
    with pytest.raises(NothingMatches, match=r"none of [0-9]+ messages .*: from nobody"):
        picked(backup, tmp_path, sender="nobody")


def test_show_and_ls_have_the_same_messages(backup: Path) -> None:
    """
    What is counted is what is listed is what would be restored, deleted mail apart.
    """
    place = ("--backups", str(backup))
    shown = document("show", f"user/{JDOE}", "--from", "alice", *place)["mailboxes"]
    assert {each["path"] for each in shown} >= {"INBOX"}
    for each in shown[:2]:
        typed = (f"user/{JDOE}", f"={each['path']}", "--from", "ALICE", "-g", "89", *place)
        listed = lines("ls", *typed)
        assert len(listed) == each["messages"] > 0
        assert all("alice" in str(one["from"]).lower() for one in listed)
        every = lines("ls", *typed, "--include-expunged")
        assert len(every) == each["messages"] + each["expunged"]


@pytest.mark.parametrize("command", [("show", JDOE), ("ls", JDOE, "INBOX")])
def test_reading_commands_say_that_nothing_matches(backup: Path, command: tuple[str, ...]) -> None:
    with pytest.raises(NothingMatches, match="from nobody"):
        document(*command, "--from", "nobody", "--backups", str(backup))


def lines_of(part: str, name: str, *uids: int, **changes: Any) -> list[bytes]:  # noqa: ANN401 - JSON
    """As ``find --json`` writes them, by what the server said."""
    truth = golden.truth(f"dataprotect/truth-{part}.json")["mailboxes"][name]
    sha1 = {each["uid"]: each["sha1"] for each in truth["messages"]}
    label = {"1232": "87", "1233": "88", "1234": "89"}[part]
    login = name.removeprefix("user/")
    fields = {"account": login, "mailbox": name, "generation": label}
    return [
        json.dumps({**fields, "uid": uid, "guid": sha1[uid], **changes}).encode() for uid in uids
    ]


def chosen(backup: Path, state: Path, lines: list[bytes]) -> Mapping[str, str]:
    ((wanted, group),) = chosen_of_lines(
        io.BytesIO(b"\n".join(lines)), Wanted(account="", command="restore")
    )
    found = prepare(settings_of(backup, state), Wish(wanted=wanted, chosen=group))
    assert found.request(found.selection.account).has_expunged
    return {name: str(uids) for name, uids in found.choice.picked.items()}


def test_what_find_has_chosen_is_taken_message_by_message(backup: Path, tmp_path: Path) -> None:
    name = f"user/{ALICE}"
    lines = lines_of("1233", name, 1, 2, 3, 5, 7)
    assert chosen(backup, tmp_path, lines) == {name: "1:3,5,7"}


def test_a_message_that_is_another_one_now_is_not_taken(backup: Path, tmp_path: Path) -> None:
    name = f"user/{ALICE}"
    odd = lines_of("1233", name, 1, guid="ab" * 20)
    with pytest.raises(MessageNotInMailbox, match="not the one that was chosen") as caught:
        chosen(backup, tmp_path, lines_of("1233", name, 2) + odd)
    assert "line 2" in (caught.value.why or "")
    gone = lines_of("1233", name, 1, generation="89")
    with pytest.raises(MessageNotInMailbox, match="not the one that was chosen"):
        chosen(backup, tmp_path, gone)


def test_a_folder_that_is_not_there_is_named_with_its_line(backup: Path, tmp_path: Path) -> None:
    lines = lines_of("1233", f"user/{ALICE}", 1, mailbox="user/alice/Nowhere@bluemind.loc")
    with pytest.raises(FolderNotInGeneration, match="Nowhere") as caught:
        chosen(backup, tmp_path, lines)
    assert "line 1" in (caught.value.why or "")

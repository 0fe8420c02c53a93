"""Mail that BlueMind 3.5 had archived comes back whole where its archive has it."""

from __future__ import annotations

import base64
import hashlib
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from respool.app.receipt_text import receipt_text
from respool.app.restore import restore_plan, save_plan
from respool.cli.restore_text import plan_text
from respool.errors import LibraryMissing, PlanRefused
from respool.model.accounts import INBOX
from tests.support.directions import INTO, Kind, check_target_sound, folders_of, fresh_target
from tests.support.hsm_store import (
    Kept,
    letter,
    snappy_stream,
    stub_of,
    write_body,
    write_messages,
)
from tests.support.imap_contents import HeldMessage
from tests.support.plan_files import Fields, forge
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import agreeing, restored, settings_for, wish
from tests.support.small_spools import part_directory, write_description

pytestmark = pytest.mark.needs_cyrus
JDOE, CONTACT = "user/jdoe@b.loc", "share/contact@b.loc"
OWNER, SHARE = ("b.loc", "E-1"), ("b.loc", "S-9")
ALL = "lrswipkxtea"
LABEL, STUB = 0, 1
LARGE = letter("large", base64.encodebytes(random.Random(5).randbytes(90_000)) + b"end\r\n" * 9000)
SMALL = letter("small")


def hsm_id(number: int) -> str:
    return f"{number:08x}-8b86-4d01-b42d-00cf4fc964ff"


@dataclass(frozen=True, kw_only=True)
class Archived:
    """A message that was archived, and the stream of it in the store; None: not there."""

    message: bytes
    stream: bytes | None


WHOLE = Archived(message=LARGE, stream=snappy_stream(LARGE, is_compressed=True))
STORED = Archived(message=SMALL, stream=snappy_stream(SMALL))
MISSING = Archived(message=letter("missing"), stream=None)
DAMAGED = Archived(message=letter("damaged"), stream=snappy_stream(letter("damaged"))[:-1])


def backup_of(
    root: Path,
    name: str,
    archived: Sequence[Archived],
    *,
    owner: tuple[str, str] = OWNER,
    has_store: bool = True,
) -> Path:
    """A tree as BlueMind 3.5 leaves it: a plain message, then a stub of each of ``archived``."""
    spool, store = part_directory(root, 5), root / "dp_spool/rsync/10.0.0.1/mail/archive/6"
    stubs = [
        Kept(octets=stub_of(each.message, hsm_id(at)), keywords=(LABEL, STUB), date=1_300_000_000)
        for at, each in enumerate(archived)
    ]
    messages = [Kept(octets=letter("plain"), keywords=(LABEL,)), *stubs]
    acl = {"anyone": "p", "E-1@b.loc": ALL}
    write_messages(spool, name, messages, acl=acl)
    if name != "user/jdoe@b.loc":
        write_messages(spool, "user/jdoe@b.loc", [], acl=acl)
    parts: list[dict[str, object]] = [{"id": 5}]
    if has_store:
        parts.append({"id": 6, "tag": "mail/archive"})
        (store / "var/spool/bm-hsm/snappy/user").mkdir(parents=True)
        for at, each in enumerate(archived):
            if each.stream is not None:
                write_body(store, owner, hsm_id(at), each.stream)
    write_description(root, 1, parts)
    return root


def held(uid: int, octets: bytes, *flags: str, date: int = 1_300_000_000) -> HeldMessage:
    return HeldMessage(
        uid=uid,
        flags=frozenset(flags),
        internaldate=datetime.fromtimestamp(date, UTC),
        size_bytes=len(octets),
        sha1=hashlib.sha1(octets).hexdigest(),
    )


PLAIN = held(1, letter("plain"), "$Label", date=1_332_142_200)


def test_stubs_come_back_as_the_messages_that_they_stand_for(
    restoring_names: PrivateCyrus, tmp_path: Path
) -> None:
    """
    Octets, size and GUID of the original; UID, date and flags of the stub, but for the
    keyword. Those without a sound body stay stubs, which plan and receipt say.
    """
    backups = backup_of(tmp_path / "b", "user/jdoe@b.loc", [WHOLE, MISSING, DAMAGED, STORED])
    target = fresh_target(restoring_names, "user")
    receipt = restored(
        settings_for(restoring_names, backups, tmp_path / "state"),
        wish(JDOE, to=target.written, into=INTO),
    )

    assert folders_of(restoring_names, target, target.login) == {
        INBOX: (
            PLAIN,
            held(2, LARGE, "$Label"),
            held(3, stub_of(MISSING.message, hsm_id(1)), "$Label", "BMARCHIVED"),
            held(4, stub_of(DAMAGED.message, hsm_id(2)), "$Label", "BMARCHIVED"),
            held(5, SMALL, "$Label"),
        )
    }
    assert receipt.verdict.value == "proven, backup incomplete"
    assert (receipt.proven, receipt.restored) == (5, 5)
    assert [(each.code, each.uid) for each in receipt.findings if each.code.startswith("hsm")] == [
        ("hsm-body-missing", 3),
        ("hsm-body-damaged", 4),
        ("hsm-joined", None),
    ]
    counted = "4 messages {} HSM stubs: 2 {} back whole, 1 has no body in this backup, 1 has a"
    assert f"NOTE  {counted.format('are', 'come')}" in plan_text(receipt.head).splitlines()[3]
    assert counted.format("were", "came") in receipt_text(receipt, tmp_path)
    assert receipt.as_json()["hsm"] == {"stubs": 4, "whole": 2}
    check_target_sound(restoring_names, target)


def test_those_of_a_mailshare_are_found_by_their_ids_and_by_plan_file(
    restoring_uuid: PrivateCyrus, tmp_path: Path
) -> None:
    """
    Nothing in a spool says what BlueMind calls a mailshare.
    """
    backups = backup_of(tmp_path / "b", "contact@b.loc", [WHOLE, STORED], owner=SHARE)
    settings = settings_for(restoring_uuid, backups, tmp_path / "state")
    target = fresh_target(restoring_uuid, "share")
    plan = tmp_path / "plan.jsonl"
    head = save_plan(settings, wish(CONTACT, to=target.written, into=INTO), plan)
    assert (head.stubs, head.joined) == (2, 2)
    assert head.size_bytes == len(LARGE) + len(SMALL) + PLAIN.size_bytes

    receipt = restore_plan(settings, plan, agreeing())

    assert receipt.verdict.value == "proven"
    (messages,) = folders_of(restoring_uuid, target, target.readers[0]).values()
    assert [each.sha1 for each in messages[1:]] == [
        hashlib.sha1(octets).hexdigest() for octets in (LARGE, SMALL)
    ]
    check_target_sound(restoring_uuid, target)


@pytest.mark.parametrize("kind", ["user", "share"])
def test_without_a_store_stubs_are_restored_as_they_are(
    kind: Kind, restoring_names: PrivateCyrus, tmp_path: Path
) -> None:
    """
    Nothing of this backup is lost by that: it never had more.
    """
    name = "user/jdoe@b.loc" if kind == "user" else "contact@b.loc"
    backups = backup_of(tmp_path / "b", name, [MISSING], has_store=False)
    target = fresh_target(restoring_names, kind)
    receipt = restored(
        settings_for(restoring_names, backups, tmp_path / "state"),
        wish(JDOE if kind == "user" else CONTACT, to=target.written, into=INTO),
    )
    assert receipt.verdict.value == "proven"
    assert [(each.code, each.severity.value) for each in receipt.findings] == [
        ("hsm-store-missing", "note")
    ]
    (messages,) = folders_of(restoring_names, target, target.readers[0]).values()
    stub = stub_of(MISSING.message, hsm_id(0))
    assert messages == (PLAIN, held(2, stub, "$Label", "BMARCHIVED"))


def test_without_metadata_headers_tell_stubs(restoring_uuid: PrivateCyrus, tmp_path: Path) -> None:
    backups = backup_of(tmp_path / "b", "user/jdoe@b.loc", [STORED])
    target = fresh_target(restoring_uuid, "user")
    receipt = restored(
        settings_for(restoring_uuid, backups, tmp_path / "state"),
        wish(JDOE, to=target.written, into=INTO, is_without_metadata=True),
    )
    assert receipt.verdict.value == "proven"
    (messages,) = folders_of(restoring_uuid, target, target.login).values()
    assert messages[1] == held(2, SMALL)


def test_without_the_library_nothing_is_begun(
    restoring_names: PrivateCyrus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Stubs in place of mail that could be read would be a loss that nobody asked for.
    """
    backups = backup_of(tmp_path / "b", "user/jdoe@b.loc", [WHOLE])
    target = fresh_target(restoring_names, "user")
    monkeypatch.setitem(sys.modules, "cramjam", None)
    with pytest.raises(LibraryMissing, match="archived"):
        restored(
            settings_for(restoring_names, backups, tmp_path / "state"),
            wish(JDOE, to=target.written, into=INTO),
        )
    assert folders_of(restoring_names, target, target.login) == {}


def test_a_plan_file_cannot_have_mail_of_others_put_in_the_place_of_a_stubs(
    restoring_names: PrivateCyrus, tmp_path: Path
) -> None:
    backups = backup_of(tmp_path / "b", "user/jdoe@b.loc", [STORED])
    settings = settings_for(restoring_names, backups, tmp_path / "state")
    target = fresh_target(restoring_names, "user")
    plan = tmp_path / "plan.jsonl"
    save_plan(settings, wish(JDOE, to=target.written, into=INTO), plan)
    forge(plan, as_of_another)
    with pytest.raises(PlanRefused) as caught:
        restore_plan(settings, plan, agreeing())
    assert "not where the backup has" in (caught.value.why or "")


def as_of_another(lines: Fields) -> None:
    """Have the archive of E-2 read."""
    for line in lines:
        for store in line.get("source", {}).get("stores", []) if "step" in line else ():
            store["directory"] = store["directory"].replace("E-1", "E-2")

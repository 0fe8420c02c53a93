"""Checking reads every archived message of a stub, and says where one is missing or spoilt."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from respool.app.archive_check import archive_findings
from respool.app.check import CheckWish, opened_check
from respool.app.settings import read_settings
from respool.backups.contents import mailboxes_of
from respool.backups.discovery import open_backup
from respool.model.accounts import Account, AccountKind
from respool.model.findings import Finding
from tests.support.hsm_store import (
    ID,
    OTHER_ID,
    STORE,
    Kept,
    letter,
    snappy_stream,
    stub_of,
    write_body,
    write_messages,
)

JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="b.loc")
OWNER = ("b.loc", "E-1")
WHOLE = letter("archived")


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    messages = [
        Kept(octets=letter("plain")),
        *(Kept(octets=stub_of(WHOLE, each), keywords=(1,)) for each in (ID, OTHER_ID)),
    ]
    write_messages(tmp_path, "user/jdoe@b.loc", messages, acl={"E-1@b.loc": "lrswipkxtea"})
    write_body(tmp_path, OWNER, ID, snappy_stream(WHOLE))
    write_body(tmp_path, OWNER, OTHER_ID, snappy_stream(WHOLE))
    return tmp_path


def found(root: Path) -> list[Finding]:
    (generation,) = open_backup(root).generations
    return list(archive_findings(generation, JDOE, mailboxes_of(generation, JDOE)))


def test_sound_messages_are_nothing_to_speak_of(spool: Path) -> None:
    assert found(spool) == []


def test_each_missing_or_damaged_one_is_told_with_its_folder(spool: Path) -> None:
    write_body(spool, OWNER, ID, snappy_stream(WHOLE)[:-1])
    (spool / STORE / "b.loc/E-1" / OTHER_ID[0] / OTHER_ID[1] / OTHER_ID).unlink()
    assert [(each.code, each.uid, each.subject) for each in found(spool)] == [
        ("hsm-body-damaged", 2, "jdoe@b.loc, INBOX: message 2"),
        ("hsm-body-missing", 3, "jdoe@b.loc, INBOX: message 3"),
    ]


def test_without_the_library_it_is_said_that_nothing_is_known(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_body(spool, OWNER, ID, snappy_stream(WHOLE * 9, is_compressed=True))
    monkeypatch.setitem(sys.modules, "cramjam", None)
    assert [(each.code, each.uid) for each in found(spool)] == [("hsm-not-read", None)]


def test_a_check_reads_them_beside_everything_else(spool: Path) -> None:
    write_body(spool, OWNER, ID, snappy_stream(WHOLE)[:-1])
    for account in (None, "jdoe@b.loc"):
        with opened_check(
            read_settings({"backups": str(spool)}), CheckWish(account=account, jobs=1)
        ) as check:
            report = check.run(lambda _progress: None)
        told = [each for each in report.findings.kept if each.code.startswith("hsm-")]
        assert [(each.code, each.uid) for each in told] == [("hsm-body-damaged", 2)]

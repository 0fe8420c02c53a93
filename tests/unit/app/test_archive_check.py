"""``check`` finds the archive of an account, and reads the message of every stub."""

from __future__ import annotations

from pathlib import Path

import pytest

from respool.app.check import CheckWish, opened_check
from respool.app.settings import read_settings
from tests.support.hsm_store import (
    ID,
    OTHER_ID,
    Kept,
    letter,
    snappy_stream,
    stub_of,
    write_body,
    write_messages,
)

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


@pytest.mark.parametrize("account", [None, "jdoe@b.loc"])
def test_a_check_reads_each_archived_message_once(spool: Path, account: str | None) -> None:
    write_body(spool, OWNER, ID, snappy_stream(WHOLE)[:-1])
    settings = read_settings({"backups": str(spool)})
    with opened_check(settings, CheckWish(account=account, jobs=1)) as check:
        report = check.run(lambda _progress: None)

    told = [*report.findings.kept, *(f for folder in report.folders for f in folder.findings)]
    assert [(each.code, each.uid) for each in told if each.code.startswith("hsm-")] == [
        ("hsm-body-damaged", 2)
    ]

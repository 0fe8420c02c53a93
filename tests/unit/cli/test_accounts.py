from __future__ import annotations

from pathlib import Path

import pytest

from respool.cli.commands.accounts import accounts
from tests.support.small_spools import write_spool

UID = "1718a2b3c4d.internal"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    write_spool(tmp_path, [f"user/john@{UID}", f"DELETED/user/gone/673C4583@{UID}"])
    return tmp_path


def test_the_address_that_people_use_stands_beside_an_account(
    spool: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (spool / "etc/postfix").mkdir(parents=True)
    lines = f"john@{UID} john@{UID}\njdoe@example.org john@{UID}\n"
    (spool / "etc/postfix/virtual_alias-flat").write_text(lines, "utf-8")

    accounts(backups=str(spool))

    shown = capsys.readouterr()
    assert "known as jdoe@example.org and 1 more" in shown.out
    assert "only deleted folders are left" in shown.out
    assert shown.err == ""


def test_that_nothing_tells_the_addresses_is_said(
    spool: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts(backups=str(spool))

    assert "nothing in the backup says which addresses" in capsys.readouterr().err

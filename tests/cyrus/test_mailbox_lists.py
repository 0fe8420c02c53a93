"""The lists of mailboxes that servers of each version wrote, as the real tool prints them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.cyrus.mailbox_records import parse_dumped_records, parse_shown_records
from respool.system.cyrus_server import find_tool
from tests.support import golden
from tests.support.server_root import server_root

pytestmark = [pytest.mark.needs_cyrus, pytest.mark.usefixtures("as_root")]


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A directory for the user cyrus, whom the tool becomes."""
    with server_root() as root:
        yield root


@pytest.mark.parametrize("version", golden.VERSIONS)
def test_all_mailboxes_of_a_server_are_read_from_its_list(version: str, reachable: Path) -> None:
    """
    2.4's own file has the lines that its ``ctl_mboxlist -d`` prints.
    """
    spool = golden.unpack_spool(version, reachable)
    kind = "skiplist" if version.startswith("2.4") else "twoskip"
    command = [str(find_tool("cyr_dbtool")), "-C", str(spool / "etc/imapd.conf")]
    command += [str(spool / "var/lib/cyrus/mailboxes.db"), kind, "show"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    numbers = tuple(int(number) for number in version.split("."))
    read = (
        tuple(parse_dumped_records(shown))
        if kind == "skiplist"
        else tuple(parse_shown_records(shown, (numbers[0], numbers[1], numbers[2])))
    )

    names = {box["imap_name"] for box in golden.truth(version)["mailboxes"].values()}
    assert {record.name.admin for record in read} == names
    assert all(record.partition for record in read)
    assert all((record.uniqueid is None) == (kind == "skiplist") for record in read)

from __future__ import annotations

from pathlib import Path

import pytest

from respool.cyrus.imapd_conf import ServerConfiguration
from respool.model.checks import Mark
from respool.system.imap_places import ImapAddress
from respool.system.listening import Listening
from respool.targets.spool.services import listening_check, reasons_of, role_check

IMAP = 'imap cmd="imapd" listen="imap"'
SYNC = 'sync cmd="/usr/lib/cyrus/bin/sync_server -C x" listen="csync"'


def role(tmp_path: Path, *services: str, **options: str) -> Mark:
    (tmp_path / "cyrus.conf").write_text("\n".join(("SERVICES {", *services, "}")), "ascii")
    return role_check(ServerConfiguration(options=options), tmp_path / "imapd.conf").mark


@pytest.mark.parametrize("services", [(), (IMAP,), (IMAP, SYNC)])
def test_a_server_that_people_read_their_mail_on_is_no_replica(
    tmp_path: Path, services: tuple[str, ...]
) -> None:
    """BlueMind's own servers start sync_server, too."""
    assert role(tmp_path, *services) is Mark.OK


def test_where_sync_server_alone_is_started_nothing_is_restored(tmp_path: Path) -> None:
    assert role(tmp_path, SYNC) is Mark.BAD


@pytest.mark.parametrize("switch", ["readonly", "replicaonly"])
def test_a_server_that_is_set_to_take_no_mail_gets_none(tmp_path: Path, switch: str) -> None:
    assert role(tmp_path, IMAP, **{switch: "yes"}) is Mark.BAD
    assert role(tmp_path, IMAP, **{switch: "no"}) is Mark.OK


def test_a_server_that_does_not_run_is_bad_only_where_its_port_is_needed() -> None:
    """Root can restore through a door of his own."""
    silent = Listening(address=ImapAddress(port=1143), error="Connection refused")

    by_door, by_port = listening_check(silent), listening_check(silent, Mark.BAD)

    assert (by_door.mark, by_port.mark) == (Mark.NOTE, Mark.BAD)
    assert reasons_of([by_door, by_port]) == (by_port.as_reason,)
    assert by_port.as_reason.startswith(
        "IMAP port: nothing listens at imap://127.0.0.1:1143: Connection refused; is the"
    )
    assert listening_check(None).mark is Mark.OK

"""Mail comes in while an account is restored into, and its quota is reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.as_before import as_before
from tests.support.imap_contents import messages_in
from tests.support.private_cyrus import NewMessage, PrivateCyrus, append_messages, server_root
from tests.support.restoring import settings_for
from tests.support.troubled import COPIED, SOURCE, Troubled
from tests.support.undoing import undone

pytestmark = pytest.mark.needs_cyrus
LARGE = NewMessage(octets=b"Subject: large\r\n\r\n" + b"much\r\n" * 20_000, flags=())


def test_a_quota_that_is_reached_half_way_costs_no_mail(as_root: None, tmp_path: Path) -> None:
    """
    The room was there when the run began: it ends above the limit, all of it proven, and
    taken back it leaves what came in.
    """
    backup = SOURCE.unpack(tmp_path / "backup")
    with server_root() as root, PrivateCyrus(root, "names") as server:
        troubled = Troubled.on(server, settings_for(server, backup, tmp_path / "state"))
        target = troubled.target
        with server.admin_client() as admin:
            admin._imap.setquota(f'"{target.root}"', "(STORAGE 150)")

        def receive() -> None:
            with server.client_as(target.login) as client:
                append_messages(client, "INBOX", [LARGE])

        assert troubled.restore(COPIED, receive) == "proven"
        assert undone(troubled.settings).state.value == "undone"
        with server.client_as(target.login) as client:
            assert len(messages_in(client, "INBOX")) == 1
        assert as_before(server, target).folders == troubled.before.folders

from __future__ import annotations

import socket
from pathlib import Path

from respool.cyrus.imapd_conf import ServerConfiguration
from respool.system.door import _is_listened_at, door_configuration


def test_the_door_keeps_the_servers_options_but_for_those_that_would_keep_us_out() -> None:
    """
    It tells its version, on which the recipe depends, whatever the server's own port does.
    """
    options = {
        "admins": "admin0",
        "archive_enabled": "yes",
        "allowplaintext": "no",
        "serverinfo": "off",
        "tls_required": "yes",
    }

    lines = door_configuration(ServerConfiguration(options=options), Path("/run/check"))

    assert set(lines.splitlines()) == {
        "admins: admin0",
        "archive_enabled: yes",
        "allowplaintext: yes",
        "serverinfo: on",
        "sasl_mech_list: PLAIN",
        "sasl_pwcheck_method: saslauthd",
        "sasl_saslauthd_path: /run/check",
    }


def test_a_socket_that_is_only_bound_is_no_open_door(tmp_path: Path) -> None:
    path = tmp_path / "imap"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        assert not _is_listened_at(path)
        door.bind(str(path))
        assert not _is_listened_at(path)
        door.listen()
        assert _is_listened_at(path)

from __future__ import annotations

from pathlib import Path

from respool.cyrus.imapd_conf import ServerConfiguration
from respool.system.door import door_configuration


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

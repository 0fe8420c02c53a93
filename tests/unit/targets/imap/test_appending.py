from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from respool.system.imap_places import ImapAddress
from respool.targets.imap.appending import append, observe_folder
from tests.support.imap_groups import message_group
from tests.support.imap_restoring import imap_server
from tests.support.stand_in_server import StandInServer

MANY = ("IMAP4rev1", "AUTH=PLAIN", "LITERAL+", "UIDPLUS", "MULTIAPPEND")
BODIES = [b"Subject: %d\r\n\r\nbody\r\n" % number for number in range(300)]


@pytest.mark.parametrize(("there", "commands"), [(0, 8), (294, 1), (100, 4)])
def test_what_is_left_of_a_group_goes_in_whole_commands_over_as_many_connections_as_it_is_worth(
    tmp_path: Path, there: int, commands: int
) -> None:
    """A login costs more than the few messages that a cut connection has left."""
    step = message_group(tmp_path, BODIES)
    with StandInServer(MANY) as server:
        server.add_account("jdoe")
        inbox = server.folder("jdoe", "INBOX")
        far = imap_server(ImapAddress(port=server.port), "jdoe", server.password)
        before = observe_folder(far, step)
        for each, octets in zip(step.messages[:there], BODIES, strict=False):
            inbox.add(octets, set(), datetime.fromtimestamp(each.internaldate, UTC))
        append(far, step, before, is_begun=False)
        far.close()

        assert [each.octets for each in inbox.messages] == BODIES
        assert server.commands.count("APPEND") == commands

"""Beside a live index that is damaged nothing is taken for ours, whatever is listed there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from respool.app.access import server_access
from respool.errors import StepFailed
from respool.system.cyrus_server import reach_server
from respool.targets.spool.filling_in_place import clear_up
from respool.targets.spool.live_files import note_unfinished
from tests.support.private_cyrus import NewMessage, PrivateCyrus, server_root
from tests.support.restoring import settings_for

pytestmark = pytest.mark.needs_cyrus
LOGIN = "jdoe@bluemind.loc"
MAIL = NewMessage(octets=b"Subject: mine\r\n\r\nmine\r\n")


def test_no_file_is_removed_beside_a_record_that_cannot_be_read(
    as_root: None, tmp_path: Path
) -> None:
    """
    The record could be that of any file; where all can be read, theirs stay too.
    """
    with server_root() as root, PrivateCyrus(root) as server:
        mailbox = server.add_user_with_messages(LOGIN, [MAIL, MAIL])
        with reach_server(server_access(settings_for(server, tmp_path, tmp_path))) as reached:
            directories = reached.directories(mailbox)
            note_unfinished(directories, np.array([1, 2], dtype="u4"))
            index = directories.meta / "cyrus.index"
            sound = index.read_bytes()
            index.write_bytes(sound[:-20] + bytes(20))
            with pytest.raises(StepFailed, match="damaged"):
                clear_up(directories, reached)
            assert {each.name for each in directories.data.glob("*.")} == {"1.", "2."}
            index.write_bytes(sound)
            assert clear_up(directories, reached)
            assert {each.name for each in directories.data.glob("*.")} == {"1.", "2."}

from __future__ import annotations

from contextlib import closing
from typing import cast

import pytest

from respool.model.dataclasses import dataclass
from respool.system.cyrus_server import CyrusServer
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapAddress
from respool.system.mailbox_admin import Administration
from respool.targets.spool.creation import give_rights
from respool.targets.spool.steps import GiveRights
from tests.support.stand_in_server import StandInServer

ALL = "lrswipkxtea"
FOLDER = "Archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A server that is asked for nothing but rights."""

    admin: Administration
    admin_name: str = "admin0"


@pytest.mark.parametrize(
    ("there", "sent"),
    [
        ({}, ["SETACL"]),  # this server lets each have all rights on his own
        ({"admin0": ALL, "jdoe": ALL}, ["SETACL", "DELETEACL"]),
        ({"jdoe": ALL, "alice": "rl"}, []),
        ({"jdoe": ALL, "alice": "lrs", "bob": "lr"}, ["SETACL", "DELETEACL"]),
    ],
)
def test_only_rights_that_are_not_there_as_planned_are_set(
    there: dict[str, str], sent: list[str]
) -> None:
    planned = {"jdoe": ALL, "alice": "lr"}
    with StandInServer(("IMAP4rev1", "AUTH=PLAIN", "ACL")) as server:
        account = server.add_account("jdoe")
        account.folders[FOLDER] = account.folders["INBOX"]
        account.folders[FOLDER].acl.update(there)
        credentials = Credentials(user="jdoe", password=server.password)
        with closing(enter(ImapAddress(port=server.port), credentials, Trust())) as session:
            reached = cast("CyrusServer", Reached(admin=Administration.over(session)))
            note = give_rights(reached, GiveRights(lane="", mailbox=FOLDER, rights=planned))

    assert [name for name in server.commands if name in {"SETACL", "DELETEACL"}] == sent
    assert {who: set(may) for who, may in note["rights"].items()} == {
        who: set(may) for who, may in planned.items()
    }

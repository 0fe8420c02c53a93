"""The whole story on a BlueMind server, by the installed command, for each family with a Cyrus.

Its core is a stand-in over the real Cyrus of the golden story: what it is told it really does.
BlueMind 5 has a story of its own: test_moving_to_bluemind_5.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.cyrus_mail import CyrusMail
from tests.support.bluemind_core.installation import Domain, Installation, User
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.imap_contents import folder_names
from tests.support.live_server import serve_golden_live
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import Workplace, live_state
from tests.support.truth import read_truth

pytestmark = pytest.mark.needs_cyrus
DOMAIN = "bluemind.loc"
JDOE = f"jdoe@{DOMAIN}"
LOST = "Projects/2017"
RESTORED = f"restored-2024-11-19/{LOST}"
# Webmail of 3.5: the one click that has no call. Since 4.0, what would remove a message that
# jdoe has marked as deleted, but has not expunged.
LEFT = {
    CoreFamily.BM3: "Manage folders",
    CoreFamily.BM4: "replication.parentUid",
    CoreFamily.BM49: "replication.parentUid",
}
PEOPLE = Installation(
    domains=(Domain(uid=DOMAIN),),
    users=(User(uid="jdoe", login="jdoe", domain=DOMAIN, name="John Doe", emails=("jdoe@*",)),),
)
# No rights: a live folder of jdoe has its own, which BlueMind would overwrite.
TOLD = {
    CoreFamily.BM3: ["index"],
    CoreFamily.BM4: ["mailboxQuota", "replication.subtree", "mailboxSubscription", "index"],
}
TOLD[CoreFamily.BM49] = TOLD[CoreFamily.BM4]


@pytest.fixture(scope="module")
def accident(as_root: None) -> Iterator[PrivateCyrus]:
    """The live server after the accident; each story ends as it began."""
    with server_root() as root, serve_golden_live(root) as server:
        yield server


def story(family: CoreFamily, core: BlueMindCore) -> list[str]:
    """What the core was told, in short."""
    told = []
    for each in core.requests.changes():
        if each.path.endswith("/_acls"):
            told.append("rights")
        elif each.path.endswith("/_consolidate"):
            told.append("index")
        elif each.path.endswith("/repair"):
            ids = each.body if family is CoreFamily.BM4 else each.body["opIdentifiers"]
            told += ids
    return told


@pytest.mark.parametrize("family", TOLD, ids=str)
def test_from_the_accident_to_the_proof_and_back(
    family: CoreFamily,
    accident: PrivateCyrus,
    golden_backup: Path,
    bluemind_core: Callable[..., BlueMindCore],
    tmp_path: Path,
) -> None:
    core = bluemind_core(PEOPLE, version=family, mail=CyrusMail(accident))
    key = {"RESPOOL_BLUEMIND_API": core.url, "RESPOOL_BLUEMIND_KEY": core.keys.core_token}
    work = Workplace(
        server=accident, backups=golden_backup, state=tmp_path / "state", variables=key
    )
    before = live_state(accident, (JDOE,))
    lost = read_truth("dataprotect/truth-1233.json").mailboxes[f"user/jdoe/{LOST}@{DOMAIN}"]

    found = work.run(
        "find", "--account", "John Doe", "--folder", f"={LOST}", "-g", "all", "--json"
    )
    assert {json.loads(line)["guid"] for line in found.output.splitlines()} == {
        each.sha1 for each in lost.messages
    }
    head = json.loads(work.run("plan", "John Doe", LOST, "--json").output.splitlines()[0])
    assert head["finishing"]["family"] == str(family)
    assert story(family, core) == []
    shown = work.run("plan", "John Doe", LOST).output
    assert f"BlueMind {core.version.software}" in shown

    ran = work.run("restore", "John Doe", LOST, "--yes", "--json")

    core.settle()
    assert (ran.status, ran.json["verdict"]) == (0, "proven"), ran.errors
    assert story(family, core) == TOLD[family]
    assert len(ran.json["left_to_do"]) == 2
    for word in (LEFT[family], "were not written anew"):
        assert any(word in each for each in ran.json["left_to_do"])
    with accident.client_as(JDOE) as client:
        (name,) = [each for each in folder_names(client) if each.endswith(RESTORED)]
        assert client.select_folder(name, readonly=True)[b"EXISTS"] == len(lost.messages)
    mailbox = f"user/jdoe/{RESTORED}@{DOMAIN}"
    assert core.search_index["jdoe"][mailbox] == len(lost.messages)

    undone = work.run("undo", "1", "--yes", "--json")

    core.settle()
    assert undone.status == 0, undone.errors
    assert mailbox not in core.search_index["jdoe"]
    assert live_state(accident, (JDOE,)).messages == before.messages

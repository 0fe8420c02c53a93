"""``--only-missing`` on the golden story: live becomes exactly the union, and undo ends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from respool.app.restore import restore
from respool.app.verify import verify
from respool.planning.plan import PlanHead
from respool.verification.report import Verdict
from tests.support.directions import (
    Folders,
    TargetAccount,
    all_folders_of,
    check_target_sound,
    true_folders,
    unread,
)
from tests.support.imap_contents import acl_of, rights_of, subscriptions_of
from tests.support.live_server import live_truth, serve_golden_live
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import agreeing, restored, settings_for, wish
from tests.support.truth import Truth
from tests.support.undoing import undone
from tests.support.whole_account import TREES, Source, true_subscriptions

pytestmark = pytest.mark.needs_cyrus
BEFORE = TREES["generation 88"]  # the last one with what was lost
LIVE = live_truth()
JDOE = TargetAccount(kind="user", login="jdoe@bluemind.loc", readers=("jdoe@bluemind.loc",))
ALICE = TargetAccount(kind="user", login="alice@bluemind.loc", readers=("alice@bluemind.loc",))
CONTACT = TargetAccount(
    kind="share", login="contact@bluemind.loc", readers=("alice@bluemind.loc",)
)


@pytest.fixture(scope="module")
def live() -> Iterator[PrivateCyrus]:
    with server_root() as root, serve_golden_live(root) as server:
        yield server


def lacking(before: Folders, now: Folders) -> dict[str, list[object]]:
    """What an account had that no folder of it has now, by folder: counted by octets."""
    had, has = (_octets(folders) for folders in (before, now))
    gone = had - has
    found: dict[str, list[object]] = {}
    for path, messages in before.items():
        here = Counter(each.sha1 for each in now.get(path, ()))
        for each in messages:
            if here[each.sha1]:
                here[each.sha1] -= 1
            elif gone[each.sha1]:
                gone[each.sha1] -= 1
                found.setdefault(path, []).append(replace(each, uid=0))
    return found


def _octets(folders: Folders) -> Counter[str]:
    return Counter(each.sha1 for messages in folders.values() for each in messages)


def union(before: Folders, now: Folders) -> Mapping[str, Counter[object]]:
    """What each folder is to hold, whatever its UIDs; a folder that is gone comes back."""
    missing = lacking(before, now)
    every = {path: [replace(each, uid=0) for each in held] for path, held in now.items()}
    return {
        path: Counter([*every.get(path, []), *missing.get(path, [])])
        for path in every.keys() | missing.keys()
    }


def held_now(server: PrivateCyrus, account: TargetAccount) -> Mapping[str, Counter[object]]:
    """What each folder holds, whatever its UIDs, as one of its readers sees it."""
    found = all_folders_of(server, account, account.readers[0])
    return {path: Counter(replace(each, uid=0) for each in held) for path, held in found.items()}


def as_read(truth: Truth, account: TargetAccount) -> Folders:
    """What an account held, with what its reader had read himself."""
    if account.kind == "user":
        return true_folders(truth, account.root)
    found = dict(unread(true_folders(truth, account.written)))
    for path, messages in found.items():
        box = truth.mailboxes.get(account.mailbox(path))
        seen = frozenset() if box is None else box.seen_by.get(account.readers[0], frozenset())
        found[path] = tuple(
            replace(each, flags=each.flags | {"\\Seen"}) if each.uid in seen else each
            for each in messages
        )
    return found


def check_made_again(server: PrivateCyrus, account: TargetAccount, paths: list[str]) -> None:
    """A folder that is made again has the rights that it had, and its owner sees it."""
    subscribed = true_subscriptions(BEFORE.truth, account.login, paths)
    with server.admin_client() as admin, server.client_as(account.readers[0]) as client:
        for path in paths:
            name = account.mailbox(path)
            had = {who: rights_of(may) for who, may in BEFORE.truth.mailboxes[name].acl.items()}
            assert acl_of(admin, name) == had
            assert (path in subscriptions_of(client)) is (path in subscribed)


@pytest.mark.parametrize(
    ("account", "kept"),
    [(JDOE, ["Projects/2017", "Projects/2017/Q3"]), (ALICE, []), (CONTACT, ["Archives"])],
    ids=["jdoe", "alice", "contact"],
)
def test_live_becomes_exactly_the_union_and_twice_changes_nothing(
    account: TargetAccount,
    kept: list[str],
    live: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
) -> None:
    """
    Each message comes back into its own folder, with flags and date, and an undo takes
    exactly these away. What the server itself still keeps is taken from there.
    """
    written = account.written.removeprefix("user/")
    before, had = all_folders_of(live, account, account.readers[0]), held_now(live, account)
    wanted = union(as_read(BEFORE.truth, account), before)
    settings = settings_for(live, unpacked(BEFORE), tmp_path / "state")
    asked = wish(written, generation="88", is_only_missing=True)

    heads: list[PlanHead] = []
    receipt = restore(settings, asked, agreeing(heads))

    assert receipt.verdict is Verdict.PROVEN
    assert [each.target_path for each in heads[0].mailboxes if each.kept] == kept
    assert verify(settings, receipt.run)[0].verdict is Verdict.PROVEN
    check_made_again(live, account, [x.target_path for x in heads[0].mailboxes if x.is_new])
    assert held_now(live, account) == wanted
    assert restored(settings, asked).verdict is Verdict.NOTHING
    assert undone(settings).state == "undone"
    assert held_now(live, account) == had
    check_target_sound(live, account)

"""What became of accounts between the times of the story, against the servers' own word."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from respool.app.diff import AccountDifference, compare_account
from respool.app.settings import Settings
from respool.errors import ServerNotFound
from respool.planning.compared import Fate
from tests.support import golden
from tests.support.live_spool import at_its_place, settings_for

PARTS = {"87": "1232", "88": "1233", "89": "1234", "live": "live"}
TIMES = [("87", "88"), ("88", "89"), ("89", "live"), ("87", "live"), ("89", "87")]
ACCOUNTS = ["user/jdoe@bluemind.loc", "user/alice@bluemind.loc", "share/contact@bluemind.loc"]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    place = tmp_path_factory.mktemp("story")
    backups = golden.unpack_dataprotect(place / "backups")
    return settings_for(at_its_place(golden.unpack_live(place / "live")), backups=backups)


def folders_of(account: str, label: str) -> dict[str, Any]:
    """The account's mailboxes as its server described them, deleted ones too."""
    everything = golden.truth(f"dataprotect/truth-{PARTS[label]}.json")["mailboxes"]
    root, _, domain = account.removeprefix("share/").partition("@")
    return {
        name: each
        for name, each in everything.items()
        if name.endswith(f"@{domain}")
        and f"{name.removeprefix('DELETED/').partition('@')[0]}/".startswith(f"{root}/")
    }


def copies(mailboxes: dict[str, Any], *, is_kept: bool = False) -> Counter[str]:
    """Contents that people see, or that are deleted and kept."""
    found: Counter[str] = Counter()
    for name, each in mailboxes.items():
        is_deleted = name.startswith("DELETED/")
        if is_deleted == is_kept:
            found.update(message["sha1"] for message in each["messages"])
        if is_kept:
            found.update(message["sha1"] for message in each.get("expunged", []))
    return found


def stayed(before: dict[str, Any], after: dict[str, Any]) -> int:
    return sum(
        sum((copies({name: each}) & copies({name: after[name]})).values())
        for name, each in before.items()
        if name in after and not name.startswith("DELETED/")
    )


def changed_in_place(before: dict[str, Any], after: dict[str, Any]) -> int:
    """Messages of the same folder and UID whose flags or readers are others now."""
    count = 0
    for name, each in before.items():
        if name.startswith("DELETED/") or name not in after:
            continue
        later = {message["uid"]: message for message in after[name]["messages"]}
        for message in each["messages"]:
            now = later.get(message["uid"])
            if now is not None:
                uid = message["uid"]
                seen = [
                    {who for who, uids in this.get("seen_by", {}).items() if uid in uids}
                    for this in (each, after[name])
                ]
                flags = [set(this["flags"]) - {"\\Recent", "\\Seen"} for this in (message, now)]
                count += seen[0] != seen[1] or flags[0] != flags[1]
    return count


@pytest.mark.parametrize(("former", "later"), TIMES)
@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_figures_are_those_of_the_servers_own_word(
    settings: Settings, account: str, former: str, later: str
) -> None:
    before, after = folders_of(account, former), folders_of(account, later)
    was, now = copies(before), copies(after)
    lacking = was - now
    kept = lacking & copies(after, is_kept=True)

    found = compare_account(settings, account, f"generation:{former}", later)

    assert found.total("messages") == was.total()
    assert found.total("messages_now") == now.total()
    assert found.total("missing") == lacking.total() - kept.total()
    assert found.total("kept") == kept.total()
    assert found.total("new") == (now - was).total()
    assert found.total("moved") == (was & now).total() - stayed(before, after)
    assert found.total("unknown") == 0
    assert found.total("changed") == changed_in_place(before, after)


def by_path(found: AccountDifference) -> dict[str | None, Any]:
    return {each.path: each for each in found.folders}


def test_where_is_projects_2017_has_a_one_line_answer(settings: Settings) -> None:
    found = by_path(compare_account(settings, ACCOUNTS[0], "88", "live"))

    assert found["Projects/2017"].fate is Fate.DELETED
    assert found["Projects/2017"].now == "DELETED/Projects/2017/673C4583"
    assert found["Projects/2017"].kept + found["Projects/2017/Q3"].kept == 13
    assert found["Projects"].is_equal


def test_what_alice_misses_is_named(settings: Settings) -> None:
    found = compare_account(settings, ACCOUNTS[1], "88", "live")

    missing = [each for each in found.messages() if each.difference.kind.value == "missing"]

    assert [each.as_json()["uid"] for each in missing] == [1, 2, 3, 5, 7]
    assert missing[0].fields.subject == "New colleague from Monday"
    assert {each.now for each in missing} == {None}


def test_what_was_filed_elsewhere_moved_and_is_not_missing(settings: Settings) -> None:
    found = compare_account(settings, ACCOUNTS[0], "87", "88")

    assert by_path(found)["INBOX"].moved_to == {"Projects/2017": 2, "Projects/2017/Q3": 1}
    moved = [each for each in found.messages() if each.difference.kind.value == "moved"]
    assert {each.folder for each in moved} == {"INBOX"}
    assert all(each.difference.guid for each in moved)


def test_an_account_compared_with_itself_is_equal(settings: Settings) -> None:
    found = compare_account(settings, ACCOUNTS[0], "88", "88")

    assert found.is_equal
    assert list(found.messages()) == []


def test_an_account_that_is_gone_lacks_everything(settings: Settings) -> None:
    imapd_conf = settings.imapd_conf
    gone = settings_for(imapd_conf, backups=settings.backups)
    database = imapd_conf.parents[1] / "var/lib/cyrus/mailboxes.db"
    kept = database.read_bytes()
    try:
        database.write_text("bluemind.loc!user.alice\t0 bluemind_loc \n")
        found = compare_account(gone, "user/jdoe@example.org", "89", "live")
    finally:
        database.write_bytes(kept)

    assert not found.after.is_there
    assert found.total("missing") == found.total("messages") > 0
    assert {each.fate for each in found.folders} == {Fate.GONE}


def test_live_mail_that_is_not_here_is_an_error_that_says_so(
    settings: Settings, tmp_path: Path
) -> None:
    elsewhere = settings_for(tmp_path / "imapd.conf", backups=settings.backups)

    with pytest.raises(ServerNotFound, match="cannot be looked at"):
        compare_account(elsewhere, ACCOUNTS[0], None, "live")

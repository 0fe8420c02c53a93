"""Cyrus 3.2, 3.10 and 3.12, real ones of other Debian suites, are restored into like 3.6.

One of them each day, in turn; all of them with ``./dev test servers --all``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from respool.model.accounts import Account, AccountKind
from respool.planning.state_wish import parse_state_wish
from respool.system.cyrus_server import ServerAccess, reach_server
from respool.targets.spool.surveyor import survey_account
from tests.support.as_before import as_before
from tests.support.directions import DOMAIN, INTO, TargetAccount
from tests.support.given_back import (
    annotations_of,
    marks_of,
    share_like,
    true_annotations,
    true_marks,
    with_readers,
)
from tests.support.imap_contents import (
    acl_of,
    folder_names,
    messages_in,
    quota_of,
    rights_of,
)
from tests.support.living_site import Site
from tests.support.missing import give_up
from tests.support.private_cyrus import NewMessage, PrivateCyrus
from tests.support.program_places import look_only_in
from tests.support.restoring import (
    check_server_sound,
    left_behind_here,
    restored,
    settings_for,
    wish,
)
from tests.support.servers.places import Place, are_all_wanted, other_cyruses
from tests.support.undoing import undone
from tests.support.whole_account import SPOOLS, as_its_owner_sees, restore_into, true_messages

pytestmark = pytest.mark.needs_cyrus
JDOE, CONTACT = f"jdoe@{DOMAIN}", f"contact@{DOMAIN}"
_SEEN_EXACTLY = parse_state_wish("seen", is_exact=True)
ACCOUNT = Account(kind=AccountKind.USER, login="jdoe", domain="bluemind.loc")


@pytest.fixture(params=[pytest.param(each, id=each.name) for each in other_cyruses()])
def server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PrivateCyrus]:
    """A server of another version without any account; respool finds its programs alone."""
    place: Place = request.param
    if place.why_not is not None:
        give_up(place.why_not)
    with place.serve() as one:
        assert isinstance(one, PrivateCyrus)
        look_only_in(one.distribution.programs, monkeypatch)
        yield one


def test_it_greets_with_its_version(server: PrivateCyrus) -> None:
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", server.version)
    assert numbers is not None
    series = server.distribution.series
    assert tuple(map(int, numbers.groups()))[: len(series)] == series


def test_nothing_of_the_installed_server_runs_in_it(server: PrivateCyrus) -> None:
    """
    Programs, libraries, and the modules that a login loads are all the suite's own. (Those
    that know the machine's users are the machine's: its nsswitch.conf names them.)
    """
    with server.admin_client():
        mapped = {name for pid in server.processes() for name in _mapped_files(pid)}
    suspects = {
        name for name in mapped if re.search(r"cyrus|sasl|/libc[.-]|/libssl|/ld[.-]", name)
    }
    own = str(server.distribution.programs.parent / "root")
    for each in ("/cyrus/bin/imapd", "/libcyrus_imap.so", "/sasl2/libplain.so", "/libc[.-]"):
        assert any(re.search(each, name) for name in suspects), each
    assert not {name for name in suspects if not name.startswith(own)}


def test_our_own_door_leads_to_it_and_shows_how_it_stands(server: PrivateCyrus) -> None:
    server.create_user(JDOE)
    _limit(server, 100_000)
    with reach_server(ServerAccess(imapd_conf=server.imapd_conf)) as reached:
        survey = survey_account(reached, ACCOUNT)
        assert server.version.startswith(reached.version_text)
        uniqueid, partition = reached.id_and_partition(f"user/{JDOE}")
        assert (uniqueid, partition) == (reached._id_on_disk(f"user/{JDOE}"), "bluemind_loc")
    with server.admin_client() as admin:
        rights = acl_of(admin, f"user/{JDOE}")
    assert (survey.layout, survey.partition) == (server.layout, "bluemind_loc")
    assert {who: rights_of(letters) for who, letters in survey.rights.items()} == rights
    assert {quota.resource: quota.limit for quota in survey.quotas} == {"STORAGE": 100_000}
    assert survey.obstacles == ()
    assert left_behind_here() == ()
    assert server.error_lines() == ()


@pytest.mark.parametrize("version", ["3.0.18", "3.10.3"])
def test_a_whole_account_comes_back_as_it_was(
    version: str, server: PrivateCyrus, as_root: None, tmp_path: Path
) -> None:
    """
    As into the installed server: octets, flags, dates; nothing to mend, count or explain.
    Taken back, all is as it was before.
    """
    source = SPOOLS[version]
    server.create_user(JDOE)
    _limit(server, 100_000)
    target = TargetAccount(kind="user", login=JDOE, readers=(JDOE,))
    before = as_before(server, target)
    assert restore_into(server, source, JDOE, tmp_path) == "proven"
    assert as_its_owner_sees(server, JDOE, source.truth) == true_messages(source.truth, JDOE)
    check_server_sound(server, JDOE)
    check_counted(server)
    assert undone(settings_for(server, tmp_path / "backup", tmp_path / "state")).kept == ()
    assert as_before(server, target) == before
    assert left_behind_here() == ()


def test_what_readers_of_a_mailshare_had_of_their_own_comes_back(
    server: PrivateCyrus, as_root: None, tmp_path: Path
) -> None:
    """Marks, and what everybody sees written, by SETMETADATA: these do not die of it."""
    source = SPOOLS["3.8.7"]
    with_readers(server)
    share = share_like(server, source.truth.mailboxes[CONTACT], f"team@{DOMAIN}")
    settings = settings_for(server, source.unpack(tmp_path / "backup"), tmp_path / "state")
    before = as_before(server, share)

    receipt = restored(settings, wish(f"share/{CONTACT}", to=share.written, into=INTO))

    true = true_marks(source.truth, CONTACT)
    assert dict(marks_of(server, share, INTO, true)) == true
    with server.client_as(JDOE) as client:
        for path, values in true_annotations(source.truth, CONTACT).items():
            below = INTO if path == "INBOX" else f"{INTO}/{path}"
            assert annotations_of(client, share.name_for_readers(below)) == values
    assert receipt.annotations.left == {}
    assert receipt.verdict.value == "proven"
    assert undone(settings).kept == ()
    assert as_before(server, share) == before
    assert server.error_lines() == ()


@pytest.mark.skipif(not are_all_wanted(), reason="./dev test servers --all")
def test_what_is_missing_and_flags_come_back_into_live_folders_and_go_again(
    server: PrivateCyrus, as_root: None, tmp_path: Path
) -> None:
    """
    Added over IMAP to what holds mail, made again where it is gone; then flags alone.
    """
    server.create_user(JDOE)
    with server.client_as(JDOE) as client:
        client.create_folder("Plans")
    mail = [NewMessage(octets=b"Subject: %d\r\n\r\nbody\r\n" % at) for at in range(6)]
    server.add_messages(JDOE, "INBOX", mail)
    server.add_messages(JDOE, "Plans", [NewMessage(octets=b"Subject: plan\r\n\r\nbody\r\n")])
    site = Site(server=server, backups=tmp_path / "backups", state=tmp_path / "state")
    site.leave_unread(JDOE)
    site.back_up("2024-11-25")
    whole = _contents(site)
    with server.client_as(JDOE) as client:
        client.select_folder("INBOX")
        client.delete_messages(client.search("ALL")[1:4])
        client.expunge()
        client.unselect_folder()
        client.delete_folder("Plans")
    left = _contents(site)
    assert left != whole

    asked = wish(JDOE, generation="2024-11-25", is_only_missing=True)
    assert restored(site.settings, asked).verdict.value == "proven"

    assert _contents(site) == whole
    assert restored(site.settings, asked).verdict.value == "nothing to do"
    assert undone(site.settings).state.value == "undone"
    assert _contents(site) == left
    unread = site.flags(JDOE)
    site.mark_all(JDOE)
    marked = site.flags(JDOE)
    flags = replace(wish(JDOE, generation="2024-11-25"), state_only=_SEEN_EXACTLY)
    assert restored(site.settings, flags).verdict.value == "proven"
    assert site.flags(JDOE) == unread
    assert undone(site.settings, 2).state.value == "undone"
    assert site.flags(JDOE) == marked
    assert server.error_lines() == ()


def _contents(site: Site) -> Mapping[str, list[tuple[str, frozenset[str]]]]:
    """Octets and flags of all that he has, whatever the UIDs."""
    with site.server.client_as(JDOE) as client:
        return {
            name: sorted(
                ((each.sha1, each.flags) for each in messages_in(client, name)),
                key=lambda each: each[0],
            )
            for name in sorted(folder_names(client))
        }


def check_counted(server: PrivateCyrus) -> None:
    """The account's use is what the server counts anew, of all that it holds."""
    counted = _quota(server)
    assert counted["STORAGE"][0] > 0
    done = server.run_tool("quota", "-f")
    assert (done.returncode, done.stderr) == (0, "")
    assert _quota(server) == counted


def _mapped_files(pid: int) -> set[str]:
    lines = Path(f"/proc/{pid}/maps").read_text("utf-8").splitlines()
    return {words[5] for words in (line.split(maxsplit=5) for line in lines) if len(words) > 5}


def _limit(server: PrivateCyrus, kibibytes: int) -> None:
    with server.admin_client() as admin:
        admin._imap.setquota(f'"user/{JDOE}"', f"(STORAGE {kibibytes})")


def _quota(server: PrivateCyrus) -> Mapping[str, tuple[int, int]]:
    with server.admin_client() as admin:
        return quota_of(admin, f"user/{JDOE}")

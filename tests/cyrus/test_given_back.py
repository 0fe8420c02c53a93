"""What people had of their own comes back: each of them looks for himself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count, cycle
from pathlib import Path

import pytest

from respool.app.verify import verify
from respool.targets.spool.annotations import STAYS_WITH_LIVE, WOULD_GO
from tests.support import golden
from tests.support.directions import DOMAIN, INTO, check_target_sound, fresh_target
from tests.support.given_back import (
    READERS,
    annotations_of,
    marks_of,
    message_annotations_of,
    share_like,
    true_annotations,
    true_marks,
    with_readers,
)
from tests.support.imap_contents import subscriptions_of
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import restored, settings_for, wish
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
CONTACT, JDOE = f"contact@{DOMAIN}", f"jdoe@{DOMAIN}"
_NUMBERS = count(1)


@pytest.fixture(scope="module")
def given_names(as_root: None) -> Iterator[PrivateCyrus]:
    """A server of our own with directories after names: readers here have accounts."""
    with server_root() as root, PrivateCyrus(root, "names") as server:
        yield server


@pytest.fixture(scope="module")
def given_uuid(as_root: None) -> Iterator[PrivateCyrus]:
    """As ``given_names``, with directories after uniqueids."""
    with server_root() as root, PrivateCyrus(root, "uuid") as server:
        yield server


@pytest.fixture(params=["names", "uuid"])
def server(request: pytest.FixtureRequest) -> PrivateCyrus:
    """Either of them; each test takes accounts of fresh names."""
    found: PrivateCyrus = request.getfixturevalue(f"given_{request.param}")
    return found


@pytest.mark.parametrize("version", golden.VERSIONS)
def test_each_reader_of_a_mailshare_has_read_what_he_had_read(
    version: str,
    server: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
) -> None:
    """And what everybody saw written beside it stands there, though 3.6 dies of SETMETADATA."""
    source = SPOOLS[version]
    truth = source.truth
    with_readers(server)
    share = share_like(server, truth.mailboxes[CONTACT], f"contact{next(_NUMBERS)}@{DOMAIN}")

    receipt = restored(
        settings_for(server, unpacked(source), tmp_path / "state"),
        wish(f"share/{CONTACT}", to=share.written, into=INTO),
    )

    true = true_marks(truth, CONTACT)
    assert dict(marks_of(server, share, INTO, true)) == true
    assert receipt.seen.marks == receipt.seen.proven == sum(map(len, true.values()))
    assert receipt.seen.readers == tuple(sorted({reader for reader, _ in true}))
    with server.client_as(JDOE) as client:
        for path, values in true_annotations(truth, CONTACT).items():
            below = INTO if path == "INBOX" else f"{INTO}/{path}"
            assert annotations_of(client, share.name_for_readers(below)) == values
    assert receipt.verdict.value == "proven"
    check_target_sound(server, share)


@pytest.mark.parametrize(
    ("version", "layout"), list(zip(golden.VERSIONS, cycle(["uuid", "names"]), strict=False))
)
def test_in_place_an_owner_finds_his_folders_and_messages_annotated(
    version: str,
    layout: str,
    request: pytest.FixtureRequest,
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
) -> None:
    """Special use and how long mail is kept among it: the folders are what they were."""
    source = SPOOLS[version]
    truth = source.truth
    server: PrivateCyrus = request.getfixturevalue(f"given_{layout}")
    target = fresh_target(server, "user")

    receipt = restored(
        settings_for(server, unpacked(source), tmp_path / "state"),
        wish(JDOE, to=target.written, is_in_place=True),
    )

    local = f"user/{JDOE}".partition("@")[0]
    true = true_annotations(truth, f"{local}@{DOMAIN}")
    written = {m.uid: dict(m.annotations) for m in truth.mailboxes[f"user/{JDOE}"].messages}
    with server.client_as(target.login) as client:
        assert {path: annotations_of(client, path) for path in true} == true
        assert message_annotations_of(client, "INBOX") == {
            uid: values for uid, values in written.items() if values
        }
    assert receipt.verdict.value == "proven"
    given = sum(map(len, true.values())) + sum(map(len, written.values()))
    assert receipt.annotations.given == receipt.annotations.proven == given
    assert receipt.annotations.left == {}
    check_target_sound(server, target)


def test_a_mailshare_that_is_itself_again_is_what_it_was_to_its_readers(
    unpacked: Callable[[Source], Path], as_root: None, tmp_path: Path
) -> None:
    """They are subscribed as they were; what they mark as unread since is their own change."""
    source = SPOOLS["3.8.7"]
    truth = source.truth
    with server_root() as root, PrivateCyrus(root) as server:
        with_readers(server)
        share = share_like(server, truth.mailboxes[CONTACT], CONTACT)
        settings = settings_for(server, unpacked(source), tmp_path / "state")

        receipt = restored(settings, wish(f"share/{CONTACT}", is_in_place=True))

        assert receipt.verdict.value == "proven"
        for reader in READERS:
            had = {name for name in truth.subscriptions.get(reader, ()) if "contact" in name}
            with server.client_as(reader) as client:
                assert subscriptions_of(client) == had
        assert receipt.subscriptions.proven == 3
        with server.client_as(READERS[1]) as client:
            client.select_folder(share.name_for_readers("Archives"))
            client.remove_flags([1], ["\\Seen"])
            client.unsubscribe_folder(share.name_for_readers("INBOX"))
        again, _ = verify(settings, receipt.run)
        assert again.verdict.value == "proven"
        assert again.seen.changed_since == 1
        assert again.subscriptions.changed_since == 1
        check_target_sound(server, share)


def test_beside_the_live_folders_special_use_and_retention_stay_with_them(
    given_names: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> None:
    """And what was asked to be left is left: nobody is marked, nothing is written."""
    source = SPOOLS["3.8.7"]
    target = fresh_target(given_names, "user")
    with given_names.client_as(target.login) as client:
        client.create_folder("Out")
        client._imap.xatom("SETMETADATA", '"Out"', '("/private/specialuse" "\\\\Sent")')
    settings = settings_for(given_names, unpacked(source), tmp_path / "state")

    receipt = restored(settings, wish(JDOE, to=target.written, into=INTO))

    assert receipt.verdict.value == "proven"
    with given_names.client_as(target.login) as client:
        assert annotations_of(client, f"{INTO}/Sent") == {}
        assert annotations_of(client, f"{INTO}/Trash") == {"/private/specialuse": "\\Trash"}
    assert set(receipt.annotations.left) == {
        ("\\Sent", STAYS_WITH_LIVE),
        ("/vendor/cmu/cyrus-imapd/expire", WOULD_GO),
    }
    bare = restored(
        settings,
        wish(
            JDOE,
            to=target.written,
            into="bare",
            is_without_annotations=True,
            is_without_seen=True,
        ),
    )
    assert (bare.annotations.given, bare.seen.outcomes) == (0, ())
    with given_names.client_as(target.login) as client:
        assert message_annotations_of(client, "bare") == {}

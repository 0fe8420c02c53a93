"""What people had of their own comes back: each of them looks for himself."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, cycle
from pathlib import Path

import pytest

from tests.support import golden
from tests.support.directions import DOMAIN, INTO, check_target_sound, fresh_target
from tests.support.given_back import (
    annotations_of,
    marks_of,
    message_annotations_of,
    share_like,
    true_annotations,
    true_marks,
    with_readers,
)
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import restored, settings_for, wish
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
CONTACT, JDOE = f"contact@{DOMAIN}", f"jdoe@{DOMAIN}"
_NUMBERS = count(1)


@pytest.mark.parametrize("version", golden.VERSIONS)
def test_each_reader_of_a_mailshare_has_read_what_he_had_read(
    version: str,
    shared_server: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
) -> None:
    """And what everybody saw written beside it stands there, though 3.6 dies of SETMETADATA."""
    source = SPOOLS[version]
    truth = source.truth
    with_readers(shared_server)
    share = share_like(
        shared_server, truth.mailboxes[CONTACT], f"contact{next(_NUMBERS)}@{DOMAIN}"
    )

    receipt = restored(
        settings_for(shared_server, unpacked(source), tmp_path / "state"),
        wish(f"share/{CONTACT}", to=share.written, into=INTO),
    )

    true = true_marks(truth, CONTACT)
    assert dict(marks_of(shared_server, share, INTO, true)) == true
    assert receipt.seen.marks == receipt.seen.proven == sum(map(len, true.values()))
    assert receipt.seen.readers == tuple(sorted({reader for reader, _ in true}))
    with shared_server.client_as(JDOE) as client:
        for path, values in true_annotations(truth, CONTACT).items():
            below = INTO if path == "INBOX" else f"{INTO}/{path}"
            assert annotations_of(client, share.name_for_readers(below)) == values
    assert receipt.verdict.value == "proven"
    check_target_sound(shared_server, share)


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
    server: PrivateCyrus = request.getfixturevalue(f"restoring_{layout}")
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

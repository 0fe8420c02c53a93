"""Taking back what was put into a live folder, or perhaps was: nobody else's mail goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from imapclient import IMAPClient

from respool.app.settings import Settings
from respool.errors import NotReady, StepFailed
from respool.targets.spool import filling_in_place
from tests.support.as_before import as_before
from tests.support.directions import TargetAccount, fresh_target, true_folders
from tests.support.imap_contents import HeldMessage, messages_in
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import restored, settings_for, wish
from tests.support.undoing import resumed, undone
from tests.support.whole_account import TREES, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
SOURCE = TREES["generation 89"]
BEFORE_THE_INDEX, AFTER_THE_INDEX = "note_unfinished", "forget_unfinished"


@pytest.fixture
def server(restoring_names: PrivateCyrus) -> PrivateCyrus:
    """One layout: nothing here asks where files lie."""
    return restoring_names


@pytest.fixture
def settings(server: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path) -> Settings:
    return settings_for(server, unpacked(SOURCE), tmp_path / "state")


def fill(settings: Settings, target: TargetAccount) -> str:
    """The verdict of a restore of INBOX in place."""
    wanted = wish(JDOE, "INBOX", generation=SOURCE.generation, to=target.written, is_in_place=True)
    return restored(settings, wanted).verdict.value


def fill_until(
    point: str, settings: Settings, target: TargetAccount, patch: pytest.MonkeyPatch
) -> None:
    """The same, with a disk that fails at a call of `filling_in_place`."""

    def fail(*_: object) -> None:
        raise OSError("the disk failed")

    with patch.context() as broken:
        broken.setattr(filling_in_place, point, fail)
        with pytest.raises(StepFailed, match="cannot be written"):
            fill(settings, target)


@contextmanager
def inbox(server: PrivateCyrus, target: TargetAccount) -> Iterator[IMAPClient]:
    with server.client_as(target.login) as client:
        client.select_folder("INBOX")
        yield client


def held(server: PrivateCyrus, target: TargetAccount) -> tuple[HeldMessage, ...]:
    with server.client_as(target.login) as client:
        return messages_in(client, "INBOX")


def truth() -> tuple[HeldMessage, ...]:
    return true_folders(SOURCE.truth, JDOE)["INBOX"]


@pytest.mark.parametrize("point", [BEFORE_THE_INDEX, AFTER_THE_INDEX])
def test_cut_off_before_or_after_the_index_all_is_as_before(
    point: str, settings: Settings, server: PrivateCyrus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Files of what was expunged stay for as long as the server keeps them, as of all mail.
    """
    target = fresh_target(server, "user")
    before = as_before(server, target)
    fill_until(point, settings, target, monkeypatch)
    assert len(held(server, target)) == (len(truth()) if point == AFTER_THE_INDEX else 0)

    report = undone(settings)

    assert (report.state.value, report.kept) == ("undone", ())
    now = as_before(server, target)
    assert replace(now, files=before.files) == before
    assert (now.files == before.files) is (point == BEFORE_THE_INDEX)


def test_a_later_run_that_filled_the_folder_keeps_its_mail(
    settings: Settings, server: PrivateCyrus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The messages are the same ones, but it was not the first run that put them there; that
    one cannot go on, either.
    """
    target = fresh_target(server, "user")
    fill_until(BEFORE_THE_INDEX, settings, target, monkeypatch)
    assert fill(settings, target) == "proven"

    with pytest.raises((NotReady, StepFailed)):
        resumed(settings, 1)
    assert undone(settings, 1).state.value == "undone"

    assert held(server, target) == truth()
    assert undone(settings, 2).state.value == "undone"
    assert held(server, target) == ()


def test_what_waits_of_a_later_run_is_left_to_it(
    settings: Settings, server: PrivateCyrus, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = fresh_target(server, "user")
    fill_until(BEFORE_THE_INDEX, settings, target, monkeypatch)
    fill_until(BEFORE_THE_INDEX, settings, target, monkeypatch)

    undone(settings, 1)

    assert resumed(settings, 2).verdict.value == "proven"
    assert held(server, target) == truth()


def test_mail_that_somebody_brought_himself_stays_though_the_backup_has_it_too(
    settings: Settings, server: PrivateCyrus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The run stopped because it came in: a mail program that had copies put them back.
    """
    target = fresh_target(server, "user")
    fill(settings, source := fresh_target(server, "user"))
    fill_until(BEFORE_THE_INDEX, settings, target, monkeypatch)
    with inbox(server, source) as client:
        octets = client.fetch(client.search(), ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])
    first = octets[min(octets)]
    flags = [flag for flag in first[b"FLAGS"] if flag != b"\\Recent"]
    with inbox(server, target) as client:
        client.append("INBOX", first[b"BODY[]"], flags, first[b"INTERNALDATE"])
    his = held(server, target)

    with pytest.raises((NotReady, StepFailed)):
        resumed(settings, 2)
    assert undone(settings, 2).kept == ()

    assert held(server, target) == his

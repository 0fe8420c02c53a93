"""Runs that an earlier version began: this one goes on with them, proves them, takes them back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from respool.app.access import server_access
from respool.app.settings import Settings
from respool.app.verify import verify
from respool.system.cyrus_server import reach_server
from tests.support.as_before import AsBefore, as_before
from tests.support.directions import PARTITION, TargetAccount, fresh_target, true_folders
from tests.support.imap_contents import folder_names, messages_in
from tests.support.kept_journals import RUNS, keep_sample
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import restored, settings_for, wish
from tests.support.undoing import resumed, undone
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
SOURCE = SPOOLS["3.4.9"]
FOLDER = "Projects/2017"
CREATED = ("back", "back/Projects", "back/Projects/2017", "back/Projects/2017/Q3")  # by run 2


@pytest.fixture
def target(restoring_names: PrivateCyrus) -> TargetAccount:
    """A fresh account on a server of the layout that the sample is of."""
    return fresh_target(restoring_names, "user")


@pytest.fixture
def settings_of(
    restoring_names: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> Callable[[str], Settings]:
    """Settings with a state directory of their own, by its name."""
    return lambda name: settings_for(restoring_names, unpacked(SOURCE), tmp_path / name)


def places_of(settings: Settings, target: TargetAccount, live: PrivateCyrus) -> dict[str, str]:
    """What is filled into the sample: the server as it is, and what it made below ``back``."""
    login = target.login.partition("@")[0]
    found = {"BACKUP": str(settings.backups), **{f"LOGIN{run}": login for run in RUNS}}
    with reach_server(server_access(settings)) as server, live.client_as(target.login) as client:
        found["SERVER"] = server.configuration.text("servername") or ""
        account = server.uniqueid(target.root) or ""
        there = folder_names(client)
        for number, path in enumerate(CREATED):
            is_there = path in there
            status = client.folder_status(path, ["UIDVALIDITY"]) if is_there else {}
            found[f"UIDVALIDITY{number}"] = str(status.get(b"UIDVALIDITY", 1))
            if is_there:
                found[f"ID{number}"] = server.uniqueid(target.mailbox(path)) or ""
    return found | {f"ACCOUNT{run}": account for run in RUNS}


def check_restored(server: PrivateCyrus, target: TargetAccount, into: str) -> None:
    """His folders hold what the backup's server said of them."""
    true = true_folders(SOURCE.truth, JDOE)
    with server.client_as(target.login) as client:
        for path in (FOLDER, f"{FOLDER}/Q3"):
            assert f"{into}/{path}" in folder_names(client)
            assert messages_in(client, f"{into}/{path}") == true[path]


def test_a_run_that_it_left_part_way_is_gone_on_with_to_its_end_and_taken_back(
    settings_of: Callable[[str], Settings], restoring_names: PrivateCyrus, target: TargetAccount
) -> None:
    settings = settings_of("state")
    before = as_before(restoring_names, target)
    keep_sample(settings, places_of(settings, target, restoring_names))

    receipt = resumed(settings, 1)

    assert (receipt.verdict.value, receipt.proven) == ("proven", 10)
    check_restored(restoring_names, target, "cut-off")
    check_gone(settings, 1, restoring_names, target, before)


def test_a_run_that_it_left_part_way_is_taken_back_as_it_stands(
    settings_of: Callable[[str], Settings], restoring_names: PrivateCyrus, target: TargetAccount
) -> None:
    """The server had created the first folder when the run was killed."""
    settings = settings_of("state")
    before = as_before(restoring_names, target)
    keep_sample(settings, places_of(settings, target, restoring_names))
    restoring_names.create_mailbox(target.mailbox("cut-off"), PARTITION)

    check_gone(settings, 1, restoring_names, target, before)


def test_a_run_that_it_ended_is_read_back_again_and_taken_back(
    settings_of: Callable[[str], Settings], restoring_names: PrivateCyrus, target: TargetAccount
) -> None:
    """What lies on the server this version put there; the notes of it are the other's."""
    before = as_before(restoring_names, target)
    restored(settings_of("own"), wish(JDOE, FOLDER, to=target.written, into="back"))
    settings = settings_of("kept")
    keep_sample(settings, places_of(settings, target, restoring_names))

    receipt, _ = verify(settings, 2)

    assert (receipt.verdict.value, receipt.proven) == ("proven", 10)
    check_gone(settings, 2, restoring_names, target, before)


def check_gone(
    settings: Settings, run: int, server: PrivateCyrus, target: TargetAccount, before: AsBefore
) -> None:
    """Taken back, all is as before."""
    report = undone(settings, run)

    assert (report.state.value, report.kept, report.others) == ("undone", (), ())
    assert as_before(server, target) == before
    assert server.error_lines() == ()

"""Backups of servers of which there is no sample: indexes from 2.2 to 3.13 come back whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.directions import (
    INTO,
    check_target_sound,
    folders_of,
    fresh_target,
    true_folders,
)
from tests.support.other_indexes import unpack_with_indexes
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import restored, settings_for, wish
from tests.support.truth import read_truth

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
SEEN_FILE = "domain/b/bluemind.loc/user/j/jdoe.seen"


@pytest.mark.parametrize(
    ("version", "spool"), [(6, "2.4.20"), (9, "2.4.20"), (10, "2.4.20"), (20, "3.10.3")]
)
def test_an_account_comes_back_whatever_the_version_of_its_indexes(
    version: int, spool: str, restoring_names: PrivateCyrus, as_root: None, tmp_path: Path
) -> None:
    """
    UIDs, flags, keywords, dates, sizes and octets as the server said them; what the owner had
    read is in his own file before version 12. What was expunged stays away.
    """
    backup = unpack_with_indexes(spool, version, tmp_path / "backup", SEEN_FILE)
    target = fresh_target(restoring_names, "user")
    settings = settings_for(restoring_names, backup, tmp_path / "state")

    receipt = restored(settings, wish(JDOE, to=target.written, into=INTO))

    assert receipt.verdict.value == "proven"
    found = folders_of(restoring_names, target, target.login)
    assert found == true_folders(read_truth(spool), JDOE)
    check_target_sound(restoring_names, target)

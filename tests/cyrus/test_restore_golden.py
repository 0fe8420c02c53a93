"""What any golden backup holds comes back into the installed server as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import check_server_sound, left_behind_here
from tests.support.whole_account import (
    SPOOLS,
    TREES,
    Source,
    as_its_owner_sees,
    restore_all,
    true_messages,
)

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"
OTHERS = ("john.doe@bluemind.loc", "1digit@bluemind.loc", "alice@bluemind.loc", "jdoe@example.org")
ALL = [pytest.param(source, id=name) for name, source in {**SPOOLS, **TREES}.items()]


@pytest.mark.parametrize("source", ALL)
def test_a_whole_account_comes_back_as_it_was(
    source: Source, empty_server: PrivateCyrus, as_root: None, tmp_path: Path
) -> None:
    """
    Every folder; UIDs, flags, keywords, dates, sizes and octets are those of the truth. What
    was expunged or lies below DELETED stays away, and the server has nothing to mend.
    """
    assert restore_all(empty_server, source, JDOE, tmp_path) == "proven"
    assert as_its_owner_sees(empty_server, JDOE, source.truth) == true_messages(source.truth, JDOE)
    check_server_sound(empty_server, JDOE)
    assert left_behind_here() == ()


@pytest.mark.parametrize("login", OTHERS)
@pytest.mark.parametrize("version", ["2.4.20", "3.10.3"])
def test_other_accounts_come_back_as_they_were(
    version: str, login: str, empty_server: PrivateCyrus, as_root: None, tmp_path: Path
) -> None:
    """
    A dot in the login, a digit first, and the same login in another domain and partition.
    """
    source = SPOOLS[version]
    assert restore_all(empty_server, source, login, tmp_path) == "proven"
    assert as_its_owner_sees(empty_server, login, source.truth) == true_messages(
        source.truth, login
    )
    check_server_sound(empty_server, login)


@pytest.mark.parametrize("source", ALL)
def test_every_truth_has_expunged_messages_to_keep_away(source: Source) -> None:
    """
    So that the comparison above proves something about them.
    """
    boxes = source.truth.of_user(JDOE)
    assert sum(len(box.expunged) for box in boxes) >= 7
    assert not {m.uid for box in boxes for m in box.expunged if box.name.endswith("Purg\xe9")} & {
        message.uid for box in boxes if box.name.endswith("Purg\xe9") for message in box.messages
    }

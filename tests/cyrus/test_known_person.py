"""What was settled once about whose an account is holds for the same account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from respool.errors import PlanRefused
from respool.planning.request import Person
from tests.support import golden
from tests.support.private_cyrus import NewMessage, PrivateCyrus, server_root
from tests.support.restoring import restored, settings_for, wish

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"
MAIL = NewMessage(octets=b"Subject: mine\r\n\r\nmine\r\n")


@pytest.fixture
def server(as_root: None) -> Iterator[PrivateCyrus]:
    with server_root() as root, PrivateCyrus(root) as one:
        yield one


@pytest.fixture
def restore(server: PrivateCyrus, tmp_path: Path) -> Callable[..., str]:
    """Restores a folder of jdoe; the verdict."""
    backups = golden.unpack_spool("3.0.18", tmp_path / "backup")
    settings = settings_for(server, backups, tmp_path / "state")

    def restore(**more: Any) -> str:  # noqa: ANN401 - passed on to a dataclass
        return restored(settings, wish(JDOE, "Drafts", **more)).verdict.value

    return restore


def test_what_was_said_of_an_account_holds_as_long_as_it_is_the_same(
    server: PrivateCyrus, restore: Callable[..., str]
) -> None:
    """
    An account that is made anew after that is another one.
    """
    server.add_user_with_messages(JDOE, [MAIL])
    with pytest.raises(PlanRefused):
        restore()
    assert restore(person=Person.SAME) == "proven"
    assert restore() == "proven"
    with server.admin_client() as admin:
        admin.setacl(f"user/{JDOE}", server.admin, "lrswipkxtecda")
        admin.delete_folder(f"user/{JDOE}")
    server.add_user_with_messages(JDOE, [MAIL])
    with pytest.raises(PlanRefused):
        restore()


def test_that_it_is_another_persons_is_asked_each_time(
    server: PrivateCyrus, restore: Callable[..., str]
) -> None:
    server.add_user_with_messages(JDOE, [MAIL])
    assert restore(person=Person.OTHER) == "proven"
    with pytest.raises(PlanRefused):
        restore()


def test_an_account_that_a_restore_created_is_known(restore: Callable[..., str]) -> None:
    assert restore(is_creating_account=True) == "proven"
    assert restore() == "proven"


def test_an_account_that_was_restored_into_while_it_was_empty_is_known(
    server: PrivateCyrus, restore: Callable[..., str]
) -> None:
    """
    What fills it since then came from its own backup.
    """
    server.create_user(JDOE)
    assert restore() == "proven"
    assert restore() == "proven"

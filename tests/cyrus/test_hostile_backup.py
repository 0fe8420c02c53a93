"""What a hostile or odd backup, account or plan file may not do to a live server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.app.restore import restore_plan, save_plan
from respool.app.settings import Settings
from respool.app.verify import verify
from respool.errors import PlanRefused, SurveyChanged
from tests.support import golden
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import agreeing, restored, settings_for, wish

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"
DOMAIN = "domain/b/bluemind.loc"


@pytest.fixture
def server() -> Iterator[PrivateCyrus]:
    """A server with an empty account of jdoe."""
    with server_root() as root, PrivateCyrus(root) as one:
        one.create_user(JDOE)
        yield one


@pytest.fixture
def spool(as_root: None, tmp_path: Path) -> Path:
    """A backup of our own to be spoiled: the golden one of 3.0.18."""
    return golden.unpack_spool("3.0.18", tmp_path / "backup")


@pytest.fixture
def settings(server: PrivateCyrus, spool: Path, tmp_path: Path) -> Settings:
    """Where all of it lies."""
    return settings_for(server, spool, tmp_path / "state")


def header_of_sent(spool: Path) -> Path:
    return next(spool.rglob(f"meta/bluemind_loc/{DOMAIN}/j/user/jdoe/Sent/cyrus.header"))


def with_rights(header: Path, entry: bytes) -> None:
    """Add an entry to the ACL line of a text header."""
    octets = header.read_bytes().rstrip(b"\n")
    header.write_bytes(octets + entry + b"\t\n")


@pytest.mark.parametrize("identifier", ['-"a b"', "-group:Vente Nord", "-ren\u00e9", "-anyone"])
def test_odd_identifiers_of_a_backup_never_reach_the_server(
    server: PrivateCyrus, spool: Path, settings: Settings, identifier: str
) -> None:
    """
    3.6.1 stores identifiers that it then breaks on; the folder is the owner's alone.
    """
    with_rights(header_of_sent(spool), f"{identifier}\tlr".encode())

    receipt = restored(settings, wish(JDOE, "=Sent", into="x"))

    assert receipt.verdict.value == "proven"
    with server.admin_client() as admin:
        rights = {who.decode() for who, _ in admin.getacl("user/jdoe/x/Sent@bluemind.loc")}
    assert not {who for who in rights if who.startswith("-")}


def test_a_backup_that_shuts_the_owner_out_does_not_shut_him_out_of_the_copy(
    server: PrivateCyrus, spool: Path, settings: Settings
) -> None:
    with_rights(header_of_sent(spool), f"-{JDOE}\tlr".encode())

    receipt = restored(settings, wish(JDOE, "=Sent", into="x"))

    assert receipt.verdict.value == "proven"
    with server.client_as(JDOE) as owner:
        assert owner.select_folder("x/Sent", readonly=True)[b"EXISTS"] == 5


def test_a_live_folder_with_a_bracket_in_its_name_is_no_obstacle(
    server: PrivateCyrus, settings: Settings
) -> None:
    server.create_mailbox("user/jdoe/b[c@bluemind.loc")

    assert restored(settings, wish(JDOE, "=Sent", into="a[b")).verdict.value == "proven"
    assert restored(settings, wish(JDOE, "=Sent", into="next")).verdict.value == "proven"


def test_a_folder_that_is_private_in_the_backup_stays_private(
    server: PrivateCyrus, settings: Settings
) -> None:
    """
    Whoever the account's INBOX is shared with sees no more of the copy than of the folder.
    """
    server.create_user("asmith@bluemind.loc")
    with server.admin_client() as admin:
        admin.setacl(f"user/{JDOE}", "asmith@bluemind.loc", "lrs")

    receipt = restored(settings, wish(JDOE, "=Sent", into="x"))

    assert receipt.verdict.value == "proven"
    with server.client_as("asmith@bluemind.loc") as other:
        names = [name for _, _, name in other.list_folders()]
    assert not [name for name in names if "Sent" in name]


def test_what_the_disk_lost_is_never_called_the_owner_s_doing(
    server: PrivateCyrus, settings: Settings
) -> None:
    """
    Not even after the server's own reconstruct has struck the message from the index.
    """
    receipt = restored(settings, wish(JDOE, "=Sent", into="x"))
    data = server.files.data("bluemind_loc")
    next(data.rglob("x/Sent/3.")).unlink()
    server.run_tool("reconstruct", "user/jdoe/x/Sent@bluemind.loc")

    again, _ = verify(settings, receipt.run)

    assert again.verdict.value == "differs"
    assert [each["aspect"] for box in again.mailboxes for each in box.differs] == ["missing"]


def forged(lines: list[str], old: str, new: str) -> str:
    """The plan with every ``old`` replaced, and a digest that is right again."""
    body = [line.replace(old, new) for line in lines[:-1]]
    tail = json.loads(lines[-1])
    tail["digest"] = hashlib.sha256("".join(body).encode("ascii")).hexdigest()
    return "\n".join([*body, json.dumps(tail)]) + "\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"partition":"bluemind_loc","is', '"partition":"mail","is'),
        ('"partition":"bluemind_loc","is', '"partition":"x\\r\\nX1 DELETE user/jdoe","is'),
        ("j/user/jdoe/Sent", "a/user/alice"),
        ("user/jdoe/x", "user/alice/x"),
        ('"into":"x"', '"into":"y"'),
        (f'"{JDOE}":"lrswipkxtecdan"', '"anyone":"lrs"'),
        (f'"owner":"{JDOE}"', '"owner":"alice@bluemind.loc"'),
    ],
    ids=["partition", "injection", "source", "target", "shown", "rights", "owner"],
)
def test_a_forged_plan_is_refused_before_anybody_is_asked(
    settings: Settings, server: PrivateCyrus, tmp_path: Path, old: str, new: str
) -> None:
    """
    Its digest is right; what it would do is not what it says.
    """
    plan = tmp_path / "plan"
    save_plan(settings, wish(JDOE, "=Sent", into="x"), plan)
    lines = plan.read_text("ascii").splitlines()
    forgery = tmp_path / "forgery"
    forgery.write_text(forged(lines, old, new), "ascii")
    assert forgery.read_text("ascii").splitlines()[:-1] != lines[:-1]
    asked: list[object] = []

    with pytest.raises((PlanRefused, SurveyChanged)):
        restore_plan(settings, forgery, agreeing(asked))  # type: ignore[arg-type]

    assert asked == []
    with server.admin_client() as admin:
        assert [name for _, _, name in admin.list_folders("", "user/jdoe/*")] == []

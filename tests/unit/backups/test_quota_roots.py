from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from respool.backups.server_state import ServerState, server_state
from respool.model.names import MailboxName
from tests.support.small_spools import mailbox_name

CONFIG = "var/lib/cyrus"


def write(place: Path, relative: str, octets: bytes = b"%(S (1 20))\n") -> Path:
    file = place / relative
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(octets)
    return file


def limits(place: Path, name: str | MailboxName) -> dict[str, int] | None:
    root = mailbox_name(name) if isinstance(name, str) else name
    found = state(place).quota_root(root)
    return None if found is None else dict(found.limits)


def state(place: Path) -> ServerState:
    return server_state(PurePosixPath(place))


def codes(place: Path) -> list[str]:
    return [finding.code for finding in state(place).findings]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("user/jdoe@b.loc", "domain/b/b.loc/quota/j/user.jdoe"),
        ("user/john.doe@b.loc", "domain/b/b.loc/quota/j/user.john^doe"),
        ("user/Zoe@b.loc", "domain/b/b.loc/quota/z/user.Zoe"),
        ("user/1digit@1.loc", "domain/q/1.loc/quota/q/user.1digit"),
        ("user/&AMk-t&AOk-@b.loc", "domain/b/b.loc/quota/q/user.&AMk-t&AOk-"),
        ("contact@b.loc", "domain/b/b.loc/quota/c/contact"),
        ("c@b", "domain/b/b/quota/c/c"),
        ("user/jdoe", "quota/j/user.jdoe"),
        ("contact", "quota/c/contact"),
        ("user/fred@b.loc", "domain/V/b.loc/quota/E/user.fred"),
        ("user/jdoe@b.loc", "domain/b.loc/quota/user.jdoe"),
        ("user/jdoe@b.loc", "domain/x/b.loc/quota/y/user.jdoe"),
    ],
)
@pytest.mark.parametrize("config", [CONFIG, "lib/cyrus", "var/lib/imap", ""])
def test_the_file_is_found_wherever_a_server_puts_it(
    tmp_path: Path, config: str, name: str, file: str
) -> None:
    write(tmp_path, f"{config}/{file}".lstrip("/"))

    assert limits(tmp_path, name) == {"STORAGE": 20}


def test_the_right_letter_wins(tmp_path: Path) -> None:
    write(tmp_path, f"{CONFIG}/quota/a/user.jdoe", b"1\n99\n")
    write(tmp_path, f"{CONFIG}/quota/j/user.jdoe", b"1\n10\n")

    assert limits(tmp_path, "user/jdoe") == {"STORAGE": 10}


@pytest.mark.parametrize(
    "name",
    ["user/jdoe@c.org", "user/jdoe", "user/john@b.loc", "jdoe@b.loc", "user/jdoe/Sent@b.loc"],
)
def test_another_account_s_file_is_not_taken(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"{CONFIG}/domain/b/b.loc/quota/j/user.jdoe")

    assert limits(tmp_path, name) is None


@pytest.mark.parametrize("domain", ["..", "b.loc/../b.loc"])
def test_a_domain_never_leads_elsewhere(tmp_path: Path, domain: str) -> None:
    write(tmp_path, f"{CONFIG}/quota/j/user.jdoe")
    write(tmp_path, f"{CONFIG}/domain/b/b.loc/quota/j/user.jdoe")

    assert limits(tmp_path, MailboxName(domain=domain, parts=("user", "jdoe"))) is None


def test_a_backup_without_quota_files_has_no_limits(tmp_path: Path) -> None:
    assert limits(tmp_path, "user/jdoe@b.loc") is None


def test_an_empty_file_is_none_as_for_the_server(tmp_path: Path) -> None:
    write(tmp_path, f"{CONFIG}/quota/j/user.jdoe", b"")

    assert limits(tmp_path, "user/jdoe") is None


def test_a_quota_root_without_limits_is_told_from_none(tmp_path: Path) -> None:
    write(tmp_path, f"{CONFIG}/quota/j/user.jdoe", b"1\n-1\n")

    assert limits(tmp_path, "user/jdoe") == {}


def test_a_damaged_file_is_a_finding(tmp_path: Path) -> None:
    write(tmp_path, f"{CONFIG}/quota/j/user.jdoe", b"%(S (1 20)")

    assert limits(tmp_path, "user/jdoe") is None
    assert codes(tmp_path) == ["database-missing", "quota-root-unreadable"]


def test_what_is_used_is_read_too(tmp_path: Path) -> None:
    write(tmp_path, f"{CONFIG}/quota/j/user.jdoe", b"%(S (2048 20) M (3))\n")

    root = state(tmp_path).quota_root(mailbox_name("user/jdoe"))

    assert root is not None
    assert (dict(root.used), dict(root.limits)) == (
        {"STORAGE": 2048, "MESSAGE": 3},
        {"STORAGE": 20},
    )


def test_without_a_file_the_database_of_quota_roots_is_asked(tmp_path: Path) -> None:
    write(tmp_path, f"{CONFIG}/quotas.db", b"b.loc!user.john^doe\t%(S (1 30))\n")

    assert limits(tmp_path, "user/john.doe@b.loc") == {"STORAGE": 30}
    assert limits(tmp_path, "user/jdoe@b.loc") is None


def test_a_link_is_not_followed_and_a_finding(tmp_path: Path) -> None:
    other = write(tmp_path / "other", "j/user.jdoe")
    file = tmp_path / "spool" / CONFIG / "quota/j/user.jdoe"
    file.parent.mkdir(parents=True)
    file.symlink_to(other)

    assert limits(tmp_path / "spool", "user/jdoe") is None
    assert "quota-root-unreadable" in codes(tmp_path / "spool")


def test_a_directory_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    other = write(tmp_path / "other", "j/user.jdoe")
    letter = tmp_path / "spool" / CONFIG / "quota/j"
    letter.parent.mkdir(parents=True)
    letter.symlink_to(other.parent)

    assert limits(tmp_path / "spool", "user/jdoe") is None

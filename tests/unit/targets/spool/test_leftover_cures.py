"""Commands as they are printed. That they cure is tried on real servers in tests/cyrus."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import PurePosixPath

import pytest

from respool.cyrus.header import parse_header
from respool.model.names import MailboxName
from respool.targets.spool import leftover_cures as cures
from tests.unit.targets.spool.leftovers import INBOX_ID, SPOOL, commands, named, record

BELOW = PurePosixPath("domain/b/b.loc/j/user/jdoe")


def test_a_key_is_written_as_printf_makes_it() -> None:
    assert cures.forget_record(commands(), named("restore_dir")) == (
        "runuser -u cyrus -- /usr/lib/cyrus/bin/cyr_dbtool -C /etc/imapd.conf"
        " /var/lib/cyrus/mailboxes.db twoskip"
        " delete \"$(printf 'Nb.loc\\035user\\037jdoe\\037restore_dir')\""
    )


@pytest.mark.parametrize(
    "part",
    ["R&-D", "it's", "50%", "a\\b", '"$(touch x)"', "`x`", "$HOME", "-n", "caf\u00e9", "\udce9"],
)
def test_the_shell_makes_just_the_key_of_any_name(part: str) -> None:
    line = cures.forget_record(commands(), named(part))
    argument = line[line.index(' delete "') + len(" delete ") :]

    made = subprocess.run(["sh", "-c", f"printf %s {argument}"], capture_output=True, check=True)

    key = f"Nb.loc\x1duser\x1fjdoe\x1f{part}"
    assert made.stdout == key.encode("utf-8", "surrogateescape")


def test_a_key_of_old_servers_needs_no_printf() -> None:
    line = cures.forget_record(commands((3, 0, 18)), named("restore_dir"))

    assert line.endswith(" delete 'b.loc!user.jdoe.restore_dir'")


def test_a_copy_gives_its_id_back() -> None:
    line = cures.forget_copy(commands(), record("restore_dir"), record())

    steps = line.split(" && ")
    assert len(steps) == 3
    assert "restore_dir" in steps[0]
    assert steps[1].endswith(f" twoskip delete I{INBOX_ID}")
    assert steps[2].endswith("reconstruct -C /etc/imapd.conf user/jdoe@b.loc")


@pytest.mark.parametrize(
    ("version", "has"),
    [((2, 4, 20), False), ((2, 5, 17), False), ((3, 0, 18), True), ((3, 4, 9), True)],
)
def test_a_new_id_is_given_where_a_program_can(version: tuple[int, int, int], has: bool) -> None:  # noqa: FBT001 - of a table
    line = cures.give_new_id(commands(version), named("restore_dir"))

    assert (line is not None) == has
    if line is not None:
        assert line.endswith("mbtool -C /etc/imapd.conf -r user/jdoe/restore_dir@b.loc")


def test_from_3_6_on_mbtool_gives_no_new_id() -> None:
    """3.6.1 writes a new id into the header and leaves mailboxes.db as it was."""
    assert cures.give_new_id(commands(), named("restore_dir")) is None


def test_directories_go_beside_data_and_meta() -> None:
    place = SPOOL / "data/b_loc" / BELOW / "it's"

    line = cures.move_away(commands(), [place])

    words = shlex.split(line.replace("(", "").replace(")", ""))
    away = str(SPOOL / "respool-leftovers/data/b_loc" / BELOW / "it's")
    assert words[-4:] == ["mv", "-T", str(place), away]


@pytest.mark.parametrize("root", ["/var/spool/cyrus", "/srv/mail", "/mail"])
def test_directories_never_go_into_a_partition(root: str) -> None:
    roots = frozenset({PurePosixPath(root), PurePosixPath("/var/spool"), PurePosixPath("/srv")})

    line = cures.move_away(commands(roots=roots), [PurePosixPath(root) / "user/jdoe/x"])

    away = PurePosixPath(shlex.split(line)[-1])
    assert not any(away.is_relative_to(one) for one in roots)


def test_directories_of_both_kinds_go_in_one_line() -> None:
    places = [SPOOL / kind / "b_loc" / BELOW / "x" for kind in ("meta", "data")]

    assert cures.move_away(commands(), places).count("mv -T") == 2


def test_a_plain_header_is_one_that_can_be_read() -> None:
    one = record("R&-D", acl=(("jdoe@b.loc", "lrs"), ("-bob", "w")))

    line = cures.write_header(commands(), one, PurePosixPath("/x/cyrus.header"), 2)

    shown = line[: line.index(" | ")]
    octets = subprocess.run(["sh", "-c", shown], capture_output=True, check=True).stdout
    header = parse_header(octets)
    assert (header.uniqueid, header.internal_name) == (INBOX_ID, "b.loc!user.jdoe.R&-D")
    assert header.acl == {"jdoe@b.loc": "lrs", "-bob": "w"}
    assert header.keywords == ("lost-keyword-1", "lost-keyword-2")


def test_quota_is_counted_for_the_account_of_a_header_written_anew() -> None:
    one = record("R&-D")

    line = cures.write_header(commands(), one, PurePosixPath("/x/cyrus.header"), 0)

    assert " -f -u jdoe@b.loc && " in line


def test_the_default_domain_is_left_out_of_names() -> None:
    on = commands(default_domain="b.loc")
    share = MailboxName(domain="b.loc", parts=("contact", "x"))

    assert on.mailbox(named("x")) == "user/jdoe/x"
    assert on.mailbox(share) == "contact/x"


def test_an_id_is_changed_in_a_header_by_its_owner() -> None:
    header = PurePosixPath("/x/it's/cyrus.header")

    line = cures.put_id_into_header(commands(), record("x", uniqueid="new"), header, "old")

    assert shlex.split(str(line)) == [
        *("runuser", "-u", "cyrus", "--", "env", "LC_ALL=C", "sed", "-i", "s/old/new/"),
        str(header),
    ]


@pytest.mark.parametrize("odd", ["x/;e touch y;/", "a b", "*", ""])
def test_an_id_that_no_server_makes_gets_into_no_command(odd: str) -> None:
    header = PurePosixPath("/x/cyrus.header")

    assert cures.put_id_into_header(commands(), record("x", uniqueid="new"), header, odd) is None
    assert cures.put_id_into_header(commands(), record("x", uniqueid=odd), header, "old") is None

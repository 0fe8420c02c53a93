from __future__ import annotations

from pathlib import Path

import pytest

from respool.cyrus.imapd_conf import ServerConfiguration
from respool.system.processes import Process
from respool.targets.spool.at_work import AtWork, at_work
from tests.unit.planning.plans import ACCOUNT

CONF = Path("/etc/imapd.conf")
CONFIGURATION = ServerConfiguration(
    options={
        "partition-b_loc": "/var/spool/cyrus/data/b_loc",
        "metapartition-b_loc": "/var/spool/cyrus/meta/b_loc",
    }
)


def told(name: str, *words: str) -> AtWork:
    process = Process(pid=7, name=name, words=words)
    return at_work([process], CONFIGURATION, CONF, ACCOUNT)


@pytest.mark.parametrize(
    "names",
    [
        ("user/jdoe@b.loc",),
        ("-r", "user/jdoe/Sent@b.loc"),
        ("user.jdoe",),
        ("b.loc!user.jdoe.Sent",),
        ("user/j*@b.loc",),
        ("user/%@b.loc",),
        ("user/jdoe/*@b.loc",),
        ("-u", "jdoe@b.loc"),
        ("-r", "user"),
        ("*",),
        ("-r", "-f"),
        ("-C", "/etc/imapd.conf", "-p", "b_loc"),
    ],
    ids=" ".join,
)
def test_a_reconstruct_of_the_account_speaks_against_a_restore(names: tuple[str, ...]) -> None:
    """It would take the files of a folder that is just being filled for new mail."""
    assert told("reconstruct", *names) == AtWork(
        against=("reconstruct is at work (process 7) on jdoe@b.loc: wait for its end",)
    )


@pytest.mark.parametrize(
    "names",
    [
        ("user/jdoe2@b.loc",),
        ("user/jdoe@other.loc",),
        ("other.loc!user.jdoe",),
        ("user/a*@b.loc",),
        ("-C", "/other/imapd.conf", "user/jdoe@b.loc"),
        ("-C/other/imapd.conf",),
    ],
    ids=" ".join,
)
def test_a_reconstruct_of_others_is_none_of_ours(names: tuple[str, ...]) -> None:
    assert told("reconstruct", *names) == AtWork()


@pytest.mark.parametrize(
    ("name", "words"), [("ctl_cyrusdb", ("-r",)), ("ctl_mboxlist", ("-u",)), ("cvt_cyrusdb", ())]
)
def test_work_on_the_databases_of_all_speaks_against_it(name: str, words: tuple[str]) -> None:
    (reason,) = told(name, *words).against

    assert f"{name} is at work" in reason


def test_a_checkpoint_or_a_dump_is_no_such_work() -> None:
    """They run every half hour, and change nothing."""
    assert told("ctl_cyrusdb", "-c") == told("ctl_mboxlist", "-d") == AtWork()


def test_the_nightly_expire_is_said_and_waited_for_by_nobody() -> None:
    found = told("cyr_expire", "-E", "3", "-X", "7")

    assert (found.against, len(found.beside)) == ((), 1)


@pytest.mark.parametrize("place", ["/var/spool/cyrus/", "/var/spool/cyrus/meta/b_loc/x", "/"])
def test_a_backup_that_reads_the_live_mail_is_said(place: str) -> None:
    (beside,) = told("rsync", "-a", place, "/backup").beside

    assert "on the live mail" in beside


def test_a_copy_into_the_live_mail_is_said_as_what_it_is() -> None:
    (beside,) = told("cp", "-r", "/backup/jdoe", "/var/spool/cyrus/data/b_loc/j/user").beside

    assert beside.endswith("is that a restore by hand?")


def test_a_copy_of_something_else_is_none_of_ours() -> None:
    assert told("rsync", "-a", "/home", "/backup") == AtWork()
    assert told("vim", "/var/spool/cyrus") == AtWork()


def test_for_the_whole_server_every_reconstruct_is_said() -> None:
    process = Process(pid=7, name="reconstruct", words=("user/x",))

    assert at_work([process], CONFIGURATION, CONF).beside == (
        "reconstruct is at work (process 7)",
    )

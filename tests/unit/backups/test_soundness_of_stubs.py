"""Bodies of stubs are read, too: what is missing or damaged in BlueMind's archive is found."""

from __future__ import annotations

from pathlib import Path

from respool.app.check import CheckWish, opened_check
from respool.app.settings import read_settings
from tests.support.hsm_store import (
    ID,
    OTHER_ID,
    Kept,
    letter,
    snappy_stream,
    stub_of,
    write_body,
    write_messages,
)

NAME = "user/jdoe@b.loc"
ACL = {"jdoe@b.loc": "lrswipkxtecda"}
OWNER = ("b.loc", "jdoe")
MARKED = (1,)


def codes(root: Path) -> dict[str, int]:
    with opened_check(read_settings({"backups": str(root)}), CheckWish(jobs=1)) as opened:
        report = opened.run(lambda _progress: None)
    return {
        code: count for code, _, count in report.tally.by_kind() if code != "databases-missing"
    }


def write(root: Path) -> None:
    first, second = letter("first"), letter("second")
    stubs = [Kept(octets=stub_of(first, ID), keywords=MARKED)]
    stubs += [Kept(octets=stub_of(second, OTHER_ID), keywords=MARKED)]
    write_messages(root, NAME, stubs, acl=ACL)
    write_body(root, OWNER, ID, snappy_stream(first))


def test_bodies_that_can_be_read_are_sound(tmp_path: Path) -> None:
    write(tmp_path)
    write_body(tmp_path, OWNER, OTHER_ID, snappy_stream(letter("second")))

    assert codes(tmp_path) == {}


def test_a_body_that_is_missing_is_found(tmp_path: Path) -> None:
    write(tmp_path)

    assert codes(tmp_path) == {"hsm-body-missing": 1}


def test_a_body_that_is_damaged_is_found(tmp_path: Path) -> None:
    write(tmp_path)
    stream = bytearray(snappy_stream(letter("second")))
    stream[-1] ^= 1
    write_body(tmp_path, OWNER, OTHER_ID, bytes(stream))

    assert codes(tmp_path) == {"hsm-body-damaged": 1}


def test_stubs_without_any_archive_are_told_once(tmp_path: Path) -> None:
    stub = Kept(octets=stub_of(letter("first"), ID), keywords=MARKED)
    write_messages(tmp_path, NAME, [stub, stub], acl=ACL)

    assert codes(tmp_path) == {"hsm-store-missing": 1}

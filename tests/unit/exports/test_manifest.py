"""A manifest: written and read entry by entry, and known when it was cut or altered."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from respool.errors import FormatError, TruncatedFile
from respool.exports.manifest import ManifestReader, entry_of, is_manifest, render_manifest
from respool.exports.manifest_entry import ManifestEntry
from respool.exports.manifest_head import ExportForm, ManifestHead
from respool.model.accounts import Account, AccountKind

HEAD = ManifestHead(
    software="respool 0.4.0",
    form=ExportForm.MAILDIR,
    account=Account(kind=AccountKind.USER, login="jdoe", domain="b.loc"),
    generation="2024-11-19",
    taken_at=datetime(2024, 11, 19, 1, tzinfo=UTC),
    made_at=datetime(2024, 11, 20, 8, 30, tzinfo=UTC),
    folders=("INBOX", "Été/2017", "Empty"),
    messages=1,
    octets=12,
    lost=1,
)
ENTRY = ManifestEntry(
    folder="Été/2017",
    uid=12,
    guid="0" * 40,
    sha256="1" * 64,
    size_bytes=12,
    flags=("\\Seen", "$Forwarded"),
    internaldate=1_507_017_600,
    file=".&AMk-t&AOk-.2017/cur/12.r:2,S",
)
LOST = ManifestEntry(
    folder="INBOX",
    uid=13,
    guid=None,
    sha256=None,
    size_bytes=5,
    flags=(),
    internaldate=0,
    file=None,
    lost="guid-differs: the file's octets are others",
    findings=({"code": "guid-differs", "severity": "loss"},),
)


def rendered(entries: Iterable[ManifestEntry] = (ENTRY, LOST)) -> bytes:
    return b"".join(render_manifest(HEAD, entries))


def reader(octets: bytes) -> ManifestReader:
    return ManifestReader(io.BytesIO(octets).readline)


def test_what_was_written_is_read_back() -> None:
    manifest = reader(rendered())

    assert manifest.head == HEAD
    assert [each.entry for each in manifest.entries()] == [ENTRY, LOST]


def test_it_is_one_json_object_for_any_other_program() -> None:
    value = json.loads(rendered())

    assert value["head"]["account"]["address"] == "jdoe@b.loc"
    assert value["messages"][0]["internaldate"] == "2017-10-03T08:00:00Z"
    assert [each["uid"] for each in value["messages"]] == [12, 13]


def test_one_without_messages_is_read_back() -> None:
    assert json.loads(rendered(()))["messages"] == []
    assert list(reader(rendered(())).entries()) == []


def test_an_entry_is_found_again_by_where_it_stands() -> None:
    octets = rendered()

    for placed in reader(octets).entries():
        assert entry_of(octets[placed.offset : placed.offset + placed.length]) == placed.entry


def test_a_name_that_is_no_text_comes_back_as_it_was() -> None:
    odd = ManifestEntry(
        folder="caf\udce9", uid=1, guid=None, sha256=None, size_bytes=0, flags=(),
        internaldate=0, file="caf\udce9/1.eml", offset=0, length=9,
    )  # fmt: skip

    assert [each.entry for each in reader(rendered([odd])).entries()] == [odd]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.99])
def test_one_that_was_cut_is_known(share: float) -> None:
    octets = rendered()

    with pytest.raises(TruncatedFile):
        list(reader(octets[: int(len(octets) * share)]).entries())


def test_one_that_was_altered_is_known() -> None:
    octets = rendered().replace(b"$Forwarded", b"$forwarded")

    with pytest.raises(FormatError, match="altered"):
        list(reader(octets).entries())


def test_one_that_lost_an_entry_is_known() -> None:
    whole = rendered()
    line = next(each for each in whole.splitlines(keepends=True) if b'"uid": 12' in each)

    with pytest.raises(FormatError, match="altered"):
        list(reader(whole.replace(line, b"")).entries())


@pytest.mark.parametrize(
    "octets",
    [
        b"[]\n",
        b'{"respool_manifest": 2,\n',
        rendered().replace(b'"form": "maildir"', b'"form": "tape"'),
        rendered().replace(b'"login": "jdoe"', b'"login": "../etc"'),
        rendered().replace(b'"uid": 12', b'"uid": 0'),
        rendered().replace(b'"uid": 12', b'"uid": true'),
        rendered().replace(b'"size_bytes": 12', b'"size_bytes": 1' + b"0" * 30),
        rendered().replace(b'"octets": 12', b'"octets": 1e999'),
        rendered().replace(b'"uid": 12', b"[" * 100_000),
        rendered().replace(b"0" * 40, b"x" * 40),
    ],
)
def test_anything_else_is_refused(octets: bytes) -> None:
    with pytest.raises(FormatError):
        list(reader(octets).entries())


def test_it_is_known_by_its_first_octets() -> None:
    assert is_manifest(rendered()[:64])
    assert not is_manifest(b"{}")


def test_entries_are_asked_for_and_given_as_they_come() -> None:
    given = 0

    def counted() -> Iterator[ManifestEntry]:
        nonlocal given
        for _ in range(5000):
            given += 1
            yield ENTRY

    pieces = render_manifest(HEAD, counted())
    next(pieces)
    next(pieces)

    assert given < 1000


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"guid": None},
        {"flags": ()},
        {"internaldate": 1 << 60},
        {"internaldate": -(1 << 60)},
        {"internaldate": -1},
        {"folder": 'a"\\\n\u2028', "file": "b\udcff\x00"},
        {"offset": 3, "length": 9},
        {"file": None, "lost": "gone"},
        {"findings": ({"code": "odd"},)},
    ],
)
def test_a_line_is_the_json_of_its_entry(changes: dict[str, Any]) -> None:
    entry = replace(ENTRY, **changes)

    assert entry.as_line() == json.dumps(entry.as_json())

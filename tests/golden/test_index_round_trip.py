"""Every index that a server wrote is written again by us with the same octets."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.cyrus.index import parse_index, render_index
from tests.support import golden

ARCHIVES = (
    *(f"{version}/spool.tar.gz" for version in golden.VERSIONS),
    "dataprotect/backups.tar.gz",
    "dataprotect/live.tar.gz",
    "dataprotect-bm4/backups.tar.gz",
)
LARGER = ("2.5.17", "3.0.18-archive", "3.0.18-dataprotect", "3.4.9", "3.8.7")


def indexes_in(archive: Path) -> Iterator[bytes]:
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isreg() and member.name.endswith("/cyrus.index"):
                file = tar.extractfile(member)
                assert file is not None
                yield file.read()


def assert_written_again(archive: Path) -> None:
    seen = 0
    for octets in indexes_in(archive):
        index = parse_index(octets)
        assert index.findings == ()
        assert render_index(index.version, index.header, index.records) == octets
        seen += 1
    assert seen > 0


@pytest.mark.parametrize("archive", ARCHIVES)
def test_an_index_is_written_as_its_server_wrote_it(archive: str) -> None:
    assert_written_again(golden.SPOOLS / archive)


@pytest.mark.parametrize("name", LARGER)
def test_an_index_of_a_larger_spool_is_written_as_its_server_wrote_it(
    name: str, larger_spools: Path
) -> None:
    for archive in sorted((larger_spools / name).glob("*spool.tar.gz")):
        assert_written_again(archive)

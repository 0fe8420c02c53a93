"""Every index and header that a server wrote is written again by us with the same octets."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from respool.cyrus.header import parse_header, render_header
from respool.cyrus.index import parse_index, render_index
from tests.support import golden

ARCHIVES = (
    *(f"{version}/spool.tar.gz" for version in golden.VERSIONS),
    "dataprotect/backups.tar.gz",
    "dataprotect/live.tar.gz",
    "dataprotect-bm4/backups.tar.gz",
)
LARGER = ("2.5.17", "3.0.18-archive", "3.0.18-dataprotect", "3.4.9", "3.8.7")


def files_in(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            name = PurePosixPath(member.name).name
            if member.isreg() and name in {"cyrus.index", "cyrus.header"}:
                file = tar.extractfile(member)
                assert file is not None
                yield name, file.read()


def assert_written_again(archive: Path) -> None:
    seen = set()
    for name, octets in files_in(archive):
        if name == "cyrus.header":
            assert render_header(parse_header(octets)) == octets
        else:
            index = parse_index(octets)
            assert index.findings == ()
            assert render_index(index.version, index.header, index.records) == octets
        seen.add(name)
    assert seen == {"cyrus.index", "cyrus.header"}


@pytest.mark.parametrize("archive", ARCHIVES)
def test_an_index_is_written_as_its_server_wrote_it(archive: str) -> None:
    assert_written_again(golden.SPOOLS / archive)


@pytest.mark.parametrize("name", LARGER)
def test_an_index_of_a_larger_spool_is_written_as_its_server_wrote_it(
    name: str, larger_spools: Path
) -> None:
    for archive in sorted((larger_spools / name).glob("*spool.tar.gz")):
        assert_written_again(archive)

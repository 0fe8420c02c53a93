"""A mailbox read for its counts, beside the same one read in full."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from respool.backups.counted import read_for_counts
from respool.backups.source import SourceMailbox, read_mailbox
from respool.model.inventory import COUNTED, NOWHERE, UNKNOWN_SIZE, MailboxPlace
from respool.model.messages import PartitionName
from respool.model.rows import counts_of
from respool.model.state import MailboxState
from tests.support.small_spools import OCTETS, mailbox_name, write_mailbox

NOT_COMPARED = "message-files-not-compared"


@pytest.fixture
def source(tmp_path: Path) -> SourceMailbox:
    """A mailbox with a file that is missing, one cut, one without a record, and a link."""
    data = tmp_path / "data"
    write_mailbox(tmp_path / "meta", data, uids=(1, 2, 3, 4))
    (data / "1.").unlink()
    (data / "2.").write_bytes(OCTETS[:5])
    (data / "9.").write_bytes(OCTETS)
    (data / "passwd").symlink_to("/etc/passwd")
    return SourceMailbox(
        name=mailbox_name("user/jdoe@b.loc"),
        spool=PurePosixPath(tmp_path),
        place=MailboxPlace(
            partition=PartitionName("b_loc"),
            data=PurePosixPath("data"),
            meta=PurePosixPath("meta"),
        ),
    )


def codes(source: SourceMailbox, most: int) -> set[str]:
    return {finding.code for finding in read_for_counts(source, most).findings}


def test_few_files_are_read_in_full(source: SourceMailbox) -> None:
    full = read_mailbox(source)
    counted = read_for_counts(source, most=4)

    assert counted.findings == full.findings
    assert counted.records.tobytes() == full.records.tobytes()
    assert counted.orphans.tobytes() == full.orphans.tobytes()


def test_many_files_are_read_by_their_names_and_that_is_said(source: SourceMailbox) -> None:
    full = codes(source, most=4)

    assert codes(source, most=3) == full - {"message-file-size-differs"} | {NOT_COMPARED}
    assert read_for_counts(source, most=3).records["file_size"].tolist() == [
        0,
        *3 * [UNKNOWN_SIZE],
    ]


def test_counts_are_the_same_either_way(source: SourceMailbox) -> None:
    state = MailboxState()

    few = counts_of(read_for_counts(source, most=4), state)

    assert few == counts_of(read_for_counts(source, most=3), state)
    assert few.messages == 4
    assert read_for_counts(source, most=3).records.dtype == COUNTED


def test_without_an_index_every_file_is_asked_for_its_size(source: SourceMailbox) -> None:
    Path(source.spool, "meta", "cyrus.index").unlink()

    found = read_for_counts(source, most=1)

    assert found.orphans["size"].tolist() == [5, *3 * [len(OCTETS)]]
    assert NOT_COMPARED not in {finding.code for finding in found.findings}


def test_a_directory_that_is_gone_has_no_files(source: SourceMailbox, tmp_path: Path) -> None:
    (tmp_path / "data").rename(tmp_path / "elsewhere")

    assert set(read_for_counts(source, most=1).records["place"].tolist()) == {NOWHERE}

"""What a group's part of the pages is, where it is kept, and where it is made again."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from respool.exports.manifest_head import ExportForm
from respool.exports.written import WrittenMessage
from respool.planning.source_place import SourcePlace
from respool.planning.step import PlannedMessage
from respool.targets.export.page_blocks import KeptBlocks, PageBlock, ShownFolder, block_of
from respool.targets.export.steps import WriteMessages

SHOWN = ShownFolder(path="Été", number=3, findings={8: [{"code": "odd"}]})


def group(place: Path, *uids: int, lane: str = ".x") -> WriteMessages:
    return WriteMessages(
        lane=lane,
        form=ExportForm.MAILDIR,
        path=str(place),
        messages=tuple(
            PlannedMessage(uid=uid, guid="a" * 40, internaldate=1, size_bytes=2, flags=())
            for uid in uids
        ),
        source=SourcePlace(
            spool=PurePosixPath("/none"),
            partition="default",
            data=None,
            meta=None,
            archive=None,
            stores=(),
        ),
        keywords=(),
        modified_at=1,
    )


def block(text: bytes, messages: int = 1) -> PageBlock:
    return PageBlock(messages=messages, manifest=text, index=text * 2)


def test_a_block_has_a_line_and_a_row_for_each_message_those_too_that_were_lost(
    tmp_path: Path,
) -> None:
    written = [WrittenMessage(uid=7, guid="a" * 40, sha256="b" * 64, file=".x/cur/7")]

    made = block_of(SHOWN, group(tmp_path, 7, 8), {"8": "it is gone"}, written)

    first, second = made.manifest.split(b",\n")
    assert (made.messages, made.index.count(b",\n")) == (2, 1)
    assert b'"uid": 7' in first
    assert b'"lost": "it is gone"' in second
    assert b'"findings": [{"code": "odd"}]' in second
    assert made.index.startswith(b'[3,1,2,"","","",0,".x/cur/7"],\n[3,')


def test_blocks_come_back_in_the_order_of_their_messages(tmp_path: Path) -> None:
    kept = KeptBlocks()
    kept.keep(group(tmp_path, 5), block(b"second"))
    kept.keep(group(tmp_path, 1), block(b"first"))
    kept.keep(group(tmp_path, 1, lane=".y"), block(b"another's"))

    assert list(kept.all_of(".x", 2) or ()) == [block(b"first"), block(b"second")]
    assert kept.of(group(tmp_path, 5)) == block(b"second")


def test_a_lane_of_which_a_block_is_missing_has_none_at_once(tmp_path: Path) -> None:
    kept = KeptBlocks()
    kept.keep(group(tmp_path, 5), block(b"second"))

    assert kept.all_of(".x", 2) is None
    assert kept.of(group(tmp_path, 1)) is None


def test_a_group_that_is_written_again_has_its_newer_block(tmp_path: Path) -> None:
    kept = KeptBlocks()
    kept.keep(group(tmp_path, 1), block(b"before"))
    kept.keep(group(tmp_path, 1), block(b"now"))

    assert list(kept.all_of(".x", 1) or ()) == [block(b"now")]


def test_where_nothing_can_be_kept_nothing_is(tmp_path: Path) -> None:
    kept = KeptBlocks()
    kept.keep(group(tmp_path / "gone", 1), block(b"x"))
    kept.keep(group(tmp_path, 1), block(b"x"))

    assert kept.of(group(tmp_path, 1)) is None
    assert kept.all_of(".x", 1) is None

"""Is there room for an export? Values in, reasons out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from respool.exports.manifest_head import ExportForm
from respool.model.rooms import FreeRoom
from respool.planning.load import Load
from respool.targets.export.survey import ExportSurvey

_MIB: Final = 1 << 20
_PAGES_OCTETS: Final = 1024  # of manifest.json and index.html, for each message
_PAGES_LEAST: Final = 64 << 10
_ENTRY_OCTETS: Final = 128  # one name in a directory; names of an export are long
_BETWEEN_OCTETS: Final = 64  # what stands between two messages of an mbox file
_MEMBER_OCTETS: Final = 512  # what a zip holds of a member besides its octets, twice its name
_STATE_OCTETS: Final = 640  # plan, journal and receipts, for each message
_FILES_OF_A_FOLDER: Final = 6
_FILES_BESIDES: Final = 4


def room_reasons(survey: ExportSurvey, load: Load) -> tuple[str, ...]:
    """Why it does not fit; what shares one room counts together."""
    size_bytes, files = _needs(survey, load)
    state_bytes = _MIB + load.messages * _STATE_OCTETS
    room, state = survey.room, survey.state_room
    if state is not None and state.pool == room.pool:
        size_bytes, files = size_bytes + state_bytes, files + _FILES_BESIDES
    reasons = [*_lacking(room, size_bytes, files, _in_full(survey))]
    if state is not None and state.pool != room.pool:
        reasons += _lacking(state, state_bytes, _FILES_BESIDES, "")
    if room.obstacle is not None:
        reasons.insert(0, f"nothing can be written: {room.obstacle}")
    return tuple(reasons)


def _needs(survey: ExportSurvey, load: Load) -> tuple[int, int]:
    """Octets and files."""
    block = survey.room.block_bytes
    pages = _PAGES_LEAST + load.messages * _PAGES_OCTETS
    folders = load.mailboxes * _FILES_OF_A_FOLDER
    match survey.form:
        case ExportForm.ZIP:
            members = (load.messages + load.mailboxes) * _MEMBER_OCTETS
            return load.size_bytes + members + pages, _FILES_BESIDES
        case ExportForm.MBOX:
            between = load.messages * _BETWEEN_OCTETS
            return load.size_bytes + between + pages + folders * block, folders + _FILES_BESIDES
        case _:
            half_more = load.size_bytes + load.messages * block // 2
            octets = max(half_more, load.messages * block) + load.messages * _ENTRY_OCTETS
            return octets + pages + folders * block, load.messages + folders + _FILES_BESIDES


def _lacking(room: FreeRoom, size_bytes: int, files: int, remark: str) -> Iterator[str]:
    if size_bytes > room.size_bytes:
        yield (
            f"no space: {room.directory} has {room.size_bytes // _MIB} MiB free,"
            f" {-(-size_bytes // _MIB)} MiB are needed{remark}"
        )
    if room.inodes is not None and files > room.inodes:
        yield (
            f"no space: {room.directory} has room for {room.inodes} more files, {files} are needed"
        )


def _in_full(survey: ExportSurvey) -> str:
    is_zip = survey.form is ExportForm.ZIP
    return " (asked for in full, though a zip takes less)" if is_zip else ""

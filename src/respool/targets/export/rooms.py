"""Is there room for an export? Values in, reasons out."""

from __future__ import annotations

from typing import Final

from respool.exports.manifest_head import ExportForm
from respool.planning.load import Load
from respool.planning.room_needs import RoomNeed, why_no_room
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
    return why_no_room(needs_of(survey, load))


def needs_of(survey: ExportSurvey, load: Load) -> tuple[RoomNeed, ...]:
    """What the place of the export takes, and our own state directory."""
    size_bytes, files = _needs(survey, load)
    remark = _in_full(survey)
    need = RoomNeed(
        room=survey.room, size_bytes=size_bytes, files=files, is_of_mail=False, remark=remark
    )
    if survey.state_room is None:
        return (need,)
    state_bytes = _MIB + load.messages * _STATE_OCTETS
    state = RoomNeed(
        room=survey.state_room, size_bytes=state_bytes, files=_FILES_BESIDES, is_of_mail=False
    )
    return state, need


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
            kept = pages  # each group's part of them, until the pages are written
            return (
                octets + pages + kept + folders * block,
                load.messages + folders + _FILES_BESIDES,
            )


def _in_full(survey: ExportSurvey) -> str:
    is_zip = survey.form is ExportForm.ZIP
    return " (asked for in full, though a zip takes less)" if is_zip else ""

"""What the plan of an export says of each folder. Values in, values out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np

from respool.exports.maildir_names import MOST_KEYWORDS
from respool.exports.manifest_head import ExportForm
from respool.model.accounts import folder_path
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.messages import is_keyword
from respool.model.state import SHARED
from respool.planning.added import Added
from respool.planning.chosen import Destined
from respool.planning.plan import PlannedMailbox
from respool.planning.request import RestoreRequest
from respool.targets.export.places import FolderPlace

_NO_METADATA: Final = frozenset({"records-from-files", "without-metadata"})
_OWNERS_ALONE: Final = "files keep one read state, the owner's"
_NOT_IN_FILES: Final = "files hold no annotations"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFolder:
    """A folder of the plan and where it stands; ``rest`` are its keywords without a letter."""

    destined: Destined
    place: FolderPlace
    keywords: tuple[str, ...]
    rest: tuple[str, ...]


def placed_folder(form: ExportForm, each: Destined, place: FolderPlace) -> PlacedFolder:
    """``each`` with the keywords that a Maildir's names have letters for, the most used ones."""
    if form is not ExportForm.MAILDIR:
        return PlacedFolder(destined=each, place=place, keywords=(), rest=())
    used = _keywords_by_use(each)
    fit = [keyword for keyword in used if is_keyword(keyword)][:MOST_KEYWORDS]
    rest = tuple(keyword for keyword in used if keyword not in fit)
    return PlacedFolder(destined=each, place=place, keywords=tuple(sorted(fit)), rest=rest)


def _keywords_by_use(each: Destined) -> list[str]:
    """The most used one first; of those used alike, in the order of their slots."""
    keywords = each.chosen.mailbox.keywords
    counts = np.zeros(len(keywords), dtype=np.int64)
    for rows in each.blocks():
        for slot in range(len(keywords)):
            word = rows["user_flags"][:, slot // 32]
            counts[slot] += np.count_nonzero(word & np.uint32(1 << slot % 32))
    used: Counter[str] = Counter()
    for keyword, count in zip(keywords, counts.tolist(), strict=True):
        if keyword is not None and count:
            used[keyword] = count
    return [keyword for keyword, _ in used.most_common()]


def planned_folder(placed: PlacedFolder, request: RestoreRequest) -> PlannedMailbox:
    """A folder with its counts."""
    each = placed.destined
    mailbox, state = each.chosen.mailbox, each.chosen.state
    added, expunged = Added.of(each), mailbox.recoverable()
    readers = () if request.is_without_seen else sorted(state.seen_by)
    notes = () if request.is_without_annotations else (*state.annotations, *state.on_messages)
    return PlannedMailbox(
        source_name=mailbox.name.admin,
        source_path=folder_path(mailbox.name),
        target_name=placed.place.place,
        target_path=folder_path(each.target),
        is_new=True,
        messages=added.messages,
        unseen=added.unseen,
        size_bytes=added.size_bytes,
        left_out=int((expunged & ~each.wanted).sum()),
        brought_back=int((expunged & each.wanted).sum()),
        lost=int((mailbox.visible() & ~each.wanted).sum()),
        archived=0,
        archived_bytes=0,
        stubs=each.chosen.stubs,
        damaged_stubs=each.chosen.damaged_stubs,
        joined=len(each.chosen.joined),
        is_seen_kept=each.is_seen_kept,
        is_seen_shared=each.is_seen_shared,
        is_without_metadata=any(f.code in _NO_METADATA for f in mailbox.findings),
        rights={},
        narrower_for=(),
        seen_by={},
        seen_left={
            reader: _OWNERS_ALONE for reader in readers if reader != request.account.userid
        },
        is_owner_a_reader=False,
        annotations=0,
        message_annotations=0,
        special_use=(),
        annotations_left={
            note.entry
            if note.userid == SHARED
            else f"{note.entry} of {note.userid}": _NOT_IN_FILES
            for note in notes
        },
        subscribers=(),
    )


def folder_findings(placed: PlacedFolder) -> Iterator[Finding]:
    """What of a folder's name and keywords the form cannot hold as it is."""
    path = folder_path(placed.destined.chosen.mailbox.name)
    if placed.place.is_altered:
        yield Finding(
            severity=Severity.NOTE,
            code="export-name-altered",
            subject=path,
            text=f'in the export it is called "{placed.place.place}"',
        )
    if placed.rest:
        shown = ", ".join(placed.rest[:5]) + (", ..." if len(placed.rest) > 5 else "")
        yield Finding(
            severity=Severity.NOTE,
            code="export-keywords",
            subject=path,
            text=f"the names of its messages have no letter for {len(placed.rest)}: {shown}",
            count=len(placed.rest),
        )

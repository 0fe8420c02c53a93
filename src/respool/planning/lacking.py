"""What a live account lacks of a backup, and what it has already. Values in, values out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from respool.model.accounts import INBOX, folder_path
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.inventory import StoredMailbox
from respool.model.names import MailboxName
from respool.model.state import UidSet
from respool.planning.answering import Answer, FolderSaid, said_to
from respool.planning.chosen import ChosenMailbox
from respool.planning.folder_copies import FolderCopies, copies_of, has_guid
from respool.planning.request import RestoreRequest

_FAR = (Answer.SAME_ID, Answer.ELSEWHERE)
_UNLISTED = "live-list-damaged"
_RENAMED = "it is called {} in the live account now: what it lacks goes there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Mailboxes of a backup held against the live ones; ``reasons`` speak against doing it."""

    chosen: tuple[ChosenMailbox, ...]
    reasons: tuple[str, ...] = ()


def live_names(
    request: RestoreRequest, chosen: Sequence[ChosenMailbox], live: Sequence[StoredMailbox]
) -> tuple[RestoreRequest, tuple[Finding, ...]]:
    """The request with the present names of folders that were renamed since, known by their id.

    A name that a person has given holds.
    """
    paths = {folder_path(each.name) for each in live}
    now = {each.uniqueid: folder_path(each.name) for each in live if each.uniqueid is not None}
    found: dict[str, str] = {}
    for each in chosen:
        path, uniqueid = folder_path(each.mailbox.name), each.mailbox.uniqueid
        name = now.get(uniqueid) if uniqueid is not None else None
        if name not in {None, INBOX} and path != INBOX and path not in paths:
            found[path] = str(name)
    found = {path: name for path, name in found.items() if path not in request.renames}
    findings = tuple(
        Finding(
            severity=Severity.NOTE, code="folder-renamed", subject=path, text=_RENAMED.format(name)
        )
        for path, name in found.items()
    )
    return replace(request, renames={**found, **request.renames}), findings


def held_against_live(
    request: RestoreRequest,
    chosen: Sequence[ChosenMailbox],
    targets: Sequence[MailboxName],
    live: Sequence[StoredMailbox],
    unread: Sequence[Finding] = (),
    beside: Callable[[], Sequence[FolderCopies]] = tuple,
) -> Compared:
    """``chosen`` with the records that the live account has: they are not added again.

    In place those that the folder itself has, and where only what is missing was asked for
    those that any folder has. Copies count: see `answers_to`. ``targets`` are the folders'
    names in the live account, ``unread`` findings of what cannot be read in it, by path.
    ``beside`` gives what the backup has besides ``chosen``: a live copy that is nearer to one
    of these answers none of ours. It is asked for only where that may matter.
    """
    asked = [each.wanted(has_expunged=request.has_expunged) for each in chosen]
    copies = [
        replace(copies_of(each.mailbox, mask), path=folder_path(target))
        for each, target, mask in zip(chosen, targets, asked, strict=True)
    ]
    present = [copies_of(each) for each in live]
    folders = said_to(copies, present)
    if request.is_only_missing and any(each.is_(*_FAR).any() for each in folders):
        rest = beside()
        folders = said_to([*copies, *rest], present)[: len(copies)] if rest else folders
    by_id = {each.uniqueid: each for each in live if each.uniqueid is not None}
    there = [
        _there(request, answered) | _stubs_there(each, by_id) & mask
        for each, answered, mask in zip(chosen, folders, asked, strict=True)
    ]
    return Compared(
        chosen=tuple(replace(each, there=mask) for each, mask in zip(chosen, there, strict=True)),
        reasons=(*_unknown(copies), *_unread(request, targets, live, unread)),
    )


def copies_but(mailbox: StoredMailbox, taken: StoredMailbox | None) -> FolderCopies:
    """What people saw in a mailbox, but for the messages of ``taken``, which is a part of it."""
    mask = mailbox.visible()
    if taken is not None:
        mask &= ~np.isin(mailbox.records["uid"], taken.records["uid"])
    return copies_of(mailbox, mask)


def there_by_now(
    lacking: Mapping[str, ChosenMailbox], planned: Mapping[str, UidSet]
) -> Iterator[str]:
    """Of what a plan adds (UIDs), by source mailbox, what the live account has by now."""
    for name, uids in planned.items():
        each = lacking.get(name)
        if each is not None:
            more = int((each.is_there() & uids.mask(each.mailbox.records["uid"])).sum())
            if more:
                path = folder_path(each.mailbox.name)
                yield f"{path}: {more} of the messages are there by now"


def _unread(
    request: RestoreRequest,
    targets: Sequence[MailboxName],
    live: Sequence[StoredMailbox],
    unread: Sequence[Finding],
) -> Iterator[str]:
    """What a live folder has that cannot be read nobody knows: it is not held as empty.

    Where the server's own list is damaged, a folder that is not in it may be there as well.
    """
    wanted = {folder_path(each) for each in targets}
    is_new = not wanted <= {folder_path(each.name) for each in live}
    for each in unread:
        is_hidden = is_new and each.code == _UNLISTED
        if request.is_only_missing or is_hidden or each.subject in wanted:
            yield (
                f"{each.subject} of the live account cannot be read, so that nothing tells what"
                f" it has: {each.text}; look at it with the server's own reconstruct first"
            )


def _there(request: RestoreRequest, answered: FolderSaid) -> NDArray[np.bool_]:
    same = answered.is_(Answer.SAME_FOLDER)
    return answered.answered() if request.is_only_missing else same


def _stubs_there(chosen: ChosenMailbox, live: Mapping[str, StoredMailbox]) -> NDArray[np.bool_]:
    """Archived messages of BlueMind 3.5 whose stubs the live folder still has: by their UIDs.

    The octets of the whole message are others than those of the stub.
    """
    box = chosen.mailbox
    now = None if box.uniqueid is None else live.get(box.uniqueid)
    if not chosen.joined or now is None or now.uidvalidity != box.uidvalidity:
        return np.zeros(len(box.records), dtype=np.bool_)
    uids = box.records["uid"]
    joined = np.isin(uids, np.array(sorted(chosen.joined), dtype=uids.dtype))
    mask: NDArray[np.bool_] = joined & np.isin(uids, now.records["uid"][now.visible()])
    return mask


def _unknown(copies: Sequence[FolderCopies]) -> Iterator[str]:
    """Of a message without a GUID nobody can say whether the live account has it."""
    for each in copies:
        count = int((each.asked & ~has_guid(each.guids)).sum())
        if count:
            yield (
                f"{each.path}: of {count} messages the backup has no GUID, so that nothing tells"
                " whether the live account has them; restore this folder into a new one"
            )

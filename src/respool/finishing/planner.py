"""What BlueMind is told of a restore, by its version and by what its core offers.

Source: reference of BlueMind, "After our copy": in 4 mailboxAcls, mailboxQuota, the two of
replication, mailboxSubscription, mailboxDefaultFolders, then the index; in 3.5 the sharings
are saved as read, then the index. docs/how-to/finish-on-bluemind.md has it as a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from respool.bluemind.families import Family
from respool.finishing import by_hand
from respool.finishing.mailshare_made import new_mailshare, not_shared
from respool.finishing.survey import CoreSurvey, Doing, Gone
from respool.planning.finishing import (
    CONSOLIDATE,
    RIGHTS_BY_REPAIR,
    SAVE_RIGHTS,
    DirectoryQuota,
    Finishing,
)

QUOTA: Final = "mailboxQuota"
DUMMY: Final = "replication.parentUid"
DEFAULTS: Final = "mailboxDefaultFolders"
REPAIRS: Final = (
    RIGHTS_BY_REPAIR,
    QUOTA,
    "replication.subtree",
    DUMMY,
    "mailboxSubscription",
    DEFAULTS,
)
# BM-15626 (May 2020) to BM-18830 (August 2022): a repair of a suspended entry is refused.
_REFUSES_SUSPENDED: Final = ((4, 3), (4, 9))
_OF_REPAIRS: Final = {
    RIGHTS_BY_REPAIR: "gives every folder the rights that BlueMind has for it",
    DUMMY: (
        "puts a dummy message into each folder and removes it; it is left out where"
        " anything is marked as deleted, or where it reaches folders of others: it expunges"
    ),
    DEFAULTS: "makes default folders (Sent, Trash, …) that are missing",
}


def finishing_asked(
    survey: CoreSurvey, doing: Doing, address: str, gone: Gone | None = None
) -> Finishing | None:
    """What is done through the core; None where nothing is to be told, or to be done at all."""
    box = survey.mailbox
    if box is None and gone is None:
        return None
    makes = None if gone is None else new_mailshare(survey, gone)
    uid = makes.uid if makes is not None else "" if box is None else box.uid
    shown = _address(survey, address, makes.email if makes is not None else None)
    work = tuple(_work(survey, doing))
    return Finishing(
        family=survey.family,
        version=survey.version,
        domain=survey.domain,
        entry=uid,
        address=shown,
        makes=makes,
        quota=_quota(survey, doing),
        work=work,
        side_effects=tuple(_side_effects(survey, doing, work)),
        by_hand=(*_unshared(survey, gone, shown), *_left(survey, doing, shown)),
    )


def finishing_unasked(
    family: Family, doing: Doing, domain: str, login: str, address: str
) -> Finishing:
    """What is left to a person, where the core cannot be asked."""
    left = []
    is_share = doing.is_mailshare
    if doing.raised_kib is not None:
        left.append(by_hand.quota_click(address, doing.raised_kib))
    if doing.is_written and family.has_repairs:
        wanted = [each for each in REPAIRS if _is_wanted(each, doing)]
        left += by_hand.repair_commands(wanted, address)
    elif doing.is_written and not doing.keeps_rights:
        left.append(by_hand.rights_click(family, address, is_mailshare=is_share))
    if doing.is_written and not family.has_repairs:
        left.append(by_hand.webmail_refresh(address, is_mailshare=is_share))
    if doing.is_written:
        left += _kept_rights(doing, address)
    left.append(by_hand.index_click(family, address))
    return Finishing(
        family=family,
        version=None,
        domain=domain,
        entry=login,
        address=address,
        by_hand=tuple(left),
    )


def _work(survey: CoreSurvey, doing: Doing) -> Iterator[str]:
    if doing.is_written:
        offered = () if _is_refused(survey) else survey.operations
        wanted = [each for each in REPAIRS if each in offered and _is_wanted(each, doing)]
        if not survey.family.has_cyrus:  # there is nothing that had to be told of a folder
            wanted = [each for each in wanted if each != DUMMY]
        has_rights = survey.family.has_cyrus and not doing.keeps_rights  # 5 has no other list
        if has_rights and RIGHTS_BY_REPAIR not in wanted:
            yield SAVE_RIGHTS
        yield from wanted
    yield CONSOLIDATE


def _is_wanted(operation: str, doing: Doing) -> bool:
    match operation:
        case "mailboxAcls":
            return not doing.keeps_rights
        case "mailboxSubscription":
            return not doing.is_mailshare
        case "mailboxDefaultFolders":
            return doing.is_in_place
        case _:
            return True


def _is_refused(survey: CoreSurvey) -> bool:
    first, beyond = _REFUSES_SUSPENDED
    box = survey.mailbox
    return box is not None and box.is_archived and first <= survey.release < beyond


def _quota(survey: CoreSurvey, doing: Doing) -> DirectoryQuota | None:
    """Raised beside Cyrus's, where the directory has a lower limit."""
    former = None if survey.mailbox is None else survey.mailbox.quota_kib
    if doing.raised_kib is None or former is None or former >= doing.raised_kib:
        return None
    return DirectoryQuota(former=former, limit=doing.raised_kib)


def _side_effects(survey: CoreSurvey, doing: Doing, work: Sequence[str]) -> Iterator[str]:
    for each in work:
        if each in _OF_REPAIRS:
            yield f"{each} {_OF_REPAIRS[each]}"
        if each == SAVE_RIGHTS:
            yield f"saving the sharings {_OF_REPAIRS[RIGHTS_BY_REPAIR]}"
    if doing.is_written and doing.has_narrower:
        yield (
            "rights are not written anew: BlueMind has one list for a whole mailbox, and a folder"
            " that is for fewer people would be open to all of its readers"
        )
    if doing.is_written:
        for why in doing.kept.reasons():
            yield f"rights are not written anew: {why}"
    if doing.is_written and _is_refused(survey):
        yield f"the entry is suspended: BlueMind {survey.version} refuses to repair it"


def _unshared(survey: CoreSurvey, gone: Gone | None, address: str) -> Iterator[str]:
    if gone is not None:
        makes, less = new_mailshare(survey, gone), tuple(not_shared(survey, gone))
        if less or not makes.shared:
            yield by_hand.share_click(address, less)


def _left(survey: CoreSurvey, doing: Doing, address: str) -> Iterator[str]:
    if not doing.is_written:
        return
    if survey.mailbox is None and not survey.is_email_free:
        yield by_hand.address_click(address)
    if not survey.family.has_repairs:
        yield by_hand.webmail_refresh(address, is_mailshare=doing.is_mailshare)
    if _is_refused(survey):
        wanted = [each for each in REPAIRS if each in survey.operations]
        wanted = [each for each in wanted if _is_wanted(each, doing)]
        if wanted:
            yield from by_hand.suspended(wanted, address)
    yield from _kept_rights(doing, address)


def _kept_rights(doing: Doing, address: str) -> Iterator[str]:
    """What would open folders, whoever does it."""
    if doing.has_narrower:
        yield (
            "a folder is for fewer people than the mailbox, as in the backup: whenever its"
            " sharings are saved in BlueMind, all of its readers can open it"
        )
    if doing.kept:
        yield doing.kept.warning(address)


def _address(survey: CoreSurvey, address: str, new: str | None) -> str:
    """What bm-cli is given: the main address where there is one."""
    if new is not None:
        return new
    emails = () if survey.mailbox is None else survey.mailbox.emails
    return next((each for each in emails if "@" in each), address)

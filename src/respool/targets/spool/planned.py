"""What a plan says of each mailbox: its counts, and the rights that it will have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from respool.model.accounts import AccountKind, folder_path
from respool.model.names import MailboxName
from respool.planning.added import Added
from respool.planning.chosen import Destined
from respool.planning.folder_rights import Rights, spared_by
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.request import RestoreRequest
from respool.targets.spool.rights import RightsRules, narrower_for
from respool.targets.spool.subscribers import Subscribers
from respool.targets.spool.survey import SpoolSurvey

_NO_METADATA = frozenset({"records-from-files", "without-metadata"})


def rights_rules(
    request: RestoreRequest,
    survey: SpoolSurvey,
    *,
    root_acl: Rights | None,
    has_metadata: bool,
) -> RightsRules:
    """What rights go by; ``root_acl`` is that of the account's root in the backup, if known.

    A user who shares his INBOX does not share his other folders by that: back in his own
    account each is for those alone who had it. A backup of message files alone (not
    ``has_metadata``) says nothing of rights.
    """
    is_his_own = request.target == request.account and request.account.kind is AccountKind.USER
    return RightsRules(
        live=survey.rights,
        spared=spared_by(survey.rights, survey.owner, survey.admins),
        root=None if is_his_own else root_acl,
        source_owner=request.account.userid,
        is_known=has_metadata,
        is_given_back=request.is_only_missing and request.target == request.account,
    )


def planned_rights(
    head: PlanHead, acls: Mapping[str, Rights], rules: RightsRules
) -> Mapping[str, Rights]:
    """The rights of each new folder of a plan, by its name; ``acls`` are the backup's."""
    found: dict[str, Rights] = {}
    for each in head.mailboxes:
        if each.source_name is not None:
            found[each.target_name] = rules.of_folder(acls.get(each.source_name, {}))
            continue
        below = [
            acls.get(other.source_name, {})
            for other in head.mailboxes
            if other.source_name is not None
            and other.target_path.startswith(f"{each.target_path}/")
        ]
        found[each.target_name] = rules.of_holder(below)
    return found


def planned_holder(
    name: MailboxName, destined: Sequence[Destined], rules: RightsRules, subscribers: Subscribers
) -> PlannedMailbox:
    """A folder that is made only to hold others."""
    survey = subscribers.survey
    below = [each.chosen.mailbox.acl for each in destined if each.target.is_below(name)]
    rights = rules.of_holder(below)
    return PlannedMailbox(
        source_name=None,
        source_path=None,
        target_name=survey.name_rules.written(name),
        target_path=folder_path(name),
        is_new=True,
        messages=0,
        unseen=0,
        size_bytes=0,
        left_out=0,
        brought_back=0,
        lost=0,
        archived=0,
        archived_bytes=0,
        stubs=0,
        damaged_stubs=0,
        joined=0,
        is_seen_kept=True,
        is_seen_shared=survey.is_seen_shared,
        is_without_metadata=False,
        rights=rights,
        narrower_for=narrower_for(survey.rights, rights),
        seen_by={},
        seen_left={},
        is_owner_a_reader=False,
        annotations=0,
        message_annotations=0,
        special_use=(),
        annotations_left={},
        subscribers=subscribers.of(name),
    )


def planned_mailbox(
    each: Destined, rules: RightsRules, subscribers: Subscribers
) -> PlannedMailbox:
    """A folder with its counts and rights."""
    survey = subscribers.survey
    mailbox = each.chosen.mailbox
    added = Added.of(each)
    keeps_archive = survey.archive_room is not None and not each.is_appended
    expunged, there = mailbox.recoverable(), each.chosen.is_there()
    kept, kept_there = each.wanted | there, each.chosen.kept
    rights = rules.of_folder(mailbox.acl) if each.is_new else {}
    return PlannedMailbox(
        source_name=mailbox.name.admin,
        source_path=folder_path(mailbox.name),
        target_name=survey.name_rules.written(each.target),
        target_path=folder_path(each.target),
        is_new=each.is_new,
        is_appended=each.is_appended,
        still_there=int(there.sum()),
        kept=0 if kept_there is None else len(kept_there.uids),
        kept_until=None if kept_there is None else kept_there.until,
        messages=added.messages,
        unseen=added.unseen,
        size_bytes=added.size_bytes,
        left_out=int((expunged & ~kept).sum()),
        brought_back=int((expunged & each.wanted).sum()),
        lost=int((mailbox.visible() & ~kept).sum()),
        archived=added.archived if keeps_archive else 0,
        archived_bytes=added.archived_bytes if keeps_archive else 0,
        stubs=each.chosen.stubs,
        damaged_stubs=each.chosen.damaged_stubs,
        joined=len(each.chosen.joined),
        is_seen_kept=each.is_seen_kept,
        is_seen_shared=each.is_seen_shared,
        is_without_metadata=any(f.code in _NO_METADATA for f in mailbox.findings),
        rights=rights,
        narrower_for=narrower_for(survey.rights, rights) if each.is_new else (),
        seen_by={reader: uids.count for reader, uids in each.marks.items()},
        seen_left=each.seen_left,
        is_owner_a_reader=each.owner_marks is not None,
        annotations=sum(one.uid is None for one in each.annotations),
        message_annotations=sum(one.uid is not None for one in each.annotations),
        special_use=each.special_use,
        annotations_left=each.annotations_left,
        subscribers=subscribers.of_folder(each, rights),
    )

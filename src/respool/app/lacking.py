"""Holding a restore in place against the live account: what it has is not added again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from respool.app.chosen import place_of
from respool.app.live_account import LiveNotLooked, look_at_live
from respool.app.selection import Selection
from respool.app.settings import Settings
from respool.backups.contents import mailboxes_of
from respool.backups.counted import read_without_files
from respool.backups.hidden_messages import HiddenMessages
from respool.errors import AccountNotOnServer
from respool.model.accounts import folder_path
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.model.inventory import PRESENT, StoredMailbox
from respool.planning.chosen import ChosenMailbox
from respool.planning.folder_copies import FolderCopies
from respool.planning.kept import Period, with_kept
from respool.planning.lacking import copies_but, held_against_live, live_names
from respool.planning.mapping import map_names
from respool.planning.request import Conflict, RestoreRequest
from respool.planning.source_place import SourcePlace
from respool.system.configuration import expire_days
from respool.system.freed_memory import give_back_freed
from respool.targets.spool.survey import SpoolSurvey

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """A request and what it takes, once the live account was looked at."""

    request: RestoreRequest
    chosen: tuple[ChosenMailbox, ...]
    reasons: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def lacking_of(
    settings: Settings,
    request: RestoreRequest,
    chosen: Sequence[ChosenMailbox],
    survey: SpoolSurvey,
    selection: Selection,
) -> Lacking:
    """What the live account lacks; all of it where nothing is restored in place, or it is gone.

    Of what is not ``chosen`` of the account in ``selection`` each live copy answers its own, too.

    Raises:
        AccountNotOnServer: its mailboxes cannot be read on this machine.
    """
    is_looked_for = request.is_in_place and request.on_conflict is not Conflict.COPY
    if not is_looked_for or not survey.used:
        return Lacking(request=request, chosen=tuple(chosen))
    give_back_freed()  # what reading the backup took: the live account comes on top of it,
    looked = _Looked.at(settings, request)
    give_back_freed()  # and comparing on top of both
    findings: tuple[Finding, ...] = ()
    if request.is_only_missing:
        request, findings = live_names(request, chosen, looked.present)
    mapped = map_names([each.mailbox.name for each in chosen], request, survey.name_rules)
    found = held_against_live(
        request,
        chosen,
        mapped.targets,
        looked.present,
        looked.unread,
        beside=lambda: tuple(_beside(request, chosen, selection)),
    )
    taken, hidden = found.chosen, looked.hidden
    del looked  # a million records take room
    if request.is_only_missing:
        days = expire_days(settings.imapd_conf)
        period = Period(expunged=_seconds(days.get("X")), deleted=_seconds(days.get("D")))
        taken = tuple(
            with_kept(
                each,
                _hidden_of(each, hidden),
                has_expunged=request.has_expunged,
                is_new=survey.name_rules.written(target) not in survey.existing,
                period=period,
            )
            for each, target in zip(taken, mapped.targets, strict=True)
        )
    return Lacking(request=request, chosen=taken, reasons=found.reasons, findings=findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """The live account: what people see, what of it cannot be read, and what nobody sees."""

    present: tuple[StoredMailbox, ...]
    unread: tuple[Finding, ...]
    hidden: tuple[HiddenMessages, ...]

    @classmethod
    def at(cls, settings: Settings, request: RestoreRequest) -> _Looked:
        """As it is now.

        Raises:
            AccountNotOnServer: its mailboxes cannot be read on this machine.
        """
        read = partial(read_without_files, columns=PRESENT)
        account = look_at_live(settings, request.target, read)
        if isinstance(account, LiveNotLooked):
            raise AccountNotOnServer(
                f"the mail of {request.target.address} cannot be read on this machine",
                why=account.why,
                hint="--imapd-conf names the server's configuration; or leave --in-place out",
            )
        return cls(
            present=tuple(box for _, box in account.present),
            unread=account.unread,
            hidden=tuple(HiddenMessages.of(source, box) for source, box in account.pairs)
            if request.is_only_missing
            else (),
        )


def _hidden_of(
    each: ChosenMailbox, hidden: Sequence[HiddenMessages]
) -> Iterator[tuple[SourcePlace, Iterator[StoredMailbox]]]:
    """What nobody sees of the same mailbox, as far as ``each`` has records of it."""
    for one in hidden:
        if one.mailbox.uniqueid is not None and one.mailbox.uniqueid == each.mailbox.uniqueid:
            uids = each.mailbox.records["uid"][~each.is_there()]
            yield place_of(one.source), one.pieces(uids)


def _beside(
    request: RestoreRequest, chosen: Sequence[ChosenMailbox], selection: Selection
) -> Iterator[FolderCopies]:
    """What people saw in that generation, but for what is restored of it."""
    if not (request.folders or request.is_selective):
        return
    taken = {each.mailbox.name: each.mailbox for each in chosen}
    for source in mailboxes_of(selection.generation, selection.account):
        if not source.name.is_deleted:
            path = folder_path(source.name)
            rest = copies_but(read_without_files(source, PRESENT), taken.get(source.name))
            yield replace(rest, path=request.renames.get(path, path))


def _seconds(days: float | None) -> int | None:
    return None if days is None else int(days * _DAY_SECONDS)

"""What a restore of flags alone compares: backup, later generation and live account, read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from respool.app.live_account import LiveAccount, LiveNotLooked, look_at_live
from respool.app.prepared import Prepared
from respool.app.selection import Selection, Wanted, select_in
from respool.app.settings import Settings
from respool.backups.choice import choose_generation
from respool.backups.counted import read_names_alone
from respool.backups.live_mailboxes import Read
from respool.backups.mailboxes import read_with_state, with_state
from respool.backups.source import read_mailbox
from respool.errors import PlanRefused, ServerSaidNo, UsageError
from respool.model.accounts import Account, folder_path
from respool.model.dataclasses import dataclass
from respool.model.inventory import RESTORED
from respool.model.state import SHARED, MailboxState, UidSet
from respool.planning.request import RestoreRequest
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.names import NameRules
from respool.targets.spool.readers import account_named, login_of, why_unkept
from respool.targets.spool.survey import SpoolSurvey
from respool.targets.state.matching import Wanted as WantedFlags
from respool.targets.state.survey import LiveFolder, StateFolder, StateSurvey

_ANYONE: Final = "anyone"
WITHOUT_INDEX: Final = "the backup has no index of it: its flags are not known"
LIVE_UNREAD: Final = "of the live account it cannot be read, so what is in it stays: {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """All that a plan is made of. ``skipped`` says of a folder why its flags are not known."""

    wanted: tuple[WantedFlags, ...]
    later: tuple[StateFolder, ...] | None
    survey: StateSurvey
    skipped: Mapping[str, str]


def sides_of(
    settings: Settings,
    prepared: Prepared,
    request: RestoreRequest,
    survey: SpoolSurvey,
    server: CyrusServer,
) -> Sides:
    """Read what is not read yet.

    Raises:
        BackupError: the later generation is not there.
        PlanRefused: the live account cannot be read.
    """
    work = _Sides(prepared=prepared, request=request, survey=survey)
    wanted, later = work.wanted(), work.later()
    account = _looked_at(settings, request.target, read_names_alone)
    readers = frozenset(
        reader
        for each in (*(one.folder for one in wanted), *(later or ()))
        for reader in each.seen_by
        if _has_account(server, survey.name_rules, reader)
    )
    return Sides(
        wanted=wanted,
        later=later,
        survey=StateSurvey(
            server=survey.server,
            owner=survey.owner,
            folders=work.live(account, readers),
            readers=readers,
        ),
        skipped={
            **{each.subject: LIVE_UNREAD.format(each.text) for each in account.unread},
            **{
                folder_path(each.mailbox.name): WITHOUT_INDEX
                for each in prepared.choice.mailboxes
                if not each.mailbox.has_index
            },
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    prepared: Prepared
    request: RestoreRequest
    survey: SpoolSurvey

    def wanted(self) -> tuple[WantedFlags, ...]:
        """Of the backup; a folder without an index has no flags to give."""
        return tuple(
            WantedFlags(
                folder=StateFolder(mailbox=each.mailbox, seen_by=self._seen_by(each.state)),
                asked=each.mailbox.visible(),
            )
            for each in self.prepared.choice.mailboxes
            if each.mailbox.has_index
        )

    def later(self) -> tuple[StateFolder, ...] | None:
        """The account in the later generation, whole: a message may have been moved by then."""
        wish = self.request.state_only
        if wish is None or wish.until is None:
            return None
        selection = later_selection(self.prepared, wish.until)
        return tuple(
            StateFolder(mailbox=mailbox, seen_by=self._seen_by(state))
            for source in selection.mailboxes
            if not source.name.is_deleted
            for mailbox, state in [read_with_state(source, selection.account, columns=RESTORED)]
        )

    def live(self, found: LiveAccount, readers: Iterable[str]) -> tuple[LiveFolder, ...]:
        """The account as it is now, but for what was deleted."""
        folders = []
        for source, read in found.present:
            mailbox, state = with_state(source, read, found.place.account)
            folders.append(
                LiveFolder(
                    mailbox=mailbox,
                    seen_by=self._seen_by(state),
                    written=self.survey.name_rules.written(mailbox.name),
                    closed_to=_closed_to(mailbox.acl, readers),
                )
            )
        return tuple(folders)

    def _seen_by(self, state: MailboxState) -> Mapping[str, UidSet]:
        """What each reader had read, by his login on the server; no administrator's marks."""
        found: dict[str, UidSet] = {}
        for userid, seen in state.seen_by.items():  # with and without his domain: one
            login = login_of(userid, self.survey.name_rules.default_domain)
            if login not in {SHARED, _ANYONE, *self.survey.admins}:
                found[login] = found.get(login, UidSet()).plus(seen)
        return found


def live_folders_of(
    settings: Settings, account: Account, survey: SpoolSurvey
) -> tuple[LiveFolder, ...]:
    """The live account with all columns of its records, nobody's own marks among them.

    Raises:
        PlanRefused: it cannot be read.
    """
    found = _looked_at(settings, account, read_mailbox)
    return tuple(
        LiveFolder(mailbox=mailbox, written=survey.name_rules.written(mailbox.name))
        for source, read in found.present
        for mailbox, _ in [with_state(source, read, found.place.account)]
    )


def _looked_at(settings: Settings, account: Account, read: Read) -> LiveAccount:
    found = look_at_live(settings, account, read)
    if isinstance(found, LiveNotLooked):
        raise PlanRefused(f"the flags of {account.address} cannot be read", (found.why,))
    return found


def later_selection(prepared: Prepared, until: str) -> Selection:
    """The account of a plan in the generation that ``until`` means.

    Raises:
        BackupError: it is not there.
        UsageError: that generation is not later than the first one.
    """
    backup, former = prepared.backup, prepared.selection
    generation = choose_generation(backup.generations, until)
    was, now = former.generation.taken_at, generation.taken_at
    if generation.label == former.generation.label or (was and now and now <= was):
        raise UsageError(
            f"generation {generation.label} is not later than {former.generation.label}",
            why="what changed from the first to the second is put back to the first",
            hint="--changed-between OLDER NEWER",
        )
    wanted = Wanted(account=prepared.wish.wanted.account, command="restore")
    return select_in(generation, wanted, backup.live)


def _closed_to(acl: Mapping[str, str], readers: Iterable[str]) -> dict[str, str]:
    """Why readers cannot have marks of their own where ``acl`` holds."""
    found = {reader: why_unkept(acl, reader) for reader in readers}
    return {reader: why for reader, why in found.items() if why is not None}


def _has_account(server: CyrusServer, rules: NameRules, login: str) -> bool:
    try:
        return server.admin.exists(rules.written(account_named(login).root))
    except (ServerSaidNo, ValueError):  # a name that cannot be sent, or that no mailbox can have
        return False

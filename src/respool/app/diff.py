"""What became of an account's mail: of a generation against a later one, or against live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from respool.app.access_log import note_reading, of_selection
from respool.app.account_states import AccountState, state_in, state_live
from respool.app.backups import backup_of
from respool.app.ls import NO_FIELDS
from respool.app.selection import Wanted, select
from respool.app.settings import Settings
from respool.backups.choice import choose_generation
from respool.backups.envelopes import Envelopes
from respool.cyrus.message_headers import HeaderFields
from respool.model.accounts import folder_path
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.model.json_text import as_utc_text
from respool.planning.compared import Compared, compare
from respool.planning.differing import (
    FolderDifference,
    MessageDifference,
    folder_differences,
    message_differences,
)
from respool.planning.state_changes import Mark
from respool.system.live_tree import LIVE

_AT_ONCE = 4096
COUNTED = ("messages", "messages_now", "missing", "kept", "moved", "changed", "new", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDifference:
    """One message with what it is called; folders are paths inside the account."""

    difference: MessageDifference
    folder: str | None
    now: str | None
    fields: HeaderFields

    def as_json(self) -> dict[str, object]:
        """One element of ``differences``."""
        this = self.difference
        return {
            "what": this.kind.value,
            "folder": self.folder,
            "uid": None if this.before is None else this.before[1],
            "now_folder": self.now,
            "now_uid": None if this.after is None else this.after[1],
            "guid": this.guid,
            "gained": [_mark_json(each) for each in this.gained],
            "lost": [_mark_json(each) for each in this.lost],
            "subject": self.fields.subject,
            "from": [each.as_json() for each in self.fields.from_addresses],
            "date": as_utc_text(self.fields.date),
            "message_id": self.fields.message_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDifference:
    """Two states of an account compared; ``folders`` are all of either, INBOX first."""

    before: AccountState
    after: AccountState
    compared: Compared
    folders: tuple[FolderDifference, ...]

    @property
    def is_equal(self) -> bool:
        """Whether nothing was found."""
        return all(each.is_equal for each in self.folders)

    @property
    def is_made_anew(self) -> bool:
        """Whether both have the account, but its INBOX has another id: it is another one."""
        ids = [_root_id(each) for each in (self.before, self.after)]
        return None not in ids and ids[0] != ids[1]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is odd about either state."""
        return (*self.before.findings, *self.after.findings)

    def total(self, name: str) -> int:
        """The sum of one figure of COUNTED."""
        return sum(int(getattr(each, name)) for each in self.folders)

    def messages(self) -> Iterator[NamedDifference]:
        """Each message that something became of, with its names, as they are asked for."""
        coming, envelopes = message_differences(self.compared), Envelopes()
        while chunk := list(islice(coming, _AT_ONCE)):
            yield from self._named(chunk, envelopes)

    def _named(
        self, chunk: Sequence[MessageDifference], envelopes: Envelopes
    ) -> Iterator[NamedDifference]:
        wanted: dict[tuple[bool, int], set[int]] = {}
        for each in chunk:
            is_later, (number, uid) = _told_by(each)
            wanted.setdefault((is_later, number), set()).add(uid)
        fields = {
            (is_later, number): envelopes.of(self._side(is_later).sources[number], uids)
            for (is_later, number), uids in wanted.items()
        }
        for each in chunk:
            is_later, (number, uid) = _told_by(each)
            yield NamedDifference(
                difference=each,
                folder=self._path(each.before, is_later=False),
                now=self._path(each.after, is_later=True),
                fields=fields[is_later, number].get(uid, NO_FIELDS),
            )

    def _side(self, is_later: bool) -> AccountState:  # noqa: FBT001 - of a pair
        return self.after if is_later else self.before

    def _path(self, place: tuple[int, int] | None, *, is_later: bool) -> str | None:
        return None if place is None else folder_path(self._side(is_later).sources[place[0]].name)

    def as_json(self, *, has_messages: bool = False) -> dict[str, object]:
        """The shape of ``diff --json``; with ``has_messages`` each message is in it, too.

        Those are an iterator, since there may be a million: each is made when it is asked for.
        """
        account = self.before.account
        told: dict[str, object] = {
            "account": account.address,
            "kind": account.kind.value,
            "generation": self.before.generation.label,
            "taken_at": as_utc_text(self.before.generation.taken_at),
            "against": self.after.generation.label,
            "against_taken_at": as_utc_text(self.after.generation.taken_at),
            "equal": self.is_equal,
            "account_there": self.after.is_there,
            "account_made_anew": self.is_made_anew,
            "totals": {name: self.total(name) for name in COUNTED},
            "folders": [_folder_json(each) for each in self.folders],
            "findings": [each.as_json() for each in self.findings],
        }
        if has_messages:
            told["differences"] = (each.as_json() for each in self.messages())
        return told


def compare_account(
    settings: Settings, account: str, generation: str | None, against: str
) -> AccountDifference:
    """Compare an account of a generation with another one, or with ``live``.

    Without a generation it is the latest one.

    Raises:
        BackupError: what was asked for is not there.
        ServerNotFound: live mail cannot be looked at.
    """
    backup = backup_of(settings)
    selection = select(backup, Wanted(account=account, generation=generation, command="diff"))
    note_reading(settings, of_selection("diff", selection, is_whole=True))
    if against == LIVE:
        after = state_live(settings, selection.account)
    else:
        other = choose_generation(backup.generations, against)
        after = state_in(other, selection.account)
    before = state_in(selection.generation, selection.account)
    compared = compare(before.folders, after.folders)
    return AccountDifference(
        before=before, after=after, compared=compared, folders=folder_differences(compared)
    )


def moment_of(state: AccountState) -> tuple[str, datetime | None, bool]:
    """How a state is called, when it was, and whether that is only about so."""
    each = state.generation
    return each.label, each.taken_at, each.is_about


def _told_by(each: MessageDifference) -> tuple[bool, tuple[int, int]]:
    """Which state tells a message's names: the former one, but of new mail the later one."""
    if each.before is not None:
        return False, each.before
    return True, each.after or (0, 0)


def _root_id(state: AccountState) -> str | None:
    roots = (each.mailbox for each in state.folders if each.mailbox.name == state.account.root)
    return next((each.uniqueid for each in roots), None)


def _folder_json(each: FolderDifference) -> dict[str, object]:
    return {
        "folder": each.path,
        "now_folder": each.now,
        "fate": each.fate.value,
        **{name: int(getattr(each, name)) for name in COUNTED},
        "moved_to": [{"folder": path, "messages": n} for path, n in each.moved_to.items()],
        "state": [
            {**_mark_json(mark), "gained": change.gained, "lost": change.lost}
            for mark, change in sorted(each.marks.items(), key=lambda item: str(item[0]))
        ],
    }


def _mark_json(mark: Mark) -> dict[str, object]:
    return {"mark": mark.name, "reader": mark.reader}

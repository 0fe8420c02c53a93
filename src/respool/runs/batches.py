"""Batches: many accounts that were asked for at once, each of which becomes a run of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from respool.errors import RunNotFound
from respool.model.dataclasses import dataclass
from respool.runs.database import Database
from respool.system.durable import flush_directory, flush_file, remove_directory
from respool.system.locks import try_to_hold

BATCHES: Final = "batches"
PLANS_FILE: Final = "plans.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Where one plan stands in a file of several: octets."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One account of a batch, as it stands.

    ``plan`` is where its plan stands in the batch's file, None where none could be made, or
    there is nothing to do. ``run`` is None until it is begun, ``error`` why it could not be
    planned or begun.
    """

    number: int
    account: str
    plan: Section | None = None
    run: int | None = None
    error: Mapping[str, Any] | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether it has a plan that was never begun."""
        return self.run is None and self.plan is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch; ``file`` holds the plans of all its members, one after the other."""

    number: int
    started_at: datetime
    file: Path
    members: tuple[Member, ...]


class Batches:
    """All batches of one state directory. A call that changes something returned: on disk."""

    def __init__(self, database: Database, state: Path) -> None:
        self._database = database
        self._state = state

    def begin(self, plans_file: Path, members: Sequence[Member], *, now: datetime) -> Batch:
        """A new batch of the plans in ``plans_file``, which moves into its directory."""
        with self._database.transaction() as cursor:
            cursor.execute(
                "INSERT INTO batch (started_at) VALUES (?)",
                (now.astimezone(UTC).isoformat(timespec="seconds"),),
            )
            number = int(cursor.lastrowid or 0)
            _keep(plans_file, self._file(number))
            cursor.executemany(
                "INSERT INTO member (batch, number, account, plan_offset, plan_length, error)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                ((number, *_values(each)) for each in members),
            )
        return self.batch(number)

    def batch(self, number: int) -> Batch:
        """Batch ``number``, its members in order.

        Raises:
            RunNotFound: there is none.
        """
        row = self._database.one("SELECT started_at FROM batch WHERE id = ?", (number,))
        if row is None:
            raise RunNotFound(f"there is no batch {number}", why=f"looked in {self._state}")
        members = self._database.all(
            "SELECT number, account, plan_offset, plan_length, run, error FROM member"
            " WHERE batch = ? ORDER BY number",
            (number,),
        )
        return Batch(
            number=number,
            started_at=datetime.fromisoformat(row[0]),
            file=self._file(number),
            members=tuple(_member(values) for values in members),
        )

    def of_runs(self) -> Mapping[int, int]:
        """The batch of each run that belongs to one, by the run's number."""
        return dict(self._database.all("SELECT run, batch FROM member WHERE run IS NOT NULL", ()))

    def failed(self, number: int, member: int, error: Mapping[str, Any]) -> None:
        """Note why a member could not be begun, or stopped."""
        self._database.write(
            "UPDATE member SET error = ? WHERE batch = ? AND number = ?",
            (json.dumps(error), number, member),
        )

    def give_up(self, number: int, error: Mapping[str, Any]) -> None:
        """Members that were never begun never will be; ``error`` says why."""
        self._database.write(
            "UPDATE member SET plan_offset = NULL, plan_length = NULL, error = ?"
            " WHERE batch = ? AND run IS NULL AND plan_offset IS NOT NULL",
            (json.dumps(error), number),
        )

    def forget_before(self, moment: datetime) -> tuple[int, ...]:
        """Forget the batches begun before ``moment`` of which no run is left; their numbers.

        One with accounts that can still be begun stays. What was left of one that was
        forgotten before goes, too.
        """
        found = self._database.all(
            "SELECT id FROM batch WHERE started_at < ? AND NOT EXISTS (SELECT 1 FROM member"
            " WHERE batch = batch.id AND (run IS NOT NULL OR plan_offset IS NOT NULL))",
            (moment.astimezone(UTC).isoformat(timespec="seconds"),),
        )
        forgotten = tuple(number for (number,) in found if self._forget(number))
        self._sweep()
        return forgotten

    def waiting_before(self, moment: datetime) -> Mapping[int, int]:
        """How many accounts of each batch begun before ``moment`` can still be begun."""
        return dict(
            self._database.all(
                "SELECT batch, count(*) FROM member JOIN batch ON batch.id = member.batch"
                " WHERE started_at < ? AND run IS NULL AND plan_offset IS NOT NULL"
                " GROUP BY batch ORDER BY batch",
                (moment.astimezone(UTC).isoformat(timespec="seconds"),),
            )
        )

    def _sweep(self) -> None:
        """Remove directories of batches that nobody knows; none is begun meanwhile."""
        if not (self._state / BATCHES).is_dir():
            return
        with self._database.transaction() as cursor:
            known = {str(row[0]) for row in cursor.execute("SELECT id FROM batch")}
            for directory in sorted((self._state / BATCHES).iterdir()):
                name = directory.name
                if name.isascii() and name.isdigit() and name not in known:
                    remove_directory(directory)

    def _forget(self, number: int) -> bool:
        """Unless a command works on it just now."""
        held = try_to_hold(self.lock_file(number))
        if held is None:
            return False
        try:
            with self._database.transaction() as cursor:
                cursor.execute("DELETE FROM member WHERE batch = ?", (number,))
                cursor.execute("DELETE FROM batch WHERE id = ?", (number,))
            remove_directory(self._file(number).parent)
        finally:
            os.close(held)
        return True

    def lock_file(self, number: int) -> Path:
        """What commands that work on a batch lock each other out by."""
        return self._state / "locks" / f"batch-{number}"

    def _file(self, number: int) -> Path:
        return self._state / BATCHES / str(number) / PLANS_FILE


def _keep(plans_file: Path, kept: Path) -> None:
    """Move the plans to their batch, on disk before the journal speaks of it."""
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    plans_file.replace(kept)
    flush_file(kept)
    for each in (kept.parent, kept.parent.parent, plans_file.parent):
        flush_directory(each)


def _values(member: Member) -> tuple[Any, ...]:
    plan = member.plan
    return (
        member.number,
        member.account,
        None if plan is None else plan.offset,
        None if plan is None else plan.length,
        None if member.error is None else json.dumps(member.error),
    )


def _member(values: tuple[Any, ...]) -> Member:
    number, account, offset, length, run, error = values
    return Member(
        number=number,
        account=account,
        plan=None if offset is None else Section(offset=offset, length=length),
        run=run,
        error=None if error is None else json.loads(error),
    )

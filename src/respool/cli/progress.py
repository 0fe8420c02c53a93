"""A bar with an estimate on long work, on standard error, where that is a terminal."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from respool.cli.output import shown_size, visible

if TYPE_CHECKING:
    from respool.app.check import CheckProgress
    from respool.app.indexing import Watched
    from respool.app.verify_export import ExportProgress
    from respool.planning.plan import PlanHead
    from respool.runs.stepping import Progress
    from respool.runs.undo import TakenBack

ToldT = TypeVar("ToldT")

_PHASES = {
    "spool-create-account": (1, "create"),
    "spool-raise-quota": (1, "create"),
    "spool-create-mailbox": (1, "create"),
    "spool-adopt-mailbox": (1, "create"),
    "spool-add-to-mailbox": (1, "create"),
    "spool-copy-messages": (2, "copy"),
    "spool-write-index": (2, "copy"),
    "spool-rebuild-mailbox": (3, "rebuild"),
    "spool-build-search-index": (3, "rebuild"),
    "spool-repair-quota": (3, "rebuild"),
    "spool-settle-quota": (3, "rebuild"),
    "spool-build-conversations": (3, "rebuild"),
    "prove-mailbox": (4, "prove"),
    "spool-give-rights": (4, "show"),
    "spool-subscribe": (4, "show"),
    "prove-subscriptions": (4, "show"),
    "spool-give-seen": (4, "give back"),
    "prove-seen": (4, "give back"),
    "spool-annotate": (4, "give back"),
    "prove-annotations": (4, "give back"),
    "imap-create-folder": (1, "create"),
    "imap-append-messages": (2, "append"),
    "imap-show-tree": (3, "show"),
    "prove-appended": (4, "prove"),
    "export-make": (1, "create"),
    "export-write-folder": (1, "create"),
    "export-write-messages": (2, "write"),
    "export-finish": (3, "list"),
    "export-publish-zip": (3, "list"),
    "prove-export": (4, "prove"),
    "bluemind-create-mailshare": (1, "create"),
    "bluemind-raise-quota": (1, "create"),
    "bluemind-settle-quota": (4, "BlueMind"),
    "bluemind-save-rights": (4, "BlueMind"),
    "bluemind-repair": (4, "BlueMind"),
    "bluemind-consolidate-index": (4, "BlueMind"),
    "bluemind-last-look": (4, "BlueMind"),
    "state-store-flags": (2, "flags"),
    "prove-flags": (4, "prove"),
}
_PROOFS = frozenset({"prove-mailbox", "prove-appended", "prove-export"})
_SECONDS_BETWEEN = 0.1
_PROOF_SHARE = 0.5  # a byte read back counts as half a byte copied


class Bar:
    """What a restore tells of itself. Without a terminal it says nothing until the end."""

    def __init__(self, update: Callable[[str, float], None] | None = None) -> None:
        self._update = update
        self._lanes: dict[str, int] = {}
        self._copied = self._proven = 0
        self._total = self._messages = self._messages_total = 0

    def begin(self, head: PlanHead) -> None:
        """The plan was agreed to."""
        self._copied = self._proven = self._messages = 0  # of a batch it is the next one
        self._total = max(head.size_bytes, 1)
        self._messages_total = head.messages
        self._lanes = {each.target_name: each.size_bytes for each in head.mailboxes}

    def step(self, progress: Progress) -> None:
        """A step was done."""
        number, phase = _PHASES.get(progress.kind, (4, "finish"))
        self._copied += progress.size_bytes
        self._messages += progress.messages
        if progress.kind in _PROOFS:
            self._proven += self._lanes.get(progress.lane, 0)
        if self._update is not None:
            done = (self._copied + self._proven * _PROOF_SHARE) / (1 + _PROOF_SHARE) / self._total
            counted = f"{self._messages:,}/{self._messages_total:,}"
            self._update(f"[{number}/4 {phase}] {counted} messages", min(done, 1.0))


@contextmanager
def bar() -> Iterator[Bar]:
    """A bar for the length of a restore."""
    with _drawn("left   Ctrl-C is safe") as update:
        yield Bar(update)


class CountingBar:
    """What an undo tells of itself: folders that were taken back."""

    def __init__(self, update: Callable[[str, float], None] | None = None) -> None:
        self._update = update
        self._lanes: set[str] = set()
        self._total = 1

    def begin(self, head: PlanHead) -> None:
        """It was agreed to."""
        self._total = max(len(head.mailboxes), 1)

    def step(self, taken: TakenBack) -> None:
        """A step was taken back, or left."""
        if taken.lane:
            self._lanes.add(taken.lane)
        if self._update is not None:
            done = min(len(self._lanes), self._total)
            self._update(f"{done:,}/{self._total:,} folders", done / self._total)


@contextmanager
def counting_bar() -> Iterator[CountingBar]:
    """A bar for the length of an undo."""
    with _drawn("left   Ctrl-C is safe") as update:
        yield CountingBar(update)


@contextmanager
def reading_bar() -> Iterator[Callable[[CheckProgress], None]]:
    """A bar for what reads a backup through, at most ten times a second."""

    def shown(progress: CheckProgress) -> tuple[str, float]:
        return f"{progress.files:,} files, {shown_size(progress.size_bytes)}", progress.share

    with _drawn("left") as update:
        yield _spaced(shown, update)


@contextmanager
def proving_bar() -> Iterator[Callable[[ExportProgress], None]]:
    """A bar for what reads an export through, at most ten times a second."""

    def shown(progress: ExportProgress) -> tuple[str, float]:
        counted = f"{progress.messages:,}/{progress.expected:,} messages"
        return counted, progress.messages / max(progress.expected, 1)

    with _drawn("left") as update:
        yield _spaced(shown, update)


@contextmanager
def indexing_bar(
    *, yes: bool
) -> Iterator[tuple[Callable[[str], bool], Callable[[Watched], None]]]:
    """Who is asked before long work, and a bar for what takes generations into the catalogue."""
    from respool.cli.confirm import agreed

    def agree(question: str) -> bool:
        return yes or agreed(question)

    def shown(watched: Watched) -> tuple[str, float]:
        scanned = watched.scanned
        share = scanned.accounts / max(scanned.account_count, 1)
        counted = f"{scanned.accounts:,}/{scanned.account_count:,} accounts"
        text = f"generation {watched.label} ({watched.number}/{watched.count}) {counted}"
        return text, (watched.number - 1 + share) / watched.count

    with _drawn("left   Ctrl-C is safe") as update:
        yield agree, _spaced(shown, update)


def _spaced(
    shown: Callable[[ToldT], tuple[str, float]], update: Callable[[str, float], None] | None
) -> Callable[[ToldT], None]:
    """What draws ``shown`` of all it is told, but not oftener than can be seen."""
    shown_at = 0.0

    def tell(told: ToldT) -> None:
        nonlocal shown_at
        now = time.monotonic()
        if update is not None and now - shown_at >= _SECONDS_BETWEEN:
            shown_at = now
            update(*shown(told))

    return tell


@contextmanager
def _drawn(end: str) -> Iterator[Callable[[str, float], None] | None]:
    """What draws a text and a share of 1; None without a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeRemainingColumn(),
        TextColumn(end),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task("", total=1.0, visible=False)

        def update(text: str, done: float) -> None:
            drawn.update(task, description=visible(text), completed=done, visible=True)

        yield update

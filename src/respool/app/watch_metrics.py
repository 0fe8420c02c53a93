"""What a watch found as figures for monitoring, however it ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from respool.app.watch import WatchReport
from respool.errors import UsageError
from respool.exports.metrics import Metric, render_metrics, value_in
from respool.model.finding_kinds import Severity
from respool.system.durable import write_for_readers

_METRICS_MODE: Final = 0o644
_METRICS_OCTETS: Final = 1 << 20  # what is longer was not written here
_SUCCEEDED: Final = "respool_watch_last_success_timestamp_seconds"


def write_metrics(file: Path, report: WatchReport | None) -> None:
    """Write what was found for node_exporter's textfile collector; None: watching failed.

    When it was watched last without failing is taken over of what stood there.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        now = round(datetime.now(UTC).timestamp(), 3)
        succeeded = last_success(file) if report is None else now
        octets = render_metrics(_metrics(report, now, succeeded)).encode("utf-8")
        write_for_readers(file, octets, mode=_METRICS_MODE)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written",
            why=(error.strerror or str(error)).lower(),
            hint="--prometheus names a file where node_exporter's textfile collector looks",
        ) from error


def last_success(file: Path) -> float | None:
    """When it was watched last without failing, as a file says; None: it does not say."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_METRICS_OCTETS).decode("utf-8", "replace")
    except OSError:
        return None
    return value_in(text, _SUCCEEDED)


class WatchTold:
    """Tells the file of ``--prometheus`` how a watch ended; without a file nobody."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._is_ours = file is not None and last_success(file) is not None

    def may_be_made(self) -> None:
        """The place was found to belong to no backup: a file may be written there."""
        self._is_ours = True

    def done(self, report: WatchReport) -> None:
        """It was watched; errors as `write_metrics`."""
        if self._file is not None:
            write_metrics(self._file, report)

    def failed(self) -> None:
        """It could not be watched, or not to the end; errors as `write_metrics`."""
        if self._file is not None and self._is_ours:
            write_metrics(self._file, None)


@contextmanager
def watching_told(file: Path | None) -> Iterator[WatchTold]:
    """Whatever ends a watch, ``file`` tells it: an old success would hide a failure.

    Until it is known that the file lies in no backup, only one that tells of an earlier watch
    is replaced.
    """
    told = WatchTold(file)
    try:
        yield told
    except BaseException:
        with suppress(UsageError):  # what ended it matters more
            told.failed()
        raise


def _metrics(report: WatchReport | None, now: float, succeeded: float | None) -> Iterator[Metric]:
    yield Metric(
        name="respool_watch_success",
        about="Whether the backup could be watched at all.",
        samples=(((), 0.0 if report is None else 1.0),),
    )
    yield Metric(
        name="respool_watch_run_timestamp_seconds",
        about="When the backup was watched last.",
        samples=(((), now),),
    )
    if succeeded is not None:
        yield Metric(
            name=_SUCCEEDED,
            about="When the backup could be watched last.",
            samples=(((), succeeded),),
        )
    if report is not None:
        yield from _of_generation(report)


def _of_generation(report: WatchReport) -> Iterator[Metric]:
    if report.generation.taken_at is not None:
        yield Metric(
            name="respool_backup_taken_timestamp_seconds",
            about="When the newest generation was taken.",
            samples=(((), report.generation.taken_at.timestamp()),),
        )
    for name, count in (
        ("accounts", report.watched.accounts),
        ("folders", report.watched.folders),
        ("messages", report.watched.messages),
    ):
        yield Metric(
            name=f"respool_backup_{name}",
            about=f"How many {name} the newest generation has.",
            samples=(((), float(count)),),
        )
    by_severity = dict.fromkeys(Severity, 0)
    for _, severity, count in report.tally.by_kind():
        by_severity[severity] += count
    yield Metric(
        name="respool_watch_findings",
        about="What was found in the newest generation, by severity.",
        samples=tuple(
            ((("severity", each.value),), float(count)) for each, count in by_severity.items()
        ),
    )
    kinds = tuple(
        ((("code", code), ("severity", severity.value)), float(count))
        for code, severity, count in report.tally.by_kind()
    )
    if kinds:
        yield Metric(
            name="respool_watch_findings_by_kind",
            about="The same by the code of the finding.",
            samples=kinds,
        )

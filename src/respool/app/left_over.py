"""What a run that stopped has still to read of its backup, whatever it goes into."""

from __future__ import annotations

from collections.abc import Mapping

from respool.planning.source_place import SourcePlace
from respool.planning.step import MessageStep
from respool.planning.wanted_files import WantedFiles
from respool.runs.journal import RunJournal
from respool.runs.states import StepState


def left_sources(run: RunJournal) -> Mapping[SourcePlace, WantedFiles]:
    """The messages that are still to be added, by where the backup has them."""
    found: dict[SourcePlace, WantedFiles] = {}
    for row in run.rows():
        is_adding = issubclass(run.kinds[row.kind], MessageStep)
        step = run.step(row.number) if is_adding and row.state is not StepState.DONE else None
        source = getattr(step, "source", None)
        if isinstance(step, MessageStep) and isinstance(source, SourcePlace):
            found.setdefault(source, WantedFiles()).add(step.messages)
    return found

"""The one place that names concrete targets and the steps of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from respool.finishing.steps import FINISHING_STEPS
from respool.planning.appending import AppendMessages
from respool.planning.proof import (
    ProveAnnotations,
    ProveAppended,
    ProveExport,
    ProveFlags,
    ProveMailbox,
    ProveSeen,
    ProveSubscriptions,
)
from respool.planning.step import Step
from respool.targets.export.steps import EXPORT_STEPS
from respool.targets.imap.steps import IMAP_STEPS
from respool.targets.spool.steps import SPOOL_STEPS
from respool.targets.state.steps import STATE_STEPS

_ALL: Final[tuple[type[Step], ...]] = (
    *SPOOL_STEPS,
    *IMAP_STEPS,
    *EXPORT_STEPS,
    *STATE_STEPS,
    *FINISHING_STEPS,
    AppendMessages,
    ProveAppended,
    ProveExport,
    ProveFlags,
    ProveMailbox,
    ProveSeen,
    ProveAnnotations,
    ProveSubscriptions,
)
STEP_KINDS: Final[Mapping[str, type[Step]]] = {step.kind: step for step in _ALL}

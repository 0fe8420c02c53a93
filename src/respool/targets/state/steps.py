"""The steps that put flags of live messages back."""

from __future__ import annotations

from typing import ClassVar

from respool.model.dataclasses import dataclass
from respool.planning.flag_step import FlagStep
from respool.planning.step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFlags(FlagStep):
    """Set and clear flags (STORE), only where a message still is the one that was meant."""

    kind: ClassVar[str] = "state-store-flags"


STATE_STEPS: tuple[type[Step], ...] = (StoreFlags,)

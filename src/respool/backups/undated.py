"""A backup without a date of its own: one generation, dated about by its newest file."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from respool.model.generations import Generation, GenerationState, Part

UNDATED_LABEL: Final = "undated"


def undated_generation(part: Part, taken_at: datetime | None) -> Generation:
    """The one generation of a backup that is ``part`` and nothing else."""
    return Generation(
        generation_id=None,
        label=UNDATED_LABEL,
        taken_at=taken_at,
        is_about=True,
        state=GenerationState.UNDATED,
        parts=(part,),
    )

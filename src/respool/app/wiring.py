"""The one place that names concrete targets and the steps of all of them.

The steps of a target are loaded when one of them is first asked for: a run has those of one.
"""

# ruff: noqa: PLC0415 - loading the steps of all targets takes as long as many a plan

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final

from respool.planning.step import Step

SPOOL: Final = "spool"
FINISHING: Final = "bluemind"
_FAMILIES: Final = (SPOOL, "imap", "export", "state", FINISHING, "prove")


class _StepKinds(Mapping[str, type[Step]]):
    """Every class of step, by its kind, the first word of which says what family it is of."""

    def __getitem__(self, kind: str) -> type[Step]:
        family = family_of(kind)
        if family not in _FAMILIES:
            raise KeyError(kind)
        return _steps_of(family)[kind]

    def __iter__(self) -> Iterator[str]:
        return (kind for family in _FAMILIES for kind in _steps_of(family))

    def __len__(self) -> int:
        return sum(len(_steps_of(family)) for family in _FAMILIES)


STEP_KINDS: Final[Mapping[str, type[Step]]] = _StepKinds()


def family_of(kind: str) -> str:
    """What a kind of step belongs to: a target, what BlueMind is told, or the proofs."""
    return kind.partition("-")[0]


@cache
def _steps_of(family: str) -> Mapping[str, type[Step]]:
    return {step.kind: step for step in _loaded(family)}


def _loaded(family: str) -> Iterable[type[Step]]:
    match family:
        case "spool":
            from respool.targets.spool.steps import SPOOL_STEPS

            return SPOOL_STEPS
        case "imap":
            from respool.planning.appending import AppendMessages
            from respool.targets.imap.steps import IMAP_STEPS

            return (*IMAP_STEPS, AppendMessages)
        case "export":
            from respool.targets.export.steps import EXPORT_STEPS

            return EXPORT_STEPS
        case "state":
            from respool.targets.state.steps import STATE_STEPS

            return STATE_STEPS
        case "bluemind":
            from respool.finishing.steps import FINISHING_STEPS

            return FINISHING_STEPS
        case _:
            from respool.planning.proof import PROOFS

            return PROOFS

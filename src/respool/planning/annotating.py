"""Annotations as a plan has them, and the base of the steps that give them back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice

from respool.model.dataclasses import dataclass
from respool.model.state import Annotation
from respool.planning.step import GROUP_MESSAGES, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAnnotation:
    """One value, as text with octets that are no UTF-8 kept; ``uid`` None: the mailbox's."""

    entry: str
    value: str
    uid: int | None

    @property
    def octets(self) -> bytes:
        """The value as it is stored."""
        return self.value.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationStep(Step):
    """A step that writes annotations of one person, or those that everybody sees.

    ``domain`` and ``parts`` are the mailbox's name, from its root inwards; ``userid`` is
    whose they are on the target, empty where they are shared.
    """

    domain: str | None
    parts: tuple[str, ...]
    userid: str
    annotations: tuple[PlannedAnnotation, ...]


def as_planned(annotation: Annotation) -> PlannedAnnotation:
    """An annotation of a backup as a plan has it."""
    value = annotation.value.decode("utf-8", "surrogateescape")
    return PlannedAnnotation(entry=annotation.entry, value=value, uid=annotation.uid)


def annotation_groups(
    annotations: Iterable[Annotation],
) -> Iterator[tuple[str, tuple[PlannedAnnotation, ...]]]:
    """Whose, and at most 500 of his: those of the mailbox first, then by entry and UID."""
    ordered = sorted(
        annotations,
        key=lambda each: (each.userid, each.uid is not None, each.entry, each.uid or 0),
    )
    for userid, members in groupby(ordered, key=lambda each: each.userid):
        planned = map(as_planned, members)
        while group := tuple(islice(planned, GROUP_MESSAGES)):
            yield userid, group

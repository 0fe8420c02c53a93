"""Which annotations go with a folder to a server, and why one stays away. Values only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from respool.model.dataclasses import dataclass
from respool.model.state import SHARED, SPECIAL_USE, Annotation
from respool.planning.chosen import Destined
from respool.planning.request import RestoreRequest
from respool.targets.imap.survey import ImapSurvey

NOT_OFFERED: Final = "the server keeps no annotations of folders (METADATA)"
NOT_OF_MESSAGES: Final = "the server keeps no annotations of messages (ANNOTATE-EXPERIMENT-1)"
OF_ANOTHER: Final = "it is another person's, and his to write"
OF_CYRUS: Final = "only a Cyrus knows it"
WOULD_GO: Final = "the server would remove or move restored mail by it"
UNTOUCHED: Final = "a live folder that gets no mail stays as it is"

_CYRUS: Final = "/vendor/cmu/cyrus-imapd/"
# What a server moves or removes mail by, the next night.
_RETENTION: Final = frozenset(f"{_CYRUS}{word}" for word in ("archive", "delete", "expire"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """What there is to go by."""

    request: RestoreRequest
    survey: ImapSurvey

    def with_annotations(self, each: Destined) -> Destined:
        """``each`` with what was written beside it and its messages, as far as it can be."""
        if self.request.is_without_annotations:
            return each
        given: list[Annotation] = []
        left: dict[str, str] = {}
        for annotation in (*each.chosen.state.annotations, *self._on_messages(each)):
            if annotation.entry == SPECIAL_USE:
                continue  # a folder of the server is matched to it, or made for it
            why = self._why_left(annotation)
            if not (each.is_new or each.wanted.any()):
                why = UNTOUCHED
            if why is None:
                owner = SHARED if annotation.userid == SHARED else self.survey.user
                given.append(replace(annotation, userid=owner))
            else:
                left[annotation.entry] = why
        return replace(each, annotations=tuple(given), annotations_left=left)

    def _why_left(self, annotation: Annotation) -> str | None:
        if annotation.userid not in {SHARED, self.request.account.userid}:
            return OF_ANOTHER
        if annotation.uid is not None:
            return None if self.survey.can("ANNOTATE-EXPERIMENT-1") else NOT_OF_MESSAGES
        if not (self.survey.can("METADATA") or self.survey.can("ANNOTATEMORE")):
            return NOT_OFFERED
        entry = annotation.entry.lower()
        if entry in _RETENTION and not self.request.is_in_place:
            return WOULD_GO
        is_foreign = entry.startswith(_CYRUS) and self.survey.names.cyrus is None
        return OF_CYRUS if is_foreign else None

    def _on_messages(self, each: Destined) -> Iterator[Annotation]:
        """Those of the messages that come back."""
        found = each.chosen.state.on_messages
        uids = each.chosen.mailbox.records["uid"][each.wanted]
        asked = np.array([one.uid or 0 for one in found], dtype="i8")
        for one, is_there in zip(found, np.isin(asked, uids).tolist(), strict=True):
            if is_there:
                yield one

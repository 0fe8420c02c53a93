"""Which annotations come back with a folder, and why one stays away. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from respool.model.accounts import AccountKind
from respool.model.dataclasses import dataclass
from respool.model.state import SHARED, SPECIAL_USE, Annotation, MailboxState
from respool.planning.chosen import Destined
from respool.planning.folder_rights import Rights
from respool.planning.request import RestoreRequest
from respool.targets.spool.readers import GONE, MAY_NOT_READ, login_of, why_unkept
from respool.targets.spool.rights import RightsRules
from respool.targets.spool.survey import SpoolSurvey

_CYRUS: Final = "/vendor/cmu/cyrus-imapd/"
# cyr_expire removes, or moves, what is older than these say: of a copy too, the next night.
RETENTION: Final = frozenset(f"{_CYRUS}{word}" for word in ("archive", "delete", "expire"))
WOULD_GO: Final = "the server would remove or move restored mail by it"
STAYS_WITH_LIVE: Final = "it stays with the live folder that has it"
UNTOUCHED: Final = "a live folder that gets no mail stays as it is"
NOT_HIS: Final = "what a folder is for is up to its owner"
NOBODY_S: Final = "a mailshare has nobody whose it could be"


def on_target(userid: str, request: RestoreRequest, survey: SpoolSurvey) -> str:
    """Whose an annotation is on the target: what was the owner's is its owner's again."""
    is_owner_s = request.account.kind is AccountKind.USER and userid == request.account.userid
    if is_owner_s and survey.owner is not None:
        return survey.owner
    return login_of(userid, survey.name_rules.default_domain) if userid else SHARED


def allowed_annotations(
    state: MailboxState, request: RestoreRequest, survey: SpoolSurvey
) -> frozenset[tuple[str, str, bytes, int | None]]:
    """Entry, userid on the target, value and UID of all that a mailbox of the backup has."""
    return frozenset(
        (each.entry, on_target(each.userid, request, survey), each.value, each.uid)
        for each in (*state.annotations, *state.on_messages)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """What there is to go by; ``uses`` are the special uses that the live account has."""

    request: RestoreRequest
    survey: SpoolSurvey
    logins: frozenset[str]
    uses: frozenset[str]

    def with_annotations(self, each: Destined, rules: RightsRules) -> Destined:
        """``each`` with what was written beside it and its messages, as far as it can be.

        A live folder that holds mail says of itself what it says.
        """
        is_untouched = not (each.is_new or each.wanted.any())
        if self.request.is_without_annotations or (is_untouched and self.request.is_only_missing):
            return each
        left: dict[str, str] = {}
        acl = self._acl(each, rules)
        given = []
        own = () if each.is_appended else each.chosen.state.annotations
        for annotation in (*own, *self._on_messages(each)):
            if annotation.entry == SPECIAL_USE and annotation.userid in self._owners:
                continue
            login = on_target(annotation.userid, self.request, self.survey)
            why = UNTOUCHED if is_untouched else self._why_left(annotation, login, acl)
            if why is None:
                given.append(replace(annotation, userid=login))
            else:
                left[annotation.entry if not login else f"{annotation.entry} of {login}"] = why
        uses = self._special_use(each, left, is_untouched=is_untouched)
        return replace(each, annotations=tuple(given), special_use=uses, annotations_left=left)

    @property
    def _owners(self) -> frozenset[str]:
        return frozenset({self.request.account.userid, SHARED})

    def _why_left(self, annotation: Annotation, login: str, acl: Rights) -> str | None:
        if annotation.entry == SPECIAL_USE:
            return NOT_HIS
        if annotation.entry.lower() in RETENTION and not self.request.is_in_place:
            return WOULD_GO
        if not login or login == self.survey.owner:
            return None
        if login not in self.logins:
            return GONE
        return MAY_NOT_READ if why_unkept(acl, login) == MAY_NOT_READ else None

    def _special_use(
        self, each: Destined, left: dict[str, str], *, is_untouched: bool
    ) -> tuple[str, ...]:
        r"""``\Sent`` and the like: a server takes each of them once in an account."""
        given: list[str] = []
        if each.is_appended:
            return ()
        for use in each.chosen.state.special_use(self.request.account.userid):
            if self.survey.owner is None:
                left[use] = NOBODY_S
            elif is_untouched:
                left[use] = UNTOUCHED
            elif use in self.uses:
                left[use] = STAYS_WITH_LIVE
            else:
                given.append(use)
        return tuple(given)

    def _on_messages(self, each: Destined) -> Iterator[Annotation]:
        """Those of the messages that come back."""
        found = each.chosen.state.on_messages
        uids = each.chosen.mailbox.records["uid"][each.wanted]
        asked = np.array([one.uid or 0 for one in found], dtype="i8")
        for one, is_there in zip(found, np.isin(asked, uids).tolist(), strict=True):
            if is_there:
                yield one

    def _acl(self, each: Destined, rules: RightsRules) -> Rights:
        """The rights that the folder will have."""
        if each.is_new:
            return rules.of_folder(each.chosen.mailbox.acl)
        return self.survey.live_acl(each.target)

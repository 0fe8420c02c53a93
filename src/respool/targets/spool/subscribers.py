"""Who will be subscribed to which restored folder. Values in, values out."""

from __future__ import annotations

from collections.abc import Mapping

from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.planning.chosen import Destined
from respool.planning.folder_rights import Rights
from respool.planning.request import RestoreRequest
from respool.targets.spool.readers import MAY_NOT_READ, why_unkept
from respool.targets.spool.survey import SpoolSurvey


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribers:
    """What there is to go by; ``former`` has the backup's mailboxes by login on the target.

    The new folder is always subscribed to, and so is what was asked for by its name: people
    look for it. Of a whole account its owner is subscribed to what he was, or to everything
    new where the backup does not tell. Of a rehearsal nobody is.
    """

    request: RestoreRequest
    survey: SpoolSurvey
    logins: frozenset[str]
    former: Mapping[str, frozenset[MailboxName]]

    def of(self, name: MailboxName) -> tuple[str, ...]:
        """Of a folder that only holds others."""
        owner = self.survey.owner
        if self.request.is_rehearsal:
            return ()
        is_wanted = name == self.request.root or self._is_all_wanted
        return (owner,) if owner is not None and is_wanted else ()

    def of_folder(self, each: Destined, rights: Rights) -> tuple[str, ...]:
        """Of a folder of the backup; ``rights`` are those of a new one."""
        owner, name = self.survey.owner, each.chosen.mailbox.name
        if self.request.is_rehearsal or (each.is_appended and not each.is_new):
            return ()
        if self.request.is_only_missing and not each.is_new:
            return ()
        if owner is None:
            return tuple(sorted(self._readers(each, rights)))
        is_wanted = each.is_new and (each.target == self.request.root or self._is_all_wanted)
        return (owner,) if is_wanted or name in self.former.get(owner, ()) else ()

    @property
    def _is_all_wanted(self) -> bool:
        return bool(self.request.folders) or not self.former.get(self.survey.owner or "")

    def _readers(self, each: Destined, rights: Rights) -> set[str]:
        """Of a mailshare that is itself again, under its old names."""
        request, written = self.request, self.survey.name_rules.written
        if not request.is_in_place or written(request.target.root) != written(
            request.account.root
        ):
            return set()
        acl = rights if each.is_new else self.survey.live_acl(each.target)
        return {
            login
            for login, names in self.former.items()
            if login in self.logins
            and each.chosen.mailbox.name in names
            and why_unkept(acl, login) != MAY_NOT_READ
        }

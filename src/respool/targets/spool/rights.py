"""Whose rights a restored folder gets: the target's, never more than the backup's folder gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from respool.model.dataclasses import dataclass
from respool.planning.folder_rights import Rights, is_fit_identifier, is_narrower, narrowed


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsRules:
    """What is known of rights before folders are looked at.

    ``live`` is what CREATE gives below the target's root: the root's own ACL.
    ``spared`` are the target's owner and the server's administrators: they keep what they
    have. ``root`` is the ACL of the account's root in the backup, None where that is not
    known or does not count: then each folder is held against its own ACL;
    ``source_owner`` owns it there. ``is_known`` is False for a backup without any
    ACL at all: then there is nothing to go by, and the target's rights hold. ``is_given_back``:
    a folder is made again where it was, and has the rights that it had there.
    """

    live: Rights
    spared: frozenset[str]
    root: Rights | None
    source_owner: str | None
    is_known: bool = True
    is_given_back: bool = False

    def of_folder(self, backup: Rights) -> Rights:
        """What a restored folder gets whose ACL was ``backup``.

        The target's rights; where the folder was narrower in the backup than its account's
        root, nobody gets more than the folder itself gave him.
        """
        if not self.is_known:
            return self.live
        if self.is_given_back and backup and all(map(is_fit_identifier, backup)):
            kept = {who: may for who, may in self.live.items() if who in self.spared}
            return {**{who: may for who, may in backup.items() if who not in kept}, **kept}
        exempt = self.spared | {self.source_owner or ""}
        if self.root is not None and not is_narrower(backup, self.root, exempt):
            return self.live
        return narrowed(self.live, backup, self.spared)

    def of_holder(self, backups: Iterable[Rights]) -> Rights:
        """For a folder that only holds others: what all of them give."""
        rights = self.live
        for each in backups:
            given = self.of_folder(each)
            rights = rights if given == self.live else narrowed(rights, each, self.spared)
        return rights


def narrower_for(live: Mapping[str, str], rights: Mapping[str, str]) -> tuple[str, ...]:
    """Who gets less in this folder than he has in the account's INBOX."""
    return tuple(who for who, may in live.items() if set(rights.get(who, "")) < set(may))

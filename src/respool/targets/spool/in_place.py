"""What speaks against filling live folders in place. Values in, reasons out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from respool.planning.chosen import Destined
from respool.planning.folder_rights import effective
from respool.targets.spool.rights import RightsRules
from respool.targets.spool.survey import SpoolSurvey

TO_ADD: Final = "lrswite"  # to append with flags, read back, and take away again (RFC 4314)


def against_adding(destined: Sequence[Destined], survey: SpoolSurvey) -> Iterator[str]:
    """What holds mail is only added to over IMAP, by somebody who may."""
    for each in destined:
        if not (each.is_appended and each.wanted.any()):
            continue
        written = survey.name_rules.written(each.target)
        folder = survey.live.get(written)
        if folder is not None and folder.obstacle is not None:
            yield (
                f"{written} cannot be added to: {folder.obstacle}; look at it with the server's"
                " own reconstruct first, or leave --in-place out"
            )
            continue
        if folder is None or folder.called is None:
            yield (
                f"{written} holds mail, and is added to as its owner, who cannot log in or cannot"
                " name it; leave --in-place out"
            )
            continue
        lacking = "".join(letter for letter in TO_ADD if letter not in folder.may)
        if lacking:
            yield (
                f"{written} holds mail, and its owner may not add to it (rights {lacking}): give"
                " him those, or leave --in-place out"
            )


def against_filling(
    destined: Sequence[Destined], survey: SpoolSurvey, rules: RightsRules
) -> Iterator[str]:
    """A live folder keeps its rights: it must not be open to whom the backup's was closed.

    What its owner has shared himself since is his wish, where the backup's folder was no
    narrower than the account.
    """
    for each in destined:
        if each.is_new:
            continue
        written = survey.name_rules.written(each.target)
        live = survey.live_acl(each.target)
        wanted = rules.of_folder(each.chosen.mailbox.acl)
        people = sorted({who.removeprefix("-") for who in live} - rules.spared)
        wider = [who for who in people if effective(live, who) - effective(wanted, who)]
        if wider and wanted != rules.live and each.wanted.any():
            yield (
                f"{written} is open to {', '.join(wider)}, to whom the backup's folder was not;"
                " take those rights away first, or leave --in-place out"
            )

"""What speaks against filling live folders in place. Values in, reasons out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from respool.planning.chosen import Destined
from respool.targets.spool.rights import RightsRules, effective
from respool.targets.spool.survey import SpoolSurvey


def against_in_place(survey: SpoolSurvey) -> Iterator[str]:
    """Only an account that has never held a message is filled in place."""
    used = sorted(survey.used)
    if used:
        more = f" and {len(used) - 1} more" if len(used) > 1 else ""
        yield (
            f"--in-place fills only an account that has never held a message, and {used[0]}{more}"
            " has; without it, a new folder is made"
        )


def against_filling(
    destined: Sequence[Destined], survey: SpoolSurvey, rules: RightsRules
) -> Iterator[str]:
    """A live folder keeps its rights: it must not be open to whom the backup's was closed.

    What its owner has shared himself since is his wish, where the backup's folder was no
    narrower than the account. Nor may a folder have a quota root of its own: what it takes
    is not forecast.
    """
    for each in destined:
        if each.is_new:
            continue
        written = survey.name_rules.written(each.target)
        live = survey.empty_acls.get(written, {})
        wanted = rules.of_folder(each.chosen.mailbox.acl)
        people = sorted({who.removeprefix("-") for who in live} - rules.spared)
        wider = [who for who in people if effective(live, who) - effective(wanted, who)]
        if wider and wanted != rules.live and each.wanted.any():
            yield (
                f"{written} is open to {', '.join(wider)}, to whom the backup's folder was not;"
                " take those rights away first, or leave --in-place out"
            )
    for name, root in sorted(survey.own_roots.items()):
        if any(_is_at_or_below(survey, each, name) for each in destined):
            yield (
                f"{name} has a quota root of its own, {root}: leave --in-place out, or name the"
                " other folders"
            )


def _is_at_or_below(survey: SpoolSurvey, each: Destined, name: str) -> bool:
    parts = each.target.parts
    return any(
        survey.name_rules.written(each.target.ancestor(size)) == name
        for size in range(1, len(parts) + 1)
    )

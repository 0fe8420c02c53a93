"""In place: folders of the backup that are for something go to the server's own for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from respool.model.accounts import folder_path
from respool.model.names import decoded_part
from respool.planning.chosen import ChosenMailbox
from respool.planning.request import RestoreRequest
from respool.targets.imap.survey import ImapSurvey

# What BlueMind and mail programs call them, where the backup does not tell: 2.4 cannot.
_USUAL: Final[Mapping[str, str]] = {
    "Sent": "\\Sent",
    "Drafts": "\\Drafts",
    "Trash": "\\Trash",
    "Junk": "\\Junk",
    "Archive": "\\Archive",
    "Archives": "\\Archive",
}
# Those that BlueMind has besides, which RFC 6154 does not know: none is ever asked for.
_OF_BLUEMIND: Final[Mapping[str, str]] = {"Outbox": "\\Outbox", "Templates": "\\Templates"}
_MATCHED: Final = frozenset((*_USUAL.values(), *_OF_BLUEMIND.values()))


def with_special_uses(
    request: RestoreRequest, chosen: Sequence[ChosenMailbox], survey: ImapSurvey
) -> RestoreRequest:
    """In place, the request with a rename for each folder that the server has its own for."""
    if not request.is_in_place:
        return request
    found = dict(_matched(request, chosen, survey))
    return replace(request, renames={**found, **request.renames}) if found else request


def use_of(each: ChosenMailbox, request: RestoreRequest) -> str | None:
    r"""What a folder is for (``\Sent``), as its owner said or by its usual name."""
    told = [use for use in each.state.special_use(request.account.userid) if use in _MATCHED]
    path = folder_path(each.mailbox.name)
    return told[0] if told else _USUAL.get(path, _OF_BLUEMIND.get(path))


def is_asked_for(use: str) -> bool:
    """Whether a server may be asked to make a new folder for that (CREATE-SPECIAL-USE)."""
    return use not in _OF_BLUEMIND.values()


def _matched(
    request: RestoreRequest, chosen: Sequence[ChosenMailbox], survey: ImapSurvey
) -> Iterator[tuple[str, str]]:
    """Path in the backup → path on the server, of each use once: one that was told comes first."""
    uses = survey.special_uses
    taken: set[str] = set()
    is_told = {id(one): bool(one.state.special_use(request.account.userid)) for one in chosen}
    for each in sorted(chosen, key=lambda one: not is_told[id(one)]):
        use, path = use_of(each, request), folder_path(each.mailbox.name)
        if use is None or use in taken or use not in uses:
            continue
        own = _own_path(uses[use], survey)
        if own is not None:
            taken.add(use)
            if own != path:
                yield path, own


def _own_path(name: str, survey: ImapSurvey) -> str | None:
    """A folder of the server as a decoded path below the root; None where it is none."""
    names = survey.names
    if not name.startswith(names.prefix) or name == names.inbox:
        return None
    below = name[len(names.prefix) :]
    parts = below.split(names.separator) if names.separator else [below]
    decoded = [decoded_part(part) for part in parts]
    return None if any("/" in part or not part for part in decoded) else "/".join(decoded)

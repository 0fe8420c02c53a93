"""What a person typed, as a request with every default filled in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from respool.app.selection import Selection
from respool.app.wish import Wish
from respool.errors import UsageError
from respool.model.accounts import Account, folder_parts
from respool.model.names import encoded_part
from respool.planning.request import RENAME_AUTO, Conflict, RestoreRequest

_HOUR = timedelta(hours=1)
_NOT_IN_A_NEW_NAME = frozenset("/*%")


def request_of(
    wish: Wish, selection: Selection, target: Account, taken_at: datetime | None
) -> RestoreRequest:
    """The request of a wish.

    Raises:
        UsageError: a name for the new folder, or a renaming, that is none.
    """
    renames, is_free = _renames(wish.renames)
    return RestoreRequest(
        account=selection.account,
        target=target,
        folders=wish.wanted.folders,
        generation=selection.generation.label,
        into=encoded_part(_new_folder(wish, taken_at)),
        is_into_given=wish.into is not None,
        renames=renames,
        is_renaming_freely=is_free,
        is_without_metadata=wish.is_without_metadata,
        has_expunged=wish.has_expunged,
        person=wish.person,
        is_creating_account=wish.is_creating_account,
        is_in_place=wish.is_in_place or wish.is_only_missing,
        is_only_missing=wish.is_only_missing,
        is_raising_quota=wish.is_raising_quota,
        is_without_seen=wish.is_without_seen,
        is_without_annotations=wish.is_without_annotations,
        note=wish.note,
        remove_after_hours=None if wish.remove_after is None else wish.remove_after // _HOUR,
        is_rehearsal=wish.is_rehearsal,
        is_mending_line_ends=wish.is_mending_line_ends,
        domain_map=wish.domain_map,
        state_only=wish.state_only,
        on_conflict=wish.on_conflict or Conflict.SKIP,
        is_without_finishing=wish.is_without_finishing,
    )


def _new_folder(wish: Wish, taken_at: datetime | None) -> str:
    begun = (taken_at or datetime.now(UTC)).astimezone()
    default = "rehearsal" if wish.is_rehearsal else "restored"
    into = wish.into if wish.into is not None else f"{default}-{begun:%Y-%m-%d}"
    bad = sorted(repr(each) for each in set(into) if _is_bad(each))
    if bad or not into.strip() or into.casefold() == "inbox":
        raise UsageError(
            f'"{into}" cannot be the name of the new folder',
            why=f"it holds {' '.join(bad)}" if bad else "it must be the name of one new folder",
            hint="--into restored-from-backup",
        )
    return into


def _is_bad(character: str) -> bool:
    return character in _NOT_IN_A_NEW_NAME or not character.isprintable()


def _is_folder(path: str) -> bool:
    try:
        folder_parts(path)
    except ValueError:
        return False
    return True


def _renames(typed: Sequence[str]) -> tuple[dict[str, str], bool]:
    renames: dict[str, str] = {}
    for each in typed:
        if each == RENAME_AUTO:
            continue
        old, equals, new = each.partition("=")
        if not equals or not _is_folder(old) or not _is_folder(new):
            raise UsageError(
                f'--rename "{each}" is no OLD=NEW', hint="--rename 'a%b=a_b', or auto"
            )
        renames[old] = new
    return renames, RENAME_AUTO in typed

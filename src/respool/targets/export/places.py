"""Where each folder stands in an export, by names that fit its form. Values in, values out.

A person is never asked to rename a folder for an export: a name that does not fit is altered
as little as it takes, and the plan and the manifest say what the folder is called.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Final, TypeAlias

from respool.exports.maildir_names import DIRECTORIES
from respool.exports.manifest_head import ExportForm
from respool.exports.safe_names import numbered, room_of_parts, safe_part, same_name
from respool.model.accounts import INBOX
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName, decoded_part, encoded_part, shortened

Parts: TypeAlias = tuple[str, ...]  # of a folder, below its account's root, encoded

MBOX_ENDING: Final = ".mbox"
MAILDIR_ROOT: Final = "."
_RESERVED: Final = ("index.html", "manifest.json")
_MOST_OCTETS: Final = 250  # of one name; a Maildir++ folder is one name, whatever its depth
_HIDDEN: Final = frozenset({"Cc", "Cs"})


class AnyName:
    """The names that exports take: every one."""

    most_part_octets = 1 << 16

    def refusals(self, name: MailboxName) -> tuple[str, ...]:  # noqa: ARG002 - a NamePolicy
        """None."""
        return ()

    def proposed_part(self, part: str) -> str:
        """As it is."""
        return part

    def proposed_name(self, name: MailboxName, keep: int) -> MailboxName:  # noqa: ARG002
        """As it is."""
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderPlace:
    """Where one folder stands: a path in the export, and the directories that it needs.

    ``is_altered``: a part of it is not what the folder is called.
    """

    place: str
    directories: tuple[str, ...]
    is_altered: bool


def folder_places(
    form: ExportForm, folders: Sequence[Parts], *, is_folding: bool = False
) -> tuple[FolderPlace, ...]:
    """The place of each folder, in their order; no two are one on any system.

    ``is_folding``: the file system takes upper and lower case for one.
    """
    tree = _Tree(form, folders, is_folding=is_folding)
    return tuple(tree.place(each) for each in folders)


@dataclass(slots=True)
class _Tree:
    form: ExportForm
    folders: Sequence[Parts]
    is_folding: bool = field(kw_only=True)
    _names: dict[Parts, str] = field(default_factory=dict)
    _taken: dict[Parts, set[str]] = field(default_factory=dict)
    _most: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._most = {
            branch: self._limit([each for each in self.folders if each and each[0] == branch])
            for branch in dict.fromkeys(each[0] for each in self.folders if each)
        }
        top = self._taken.setdefault((), set())
        top.update(self._key(each) for each in (*_RESERVED, INBOX))
        if self.form is ExportForm.MBOX:
            top.add(self._key(f"{INBOX}{MBOX_ENDING}"))

    def place(self, parts: Parts) -> FolderPlace:
        names = [self._name(parts[:size]) for size in range(1, len(parts) + 1)]
        is_altered = names != [self._wish(part) for part in parts]
        if self.form is ExportForm.MAILDIR:
            return _maildir_place(names, is_altered=is_altered)
        names = names or [INBOX]
        inner = ["/".join(names[:size]) for size in range(1, len(names) + 1)]
        if self.form is ExportForm.MBOX:
            place, directories = f"{inner[-1]}{MBOX_ENDING}", tuple(inner[:-1])
        else:
            place, directories = inner[-1], tuple(inner)
        return FolderPlace(place=place, directories=directories, is_altered=is_altered)

    def _wish(self, part: str) -> str:
        """What the part would be called if it could be called anything."""
        return part if self.form is ExportForm.MAILDIR else decoded_part(part)

    def _name(self, parts: Parts) -> str:
        known = self._names.get(parts)
        if known is not None:
            return known
        taken = self._taken.setdefault(parts[:-1], set())
        most = self._most[parts[0]]
        name = wish = self._fit(parts[-1], most)
        number = 1
        while not taken.isdisjoint(self._keys(name)):
            number += 1
            name = self._numbered(wish, number, most)
        taken.update(self._keys(name))
        self._names[parts] = name
        return name

    def _fit(self, part: str, most: int) -> str:
        return _maildir_part(part, most) if self._is_maildir else safe_part(_text(part), most)

    def _numbered(self, wish: str, number: int, most: int) -> str:
        if self._is_maildir:
            return f"{shortened(wish, 6) if len(wish) > most - 6 else wish} ({number})"
        return numbered(wish, number, most)

    @property
    def _is_maildir(self) -> bool:
        return self.form is ExportForm.MAILDIR

    def _keys(self, name: str) -> frozenset[str]:
        endings = ("", MBOX_ENDING) if self.form is ExportForm.MBOX else ("",)
        return frozenset(self._key(f"{name}{ending}") for ending in endings)

    def _key(self, name: str) -> str:
        is_inbox = name.upper() == INBOX
        return same_name(name) if self.is_folding or is_inbox or not self._is_maildir else name

    def _limit(self, branch: Sequence[Parts]) -> int:
        depth = max(map(len, branch))
        if not self._is_maildir:
            return room_of_parts(depth)
        longest = max(sum(len(_maildir_part(part)) + 1 for part in each) for each in branch)
        return _MOST_OCTETS if longest <= _MOST_OCTETS else max(8, _MOST_OCTETS // depth - 1)


def _maildir_place(names: Sequence[str], *, is_altered: bool) -> FolderPlace:
    """Those of INBOX make a directory a Maildir, whatever folders it has."""
    if not names:
        return FolderPlace(place=MAILDIR_ROOT, directories=DIRECTORIES, is_altered=is_altered)
    place = f".{'.'.join(names)}"
    inner = tuple(f"{place}/{each}" for each in DIRECTORIES)
    return FolderPlace(
        place=place, directories=(*DIRECTORIES, place, *inner), is_altered=is_altered
    )


def _maildir_part(part: str, most: int = _MOST_OCTETS) -> str:
    """``part`` encoded anew, with no dot: that parts the levels of a Maildir++."""
    text = "".join("_" if _is_unfit(each) else each for each in _text(part)) or "_"
    while len(coded := encoded_part(text)) > most and len(text) > 1:
        text = text[:-1]
    return coded


def _is_unfit(character: str) -> bool:
    return character in "./" or unicodedata.category(character) in _HIDDEN


def _text(part: str) -> str:
    """Decoded; octets that are no UTF-8 as a mark that something stood there."""
    decoded: Callable[[str], str] = decoded_part
    return decoded(part).encode("utf-8", "surrogateescape").decode("utf-8", "replace")

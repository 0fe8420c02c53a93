"""How the place of an export is before it is made, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from respool.exports.manifest_head import ExportForm
from respool.model.dataclasses import dataclass
from respool.model.rooms import FreeRoom

_MOST_OF_FAT: Final = (4 << 30) - 1
_FAT: Final = frozenset({"msdos", "vfat"})
_OF_WINDOWS: Final = frozenset({"exfat", "msdos", "ntfs", "ntfs3", "vfat"})
_BY_NETWORK: Final = frozenset({"cifs", "fuseblk", "smb3"})
_FOLDING: Final = _OF_WINDOWS | _BY_NETWORK | {"apfs", "hfs", "hfsplus"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSurvey:
    """One place for an export, looked at and not changed. ``path`` is absolute.

    ``is_there``: an empty directory stands there already, and is used. ``obstacles`` are all
    that speak against it. ``state_room`` is of our own state directory, None where unknown.
    """

    form: ExportForm
    path: str
    is_there: bool
    room: FreeRoom
    most_name_octets: int
    state_room: FreeRoom | None = None
    obstacles: tuple[str, ...] = ()

    @property
    def takes_colons(self) -> bool:
        """Whether a file's name may hold ``:``."""
        return self.room.kind not in _OF_WINDOWS

    @property
    def is_folding(self) -> bool:
        """Whether upper and lower case are one in names."""
        return self.room.kind in _FOLDING

    @property
    def keeps_modes(self) -> bool:
        """Whether it is kept who may read a file."""
        return self.room.kind not in _OF_WINDOWS | _BY_NETWORK

    @property
    def most_file_octets(self) -> int | None:
        """How long a file may be; None where there is no limit to speak of."""
        return _MOST_OF_FAT if self.room.kind in _FAT else None

    @property
    def has_exact_times(self) -> bool:
        """Whether a file's time is kept to the second: FAT keeps every other one."""
        return self.room.kind not in _FAT

    @property
    def facts(self) -> Mapping[str, str]:
        """What a plan keeps of the survey: if it changes, the plan does not hold."""
        return {
            "path": self.path,
            "file system": self.room.kind or "unknown",
            "stands there": "an empty directory" if self.is_there else "nothing",
        }

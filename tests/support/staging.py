"""Directories of one account, staged out of a golden spool as the guide for hand-work says."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from respool.model.generations import StagedDirectories

_DOMAIN = Path("bluemind_loc/domain/b/bluemind.loc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """Directories of message files and those of cyrus.* files."""

    data: tuple[Path, ...]
    meta: tuple[Path, ...]

    def directories(self, *, has_meta: bool = True) -> StagedDirectories:
        """The value that settings have of them."""
        return StagedDirectories(
            data=tuple(map(PurePosixPath, self.data)),
            meta=tuple(map(PurePosixPath, self.meta)) if has_meta else (),
        )

    def options(self, *, has_meta: bool = True) -> tuple[str, ...]:
        """What is typed for them."""
        words = [word for each in self.data for word in ("--data", str(each))]
        words += [word for each in self.meta if has_meta for word in ("--meta", str(each))]
        return tuple(words)


def stage_user(spool: Path, into: Path, login: str) -> Staging:
    """A user of bluemind.loc as ``into/LOGIN`` and ``into/LOGIN-meta``, times kept."""
    below = _DOMAIN / login[0] / "user" / login
    data, meta = into / login, into / f"{login}-meta"
    shutil.copytree(_kind(spool, "data") / below, data)
    shutil.copytree(_kind(spool, "meta") / below, meta)
    return Staging(data=(data,), meta=(meta,))


def stage_mailshare(spool: Path, into: Path, name: str) -> Staging:
    """A mailshare of bluemind.loc as ``into/KIND/LETTER/NAME``, for each letter that it has."""
    staged: dict[str, list[Path]] = {"data": [], "meta": []}
    for kind, found in staged.items():
        for directory in sorted((_kind(spool, kind) / _DOMAIN).glob(f"?/{name}")):
            place = into / kind / directory.parent.name / name
            shutil.copytree(directory, place)
            found.append(place)
    return Staging(data=tuple(staged["data"]), meta=tuple(staged["meta"]))


def _kind(spool: Path, kind: str) -> Path:
    return spool / "var" / "spool" / "cyrus" / kind

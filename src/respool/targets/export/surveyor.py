"""Looks at the place of an export; changes nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from respool.exports.manifest_head import ExportForm
from respool.system.file_systems import existing, free_room
from respool.system.ownership import ourselves
from respool.targets.export.survey import ExportSurvey

_NAME_MAX: Final = 255
_OTHERS_MAY_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def survey_export(
    form: ExportForm, path: Path, state: Path | None = None, *, is_going_on: bool = False
) -> ExportSurvey:
    """How ``path`` stands. ``state`` is our state directory.

    ``is_going_on``: what a run has written there so far is no obstacle to itself.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - no link of it is followed
    is_there = path.is_dir() and not path.is_symlink()
    place = path if is_there else path.parent
    obstacles = tuple(_in_the_way(form, path)) if not is_going_on else ()
    if not place.is_dir():
        obstacles = (*obstacles, f"{path.parent}, where it is to be made, is no directory")
    return ExportSurvey(
        form=form,
        path=str(path),
        is_there=is_there and not is_going_on,
        room=free_room(place, ourselves()),
        most_name_octets=_most_name_octets(existing(place)),
        state_room=None if state is None else free_room(state),
        obstacles=obstacles,
    )


def part_of_zip(path: Path) -> Path:
    """What a zip is called until it is whole."""
    return path.with_name(f"{path.name}.part")


def _in_the_way(form: ExportForm, path: Path) -> Iterator[str]:
    if form is ExportForm.ZIP:
        for each in (path, part_of_zip(path)):
            if os.path.lexists(each):
                yield f"{each} is there already; nothing is written over"
        return
    try:
        status = path.lstat()
    except OSError:
        return
    if not stat.S_ISDIR(status.st_mode):
        yield f"{path} is there already, and is no directory"
        return
    if status.st_uid != os.geteuid() or status.st_mode & _OTHERS_MAY_WRITE:
        yield f"{path} is open to others, who could put links into it; name a new directory"
        return
    try:
        with os.scandir(path) as entries:
            first = next(iter(entries), None)
    except OSError as error:
        yield f"{path} cannot be looked into: {error.strerror or error}"
        return
    if first is not None:
        yield f"{path} is not empty; an export goes into a new or an empty directory"


def _most_name_octets(directory: Path) -> int:
    try:
        return os.pathconf(directory, "PC_NAME_MAX")
    except (OSError, ValueError):
        return _NAME_MAX

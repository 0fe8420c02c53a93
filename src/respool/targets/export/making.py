"""Making the place of an export, and its folders, empty."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from respool.errors import StepFailed
from respool.exports.maildir_names import FOLDER_MARK, KEYWORDS_FILE, render_keywords
from respool.exports.manifest_head import ExportForm
from respool.runs.actor import Note
from respool.system.appended_file import make_empty_file
from respool.system.durable import flush_directory, write_durably
from respool.targets.export.group import cannot_write
from respool.targets.export.places import MAILDIR_ROOT
from respool.targets.export.steps import MakeExport, WriteFolder
from respool.targets.export.surveyor import part_of_zip

_MODE: Final = 0o700


def what_was_there(step: MakeExport) -> Note:
    """Whether something stands at the place of an export, and whether that is in the way."""
    path = Path(step.path)
    if step.form is ExportForm.ZIP:
        was_there = os.path.lexists(path) or os.path.lexists(part_of_zip(path))
        return {"was_there": was_there, "is_free": not was_there}
    was_there = os.path.lexists(path)
    return {"was_there": was_there, "is_free": not was_there or _is_empty(path)}


def make_export(step: MakeExport, before: Note) -> Note:
    """Make the directory, or the file of a zip. Done again, an empty one is taken.

    Raises:
        StepFailed: something stands there; or it cannot be made.
    """
    path = Path(step.path)
    try:
        is_made = bool(before["is_free"]) and _is_made(step.form, path)
    except FileExistsError:
        is_made = False
    except OSError as error:
        raise cannot_write(path, error) from error
    if not is_made:
        raise StepFailed(
            f"{path} is there by now, and is not empty",
            why="nothing is written over",
            hint="plan it anew, with another path",
        )
    return {}


def _is_made(form: ExportForm, path: Path) -> bool:
    """Whether it is there now, and empty."""
    if form is ExportForm.ZIP:
        make_empty_file(part_of_zip(path))
        return True
    path.mkdir(_MODE, exist_ok=True)
    flush_directory(path.parent)
    return _is_empty(path)


def write_folder(step: WriteFolder) -> Note:
    """Make a folder's directories and files. Done again it is the same.

    Raises:
        StepFailed: they cannot be made.
    """
    path = Path(step.path)
    try:
        for each in step.directories:
            (path / each).mkdir(_MODE, exist_ok=True)
            flush_directory((path / each).parent)
        if step.form is ExportForm.MBOX:
            make_empty_file(path / step.mailbox)
        for name, text in files_of_folder(step).items():
            write_durably(path / name, text)
    except OSError as error:
        raise cannot_write(path / step.mailbox, error) from error
    return {}


def files_of_folder(step: WriteFolder) -> Mapping[str, bytes]:
    """What a Maildir's folder has besides messages, by name in the export."""
    if step.form is not ExportForm.MAILDIR:
        return {}
    files = {}
    if step.mailbox != MAILDIR_ROOT:
        files[f"{step.mailbox}/{FOLDER_MARK}"] = b""
    if step.keywords:
        text = render_keywords(step.keywords)
        files[f"{step.mailbox}/{KEYWORDS_FILE}"] = text.encode("utf-8", "surrogateescape")
    return files


def _is_empty(path: Path) -> bool:
    if path.is_symlink() or not path.is_dir():
        return False
    with os.scandir(path) as entries:
        return next(iter(entries), None) is None

"""The state directory: ours alone, and never inside a backup or a spool."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from respool.app.settings import Settings
from respool.errors import FormatError, NotPermitted, ServerNotFound, UsageError
from respool.system.configuration import read_configuration

_MODE = 0o700


def prepare_state(settings: Settings) -> Path:
    """The state directory, made if need be.

    Raises:
        UsageError: it lies inside a backup or a spool.
        NotPermitted: it cannot be made or written.
    """
    check_not_inside(settings.state, settings, what="the state directory")
    try:
        settings.state.mkdir(mode=_MODE, parents=True, exist_ok=True)
        settings.state.chmod(_MODE)
        for name in ("runs", "locks", "plans"):
            (settings.state / name).mkdir(mode=_MODE, exist_ok=True)
    except OSError as error:
        raise NotPermitted(
            f"the state directory {settings.state} cannot be used",
            why=str(error),
            hint="--state DIR names another one",
        ) from error
    return settings.state


def check_not_inside(path: Path, settings: Settings, *, what: str) -> None:
    """Refuse a place to write to that belongs to a backup or a live spool.

    Raises:
        UsageError: it does.
    """
    real = path.resolve()
    for place in (settings.backups, *_spool_roots(settings)):
        if real.is_relative_to(place.resolve()):
            raise UsageError(
                f"{what} {path} lies inside {place}",
                why="nothing is ever written there",
                hint="choose another place",
            )


def _spool_roots(settings: Settings) -> Iterable[Path]:
    try:
        configuration = read_configuration(settings.imapd_conf)
    except (ServerNotFound, NotPermitted, FormatError):
        return []
    roots = [
        Path(root)
        for kind in ("", "meta", "archive")
        for root in configuration.roots(kind).values()
    ]
    return [*roots, Path(configuration.configdirectory)]

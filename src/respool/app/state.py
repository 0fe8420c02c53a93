"""The state directory: ours alone, and never inside a backup or a spool."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from respool.app.settings import Settings
from respool.app.where import TargetKind
from respool.errors import FormatError, NotPermitted, ServerNotFound, UsageError
from respool.model.accounts import Account
from respool.planning.plan import PlanHead
from respool.system.configuration import read_configuration
from respool.system.ownership import is_private

_MODE = 0o700
_SHALLOW = 4  # the directory above /var/spool/cyrus/data/x is the spool's, above /srv/x not


def prepare_state(settings: Settings) -> Path:
    """The state directory with the places for runs, made if need be; errors as `private_state`."""
    state = private_state(settings)
    try:
        for name in ("runs", "locks", "plans", "batches"):
            (state / name).mkdir(mode=_MODE, exist_ok=True)
    except OSError as error:
        raise _unusable(state, error) from error
    return state


def private_state(settings: Settings) -> Path:
    """The state directory itself, made if need be.

    Raises:
        UsageError: it lies inside a backup or a spool, holds one, or others may enter it.
        NotPermitted: it cannot be made or written.
    """
    check_not_inside(settings.state, settings, what="the state directory")
    try:
        if settings.state.exists():
            _check_private(settings.state)
        else:
            settings.state.mkdir(mode=_MODE, parents=True)
            settings.state.chmod(_MODE)
    except OSError as error:
        raise _unusable(settings.state, error) from error
    return settings.state


def _unusable(state: Path, error: OSError) -> NotPermitted:
    return NotPermitted(
        f"the state directory {state} cannot be used",
        why=str(error),
        hint="--state DIR names another one",
    )


def _check_private(state: Path) -> None:
    """An existing directory is taken as it is: changing its mode could lock others out."""
    if not is_private(state):
        raise UsageError(
            f"the state directory {state} is open to others",
            why="it will hold names, flags and dates of people's mail",
            hint=f"chmod 700 {state}, or --state with a new directory",
        )


def account_lock(state: Path, account: Account, default_domain: str | None) -> Path:
    """The file that runs into one live account lock each other out by.

    The server's default domain may be part of an account's name or not: it is the same one.
    """
    if account.domain == default_domain:
        account = Account(kind=account.kind, login=account.login, domain=None)
    name = f"{account.kind}-{account.address}".replace("/", "_")
    return state / "locks" / f"{name}.lock"


def far_lock(state: Path, head: PlanHead) -> Path:
    """The file that runs into one account of another server, or one place of files, share."""
    where = head.where or ""
    name = where
    if head.target_kind == TargetKind.IMAP:  # whoever logs in for it, it is the same account
        name = f"{where.rpartition('@')[2]} {head.request.target.address}"
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    return state / "locks" / f"{head.target_kind}-{digest[:32]}.lock"


def run_locks(state: Path, head: PlanHead) -> tuple[Path, ...]:
    """The files one of which runs of this plan hold, where no server says its default domain."""
    if head.target_kind not in {TargetKind.SPOOL, TargetKind.STATE}:
        return (far_lock(state, head),)
    account = head.request.target
    return tuple(
        dict.fromkeys(account_lock(state, account, domain) for domain in (account.domain, ""))
    )


def check_not_inside(path: Path, settings: Settings, *, what: str) -> None:
    """Refuse a place to write to that belongs to a backup or a live spool, or holds one.

    Raises:
        UsageError: it does.
    """
    real = path.resolve()
    staged = () if settings.staged is None else map(Path, settings.staged.every)
    for place in (settings.backups, *staged, *_spool_roots(settings)):
        forbidden = place.resolve()
        if real.is_relative_to(forbidden) or forbidden.is_relative_to(real):
            lies = "lies inside" if real.is_relative_to(forbidden) else "holds"
            raise UsageError(
                f"{what} {path} {lies} {place}",
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
    above = [root.parent for root in roots if len(root.parts) > _SHALLOW]
    together = Path(os.path.commonpath(roots)) if roots else Path("/")
    if len(together.parts) >= _SHALLOW:
        above.append(together)
    if sieve := configuration.text("sievedir"):
        above.append(Path(sieve))
    return [*roots, *above, Path(configuration.configdirectory)]

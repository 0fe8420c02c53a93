"""What works on the live server's spool besides, as far as the list of processes tells.

Source: man pages of the programs; reconstruct takes message files that it finds for mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from respool.cyrus.imapd_conf import ServerConfiguration
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.system.processes import Process

_USUAL_CONFIGURATION: Final = Path("/etc/imapd.conf")
_ON_MAILBOXES: Final = frozenset({"reconstruct", "relocate_by_id"})
# The program and the option by which it works on the databases of everybody.
_ON_DATABASES: Final = {
    "ctl_cyrusdb": frozenset({"-r"}),
    "ctl_mboxlist": frozenset({"-u", "-m"}),
    "cvt_cyrusdb": frozenset({""}),
}
_BESIDE: Final = frozenset({"cyr_expire", "ipurge", "unexpunge"})
_COPIERS: Final = frozenset(
    {"borg", "cp", "cpio", "duplicity", "rdiff-backup", "restic", "rsync", "tar"}
)
_WITH_WORD: Final = frozenset({"-C", "-p", "-V"})
_WILD: Final = "*%"


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """What speaks ``against`` a restore now, and what only works ``beside`` it."""

    against: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


def at_work(
    found: Iterable[Process],
    configuration: ServerConfiguration,
    imapd_conf: Path,
    account: Account | None = None,
) -> AtWork:
    """Of the processes those that matter for this server; without an account, for any."""
    against: list[str] = []
    beside: list[str] = []
    roots = tuple(_roots(configuration))
    for process in found:
        told = f"{process.name} is at work (process {process.pid})"
        if _is_on_databases(process) and _is_ours(process, imapd_conf):
            against.append(f"{told} on the databases of the server: wait for its end")
        elif process.name in _ON_MAILBOXES and _is_ours(process, imapd_conf):
            if account is None:
                beside.append(told)
            elif _concerns(process, account):
                against.append(f"{told} on {account.address}: wait for its end")
        elif process.name in _BESIDE and _is_ours(process, imapd_conf):
            beside.append(told)
        elif process.name in _COPIERS and _meets_roots(process.words[-1:], roots):
            beside.append(f"{told} and writes into the live mail: is that a restore by hand?")
        elif process.name in _COPIERS and _meets_roots(process.words, roots):
            beside.append(f"{told} on the live mail: its copy may hold a part of the restore")
    return AtWork(against=tuple(against), beside=tuple(beside))


def _is_ours(process: Process, imapd_conf: Path) -> bool:
    """Whether it works with this configuration: others may run on the same machine."""
    told = process.option("C")
    return (_USUAL_CONFIGURATION if told is None else Path(told)).resolve() == imapd_conf.resolve()


def _is_on_databases(process: Process) -> bool:
    options = _ON_DATABASES.get(process.name, frozenset())
    return "" in options or any(word in options for word in process.words)


def _concerns(process: Process, account: Account) -> bool:
    """Whether it was told the account, something above or below it, or nothing: then all."""
    names = tuple(_names(process.words))
    return not names or any(_is_about(name, account) for name in names)


def _names(words: tuple[str, ...]) -> Iterator[str]:
    before = ""
    for word in words:
        if before not in _WITH_WORD and not word.startswith("-"):
            yield word
        before = word


def _is_about(name: str, account: Account) -> bool:
    """``user/jdoe@b.loc``, ``user.jdoe``, ``b.loc!user.jdoe``, ``user/j*``, ``jdoe``."""
    front, mark, internal = name.partition("!")
    local, _, domain = (internal, "", front) if mark else name.partition("@")
    if domain and not any(each in domain for each in _WILD) and domain != account.domain:
        return False
    parts = account.root.parts
    if local == parts[-1]:
        return True
    return any(_meets(local, separator.join(parts), separator) for separator in "/.")


def _meets(local: str, root: str, separator: str) -> bool:
    fixed = local
    for each in _WILD:
        fixed = fixed.partition(each)[0]
    if fixed != local:
        return root.startswith(fixed) or fixed.startswith(f"{root}{separator}")
    return local == root or local.startswith(f"{root}{separator}") or root.startswith(f"{local}/")


def _meets_roots(words: tuple[str, ...], roots: tuple[PurePosixPath, ...]) -> bool:
    """Whether a word is a directory of mail, one above it or one below it."""
    for word in words:
        place = PurePosixPath(word)
        if place.is_absolute() and any(
            root.is_relative_to(place) or place.is_relative_to(root) for root in roots
        ):
            return True
    return False


def _roots(configuration: ServerConfiguration) -> Iterator[PurePosixPath]:
    for kind in ("", "meta", "archive"):
        yield from configuration.roots(kind).values()

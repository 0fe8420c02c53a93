"""Which accounts a batch is of: those of a file, or those of a generation that a pattern fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from respool.app.account_lookup import written_out
from respool.app.backups import backup_of
from respool.app.batch_plan import NoWish
from respool.app.far_logins import mapped_login
from respool.app.settings import Settings
from respool.app.where import TargetKind, where_of
from respool.app.wish import Wish
from respool.backups.choice import choose_generation
from respool.backups.contents import list_accounts
from respool.errors import AccountNotInGeneration, UsageError
from respool.system.imap_places import parse_imap_place

_PATTERN: Final = re.compile(r"[*?\[]")
_ENDINGS: Final = {"zip": ".zip", "mbox": ".mbox"}


def wishes_of(settings: Settings, typed: str, template: Wish) -> tuple[Wish | NoWish, ...]:
    """What is wished for each account, in order; ``template`` is the wish without one.

    An account that cannot have it (a mailshare, which logs in nowhere) stops no other.

    ``typed`` is a pattern (``*@example.org``, ``user/a*``), or a file with an account a line,
    and after it where its mail goes if that is another account.

    Raises:
        UsageError: no pattern and no file, a line that is none, or a wish that only one
            account can have.
        AccountNotInGeneration: the pattern fits none.
    """
    _check_is_for_several(template)
    members = (
        tuple((name, None) for name in _matching(settings, typed, template.wanted.generation))
        if _PATTERN.search(typed) and not Path(typed).exists()
        else tuple(_listed(Path(typed)))
    )
    return tuple(_wish_or_not(template, account, to) for account, to in members)


def wishes_of_chosen(wishes: Sequence[Wish]) -> tuple[Wish | NoWish, ...]:
    """Wishes for messages that were chosen one by one, of an account each, as a batch has them.

    Raises:
        UsageError: only one account can have such a wish.
    """
    for each in wishes:
        _check_is_for_several(each)
    return tuple(_wish_or_not(each, each.wanted.account, None) for each in wishes)


def _check_is_for_several(template: Wish) -> None:
    where = where_of(template.to)
    if where.kind is TargetKind.SPOOL and template.to is not None:
        raise UsageError(
            f"--to {template.to} names one account, and several are meant",
            hint="write it behind the account, in the file of --accounts",
        )
    if template.is_rehearsal or template.person is not None:
        raise UsageError(
            "--rehearse, --same-person and --other-person are for one account",
            why="whose an account is now, each has to be said of by itself",
        )


def _matching(settings: Settings, pattern: str, label: str | None) -> tuple[str, ...]:
    generation = choose_generation(backup_of(settings).generations, label)
    folded = pattern.casefold()
    found = tuple(
        written_out(each.account)
        for each in list_accounts(generation)
        if not each.is_deleted
        and any(
            fnmatchcase(spelling.casefold(), folded)
            for spelling in (each.account.address, written_out(each.account))
        )
    )
    if not found:
        raise AccountNotInGeneration(
            f'no account of generation {generation.label} fits "{pattern}"',
            hint=f"respool accounts -g {generation.label} shows all",
        )
    return found


def _listed(file: Path) -> Iterator[tuple[str, str | None]]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(
            f'--accounts "{file}" is no file that can be read, and no pattern',
            why=str(error),
            hint="a file with an account a line, or --accounts '*@example.org'",
        ) from error
    seen: dict[tuple[str, str | None], int] = {}
    for number, line in enumerate(lines, 1):
        account, *rest = line.partition("#")[0].split() or [""]
        if not account:
            continue
        member = (account, rest[0] if rest else None)
        if len(rest) > 1 or member in seen:
            raise UsageError(
                f'line {number} of "{file}" is no account, with or without another that gets it',
                why=f"line {seen[member]} has it already" if member in seen else None,
                hint="jdoe@example.org asmith@example.org",
            )
        seen[member] = number
        yield member
    if not seen:
        raise UsageError(f'"{file}" names no account')


def _wish_or_not(template: Wish, account: str, to: str | None) -> Wish | NoWish:
    try:
        return _wish(template, account, to)
    except UsageError as error:
        return NoWish(account=account, failure=error)


def _wish(template: Wish, account: str, to: str | None) -> Wish:
    """The wish for one account; files and other servers get a place for each."""
    wish = replace(template, wanted=replace(template.wanted, account=account))
    where = where_of(template.to)
    if where.kind is TargetKind.EXPORT:
        if to is not None:
            raise UsageError(f"{account}: files have no account that could get its mail")
        name = f"{_file_name(account)}{_ENDINGS.get(where.form, '')}"
        return replace(wish, to=f"{where.form}:{where.path / name}")
    if where.kind is TargetKind.IMAP:
        if (
            parse_imap_place(where.text or "").user is None
        ):  # who that is, is known once it is asked
            return wish if to is None else replace(wish, to=_with_user(where.text or "", to))
        login = mapped_login(account, template.domain_map) if to is None else to
        return replace(wish, as_user=login)
    return replace(wish, to=to)


def _file_name(account: str) -> str:
    name = account.rpartition("/")[2]
    if name.startswith(".") or "\0" in name or not name:
        raise UsageError(f'"{account}" cannot be the name of a file')
    return name


def _with_user(typed: str, login: str) -> str:
    """The address with somebody who logs in there."""
    return str(replace(parse_imap_place(typed), user=login))

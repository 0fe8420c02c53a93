"""What the server's programs say, and the words that each version wants. Text in, values out."""

from __future__ import annotations

import re

from respool.model.dataclasses import dataclass

# Each where the programs say it: folders may be called "not found", too.
_FAILURE = re.compile(
    r"Failed to (?:reconstruct mailbox|open after reconstruct|open mailbox to set version)$"
    r"|: (?:Mailbox format corruption|System I/O error|Operation is not supported)"
    r"|: failed to read index header$"
    r"|^(?:FAILED TO REPACK|Failed to re-read|Error reading|Wrong uniqueid|createmailbox)\b"
    r"|(?:^|: )(?:could not|fatal error)\b"
    r"|uid \d+ (?:guid mismatch|not found|found - adding|rediscovered - appending)"
)
_CONVERTED = re.compile(r"(?:Converted .* version \d+ to|Repacked .* to version) (\d+)")
_QUOTA_LINE = re.compile(
    r"^(?P<root>\S.*?): (?:(?P<resource>[A-Z-]+) )?usage was (?P<was>\d+), now (?P<now>\d+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconstructReport:
    """What ``reconstruct`` said. ``changes`` are lines about what it mended."""

    visited: bool
    converted: int | None
    changes: tuple[str, ...]
    failures: tuple[str, ...]


def parse_reconstruct_output(output: str, errors: str) -> ReconstructReport:
    """Failures, changes and whether the mailbox was visited at all.

    A mailbox that the server does not know gives no line at all, and status 0.

    Source: imap/reconstruct.c and mailbox.c; cyrus-formats 5.5.
    """
    lines = [line.strip() for line in f"{output}\n{errors}".splitlines() if line.strip()]
    failures = tuple(line for line in lines if _FAILURE.search(line))
    converted = next((int(m[1]) for line in lines if (m := _CONVERTED.search(line))), None)
    return ReconstructReport(
        visited=bool(output.strip()),
        converted=converted,
        changes=tuple(line for line in lines if line not in failures),
        failures=failures,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What ``quota -f`` is to count: an account, or with ``local`` None its whole domain.

    ``domain`` is the one that is part of the name, not the server's default one. ``local``
    and ``internal`` spell the rest: ``user/john.doe`` and ``user.john^doe``.
    """

    domain: str | None
    local: str | None
    internal: str | None
    userid: str | None


def quota_arguments(version: tuple[int, int, int], counted: Counted) -> tuple[str, ...]:
    """Arguments of ``quota`` that count an account anew.

    Without ``-u`` the name is a prefix: ``user/al`` would count alice, too. From 3.6 on
    ``-u`` names one user (before, it could remove the roots of others: issue 3839). 3.0
    and 3.2 want internal names, all others external ones without the domain; the wrong
    form is a silent no-op.

    Source: imap/quota.c of 2.4.22 to 3.10.3; cyrus-formats 5.6; ``-u`` seen on 3.6.1.
    """
    if counted.userid is not None and version >= (3, 6, 0):
        return ("-f", "-u", counted.userid)
    of_domain = () if counted.domain is None else ("-d", counted.domain)
    is_internal = (3, 0, 0) <= version < (3, 4, 0)
    name = counted.internal if is_internal else counted.local
    return ("-f", *of_domain, *(() if name is None else ("--", name)))  # may begin with "-"


def parse_quota_output(output: str, errors: str) -> tuple[str, ...]:
    """The lines that tell of a corrected count: ``ROOT: STORAGE usage was A, now B``."""
    lines = f"{output}\n{errors}".splitlines()
    return tuple(line.strip() for line in lines if _QUOTA_LINE.match(line.strip()))

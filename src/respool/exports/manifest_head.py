"""What a manifest says of the export as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from respool.errors import FormatError
from respool.model.accounts import Account, AccountKind
from respool.model.dataclasses import dataclass
from respool.model.json_text import as_utc_text


class ExportForm(StrEnum):
    """How an export keeps its messages."""

    MAILDIR = "maildir"  # Maildir++
    MBOX = "mbox"  # mboxrd, one file a folder
    ZIP = "zip"  # .eml in folders
    EML = "eml"  # the same in directories


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestHead:
    """Of whom, when and of what an export was made, and how much is in it.

    ``software`` is who made it: ``respool 0.4.0``. ``generation`` is the label of the backup's
    state, which was ``taken_at`` then; ``made_at`` is when the export was finished. Both are
    aware UTC. ``folders`` are all that it has, those too without any message, as paths inside
    the account. ``messages`` and ``octets`` count what is in it, ``lost`` what could not be
    read of the backup. ``findings`` are those about folders, and the whole, as JSON has them.
    """

    software: str
    form: ExportForm
    account: Account
    generation: str
    taken_at: datetime | None
    made_at: datetime
    folders: tuple[str, ...]
    messages: int
    octets: int
    lost: int = 0
    findings: tuple[Mapping[str, Any], ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """The value of ``head``."""
        return {
            "software": self.software,
            "form": self.form.value,
            "account": {
                "kind": self.account.kind.value,
                "login": self.account.login,
                "domain": self.account.domain,
                "address": self.account.address,
            },
            "generation": self.generation,
            "taken_at": as_utc_text(self.taken_at),
            "made_at": as_utc_text(self.made_at),
            "messages": self.messages,
            "octets": self.octets,
            "lost": self.lost,
            "folders": list(self.folders),
            "findings": [dict(each) for each in self.findings],
        }

    @classmethod
    def from_json(cls, head: Any) -> ManifestHead:  # noqa: ANN401 - JSON enters here
        """What `as_json` gave.

        Raises:
            FormatError: anything else.
        """
        try:
            taken_at = head["taken_at"]
            return cls(
                software=_text(head["software"]),
                form=ExportForm(head["form"]),
                account=_account(head["account"]),
                generation=_text(head["generation"]),
                taken_at=None if taken_at is None else _moment(taken_at),
                made_at=_moment(head["made_at"]),
                folders=tuple(_text(each) for each in head["folders"]),
                messages=_count(head["messages"]),
                octets=_count(head["octets"]),
                lost=_count(head["lost"]),
                findings=tuple(dict(each) for each in head["findings"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise FormatError(f"no head of a manifest: {error}") from error


def _account(found: Any) -> Account:  # noqa: ANN401 - JSON enters here
    login, domain = _text(found["login"]), found["domain"]
    for part in (login, domain or "-"):
        if not part or part in {".", ".."} or "/" in part or "\0" in part:
            raise ValueError(f"no login or domain: {part!r:.80}")
    return Account(
        kind=AccountKind(found["kind"]),
        login=login,
        domain=None if domain is None else _text(domain),
    )


def _text(found: object) -> str:
    if type(found) is not str:
        raise ValueError(f"no text: {found!r:.80}")
    return found


def _count(found: object) -> int:
    if type(found) is not int or found < 0:
        raise ValueError(f"no count: {found!r:.80}")
    return found


def _moment(text: object) -> datetime:
    return datetime.fromisoformat(_text(text)).astimezone(UTC)

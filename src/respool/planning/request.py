"""What a person asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from respool.model.accounts import Account

RENAME_AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest:
    """A restore as asked, with every default filled in but the new folder's name.

    ``folders`` are as typed; none means the whole account. ``into`` is the encoded
    name of the new first-level folder; ``is_into_given`` says whether a person chose
    it (then a taken name is refused) or it is our proposal (then the next free one is
    used). ``renames`` map decoded folder paths to new ones; ``is_renaming_freely``
    takes every proposal.
    """

    account: Account
    folders: tuple[str, ...]
    generation: str
    into: str
    is_into_given: bool
    renames: Mapping[str, str] = field(default_factory=dict)
    is_renaming_freely: bool = False
    note: str | None = None

"""Whose mail is to go to another server, as a person typed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from respool.model.dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FarWish:
    """Whose mail is to go there: ``account`` as a person typed it, ``domains`` new ones by old."""

    account: str = ""
    domains: Mapping[str, str] = field(default_factory=dict)

"""The first line of a file of several plans: how many follow, and a digest of them all.

Each plan says itself whether it is whole; that none of them is missing, only this line does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Final, Self

from respool.errors import PlanFileInvalid
from respool.model.dataclasses import dataclass

SERIES_VERSION: Final = 1
_START: Final = '{"respool":"plans",'
_WIDTH: Final = 9  # of the count: the line is written before it is known, and again after


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesHead:
    """How many plans a file holds; ``digest`` is the SHA-256 of their last lines, in hex."""

    plans: int = 0
    digest: str = "0" * 64

    @classmethod
    def of_tails(cls, tails: Iterable[str]) -> Self:
        """Of the last lines of all plans, in order, without their line feeds."""
        digest, count = hashlib.sha256(), 0
        for each in tails:
            digest.update(each.encode("ascii", "backslashreplace") + b"\n")
            count += 1
        return cls(plans=count, digest=digest.hexdigest())

    def line(self) -> str:
        """As it stands in the file, always as long, without its line feed."""
        plans = f'"version":{SERIES_VERSION},"plans":{self.plans:{_WIDTH}}'
        return f'{_START}{plans},"digest":"{self.digest}"}}'


def is_series_head(line: str) -> bool:
    """Whether a file that begins with this line holds several plans."""
    return line.startswith(_START)


def parse_series_head(line: str) -> SeriesHead:
    """The first line of a file of several plans.

    Raises:
        PlanFileInvalid: it is none, or one of another version.
    """
    try:
        fields = json.loads(line) if is_series_head(line) else {}
    except (ValueError, RecursionError) as error:
        raise PlanFileInvalid("the first line of the plans is no JSON", why=str(error)) from error
    plans, digest = fields.get("plans"), fields.get("digest")
    if fields.get("version") != SERIES_VERSION or type(plans) is not int or not digest:
        raise PlanFileInvalid(
            "this file of several plans does not say how many they are",
            hint="make the plan again: respool plan --accounts … --out FILE",
        )
    return SeriesHead(plans=plans, digest=str(digest))

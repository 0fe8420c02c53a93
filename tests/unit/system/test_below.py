"""What LIST shows for a pattern is more than what is below a mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from respool.system.below import folders_below
from respool.system.cyrus_server import CyrusServer


@dataclass(slots=True)
class Listing:
    """A server that shows ``names`` for any pattern, with or without domains."""

    names_shown: tuple[str, ...]
    virtdomains: str = "userid"
    separator: str = "/"

    @property
    def admin(self) -> Listing:
        return self

    @property
    def configuration(self) -> Listing:
        return self

    def names(self, _pattern: str) -> tuple[str, ...]:
        return self.names_shown

    def text(self, _key: str, _default: str) -> str:
        return self.virtdomains


def below(listing: Listing, mailbox: str) -> tuple[str, ...]:
    return folders_below(cast("CyrusServer", listing), mailbox)


def test_a_wildcard_in_a_name_matches_itself_alone() -> None:
    listing = Listing(("user/st*r/Sent@b.loc", "user/star@b.loc", "user/star/Secret@b.loc"))

    assert below(listing, "user/st*r@b.loc") == ("user/st*r/Sent@b.loc",)


def test_folders_of_that_name_in_another_domain_are_not_its() -> None:
    listing = Listing(("user/jdoe/Sent", "user/jdoe/Secret@other.org"))

    assert below(listing, "user/jdoe") == ("user/jdoe/Sent",)


def test_without_domains_a_name_may_have_an_at_sign_of_its_own() -> None:
    listing = Listing(("user/jdoe/me@home",), virtdomains="off")

    assert below(listing, "user/jdoe") == ("user/jdoe/me@home",)

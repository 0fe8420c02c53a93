"""Whether an account of several times is one and the same: values, and comparing them.

A login can be given to somebody else, and an account can be made anew. What tells is who
owns the INBOX by its ACL, and the ids that a server gives to mailboxes when it makes them.
BlueMind's directory decides it: its ACLs name people by their directory uids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Final, TypeAlias

from respool.model.dataclasses import dataclass

OWNER_RIGHTS: Final = frozenset("lrswipkxtea")
_OLD_LETTERS: Final = {"c": "kx", "d": "xte"}  # RFC 4314, 2.1.1
_NOBODY: Final = frozenset({"anyone", "anonymous"})
_NO_PERSON: Final = ("-", "group:")
_SEVERAL: Final = 2
_SHOWN: Final = 3
_MOST_SHOWN_CHARACTERS: Final = 64


class Says(StrEnum):
    """What a comparison says about the live account being the same person's."""

    FOR = "for"
    AGAINST = "against"
    NOTHING = "nothing"


class Topic(StrEnum):
    """What was compared."""

    DIRECTORY = "directory uid"  # of the live account, with who owned INBOX
    OWNER = "owner"  # who has all rights on INBOX
    INBOX_ID = "INBOX id"  # of the root mailbox, also of a mailshare
    FOLDER_IDS = "folder ids"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incarnation:
    """An account as it was at one time.

    ``where`` says when, for people: ``generation 87``, ``live``. ``owners`` and
    ``inbox_id`` are None where they are not known. ``folder_ids`` are those that are known,
    by the folder's path; without INBOX. ``directory_id`` is whom the directory says that the
    account is, as ACLs have it (``4F2A@b.loc``); None where nobody was asked.
    """

    where: str
    owners: frozenset[str] | None
    inbox_id: str | None
    folder_ids: Mapping[str, str] = field(default_factory=dict)
    directory_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One comparison that was made; ``text`` is a line for people."""

    topic: Topic
    says: Says
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every comparison that was made of an account's incarnations."""

    evidence: tuple[Evidence, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """What was compared, for people."""
        return tuple(each.text for each in self.evidence)

    @property
    def speaks_against(self) -> bool:
        """Whether anything speaks against its being the same person's account all along.

        What the directory says is the last word: ids change, too, where the same person's
        account is made anew.
        """
        decided = self._by_directory
        if decided is not None:
            return decided is Says.AGAINST
        return any(each.says is Says.AGAINST for each in self.evidence)

    @property
    def speaks_for(self) -> bool:
        """Whether anything speaks for it."""
        return any(each.says is Says.FOR for each in self.evidence)

    @property
    def has_other_owner(self) -> bool:
        """Whether the owner himself changed, not only ids."""
        decided = self._by_directory
        if decided is not None:
            return decided is Says.AGAINST
        return any(
            each.topic is Topic.OWNER and each.says is Says.AGAINST for each in self.evidence
        )

    @property
    def _by_directory(self) -> Says | None:
        """What the directory says, if it says anything."""
        told = (each.says for each in self.evidence if each.topic is Topic.DIRECTORY)
        return next((says for says in told if says is not Says.NOTHING), None)


_Compare: TypeAlias = Callable[[Incarnation, Incarnation], Evidence]


def owners_of(acl: Mapping[str, str], administrators: frozenset[str]) -> frozenset[str] | None:
    """Who has all rights on a mailbox, as the ACL names them; None where nobody has.

    The server's administrators, groups, ``anyone`` and negative entries are nobody here.

    >>> owners_of({"4F2A@b.loc": "lrswipkxtea", "al@b.loc": "lrs"}, frozenset())
    frozenset({'4F2A@b.loc'})
    """
    found = frozenset(
        who
        for who, may in acl.items()
        if not who.startswith(_NO_PERSON)
        and who not in _NOBODY | administrators
        and {new for each in may for new in _OLD_LETTERS.get(each, each)} >= OWNER_RIGHTS
    )
    return found or None


def do_folders_matter(chosen: Incarnation, live: Incarnation) -> bool:
    """Whether ids of folders tell anything that those of INBOX do not."""
    return chosen.inbox_id is None or chosen.inbox_id != live.inbox_id


def compare_incarnations(
    chosen: Incarnation, newer: Sequence[Incarnation], live: Incarnation, *, userid: str | None
) -> Comparison:
    """What the chosen generation, newer ones (oldest first) and the live account say.

    ``userid`` is the login as ACLs have it. As an owner it says nothing: whoever comes
    after has the same. None for a mailshare, which has no owner to compare.
    """
    comparers: list[_Compare] = [_compare_inbox_ids]
    if userid is not None:
        comparers.insert(0, lambda one, other: _compare_owners(one, other, userid))
    evidence = [compare(chosen, live) for compare in comparers]
    if userid is not None and live.directory_id is not None:
        evidence.insert(0, _compare_with_directory(chosen, live, userid))
    if do_folders_matter(chosen, live):
        evidence.append(_compare_folder_ids(chosen, live))
    if newer:
        chain = (chosen, *newer, live)
        changes = [change for compare in comparers for change in _changes(chain, compare)]
        evidence += changes or [_no_change(chain)]
    return Comparison(evidence=tuple(evidence))


def _compare_owners(one: Incarnation, other: Incarnation, userid: str) -> Evidence:
    owners, others = _in_lower_case(one), _in_lower_case(other)
    if not owners or not others:
        says, result = Says.NOTHING, "cannot be compared"
    elif owners.isdisjoint(others):
        says, result = Says.AGAINST, "differ"
    elif owners != others:
        says, result = Says.NOTHING, "some in common"
    elif userid.lower() in owners:
        says, result = Says.NOTHING, "the login itself, which tells nothing"
    else:
        says, result = Says.FOR, "the same"
    return _evidence(Topic.OWNER, says, (one, _people(one)), (other, _people(other)), result)


def _compare_with_directory(one: Incarnation, live: Incarnation, userid: str) -> Evidence:
    """Whether whom the directory has now owned INBOX then.

    Source: DbAclToCyrusAcl.java: the owner's entry is his directory uid with his domain's.
    """
    owners, who = _in_lower_case(one), (live.directory_id or "").lower()
    if not owners:
        says, result = Says.NOTHING, "cannot be compared"
    elif who in owners and who == userid.lower():
        says, result = Says.NOTHING, "the login itself, which tells nothing"
    elif who in owners and len(owners) > 1:  # to whom all is shared has an owner's rights, too
        says, result = Says.NOTHING, "one of several who had all rights"
    elif who in owners:
        says, result = Says.FOR, "the same person"
    elif userid.lower() in owners:
        says, result = Says.NOTHING, "the backup has the login, which tells nothing"
    else:
        says, result = Says.AGAINST, "another person"
    sides = ((one, _people(one)), (live, _shown(live.directory_id)))
    return _evidence(Topic.DIRECTORY, says, *sides, result)


def _in_lower_case(incarnation: Incarnation) -> frozenset[str]:
    """Owners as ``username_tolower`` makes them: one server stores what another keeps."""
    return frozenset(owner.lower() for owner in incarnation.owners or ())


def _compare_inbox_ids(one: Incarnation, other: Incarnation) -> Evidence:
    if one.inbox_id is None or other.inbox_id is None:
        says, result = Says.NOTHING, "cannot be compared"
    elif one.inbox_id != other.inbox_id:
        says, result = Says.AGAINST, "differ"
    else:
        says, result = Says.FOR, "the same"
    ids = ((one, _shown(one.inbox_id)), (other, _shown(other.inbox_id)))
    return _evidence(Topic.INBOX_ID, says, *ids, result)


def _compare_folder_ids(one: Incarnation, other: Incarnation) -> Evidence:
    ids, others = frozenset(one.folder_ids.values()), frozenset(other.folder_ids.values())
    common = ids & others
    if common:
        paths = sorted(path for path, uniqueid in one.folder_ids.items() if uniqueid in common)
        more = " …" if len(paths) > _SHOWN else ""
        says, result = Says.FOR, f"{len(common)} in common: {', '.join(paths[:_SHOWN])}{more}"
    elif min(len(ids), len(others)) >= _SEVERAL:
        says, result = Says.AGAINST, "none in common"
    else:
        says, result = Says.NOTHING, "too few to compare"
    counts = ((one, f"{len(ids)} known"), (other, f"{len(others)} known"))
    return _evidence(Topic.FOLDER_IDS, says, *counts, result)


def _changes(chain: Sequence[Incarnation], compare: _Compare) -> Iterator[Evidence]:
    """Between which two of a chain something became another; what is not known is passed over."""
    last = chain[0]
    for incarnation in chain[1:]:
        compared = compare(last, incarnation)
        if compared.says is Says.AGAINST:
            is_live = incarnation is chain[-1]
            when = (
                f"since {last.where}"
                if is_live
                else f"between {last.where} and {incarnation.where}"
            )
            yield Evidence(
                topic=compared.topic,
                says=Says.AGAINST,
                text=f"the account was made anew {when} ({compared.text})",
            )
        if _is_known(incarnation, compared.topic):
            last = incarnation


def _is_known(incarnation: Incarnation, topic: Topic) -> bool:
    return (incarnation.owners if topic is Topic.OWNER else incarnation.inbox_id) is not None


def _no_change(chain: Sequence[Incarnation]) -> Evidence:
    text = f"no change seen from {chain[0].where} to {chain[-2].where}, nor since"
    return Evidence(topic=Topic.INBOX_ID, says=Says.NOTHING, text=text)


def _evidence(
    topic: Topic,
    says: Says,
    one: tuple[Incarnation, str],
    other: tuple[Incarnation, str],
    result: str,
) -> Evidence:
    sides = ", ".join(f"{side.where} {shown}" for side, shown in (one, other))
    return Evidence(topic=topic, says=says, text=f"{topic}: {sides}: {result}")


def _people(incarnation: Incarnation) -> str:
    if incarnation.owners is None:
        return "unknown"
    owners = sorted(incarnation.owners)
    shown = " and ".join(_shown(owner) for owner in owners[:_SHOWN])
    return f"{shown} and others" if len(owners) > _SHOWN else shown


def _shown(text: str | None) -> str:
    if text is None:
        return "unknown"
    return text if len(text) <= _MOST_SHOWN_CHARACTERS else f"{text[:_MOST_SHOWN_CHARACTERS]}…"

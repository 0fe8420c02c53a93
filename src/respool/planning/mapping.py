"""Where each mailbox of a restore goes: new names, checked against each other and the server."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Protocol

from respool.model.accounts import INBOX, Account, folder_parts, folder_path
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName, decoded_part, shortened
from respool.planning.request import RestoreRequest

_NUMBER_OCTETS = 4


class NamePolicy(Protocol):
    """What names a target takes, found before it is asked, and what to propose."""

    @property
    def most_part_octets(self) -> int:
        """How many octets one level may have, encoded."""

    def refusals(self, name: MailboxName) -> tuple[str, ...]:
        """Why the target would refuse ``name``; nothing where it takes it."""

    def proposed_part(self, part: str) -> str:
        """``part`` altered as little as it takes."""

    def proposed_name(self, name: MailboxName, keep: int) -> MailboxName:
        """``name`` with every part after the first ``keep`` made fit, and short enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """New names of the sources, in their order, and every reason why it cannot be done so."""

    targets: tuple[MailboxName, ...]
    reasons: tuple[str, ...]


def map_names(
    sources: Sequence[MailboxName], request: RestoreRequest, rules: NamePolicy
) -> Mapped:
    """The target of each source.

    INBOX becomes the new folder itself, or in place the live INBOX; every other folder
    keeps its whole path below it.
    """
    root = request.root
    root_why = rules.refusals(root)
    shown = _shown(decoded_part(root.parts[-1]))
    reasons = [f"--into {shown}: {'; '.join(root_why)}"] if root_why else []
    wishes = [root.child(*_renamed(each, request)) for each in sources]
    targets = wishes
    if request.is_renaming_freely:
        targets = _made_fit(wishes, len(root.parts), rules)
    for source, target in zip(sources, targets, strict=True):
        why = [each for each in rules.refusals(target) if each not in root_why]
        if request.is_in_place and target.parts[len(root.parts) :][:1] == (INBOX,):
            why.append("an INBOX below INBOX cannot be told from INBOX itself by users")
        if why:
            reasons.append(_refused(source, target, len(root.parts), why, rules))
    reasons.extend(_twins(sources, targets))
    return Mapped(targets=tuple(targets), reasons=tuple(reasons))


def _made_fit(wishes: Sequence[MailboxName], keep: int, rules: NamePolicy) -> list[MailboxName]:
    """Every wish with a name that the server takes, altered as little as it takes.

    Level by level: what is below a folder follows it, and no two folders become one.
    """
    taken = {each.parts[:size] for each in wishes for size in range(keep, len(each.parts) + 1)}
    made: dict[tuple[str, ...], tuple[str, ...]] = {
        each.parts[:keep]: each.parts[:keep] for each in wishes
    }
    for size in range(keep + 1, max(len(each.parts) for each in wishes) + 1):
        for old in dict.fromkeys(each.parts[:size] for each in wishes if len(each.parts) >= size):
            new = (*made[old[:-1]], rules.proposed_part(old[-1]))
            made[old] = new if new == old else _free(new, taken | set(made.values()), rules)
    targets: list[MailboxName] = []
    for wish in wishes:
        target = MailboxName(domain=wish.domain, parts=made[wish.parts])
        if rules.refusals(target):  # too long as a whole
            parts = rules.proposed_name(target, keep).parts
            parts = _free(parts, taken | {each.parts for each in targets}, rules)
            target = MailboxName(domain=wish.domain, parts=parts)
        targets.append(target)
    return targets


def folders_between(root: MailboxName, targets: Sequence[MailboxName]) -> tuple[MailboxName, ...]:
    """``root`` and every folder above a target that is no target itself, outermost first."""
    wanted: set[MailboxName] = {root}
    for target in targets:
        for size in range(len(root.parts), len(target.parts)):
            wanted.add(MailboxName(domain=root.domain, parts=target.parts[:size]))
    missing = wanted - set(targets)
    return tuple(sorted(missing, key=lambda name: (len(name.parts), name.parts)))


def unknown_renames(request: RestoreRequest, sources: Sequence[MailboxName]) -> tuple[str, ...]:
    """Reasons for renames that no chosen folder has."""
    known = {folder_path(source) for source in sources}
    inner = {path.rsplit("/", depth)[0] for path in known for depth in range(path.count("/") + 1)}
    return tuple(
        f"--rename {old}={new}: none of the chosen folders is called {old!r}"
        for old, new in request.renames.items()
        if old not in known | inner
    )


def _renamed(source: MailboxName, request: RestoreRequest) -> tuple[str, ...]:
    own = _own_parts(source, request.account)
    best = own
    longest = -1
    path = folder_path(source)
    for old, new in request.renames.items():
        depth = len(folder_parts(old))
        if f"{path}/".startswith(f"{old}/") and depth > longest:
            longest = depth
            best = folder_parts(new) + own[depth:]
    return best


def _own_parts(source: MailboxName, account: Account) -> tuple[str, ...]:
    depth = len(account.root.parts)
    if source.is_deleted:
        return (source.parts[0], *source.parts[depth + 1 :])
    return source.parts[depth:]


def _refused(
    source: MailboxName, target: MailboxName, keep: int, why: Sequence[str], rules: NamePolicy
) -> str:
    proposal = rules.proposed_name(target, keep)
    old = folder_path(source)
    new = folder_path(MailboxName(domain=None, parts=("x", *proposal.parts[keep:])))
    return (
        f"{_shown(old)}: {'; '.join(why)}"
        f" (proposal: --rename {_shown(f'{old}={new}')}, or --rename auto)"
    )


def _shown(text: str) -> str:
    safe = text.encode("utf-8", "backslashreplace").decode("utf-8")
    escaped = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in safe)
    return "'" + escaped.replace("'", "'\\''") + "'"


def _free(
    parts: tuple[str, ...], taken: Container[tuple[str, ...]], rules: NamePolicy
) -> tuple[str, ...]:
    """``parts``, or the next free one with a number at its end."""
    number, candidate, last = 2, parts, parts[-1]
    if len(last) > rules.most_part_octets - _NUMBER_OCTETS:
        last = shortened(last, _NUMBER_OCTETS)
    while candidate in taken:
        candidate = (*parts[:-1], f"{last}-{number}")
        number += 1
    return candidate


def _twins(sources: Sequence[MailboxName], targets: Sequence[MailboxName]) -> list[str]:
    seen: Mapping[MailboxName, MailboxName]
    first: dict[MailboxName, MailboxName] = {}
    reasons = []
    for source, target in zip(sources, targets, strict=True):
        seen = first
        if target in seen:
            one, other = _shown(folder_path(seen[target])), _shown(folder_path(source))
            reasons.append(f"{one} and {other} would both become {folder_path(target)!r}")
        first.setdefault(target, source)
    return reasons

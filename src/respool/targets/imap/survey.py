"""How an account on an IMAP server is before a restore, as values."""

from __future__ import annotations

from collections.abc import Mapping

from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.planning.forecast import QuotaLimit
from respool.targets.imap.names import ImapNames

ANY_KEYWORD = "\\*"  # of PERMANENTFLAGS: keywords that nobody used yet are taken


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapFolder:
    r"""One folder that LIST shows. ``uses`` are ``\Sent`` and the like.

    ``messages`` is None where nobody counted. Where it cannot be opened (not ``is_there``) only
    its name is known, and what it would be for.
    """

    uses: frozenset[str] = frozenset()
    messages: int | None = 0
    is_there: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapSurvey:
    r"""One account, as the server shows it to whoever logs in; nothing was changed.

    ``where`` is the server's address with the account, without a secret; ``server`` what it
    calls itself. ``login`` has logged in, for ``user`` (the same, but for an administrator).
    ``capabilities`` are in capitals. ``folders`` are the account's own, by the server's
    spelling; ``subscribed`` are of those. ``permanent_flags`` are what messages may keep, as
    the server spells it, ANY_KEYWORD among them; None: nobody could ask without a change.
    ``append_limit`` is the most octets of a message, None: not told. ``right_letters`` are the
    letters of RFC 4314 that the server knows. ``is_renamed_safely``: a folder is renamed with
    all below it, and its UIDs stay. ``obstacles`` speak against any restore.
    """

    where: str
    server: str
    login: str
    user: str
    capabilities: frozenset[str]
    names: ImapNames
    folders: Mapping[str, ImapFolder]
    subscribed: frozenset[str] = frozenset()
    quotas: tuple[QuotaLimit, ...] = ()
    permanent_flags: frozenset[str] | None = None
    append_limit: int | None = None
    right_letters: str = "lrswipkxtea"
    is_renamed_safely: bool = False
    findings: tuple[Finding, ...] = ()
    obstacles: tuple[str, ...] = ()

    def can(self, capability: str) -> bool:
        """Whether the server offers ``capability``."""
        return capability in self.capabilities

    def has(self, name: str) -> bool:
        """Whether a folder of that name, as the server spells it, can be opened."""
        found = self.folders.get(name)
        return found is not None and found.is_there

    @property
    def is_proxied(self) -> bool:
        """Whether an administrator logged in for the user, and can for others."""
        return self.login != self.user

    @property
    def special_uses(self) -> Mapping[str, str]:
        r"""``\Sent`` and the like → the folder that has it."""
        return {use: name for name, each in self.folders.items() for use in sorted(each.uses)}

    def takes_flag(self, flag: str) -> bool:
        """Whether messages may keep ``flag``, as far as the server says."""
        if self.permanent_flags is None:
            return True
        known = {each.lower() for each in self.permanent_flags}
        return flag.lower() in known or (not flag.startswith("\\") and ANY_KEYWORD in known)

    @property
    def facts(self) -> Mapping[str, str]:
        """What a plan keeps of the survey: if it changes, the plan does not hold."""
        names, flags = self.names, self.permanent_flags
        return {
            "server": self.server,
            "account": f"{self.user} by {self.login}" if self.is_proxied else self.user,
            "folders": f"{names.prefix or 'no prefix'}, {names.separator or 'none in another'}",
            "capabilities": " ".join(sorted(self.capabilities)),
            "flags": "not told" if flags is None else " ".join(self._lasting(flags)),
            "largest message": "not told" if self.append_limit is None else str(self.append_limit),
        }

    def _lasting(self, flags: frozenset[str]) -> list[str]:
        """Where any keyword is taken, those that are known already do not matter."""
        is_any = ANY_KEYWORD in flags
        return sorted(flag for flag in flags if flag.startswith("\\") or not is_any)

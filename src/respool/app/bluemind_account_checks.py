"""One account of BlueMind's, looked up by each way that respool has; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from respool.app.bluemind_directory import told_by
from respool.bluemind import api_requests
from respool.bluemind.api_answers import ApiMailbox, values_of
from respool.bluemind.directory_entries import entries_of, one_entry_query
from respool.bluemind.families import Family
from respool.errors import BluemindRefused, RespoolError
from respool.finishing.planner import REPAIRS
from respool.model.checks import Check, Mark
from respool.system.bluemind_core import BluemindCore
from respool.system.bluemind_directory import CoreDirectory

_KNOWN_VERBS: Final = frozenset(
    {
        *("Read", "Write", "All", "Manage", "Freebusy", "Invitation"),
        *("SendOnBehalf", "SendAs", "ReadExtended", "Visible"),
    }
)
_OTHER: Final = "--account NAME tries another"


def account_checks(core: BluemindCore, text: str | None) -> Iterator[Check]:
    """Look-ups, rights, quota and repairs of an account; without ``text`` of any user."""
    try:
        found = _account(core, text)
    except RespoolError as error:
        yield failed_check("account", error)
        return
    if isinstance(found, Check):
        yield found
        return
    domain, display_name, box = found
    looks: tuple[tuple[str, Callable[[], Check]], ...] = (
        ("look-ups", lambda: _look_ups(core, domain, box, display_name)),
        ("rights", lambda: _rights(core, domain, box)),
        ("quota", lambda: _quota(core, domain, box)),
        ("repairs", lambda: _repairs(core, domain, box)),
    )
    kind = "neither a user nor a mailshare" if box.kind is None else box.kind.value
    suspended = ", suspended" if box.is_archived else ""
    yield Check(
        what="account",
        mark=Mark.OK,
        found=f"{box.name}@{domain}, {kind}{suspended}, uid {box.uid}, on {box.data_location}",
    )
    for what, look in looks:
        try:
            yield look()
        except RespoolError as error:
            yield failed_check(what, error)


def failed_check(what: str, error: RespoolError, mark: Mark = Mark.BAD) -> Check:
    """That something could not be looked at. A role that is missing is no more than a note."""
    found = error.what if error.why is None else f"{error.what}: {error.why}"
    is_role = isinstance(error, BluemindRefused)
    return Check(what=what, mark=Mark.NOTE if is_role else mark, found=found, hint=error.hint)


def _account(core: BluemindCore, text: str | None) -> tuple[str, str | None, ApiMailbox] | Check:
    """Domain, display name and mailbox of whom is looked up."""
    if text is None:
        return _any_user(core)
    told = told_by(CoreDirectory(core), text, ())
    if len(told.accounts) != 1:
        who = [each.account.address for each in told.accounts or told.near]
        found = f'"{text}" is {len(told.accounts)} accounts: {", ".join(who) or "nobody"}'
        return Check(what="account", mark=Mark.BAD, found=found, hint=_OTHER)
    [known] = told.accounts
    domain = known.account.domain or ""
    box = core.mailbox_called(domain, known.account.address.rpartition("@")[0])
    if box is None:
        found = f'"{text}" has no mailbox called {known.account.login}'
        return Check(what="account", mark=Mark.BAD, found=found)
    return domain, known.display_name or _display_name(core, domain, box), box


def _display_name(core: BluemindCore, domain: str, box: ApiMailbox) -> str | None:
    request = api_requests.directory_search(domain, one_entry_query(box.uid))
    entries = entries_of(core.api.ask(request))
    return next((each.display_name for each in entries if each.uid == box.uid), None)


def _any_user(core: BluemindCore) -> tuple[str, str | None, ApiMailbox] | Check:
    for domain in core.domains():
        request = api_requests.directory_search(domain.uid, one_entry_query())
        for entry in entries_of(core.api.ask(request)):
            box = core.mailbox(domain.uid, entry.uid)
            if box is not None:
                return domain.uid, entry.display_name, box
    found = "not tried: the directory has no user"
    return Check(what="account", mark=Mark.NOTE, found=found, hint=_OTHER)


def _look_ups(core: BluemindCore, domain: str, box: ApiMailbox, display_name: str | None) -> Check:
    """The same account by uid, login, address and display name."""
    ways: dict[str, bool] = {}
    same = (core.mailbox(domain, box.uid), core.mailbox_called(domain, box.name))
    for way, found in zip(("uid", "login"), same, strict=True):
        ways[way] = found is not None and found.uid == box.uid
    if box.emails:
        address = box.emails[0] if "@" in box.emails[0] else f"{box.emails[0]}@{domain}"
        found = core.mailbox_with(domain, address)
        ways["address"] = found is not None and found.uid == box.uid
    if display_name is not None:
        entries = CoreDirectory(core).entries_like(domain, max(display_name.split(), key=len))
        ways["display name"] = any(each.uid == box.uid for each in entries)
    wrong = [way for way, is_same in ways.items() if not is_same]
    right = [way for way, is_same in ways.items() if is_same]
    return Check(
        what="look-ups",
        mark=Mark.BAD if wrong else Mark.OK,
        found=f"the same by {', '.join(right) or 'nothing'}"
        + (f"; not by {', '.join(wrong)}" if wrong else ""),
        hint="its core answers otherwise than is known: please report it" if wrong else None,
    )


def _rights(core: BluemindCore, domain: str, box: ApiMailbox) -> Check:
    answer = core.api.ask(api_requests.mailbox_acl(domain, box.uid))
    verbs = [str(each.get("verb")) for each in values_of(answer, "AccessControlEntry")]
    strange = sorted(set(verbs) - _KNOWN_VERBS)
    found = f"shared with {len(verbs)} people or groups" if verbs else "shared with nobody"
    if strange:
        found += f"; {', '.join(strange)} is not known here, and is sent back as read"
    return Check(what="rights", mark=Mark.NOTE if strange else Mark.OK, found=found)


def _quota(core: BluemindCore, domain: str, box: ApiMailbox) -> Check:
    used, limit = core.quota(domain, box.uid)
    of = "no limit" if limit is None else f"{limit:,} KiB"
    return Check(what="quota", mark=Mark.OK, found=f"{used:,} KiB of {of}")


def _repairs(core: BluemindCore, domain: str, box: ApiMailbox) -> Check:
    """What the core offers, and what of that finishing would ask for."""
    if core.family is Family.BM3:
        found = "3.5 has none by name: sharings are saved again instead"
        return Check(what="repairs", mark=Mark.OK, found=found)
    offered = core.operations(domain, box.uid)
    wanted = [each for each in REPAIRS if each in offered]
    missing = [each for each in REPAIRS if each not in offered]
    found = f"offers {len(offered)}; finishing would ask for {', '.join(wanted) or 'none'}"
    if missing:
        found += f"; not offered: {', '.join(missing)}"
    is_odd = bool(missing) and core.family.has_cyrus
    hint = "what is not offered is not asked for, and told as left for you" if is_odd else None
    return Check(what="repairs", mark=Mark.NOTE if is_odd else Mark.OK, found=found, hint=hint)

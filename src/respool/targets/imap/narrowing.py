"""Taking from others what a new folder has from the one above it, and had not in the backup."""

from __future__ import annotations

from typing import Final

from respool.errors import ServerSaidNo, StepFailed
from respool.planning.folder_rights import Rights, narrowed, spared_by
from respool.system.imap import ImapSession
from respool.system.imap_server import ImapServer
from respool.system.mailbox_admin import Administration
from respool.targets.imap.steps import CreateFolder

# Of an administrator's file, which gives it in every folder, and which no client may change.
# Source: Dovecot 2.3.19, src/plugins/imap-acl/imap-acl-plugin.c.
_OF_EVERY_FOLDER: Final = "#"


def narrow(session: ImapSession, step: CreateFolder, allowed: Rights, server: ImapServer) -> None:
    """Leave others no more than ``allowed``, before any mail is in the folder.

    What the server gives in every folder, as its administrator has set it up, stays.

    Raises:
        StepFailed: it is open to them, or may be, and the server lets nobody change that.
    """
    admin = Administration.over(session)
    try:
        for who, may in _wanted(admin, step, allowed, server).items():
            admin.set_rights(step.made_as, who, may)
        still = _wanted(admin, step, allowed, server)
    except ServerSaidNo as error:
        raise _open_to_others(step, error.why or error.what) from error
    if still:
        who, may = next(iter(still.items()))
        raise _open_to_others(step, f"{who} was to have {may or 'no rights'}, and has more")


def _wanted(
    admin: Administration, step: CreateFolder, allowed: Rights, server: ImapServer
) -> dict[str, str]:
    """Who has other rights than he is to have, with those; no rights: ``""``."""
    live = {
        who: may
        for who, may in admin.acl(step.made_as).items()
        if not who.removeprefix("-").startswith(_OF_EVERY_FOLDER)
    }
    them = {server.user, server.login}
    spared = (
        # Without the user: another one who has all rights would be taken for him.
        spared_by(live, server.user, them - {server.user})
        if step.is_own
        else spared_by(live, None, them)
    )
    rights = narrowed(live, allowed, spared)
    return {
        who: rights.get(who, "")
        for who in (*live, *rights)
        if set(rights.get(who, "")) != set(live.get(who, ""))
    }


def _open_to_others(step: CreateFolder, why: str) -> StepFailed:
    return StepFailed(
        f"{step.made_as} would be open to people who had no such rights in the backup",
        why=why,
        hint="nothing was put into it; give the login the right to set rights there (a)",
    )

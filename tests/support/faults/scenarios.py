"""What is restored and killed: small restores of every kind, and one of twelve folders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final, TypeAlias

from tests.support.bluemind_core.versions import CoreFamily
from tests.support.cyrus_configuration import Layout
from tests.support.directions import DOMAIN, INTO, PARTITION, TargetAccount, fresh_target
from tests.support.given_back import READERS, share_like
from tests.support.private_cyrus import NewMessage, PrivateCyrus
from tests.support.whole_account import SPOOLS

SOURCE: Final = SPOOLS["3.4.9"]
JDOE, CONTACT = f"user/jdoe@{DOMAIN}", f"share/contact@{DOMAIN}"
_LIVE: Final = "Live"  # a folder that has mail before anything is restored
_DATE: Final = datetime(2020, 2, 29, 12, tzinfo=UTC)
_MAIL: Final = (
    NewMessage(octets=b"Subject: one\r\n\r\n1\r\n", flags=("$mine",), internaldate=_DATE),
    NewMessage(octets=b"Subject: two\r\n\r\n2\r\n", flags=("\\Flagged",), internaldate=_DATE),
)
_NUMBERS = count(1)
PlaceName: TypeAlias = Layout | CoreFamily
CYRUS_FAMILIES: Final = (CoreFamily.BM3, CoreFamily.BM4, CoreFamily.BM49)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One restore. ``prepare`` makes an account of a fresh name for it, or only the name.

    ``place`` is a private Cyrus of that layout, or one that is a BlueMind's of that family. In
    BlueMind 5 there is nothing to ``prepare``: each account is a user with his folders.
    ``is_expunged``: an undo takes messages out of a folder that stays; ``is_removed``: it has
    somebody else remove mailboxes, which the server keeps a while.
    """

    name: str
    place: PlaceName
    account: str
    folders: tuple[str, ...]
    prepare: Callable[[PrivateCyrus], TargetAccount] | None
    wish: Mapping[str, Any] = field(default_factory=dict)
    is_expunged: bool = False
    is_removed: bool = False


def _user(server: PrivateCyrus) -> TargetAccount:
    target = fresh_target(server, "user")
    server.create_mailbox(target.mailbox(_LIVE), PARTITION)
    server.add_messages(target.login, _LIVE, _MAIL)
    with server.client_as(target.login) as client:
        client.subscribe_folder(_LIVE)
    with server.admin_client() as admin:
        admin._imap.setquota(f'"{target.root}"', "(STORAGE 10000)")
    return target


def _user_with_folder(server: PrivateCyrus) -> TargetAccount:
    """Nothing that has held mail: that is never filled in place."""
    target = fresh_target(server, "user")
    server.create_mailbox(target.mailbox("Drafts"), PARTITION)
    return target


def _user_with_limit(server: PrivateCyrus) -> TargetAccount:
    target = _user(server)
    with server.admin_client() as admin:
        admin._imap.setquota(f'"{target.root}"', "(STORAGE 5)")
    return target


def _share(server: PrivateCyrus) -> TargetAccount:
    box = SOURCE.truth.mailboxes[CONTACT.removeprefix("share/")]
    target = share_like(server, box, f"group{next(_NUMBERS)}@{DOMAIN}")
    server.create_mailbox(target.mailbox(_LIVE), PARTITION)
    with server.admin_client() as admin:
        admin.setacl(target.mailbox(_LIVE), READERS[0], "lrswipkxte")
    server.add_messages(READERS[0], target.name_for_readers(_LIVE), _MAIL)
    return target


def _nobody(server: PrivateCyrus) -> TargetAccount:
    login = f"away{next(_NUMBERS)}@{DOMAIN}"
    return TargetAccount(kind="user", login=login, readers=(login,))


def _user_with_drafts(server: PrivateCyrus) -> TargetAccount:
    """A folder that holds mail, and one that is gone."""
    target = fresh_target(server, "user")
    server.create_mailbox(target.mailbox("Drafts"), PARTITION)
    server.add_messages(target.login, "Drafts", _MAIL)
    return target


def _gone_mailshare(_server: PrivateCyrus) -> TargetAccount:
    login = f"made{next(_NUMBERS)}@{DOMAIN}"
    return TargetAccount(kind="share", login=login, readers=READERS)


def _share_with_archives(server: PrivateCyrus) -> TargetAccount:
    target = _share(server)
    server.create_mailbox(target.mailbox("Archives"), PARTITION)
    with server.admin_client() as admin:
        admin.setacl(target.mailbox("Archives"), READERS[0], "lrswipkxte")
    server.add_messages(READERS[0], target.name_for_readers("Archives"), _MAIL)
    return target


NEW_FOLDER = Scenario(
    name="a new folder",
    place="names",
    account=JDOE,
    folders=("Mots-clés", "Drafts"),
    prepare=_user,
    wish={"into": INTO},
)
IN_PLACE = Scenario(
    name="in place",
    place="uuid",
    account=JDOE,
    folders=("Mots-clés", "Drafts"),
    prepare=_user_with_folder,
    wish={"is_in_place": True},
    is_expunged=True,
)
CREATED_ACCOUNT = Scenario(
    name="in place, the account made again",
    place="names",
    account=JDOE,
    folders=("Mots-clés", "Drafts"),
    prepare=_nobody,
    wish={"is_in_place": True, "is_creating_account": True},
)
MAILSHARE = Scenario(
    name="a mailshare with its readers",
    place="uuid",
    account=CONTACT,
    folders=("INBOX", "Archives"),
    prepare=_share,
    wish={"into": INTO},
)
RAISED_LIMIT = Scenario(
    name="above the limit, which is raised",
    place="names",
    account=CONTACT,
    folders=("INBOX", "Archives"),
    prepare=_user_with_limit,
    wish={"into": INTO, "is_raising_quota": True},
)
ADDED_TO = Scenario(
    name="added to what holds mail",
    place="names",
    account=JDOE,
    folders=("Mots-clés", "Drafts"),
    prepare=_user_with_drafts,
    wish={"is_in_place": True},
    is_expunged=True,
)
SHARE_ADDED_TO = Scenario(
    name="added to a mailshare that holds mail",
    place="names",
    account=CONTACT,
    folders=("Archives",),
    prepare=_share_with_archives,
    wish={"is_in_place": True},
    is_expunged=True,
)
TWELVE = Scenario(
    name="twelve folders",
    place="names",
    account=JDOE,
    folders=(
        *("Drafts", "Sent", "Trash", "Mots-clés", "Projects/2017", "Projects/2017/Q3"),
        *("DEVIS", "devis", "R&D", "v1.2 notes", "Éléments envoyés", "会議資料"),
    ),
    prepare=_user,
    wish={"into": INTO},
)
FINISHED: Final = {
    family: Scenario(
        name=f"finished for BlueMind {family}",
        place=family,
        account=CONTACT,
        folders=("INBOX", "Archives"),
        prepare=_user_with_limit,
        wish={"into": INTO, "is_raising_quota": True},
        is_expunged=True,
    )
    for family in CYRUS_FAMILIES
}
MADE_BY_BLUEMIND: Final = {
    family: Scenario(
        name=f"made by BlueMind {family}",
        place=family,
        account=CONTACT,
        folders=("INBOX", "Archives"),
        prepare=_gone_mailshare,
        wish={"is_in_place": True, "is_creating_account": True},
        is_expunged=True,
        is_removed=True,
    )
    for family in CYRUS_FAMILIES
}
INTO_BLUEMIND_5: Final = Scenario(
    name="into BlueMind 5, a new folder",
    place=CoreFamily.BM5,
    account=JDOE,
    folders=("Mots-clés", "Drafts", "Projects/2017"),
    prepare=None,
    wish={"into": INTO},
)
IN_PLACE_IN_BLUEMIND_5: Final = Scenario(
    name="into BlueMind 5, in place",
    place=CoreFamily.BM5,
    account=JDOE,
    folders=("Mots-clés", "Drafts"),
    prepare=None,
    wish={"is_in_place": True},
)
ADDING: Final = (ADDED_TO, SHARE_ADDED_TO)
TWO_FOLDERS: Final = (
    *(NEW_FOLDER, IN_PLACE, CREATED_ACCOUNT, MAILSHARE, RAISED_LIMIT),
    *ADDING,
)
ALL: Final = (*TWO_FOLDERS, TWELVE)
TELLING_BLUEMIND: Final = (
    *FINISHED.values(),
    *MADE_BY_BLUEMIND.values(),
    INTO_BLUEMIND_5,
    IN_PLACE_IN_BLUEMIND_5,
)

"""The stand-in core of BlueMind really changes mail: in a private Cyrus, and in BlueMind 5's."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

import pytest
from imapclient import IMAPClient

from tests.support.bluemind5_server import BlueMind5Server
from tests.support.bluemind_core.asking import ask, end_of
from tests.support.bluemind_core.bluemind5_mail import BlueMind5Mail
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.cyrus_mail import CyrusMail
from tests.support.bluemind_core.installation import Domain, Installation, Mailshare, User
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.cyrus_configuration import hand_to_cyrus
from tests.support.private_cyrus import PrivateCyrus

DOMAIN = "bluemind.loc"
MESSAGE = b"Subject: hello\r\n\r\n" + b"x" * 5000 + b"\r\n"
NUMBERS = itertools.count(1)

Start = Callable[..., BlueMindCore]
pytestmark = pytest.mark.needs_cyrus


def installation(number: int) -> Installation:
    login, share = f"staff{number}", f"desk{number}"
    return Installation(
        domains=(Domain(uid=DOMAIN),),
        users=(User(uid=login, login=login, domain=DOMAIN, emails=(f"{login}@{DOMAIN}",)),),
        mailshares=(
            Mailshare(uid="4f2a", name=share, domain=DOMAIN, shared_with={login: "Write"}),
        ),
    )


class Site:
    """A core over a server, with one user and one mailshare."""

    def __init__(self, core: BlueMindCore, server: PrivateCyrus, number: int) -> None:
        self.core = core
        self.server = server
        self.login = f"staff{number}"
        self.share = f"desk{number}"
        self.box = f"user/{self.login}@{DOMAIN}"

    def rights(self, mailbox: str) -> dict[str, str]:
        with self.server.admin_client() as client:
            return {who.decode(): what.decode() for who, what in client.getacl(mailbox)}

    def quota_kib(self, mailbox: str) -> int | None:
        with self.server.admin_client() as client:
            _, quotas = client.get_quota_root(mailbox)
            return quotas[0].limit if quotas else None

    def repair(self, *operations: str, uid: str | None = None) -> dict[str, str]:
        """The states that the repair's report has."""
        path = f"POST /directory/{DOMAIN}/{uid or self.login}/mgmt/_maintenance/repair"
        end = end_of(self.core, ask(self.core, path, list(operations)))
        report = json_of(end["result"])
        return {each["id"]: each["state"] for each in report["entries"]}


def json_of(text: str) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = json.loads(text)
    return found


@pytest.fixture
def site(bluemind_core: Start, bluemind_cyrus: PrivateCyrus) -> Site:
    number = next(NUMBERS)
    mail = CyrusMail(bluemind_cyrus)
    core = bluemind_core(installation(number), version=CoreFamily.BM4, mail=mail)
    core.prepare()
    return Site(core, bluemind_cyrus, number)


def test_sharings_saved_again_are_the_rights_of_every_folder(site: Site) -> None:
    jobs = f"{site.share}/jobs@{DOMAIN}"
    site.server.create_mailbox(jobs)
    with site.server.admin_client() as client:
        client.setacl(jobs, f"stranger@{DOMAIN}", "lrs")
        client.setacl(jobs, f"{site.login}@{DOMAIN}", "l")
    path = f"/mailboxes/{DOMAIN}/4f2a/_acls"

    assert ask(site.core, f"POST {path}", ask(site.core, f"GET {path}").body).status == 204
    site.core.settle()

    wanted = {
        "admin0": "lrswipkxtecdan",
        "anyone": "p",
        f"{site.login}@{DOMAIN}": "lrswipkxtecd",
    }
    assert site.rights(jobs) == site.rights(f"{site.share}@{DOMAIN}") == wanted


def test_a_saved_quota_is_cyrus_quota(site: Site) -> None:
    path = f"/users/{DOMAIN}/{site.login}"
    value = ask(site.core, f"GET {path}/complete").body["value"]

    ask(site.core, f"POST {path}", value | {"quota": 4})
    assert site.quota_kib(site.box) == 4

    ask(site.core, f"POST {path}", value)
    assert site.quota_kib(site.box) is None


def test_a_consolidated_index_knows_what_lies_in_the_spool(site: Site) -> None:
    with site.server.client_as(f"{site.login}@{DOMAIN}") as client:
        client.append("INBOX", MESSAGE)
        client.append("Sent", MESSAGE)
        client.append("Sent", MESSAGE)

    path = f"POST /mgmt/mailbox/{DOMAIN}/{site.login}/_consolidate"
    assert end_of(site.core, ask(site.core, path))["state"] == "Success"

    index = site.core.search_index[site.login]
    assert index[site.box] == 1
    assert index[f"user/{site.login}/Sent@{DOMAIN}"] == 2


def test_a_dummy_message_uses_a_uid_up_and_takes_along_what_is_marked_as_deleted(
    site: Site,
) -> None:
    with site.server.client_as(f"{site.login}@{DOMAIN}") as client:
        client.append("INBOX", MESSAGE)
        client.append("INBOX", MESSAGE, (r"\Deleted",))

    assert site.repair("replication.parentUid") == {}

    with site.server.client_as(f"{site.login}@{DOMAIN}") as client:
        status = client.folder_status("INBOX", ["MESSAGES", "UIDNEXT"])
    assert status == {b"MESSAGES": 1, b"UIDNEXT": 4}


def test_a_dummy_message_over_quota_is_no_matter_of_the_report(site: Site) -> None:
    with site.server.client_as(f"{site.login}@{DOMAIN}") as client:
        client.append("INBOX", MESSAGE)
    value = ask(site.core, f"GET /users/{DOMAIN}/{site.login}/complete").body["value"]
    ask(site.core, f"POST /users/{DOMAIN}/{site.login}", value | {"quota": 1})

    assert site.repair("replication.parentUid") == {}

    with site.server.client_as(f"{site.login}@{DOMAIN}") as client:
        assert client.folder_status("INBOX", ["UIDNEXT"]) == {b"UIDNEXT": 2}


def test_default_folders_come_back(site: Site) -> None:
    trash = f"user/{site.login}/Trash@{DOMAIN}"
    with site.server.admin_client() as client:
        client.delete_folder(trash)

    site.repair("mailboxDefaultFolders")

    with site.server.admin_client() as client:
        assert client.folder_exists(trash)


def test_the_file_system_repair_finds_a_message_file(site: Site) -> None:
    with site.server.client_as(f"{site.login}@{DOMAIN}") as client:
        client.append("Sent", MESSAGE)
    data = site.server.files.data("bm-master__bluemind_loc")
    (first,) = data.rglob(f"{site.login}/Sent/1.")
    file = first.with_name("7.")
    file.write_bytes(MESSAGE)
    hand_to_cyrus([file])

    assert site.repair("mailboxFilesystem") == {"mailboxFilesystem": "OK"}

    with site.server.client_as(f"{site.login}@{DOMAIN}") as client:
        assert client.folder_status("Sent", ["MESSAGES"]) == {b"MESSAGES": 2}


def test_a_new_mailshare_has_its_mailbox_and_loses_it(
    bluemind_core: Start, bluemind_cyrus: PrivateCyrus
) -> None:
    mail = CyrusMail(bluemind_cyrus)
    core = bluemind_core(installation(0), version=CoreFamily.BM3, mail=mail)
    name = f"shop{next(NUMBERS)}"
    emails = [{"address": f"{name}@{DOMAIN}", "allAliases": True, "isDefault": True}]
    value: dict[str, object] = {"name": name, "routing": "internal", "emails": emails}
    value["dataLocation"] = "bm-master"

    assert ask(core, f"PUT /mailshares/{DOMAIN}/7b", value | {"quota": 100}).status == 204
    folder = bluemind_cyrus.files.data("bluemind_loc") / "domain/b" / DOMAIN / name[0] / name
    assert folder.is_dir()
    assert ask(core, f"PUT /mailshares/{DOMAIN}/7c", value).status == 500
    assert ask(core, f"PUT /mailshares/{DOMAIN}/7d", value | {"name": "other"}).status == 500

    end_of(core, ask(core, f"DELETE /mailshares/{DOMAIN}/7b"))
    with bluemind_cyrus.admin_client() as client:
        assert client.list_folders("", f"{name}*@{DOMAIN}") == []
    assert ask(core, f"GET /mailshares/{DOMAIN}/7b/complete").status == 204


def test_the_key_of_a_session_is_an_imap_password_until_its_end(site: Site) -> None:
    login = f"{site.login}@{DOMAIN}"
    key = ask(site.core, "POST /auth/_su", login=login.replace("@", "%40")).body["authKey"]

    with site.server.client() as client:
        client.login(login, key)
    assert ask(site.core, "POST /auth/logout", key=key).status == 204
    assert not site.core.keys.opens(login, key)


def test_a_session_opens_the_account_of_bluemind_5(bluemind_core: Start) -> None:
    with BlueMind5Server() as server:
        core = bluemind_core(installation(0), version=CoreFamily.BM5, mail=BlueMind5Mail(server))
        core.prepare()
        login = f"staff0@{DOMAIN}"
        key = ask(core, "POST /auth/_su", login=login.replace("@", "%40")).body["authKey"]

        with IMAPClient(server.host, port=server.port, ssl=False) as client:
            client.login(login, key)
            client.append("INBOX", MESSAGE)
        end_of(core, ask(core, f"POST /mgmt/mailbox/{DOMAIN}/staff0/_consolidate"))

        assert core.search_index["staff0"]["INBOX"] == 1

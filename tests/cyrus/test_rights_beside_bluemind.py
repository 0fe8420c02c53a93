"""BlueMind is not asked to write rights where that would open a live folder to somebody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from respool.app.restore import restore
from respool.app.settings import Secret
from respool.app.verify import verify
from respool.planning.plan import PlanHead
from tests.support import golden
from tests.support.backup_rights import set_backup_rights
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.cyrus_mail import CyrusMail
from tests.support.bluemind_core.installation import Domain, Installation, Mailshare, User
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.bluemind_site import JDOE, new_site
from tests.support.directions import DOMAIN, INTO, fresh_target
from tests.support.imap_contents import acl_of
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import agreeing, settings_for, wish
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
CONTACT = "share/contact@bluemind.loc"
BERTA = f"berta@{DOMAIN}"


@pytest.mark.parametrize("family", [CoreFamily.BM3, CoreFamily.BM49], ids=str)
def test_a_folder_that_its_owner_closes_after_the_plan_stays_closed_and_the_next_plan_says_so(
    family: CoreFamily,
    bluemind_cyrus: PrivateCyrus,
    bluemind_core: Callable[..., BlueMindCore],
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
) -> None:
    places = (unpacked(SPOOLS["2.5.17"]), tmp_path / "state")
    site = new_site(bluemind_cyrus, bluemind_core, family, places)
    site.core.directory.add(User(uid="berta", login="berta", domain=DOMAIN))
    site.entry.acl = [{"subject": "berta", "verb": "Read"}]
    private = site.target.mailbox("Private")
    heads: list[PlanHead] = []

    def closing(head: PlanHead) -> bool:
        heads.append(head)
        with site.server.admin_client() as admin:
            admin.create_folder(private)
            admin.setacl(private, BERTA, '""')
        return True

    with site.server.admin_client() as admin:
        admin.setacl(site.target.root, BERTA, "lrp")
    wished = wish(JDOE, "Sent", to=site.target.written, into=INTO)

    receipt = restore(site.settings, wished, replace(agreeing(), agree=closing))
    again = restore(site.settings, replace(wished, into="again"), agreeing(heads))

    assert [head.finishing and head.finishing.gives_rights for head in heads] == [True, False]
    for left in (receipt.left_to_do, again.left_to_do):
        assert any(private in each and "not written anew" in each for each in left)
    assert BERTA not in site.rights("Private")
    assert BERTA in site.rights(f"{INTO}/Sent")
    assert not any(
        each.path.endswith("/_acls") or "Acls" in str(each.body) for each in site.asked()
    )


def test_a_private_folder_of_an_earlier_restore_stays_closed_and_verify_says_when_it_is_open(
    bluemind_cyrus: PrivateCyrus, bluemind_core: Callable[..., BlueMindCore], tmp_path: Path
) -> None:
    spool = golden.unpack_spool("3.4.9", tmp_path / "private")
    set_backup_rights(spool, "a/contact/Archives", {"jdoe@bluemind.loc": "lrswipkxtecdan"})
    share = fresh_target(bluemind_cyrus, "share")
    name = share.login.partition("@")[0]
    anna, berta = (each.partition("@")[0] for each in share.readers)
    installation = Installation(
        domains=(Domain(uid=DOMAIN),),
        users=tuple(User(uid=each, login=each, domain=DOMAIN) for each in (anna, berta)),
        mailshares=(
            Mailshare(
                uid=name, name=name, domain=DOMAIN, shared_with={anna: "Read", berta: "Read"}
            ),
        ),
    )
    core = bluemind_core(installation, version=CoreFamily.BM49, mail=CyrusMail(bluemind_cyrus))
    settings = replace(
        settings_for(bluemind_cyrus, spool, tmp_path / "state"),
        bluemind_api=core.url,
        bluemind_key=Secret(core.keys.core_token),
    )
    first, second = (wish(CONTACT, each, to=share.written) for each in ("Archives", "INBOX"))

    receipt = restore(settings, replace(first, into="first"), agreeing())
    restore(settings, replace(second, into="second"), agreeing())

    core.settle()
    private = share.mailbox("first/Archives")
    with bluemind_cyrus.admin_client() as admin:
        assert not {*acl_of(admin, private)} & {*share.readers}
        assert not any(
            "is open to" in each for each in verify(settings, receipt.run)[0].left_to_do
        )
        admin.setacl(private, share.readers[1], "lr")
    (told,) = [e for e in verify(settings, receipt.run)[0].left_to_do if "is open to" in e]
    assert told.startswith(f"first/Archives is open to {share.readers[1]} now")

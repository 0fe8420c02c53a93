"""A new folder on a real Dovecot whose administrator gives somebody rights in every folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from respool.system.imap_places import ImapAddress
from respool.targets.imap.actor import imap_actor
from respool.targets.imap.steps import CreateFolder
from tests.support.distribution import DOVECOT
from tests.support.dovecot_configuration import DovecotOptions
from tests.support.imap_contents import acl_of
from tests.support.imap_groups import OneStep
from tests.support.imap_restoring import imap_server
from tests.support.missing import give_up
from tests.support.private_dovecot import PrivateDovecot
from tests.support.server_root import server_root

USER, AUDITOR, OTHER = "jdoe@example.org", "auditor@example.org", "al@example.org"
EVERYTHING = "lrwstipekxa"
STEP = CreateFolder(
    lane="", mailbox="above/private", made_as="above/private", use=None, allowed={}
)


@pytest.mark.usefixtures("as_root")
def test_rights_of_every_folder_stay_and_those_of_the_folder_above_do_not() -> None:
    if not DOVECOT.is_there:
        give_up(f"needs the Dovecot in {DOVECOT.programs}")
    with server_root() as root:
        everywhere = Path(root) / "everywhere"
        everywhere.write_text(f"* user={AUDITOR} lr\n", "utf-8")
        more = (f"plugin {{\n  acl = vfile:{everywhere}\n}}",)
        with PrivateDovecot(root, DovecotOptions(has_acl=True, more=more)) as dovecot:
            everywhere.chmod(0o644)
            dovecot.create_user(USER)
            with dovecot.client_as(USER) as client:
                client.create_folder("above")
                client.setacl("above", OTHER, EVERYTHING)
                client.setacl("above", "owner", EVERYTHING)
                client.setacl("above", USER, EVERYTHING)
            address = ImapAddress(host=dovecot.host, port=dovecot.port)
            account = imap_server(address, USER, dovecot.password)
            actor = imap_actor(account, OneStep(STEP))

            actor.perform(STEP, actor.observe(STEP))

            account.close()
            with dovecot.client_as(USER) as client:
                found = acl_of(client, "above/private")
    assert found == {USER: found[USER], f"#{AUDITOR}": "lr"}
    assert set(EVERYTHING) <= set(found[USER])

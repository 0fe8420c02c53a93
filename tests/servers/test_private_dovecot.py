"""A private Dovecot offers what its options say, and leaves nothing running."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator

import pytest
from imapclient import IMAPClient

from tests.support.distribution import DOVECOT
from tests.support.dovecot_configuration import DovecotOptions
from tests.support.imap_contents import acl_of, quota_of
from tests.support.missing import give_up
from tests.support.private_dovecot import PrivateDovecot
from tests.support.server_root import server_root

JDOE, ANNA = "jdoe@bluemind.loc", "anna@bluemind.loc"
PLAIN = DovecotOptions(has_metadata=False)
RICH = DovecotOptions(
    storage="mdbox", prefix="INBOX.", separator=".", has_acl=True, quota_kib=2_000
)


@pytest.fixture(scope="module", params=[PLAIN, RICH], ids=["plain", "rich"])
def server(request: pytest.FixtureRequest, as_root: None) -> Iterator[PrivateDovecot]:
    if not DOVECOT.is_there:
        give_up(f"needs the Dovecot in {DOVECOT.programs}")
    with server_root() as root, PrivateDovecot(root, request.param) as one:
        one.create_user(JDOE)
        one.create_user(ANNA)
        yield one


def test_it_says_its_namespace(server: PrivateDovecot) -> None:
    options = server.options
    with server.client_as(JDOE) as client:
        assert client.namespace().personal[0] == (options.prefix, options.separator)


def test_it_offers_what_its_options_say_and_nothing_else(server: PrivateDovecot) -> None:
    with server.client_as(JDOE) as client:
        offered = set(client.capabilities())
    assert (b"ACL" in offered) == server.options.has_acl
    assert (b"QUOTA" in offered) == (server.options.quota_kib is not None)
    assert (b"METADATA" in offered) == server.options.has_metadata


def test_its_administrator_logs_in_for_a_user_and_nobody_else_does(
    server: PrivateDovecot,
) -> None:
    with server.client_as(JDOE) as client:
        assert client.select_folder("INBOX")[b"EXISTS"] == 0
    with server.client() as client, pytest.raises(client.Error):
        client.plain_login(ANNA, server.password, JDOE)
    with server.client() as client, pytest.raises(client.Error):
        client.login(JDOE, "wrong")


def test_whoever_trusts_its_authority_reaches_it_and_others_do_not(
    server: PrivateDovecot,
) -> None:
    trusting, by_itself = server.tls_context(), ssl.create_default_context()
    with IMAPClient(server.host, port=server.tls_port, ssl_context=trusting) as client:
        client.login(JDOE, server.password)
    with IMAPClient(server.host, port=server.port, ssl=False) as client:
        client.starttls(trusting)
        client.login(JDOE, server.password)
    with pytest.raises(ssl.SSLCertVerificationError):
        IMAPClient(server.host, port=server.tls_port, ssl_context=by_itself)


def test_rights_and_quota_are_kept_where_they_are_offered(server: PrivateDovecot) -> None:
    if not server.options.has_acl:
        pytest.skip("offers none")
    with server.client_as(JDOE) as client:
        client.create_folder("INBOX.given")
        client.setacl("INBOX.given", ANNA, "lr")
        assert acl_of(client, "INBOX.given")[ANNA] == "lr"
        assert quota_of(client, "INBOX")["STORAGE"] == (0, 2_000)


def test_it_is_up_within_seconds_and_comes_up_again_after_a_power_cut(as_root: None) -> None:
    if not DOVECOT.is_there:
        give_up(f"needs the Dovecot in {DOVECOT.programs}")
    began = time.monotonic()
    with server_root() as root, PrivateDovecot(root) as server:
        assert time.monotonic() - began < 5
        assert server.version.startswith("2.3.")
        server.create_user(JDOE)
        with server.client_as(JDOE) as client:
            client.create_folder("kept")
        assert server.error_lines() == ()
        server.kill()
        assert server.processes() == ()
        of_the_cut = server.error_lines()  # whoever was killed last sees the others gone
        server.start()
        with server.client_as(JDOE) as client:
            assert client.folder_exists("kept")
        assert server.error_lines() == of_the_cut
    assert server.processes() == ()

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from traceback import format_exception

import pytest

from respool.errors import (
    CertificateNotTrusted,
    LoginRefused,
    NotEncrypted,
    ServerUnreachable,
    UsageError,
)
from respool.system.imap import ImapSession
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapAddress
from tests.support.certificates import Certificates, make_certificates
from tests.support.stand_in_server import StandInServer

PLAIN = ("IMAP4rev1", "AUTH=PLAIN", "UIDPLUS")
ODD = 'p"ä\\ß {3} \u20ac'
NOT_LOOPBACK = "0.0.0.0"  # which leads here all the same


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"), address=NOT_LOOPBACK)


def serving(certificates: Certificates, *, is_tls: bool) -> StandInServer:
    offer = PLAIN if is_tls else (*PLAIN, "STARTTLS")
    server = StandInServer(offer, certificates=certificates, is_tls=is_tls)
    server.add_account("jdoe")
    return server


def entered(
    server: StandInServer,
    *,
    is_tls: bool = False,
    trust: Trust | None = None,
    host: str = NOT_LOOPBACK,
) -> ImapSession:
    address = ImapAddress(host=host, port=server.port, is_tls=is_tls)
    return enter(address, Credentials(user="jdoe", password=server.password), trust or Trust())


def who_is_in(
    capabilities: Sequence[str], *, password: str = ODD, as_user: str | None = None
) -> list[str | None]:
    with StandInServer(capabilities, password=ODD) as server:
        server.add_account("jdoe")
        server.add_account('o"dd user')
        user = server.admin if as_user else 'o"dd user'
        credentials = Credentials(user=user, password=password, as_user=as_user)
        session = enter(ImapAddress(port=server.port), credentials, Trust())
        try:
            assert session.capabilities == {each.upper() for each in capabilities}
            return [each.login for each in server.sessions]
        finally:
            session.close()


@pytest.mark.parametrize("capabilities", [PLAIN, ("IMAP4rev1",)], ids=["PLAIN", "LOGIN"])
def test_names_and_passwords_of_any_characters_are_sent_as_they_are(
    capabilities: Sequence[str],
) -> None:
    assert who_is_in(capabilities) == ['o"dd user']


def test_an_administrator_logs_in_for_a_user() -> None:
    assert who_is_in(PLAIN, as_user="jdoe") == ["jdoe"]


@pytest.mark.parametrize(
    ("capabilities", "as_user", "why"),
    [
        (("IMAP4rev1",), "jdoe", "AUTH=PLAIN"),
        (("IMAP4rev1", "LOGINDISABLED"), None, "takes no password"),
    ],
)
def test_where_there_is_no_way_in_that_is_said(
    capabilities: Sequence[str], as_user: str | None, why: str
) -> None:
    with pytest.raises(LoginRefused) as caught:
        who_is_in(capabilities, as_user=as_user)

    assert why in (caught.value.why or "")


@pytest.mark.parametrize("capabilities", [PLAIN, ("IMAP4rev1",)], ids=["PLAIN", "LOGIN"])
def test_a_wrong_password_is_in_no_error(capabilities: Sequence[str]) -> None:
    secret = "s3" + "cret"  # the text of this file is in the traceback
    with pytest.raises(LoginRefused) as caught:
        who_is_in(capabilities, password=secret)

    error = caught.value
    assert secret not in "".join(format_exception(error)) + repr(error.__dict__)
    assert "wrong name or password" in (error.why or "")
    assert secret not in repr(Credentials(user="jdoe", password=secret))


@pytest.mark.parametrize("is_tls", [True, False], ids=["imaps", "STARTTLS"])
def test_a_certificate_of_a_known_authority_is_trusted(
    certificates: Certificates,
    is_tls: bool,  # noqa: FBT001
) -> None:
    with serving(certificates, is_tls=is_tls) as server:
        session = entered(server, is_tls=is_tls, trust=Trust(ca_file=certificates.authority))
        session.close()

        assert server.commands.count("STARTTLS") == (not is_tls)


@pytest.mark.parametrize("is_tls", [True, False], ids=["imaps", "STARTTLS"])
def test_a_certificate_of_an_unknown_authority_is_not(
    certificates: Certificates,
    is_tls: bool,  # noqa: FBT001
) -> None:
    with (
        serving(certificates, is_tls=is_tls) as server,
        pytest.raises(CertificateNotTrusted) as caught,
    ):
        entered(server, is_tls=is_tls, trust=Trust(is_insecure=True))

    assert "--ca-file FILE" in (caught.value.hint or "")
    assert "AUTHENTICATE" not in server.commands


def test_on_this_machine_too_it_is_encrypted_where_the_server_wants_that(
    tmp_path: Path,
) -> None:
    certificates = make_certificates(tmp_path)
    offer = ("IMAP4rev1", "LOGINDISABLED", "STARTTLS")
    with StandInServer(offer, certificates=certificates) as server:
        server.add_account("jdoe")
        trust = Trust(ca_file=certificates.authority)
        entered(server, trust=trust, host="localhost").close()

        assert server.commands.count("STARTTLS") == 1


def test_a_certificate_for_another_name_is_not_trusted(certificates: Certificates) -> None:
    trust = Trust(ca_file=certificates.authority)
    with (
        serving(certificates, is_tls=True) as server,
        pytest.raises(CertificateNotTrusted) as caught,
    ):
        entered(server, is_tls=True, trust=trust, host="127.0.0.1")

    assert "127.0.0.1" in (caught.value.why or "")
    assert "name" in (caught.value.hint or "")


def test_no_password_crosses_the_network_in_the_clear_unless_that_is_wanted() -> None:
    with StandInServer(PLAIN) as server:
        server.add_account("jdoe")
        with pytest.raises(NotEncrypted):
            entered(server)
        assert "AUTHENTICATE" not in server.commands

        entered(server, trust=Trust(is_insecure=True)).close()


def test_a_file_without_certificates_is_said_to_be_none(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    with StandInServer(PLAIN) as server, pytest.raises(UsageError, match="no certificates"):
        entered(server, trust=Trust(ca_file=file))


def test_tls_to_a_server_without_it_is_an_error_that_says_so() -> None:
    with StandInServer(PLAIN) as server, pytest.raises(ServerUnreachable, match="no TLS"):
        entered(server, is_tls=True)


def test_nobody_at_home_is_an_error() -> None:
    with StandInServer(PLAIN) as server:
        pass

    with pytest.raises(ServerUnreachable, match="no IMAP server answers"):
        entered(server)


def test_a_server_that_lets_nobody_in_is_not_waited_for_as_long_as_for_its_answers(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dovecot, while all the processes that it may start are in use."""
    monkeypatch.setattr("respool.system.imap_connection._LOGIN_SECONDS", 0.1)
    is_open = threading.Event()
    with serving(certificates, is_tls=True) as server:
        server.opens = lambda _login, _password: is_open.wait(20)
        address = ImapAddress(host=NOT_LOOPBACK, port=server.port, is_tls=True)
        trust = Trust(ca_file=certificates.authority)
        with pytest.raises(ServerUnreachable, match="is gone"):
            enter(address, Credentials(user="jdoe", password="other"), trust)
        is_open.set()
        entered(server, is_tls=True, trust=trust).close()

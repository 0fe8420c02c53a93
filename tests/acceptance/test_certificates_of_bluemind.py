"""A core is spoken to if somebody whom we trust vouches for it, by its own name; else not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from respool.app.bluemind_doctor import examine_bluemind
from respool.app.settings import read_settings
from respool.model.checks import Check, Mark
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.installation import Domain, Installation
from tests.support.certificates import Certificates, make_certificates

ONE = Installation(domains=(Domain(uid="b.loc"),))

Start = Callable[..., BlueMindCore]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def of_another(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Of another host, by an authority that is trusted."""
    folder = tmp_path_factory.mktemp("another")
    return make_certificates(folder, host="mail.example.org", address="192.0.2.7")


def looked(core: BlueMindCore, ca_file: Path | None) -> list[Check]:
    options = {"bluemind_api": core.url, "ca_file": None if ca_file is None else str(ca_file)}
    key = {"RESPOOL_BLUEMIND_KEY": core.keys.core_token}
    return list(examine_bluemind(read_settings(options, key, Path("none.toml")), None))


def test_a_certificate_of_an_authority_that_is_named_is_trusted(
    bluemind_core: Start, own: Certificates
) -> None:
    found = {
        each.what: each for each in looked(bluemind_core(ONE, certificates=own), own.authority)
    }

    assert found["core"].mark is Mark.OK
    assert found["TLS"].found == "its certificate is 127.0.0.1's and trusted by --ca-file"


def test_one_that_nobody_vouches_for_is_refused_before_the_key_is_sent(
    bluemind_core: Start, own: Certificates
) -> None:
    core = bluemind_core(ONE, certificates=own)
    [only] = looked(core, None)

    assert only.mark is Mark.BAD
    assert "nobody whom we trust vouches" in only.found
    assert "--ca-file" in (only.hint or "")
    assert core.requests.calls() == []


def test_one_of_another_host_is_refused_though_its_authority_is_trusted(
    bluemind_core: Start, of_another: Certificates
) -> None:
    core = bluemind_core(ONE, certificates=of_another)
    [only] = looked(core, of_another.authority)

    assert only.mark is Mark.BAD
    assert "127.0.0.1" in only.found
    assert core.requests.calls() == []

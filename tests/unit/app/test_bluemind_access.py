from __future__ import annotations

from pathlib import Path

import pytest

from respool.app.bluemind_access import api_access, patient_core
from respool.app.settings import Settings, read_settings
from respool.errors import BluemindUnreachable, UsageError

KEY = "4f2a-s3cret"
NO_FILE = Path("/nonexistent/respool.toml")


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "bm-core.tok"
    file.write_text(f"{KEY}\n")
    file.chmod(0o600)
    return file


def settings(**variables: str) -> Settings:
    return read_settings({}, variables, NO_FILE)


def test_without_key_address_and_token_there_is_no_core(tmp_path: Path) -> None:
    assert api_access(settings(), tmp_path / "none") is None


def test_root_on_the_server_itself_needs_no_setting(token: Path) -> None:
    access = api_access(settings(), token)

    assert access is not None
    assert (access.url, access.key) == ("http://localhost:8090/api", KEY)


def test_the_key_of_this_machine_is_sent_to_no_other(token: Path) -> None:
    asked = settings(RESPOOL_BLUEMIND_API="https://new.example.org/api")

    with pytest.raises(UsageError) as caught:
        api_access(asked, token)

    assert "of this machine alone" in str(caught.value.why)


def test_a_core_that_does_not_answer_is_not_asked_for_every_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = settings(RESPOOL_BLUEMIND_API="http://127.0.0.1:9/api", RESPOOL_BLUEMIND_KEY=KEY)
    with pytest.raises(BluemindUnreachable) as first, patient_core(asked):
        pass
    monkeypatch.setattr("respool.app.bluemind_access.core_of", None)  # nobody is asked again

    with pytest.raises(BluemindUnreachable) as second, patient_core(asked):
        pass

    assert second.value is first.value


def test_a_token_that_cannot_even_be_looked_at_is_none(tmp_path: Path) -> None:
    assert api_access(settings(), tmp_path / ("long" * 100)) is None

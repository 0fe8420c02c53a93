from __future__ import annotations

from pathlib import Path

import pytest

from respool.app.settings import SETTINGS, read_settings, staged_directories
from respool.errors import UsageError

NO_FILE = Path("/nonexistent/respool.toml")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "respool.toml"
    path.write_text('backups = "/from/file"\nimap-admin = "admin-in-file"\n')
    return path


def test_an_option_goes_before_a_variable_before_the_file_before_the_default(file: Path) -> None:
    variable = {"RESPOOL_BACKUPS": "/from/variable"}

    read = [
        read_settings({"backups": "/from/option"}, variable, file),
        read_settings({"backups": None}, variable, file),
        read_settings({}, {}, file),
        read_settings({}, {}, NO_FILE),
    ]

    assert [str(settings.backups) for settings in read] == [
        "/from/option",
        "/from/variable",
        "/from/file",
        "/var/backups/bluemind",
    ]
    assert read[2].imap_admin == "admin-in-file"
    assert read[3].imap_admin is None


def test_a_password_comes_from_a_variable_or_the_first_line_of_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret\nrest\n")

    given = read_settings({}, {"RESPOOL_IMAP_PASSWORD": "abc"}, NO_FILE)
    filed = read_settings({}, {"RESPOOL_IMAP_PASSWORD_FILE": str(secret)}, NO_FILE)

    assert given.imap_password is not None
    assert filed.imap_password is not None
    assert given.imap_password.reveal() == "abc"
    assert filed.imap_password.reveal() == "s3cret"


def test_no_text_of_the_settings_shows_a_password() -> None:
    variables = {"RESPOOL_IMAP_PASSWORD": "s3cret", "RESPOOL_TO_PASSWORD": "s3cret"}

    settings = read_settings({}, variables, NO_FILE)

    assert "s3cret" not in f"{settings} {settings!r} {settings.imap_password}"


@pytest.mark.parametrize(
    "text",
    ["imap_password = 's'", "to-password = 's'", "unknown = 'x'", "backups = 5", "= broken"],
)
def test_a_file_with_a_password_or_what_is_no_setting_is_refused(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "respool.toml"
    path.write_text(text)

    with pytest.raises(UsageError):
        read_settings({}, {}, path)


def test_a_file_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    """One that is not there sets nothing; of this one nobody knows what it sets."""
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "file").touch()

    for path in (tmp_path / "round" / "respool.toml", tmp_path / "file" / "respool.toml"):
        with pytest.raises(UsageError, match="cannot be read"):
            read_settings({}, {}, path)


@pytest.mark.parametrize("octets", [None, b"", b"\n", b"\xff\xfe"])
def test_a_password_file_without_a_password_is_refused(
    tmp_path: Path, octets: bytes | None
) -> None:
    path = tmp_path / "password"
    if octets is not None:
        path.write_bytes(octets)

    with pytest.raises(UsageError):
        read_settings({}, {"RESPOOL_TO_PASSWORD_FILE": str(path)}, NO_FILE)


def test_state_of_a_user_is_in_the_xdg_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    xdg = read_settings({}, {"XDG_STATE_HOME": "/x"}, NO_FILE)
    home = read_settings({}, {"HOME": "/h"}, NO_FILE)

    assert str(xdg.state) == "/x/respool"
    assert str(home.state) == "/h/.local/state/respool"


def test_no_secret_has_an_option() -> None:
    assert [each.option for each in SETTINGS if "password" in each.key] == [None] * 4


def test_directories_of_one_account_are_options_only() -> None:
    staged = staged_directories(["/b/jdoe", "more"], ["/b/jdoe-meta"], [])

    assert staged is not None
    assert read_settings({"backups": None}, {}, NO_FILE, staged=staged).staged == staged
    assert [str(each) for each in staged.every] == ["/b/jdoe", "more", "/b/jdoe-meta"]
    assert staged_directories([], [], []) is None


def test_directories_of_one_account_go_before_a_variable_for_backups() -> None:
    staged = staged_directories(["/b/jdoe"], [], [])

    assert read_settings({}, {"RESPOOL_BACKUPS": "/x"}, NO_FILE, staged=staged).staged == staged


def test_two_places_for_the_backup_are_refused() -> None:
    staged = staged_directories(["/b/jdoe"], [], [])

    with pytest.raises(UsageError, match="exclude each other"):
        read_settings({"backups": "/b"}, {}, NO_FILE, staged=staged)


@pytest.mark.parametrize(("meta", "archive"), [(["/m"], []), ([], ["/a"])])
def test_metadata_or_archive_alone_is_refused(meta: list[str], archive: list[str]) -> None:
    with pytest.raises(UsageError, match="needs --data"):
        staged_directories([], meta, archive)


class TestKeyOfBluemind:
    def of(self, file: Path) -> str:
        settings = read_settings({}, {"RESPOOL_BLUEMIND_KEY_FILE": str(file)}, NO_FILE)
        return settings.bluemind_key.reveal() if settings.bluemind_key else ""

    def test_it_is_the_first_line_of_a_file_that_is_for_us_alone(self, tmp_path: Path) -> None:
        file = tmp_path / "key"
        file.write_text("4f2a\n")
        file.chmod(0o600)

        assert self.of(file) == "4f2a"

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
    def test_a_file_that_others_may_read_is_refused_and_its_key_not_shown(
        self, tmp_path: Path, mode: int
    ) -> None:
        file = tmp_path / "key"
        file.write_text("4f2a-secret\n")
        file.chmod(mode)

        with pytest.raises(UsageError) as raised:
            self.of(file)
        assert "open to others" in raised.value.what
        assert raised.value.hint == f"chmod 600 {file}"
        assert "4f2a-secret" not in f"{raised.value.what}{raised.value.why}"

    def test_one_that_is_not_there_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="cannot be read"):
            self.of(tmp_path / "nowhere")

from __future__ import annotations

from pathlib import Path

import pytest

from respool.errors import FormatError, NotPermitted, ServerNotFound
from respool.system.configuration import expire_days, imap_port, read_configuration


def write(directory: Path, **files: str) -> Path:
    """Files of a configuration directory; the place of its ``imapd.conf``."""
    for name, text in files.items():
        (directory / f"{name}.conf").write_text(text.replace("HERE", str(directory)), "utf-8")
    return directory / "imapd.conf"


def test_includes_are_read_where_they_stand(tmp_path: Path) -> None:
    """The last one that gives an option counts."""
    file = write(
        tmp_path,
        imapd="admins: one\n@include: HERE/more.conf\nservername: outer\n",
        more="admins: two\n@include: HERE/deep.conf\nservername: inner\n",
        deep="partition-default: /spool\n",
    )

    configuration = read_configuration(file)

    assert configuration.admins == ("two",)
    assert configuration.text("servername") == "outer"
    assert str(configuration.roots("")["default"]) == "/spool"


def test_a_file_that_includes_itself_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, imapd="@include: HERE/more.conf\n", more="@include: HERE/imapd.conf\n")

    with pytest.raises(FormatError, match="included by itself"):
        read_configuration(file)


@pytest.mark.parametrize("name", ["imapd", "more"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    if name == "more":
        write(tmp_path, imapd="@include: HERE/more.conf\n")

    with pytest.raises(ServerNotFound, match=f"there is no .*/{name}.conf"):
        read_configuration(tmp_path / "imapd.conf")


def test_a_file_that_may_not_be_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """(Root may read everything, so the system's refusal is played.)"""

    def refused(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    file = write(tmp_path, imapd="admins: one\n")
    monkeypatch.setattr(Path, "read_text", refused)

    with pytest.raises(NotPermitted, match="cannot be read"):
        read_configuration(file)


def test_a_directory_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ServerNotFound, match="cannot be read"):
        read_configuration(tmp_path)


def test_octets_that_are_no_utf8_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "imapd.conf"
    file.write_bytes(b"servername: caf\xe9\n")

    assert read_configuration(file).text("servername") == "caf\udce9"


@pytest.mark.parametrize(
    ("line", "port"),
    [
        ('imap cmd="imapd -U 30" listen="imap" prefork=0', 143),
        ('imap cmd="imapd" listen="127.0.0.1:1143" prefork=0 maxchild=100', 1143),
        ('imap cmd="/usr/lib/cyrus/bin/imapd -C x" listen="[::1]:1144"', 1144),
        ('  imap\tcmd="imapd"\tlisten="1145"', 1145),
        ('imap listen="1146" cmd="imapd" prefork=0', 1146),
        ('imaps cmd="imapd -s -U 30" listen="imaps"', None),
        ('pop3 cmd="pop3d" listen="1147"', None),
        ('# imap cmd="imapd" listen="1148"', None),
        ('#imap cmd="imapd" listen="1149"', None),
        ('imap cmd="imapd" listen="elsewhere"', None),
        ('imap cmd="" listen="1150"', None),
        ('imap cmd="imapd" listen="/run/imap.socket"', None),
        ("", None),
    ],
)
def test_the_port_is_that_of_the_plain_imap_service(
    tmp_path: Path, line: str, port: int | None
) -> None:
    file = write(tmp_path, cyrus=f"START {{\n}}\nSERVICES {{\n{line}\n}}\n")

    assert imap_port(file) == port


def test_the_first_plain_service_with_a_known_port_counts(tmp_path: Path) -> None:
    services = (
        'tls cmd="imapd -s" listen="993"\nodd cmd="imapd" listen="what"\n'
        'imap cmd="imapd" listen="1143"\nother cmd="imapd" listen="1144"\n'
    )

    assert imap_port(write(tmp_path, cyrus=services)) == 1143


def test_without_a_cyrus_conf_no_port_is_known(tmp_path: Path) -> None:
    assert imap_port(tmp_path / "imapd.conf") is None


@pytest.mark.parametrize(
    ("line", "days"),
    [
        ('  delprune cmd="cyr_expire -E 4 -X 7 -D 14" at=0400', {"E": 4, "X": 7, "D": 14}),
        ('  x cmd="/usr/sbin/cyr_expire -X 12h -D 1.5d" at=0401', {"X": 0.5, "D": 1.5}),
        ('  # old cmd="cyr_expire -X 7" at=0400', {}),
        ('  imap cmd="imapd -D" listen="imap" prefork=0', {}),
    ],
    ids=["days", "units", "a comment", "another program"],
)
def test_how_long_a_server_keeps_what_was_deleted(
    line: str, days: dict[str, float], tmp_path: Path
) -> None:
    (tmp_path / "cyrus.conf").write_text(f"EVENTS {{\n{line}\n}}\n")

    assert expire_days(tmp_path / "imapd.conf") == days

from __future__ import annotations

import os
import pwd

import pytest

from respool.system.ownership import Asker, who_asks


def ours() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def test_without_sudo_we_ask_ourselves() -> None:
    assert who_asks({}) == Asker(name=ours(), uid=os.getuid(), acts_as=ours())


@pytest.mark.usefixtures("as_root")
def test_of_sudo_it_is_who_called_it() -> None:
    name = pwd.getpwuid(65534).pw_name

    assert who_asks({"SUDO_UID": "65534", "SUDO_USER": "somebody"}) == Asker(
        name=name, uid=65534, acts_as="root"
    )
    assert who_asks({"SUDO_UID": "4711", "SUDO_USER": "gone"}).name == "gone"


@pytest.mark.parametrize("number", ["", "-1", "x", "٣", "9" * 11])
def test_what_is_no_number_counts_for_nothing(number: str) -> None:
    assert who_asks({"SUDO_UID": number, "SUDO_USER": "somebody"}).uid == os.getuid()


def test_who_is_not_root_cannot_say_that_he_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 65534)

    assert who_asks({"SUDO_UID": "0", "SUDO_USER": "root"}).uid == 65534

"""docs/reference/settings.md has each setting with its option and its variable, and no other."""

from __future__ import annotations

import importlib
import re
from typing import Any

from tests.docs.pages import REFERENCE


def settings() -> tuple[Any, ...]:
    return tuple(importlib.import_module("respool.app.settings").SETTINGS)


def page() -> str:
    return (REFERENCE / "settings.md").read_text(encoding="utf-8")


def test_every_variable_is_on_the_page_and_no_other() -> None:
    variables = {setting.variable for setting in settings() if setting.variable}

    assert set(re.findall(r"`(RESPOOL_[A-Z_]+)`", page())) == variables


def test_every_option_of_a_setting_is_on_the_page_and_no_other() -> None:
    options = {setting.option for setting in settings() if setting.option}

    assert set(re.findall(r"(--[a-z][a-z-]*)", page())) == options


def test_every_key_of_the_file_is_on_the_page() -> None:
    keys = {
        setting.key for setting in settings() if not setting.key.endswith(("_password", "_key"))
    }

    assert [key for key in sorted(keys) if f"| `{key}` |" not in page()] == []

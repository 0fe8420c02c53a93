"""The manual page says what the commands say."""

from __future__ import annotations

from tools.make_man import PAGE, page


def test_the_manual_page_is_that_of_these_commands() -> None:
    """``tools/make_man.py`` would write what is there."""
    assert PAGE.read_text("utf-8") == page()

"""The page says what the kept results of the run over servers say."""

from __future__ import annotations

from tools.make_servers import KEPT, PAGE, made


def test_the_page_is_made_of_the_kept_results() -> None:
    """``tools/make_servers.py`` would write what is there."""
    text = PAGE.read_text("utf-8")
    assert text == made(text, KEPT.read_text("utf-8"))

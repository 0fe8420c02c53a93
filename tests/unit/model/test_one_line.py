"""Words of a server are shown, and do nothing."""

from __future__ import annotations

from respool.model.one_line import one_line


def test_neither_a_line_end_nor_an_escape_nor_what_turns_a_text_around_is_left() -> None:
    shown = one_line("evil \x1b[31mred\r\nNEXT  do it\u2028\u202e\x85 ")

    assert shown == "evil  [31mred  NEXT  do it"
    assert shown.isprintable()

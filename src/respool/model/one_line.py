"""Words of others, such as a server's, as a line that shows them and does nothing else."""

from __future__ import annotations


def one_line(text: str) -> str:
    r"""``text`` on one line, with a blank for each character that cannot be printed.

    A line end would forge a line of a receipt, and an escape sequence rule the terminal.

    >>> one_line("it broke\r\nNEXT  \x1b[31mnothing")
    'it broke  NEXT   [31mnothing'
    """
    return "".join(each if each.isprintable() else " " for each in text).strip()


def written_out(text: str) -> str:
    r"""``text`` with control characters and octets that are no text written out.

    >>> written_out("a" + chr(27) + "[2J" + chr(10))
    'a\\x1b[2J\\n'
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text
    )

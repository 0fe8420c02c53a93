"""Draw docs/picture/restore.svg: what a real `respool restore` printed, 80 columns wide.

Runs tools/demo.py in a pseudo-terminal with ``--transcript FILE``, takes the part of the
transcript that belongs to ``respool restore``, and lets Rich draw it. A finished transcript
may be given instead: ``tools/picture.py FILE``.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

PROJECT = Path(__file__).resolve().parents[1]
PICTURE = PROJECT / "docs" / "picture" / "restore.svg"
COLUMNS = 80
ROWS = 50
COMMAND = "respool restore"

CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\r|\n|\x1b[=>]|[\x00-\x08\x0e-\x1a]")
STYLE = re.compile(r"\x1b\[[0-9;]*m")
FROM_ELSEWHERE = re.compile(r"\s*@font-face\s*\{[^}]*\}|\s*<!--.*?-->", re.DOTALL)


def run_demo(transcript: Path) -> None:
    """The demo, on a terminal of our own; what it prints is passed on."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    demo = subprocess.Popen(
        [sys.executable, "tools/demo.py", "--transcript", str(transcript)],
        cwd=PROJECT,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "COLUMNS": str(COLUMNS), "LINES": str(ROWS), "TERM": "xterm-256color"},
    )
    os.close(follower)
    while octets := read_some(leader):
        sys.stdout.buffer.write(octets)
        sys.stdout.flush()
    os.close(leader)
    if demo.wait() != 0:
        sys.exit(f"tools/demo.py ended with status {demo.returncode}")


def read_some(terminal: int) -> bytes:
    """What came from ``terminal``; empty when its last writer is gone."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def settled(raw: str) -> list[str]:
    """Lines as they stand in the end, after every carriage return and cursor move.

    Knows what Rich's progress uses: return, line up, erase line, hide and show cursor.
    Styles are kept. A line that is begun anew is replaced as a whole.
    """
    lines = [""]
    row = position = 0
    begun_anew = False
    while position < len(raw):
        match = CONTROL.match(raw, position)
        if match is None or STYLE.match(raw, position):
            end = STYLE.match(raw, position)
            piece = end.group() if end else raw[position]
            lines[row] = piece if begun_anew else lines[row] + piece
            begun_anew = False
            position += len(piece)
            continue
        position = match.end()
        if match.group() == "\n":
            row, begun_anew = row + 1, False
            lines.extend([""] * (row + 1 - len(lines)))
        elif match.group() == "\r":
            begun_anew = not raw.startswith("\n", position)
        elif match.group(2) == "A":
            row = max(0, row - int(match.group(1) or 1))
        elif match.group(2) == "K":
            lines[row] = ""
    return [line.rstrip() for line in lines]


def part_of(lines: list[str], command: str) -> list[str]:
    """Lines from the prompt that starts ``command`` up to an empty line or the next prompt."""
    plain = [STYLE.sub("", line).strip() for line in lines]
    first = next((n for n, line in enumerate(plain) if line.startswith(f"$ {command}")), None)
    if first is None:
        sys.exit(f"the transcript has no line that begins with: $ {command}")
    after = range(first + 1, len(lines))
    last = next((n for n in after if not plain[n] or plain[n].startswith("$ ")), len(lines))
    return lines[first:last]


def drawn(lines: list[str]) -> str:
    """An SVG of ``lines`` alone: no font fetched from elsewhere, no comment."""
    width = max(COLUMNS, *(Text.from_ansi(line).cell_len for line in lines))
    console = Console(
        record=True, width=width, file=io.StringIO(), force_terminal=True, highlight=False
    )
    console.print(Text.from_ansi("\n".join(lines)), overflow="ignore", no_wrap=True, crop=False)
    svg = console.export_svg(title="respool", unique_id="respool")
    return FROM_ELSEWHERE.sub("", svg)


def main() -> None:
    """Draw the picture, from a transcript or from a run of the demo."""
    with tempfile.TemporaryDirectory() as directory:
        transcript = Path(directory) / "transcript"
        if len(sys.argv) > 1:
            transcript = Path(sys.argv[1])
        else:
            run_demo(transcript)
        raw = transcript.read_text(encoding="utf-8", errors="replace")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(drawn(part_of(settled(raw), COMMAND)), encoding="utf-8")
    print(f"drawn: {PICTURE.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()

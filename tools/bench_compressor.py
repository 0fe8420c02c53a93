"""``python tools/bench_compressor.py FOLDER FILE``: what zlib takes for the files of a folder."""

from __future__ import annotations

import os
import sys
import zlib
from pathlib import Path


def main() -> None:
    """Each file by itself, as a zip has them, into one file; then to disk."""
    folder, file = map(Path, sys.argv[1:])
    with file.open("wb") as stream:
        for each in sorted(folder.glob("[0-9]*.")):
            compressor = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -15)
            stream.write(compressor.compress(each.read_bytes()) + compressor.flush())
        os.fsync(stream.fileno())


if __name__ == "__main__":
    main()

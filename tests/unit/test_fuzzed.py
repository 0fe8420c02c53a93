"""Each parser on its seeds, cut and flipped; and what `./dev fuzz` once found."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.support.parsers import PARSERS

CUTS = 24
FLIPS = 48
FOUND: tuple[tuple[str, bytes], ...] = (
    ("imap-fetch", b'1 (UID 7 INTERNALDATE "31-Feb-2017 10:00:00 +0200")'),
    ("imap-fetch", b'1 (UID 7 INTERNALDATE " 3-Oct-2017 10:00:00 +9900")'),
    ("imap-fetch", b'1 (UID 7 INTERNALDATE " 1-Jan-0001 00:00:00 +0200")'),
    ("message-headers", b"Subject: =?utf-7?Q?+2AA-?=\r\n\r\n"),  # half a character, not printable
    ("message-headers", b"Subject: " + b"=?a?q? " * 9000),  # took three seconds
    ("imap-words", b" " * 60_000),  # took half a minute
    ("imap-fetch", b"FLAGS (" * 9000),  # took four seconds
    (
        "message-parts",
        b"Content-Type: multipart/mixed; " + b'";' * 200_000 + b"\r\n\r\n",
    ),  # minutes
)


def spoilt(seeds: tuple[bytes, ...]) -> Iterator[bytes]:
    """Each seed, cut at some places and with some bits flipped, the same at each run."""
    chosen = random.Random(7)
    yield b""
    for seed in seeds:
        yield seed
        yield from (seed[: len(seed) * part // CUTS] for part in range(CUTS))
        for _ in range(FLIPS):
            octets = bytearray(seed)
            octets[chosen.randrange(len(octets))] ^= 1 << chosen.randrange(8)
            yield bytes(octets)


@pytest.mark.parametrize("name", PARSERS)
def test_every_parser_has_seeds(name: str) -> None:
    assert all(PARSERS[name].seeds())
    assert PARSERS[name].seeds()


@pytest.mark.parametrize("name", PARSERS)
def test_spoilt_octets_give_a_value_or_a_documented_error(name: str) -> None:
    parser = PARSERS[name]

    for octets in spoilt(parser.seeds()):
        try:
            parser.parse(octets)
        except parser.refuses:
            continue


@pytest.mark.parametrize(("name", "octets"), FOUND)
def test_what_fuzzing_found_stays_mended(name: str, octets: bytes) -> None:
    parser = PARSERS[name]
    try:
        parser.parse(octets)
    except parser.refuses:
        return

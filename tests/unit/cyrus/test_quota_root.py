from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.quota_root import RESOURCES, parse_quota_file
from respool.errors import FormatError, TruncatedFile

USED = st.integers(min_value=0, max_value=2**63 - 1)
LIMIT = st.integers(min_value=-1, max_value=2**31 - 1)


@pytest.mark.parametrize(
    ("octets", "limits"),
    [
        (b"51408\n102400\n", {"STORAGE": 102400}),
        (b"0\n-1\n", {}),
        (b"51408 102400\n", {"STORAGE": 102400}),
        (b"51408\n102400 77 M 8 500\n", {"STORAGE": 102400, "MESSAGE": 500}),
        (b"51408\n102400 m 8 500 77 AS 0 -1\n", {"STORAGE": 102400, "MESSAGE": 500}),
    ],
    ids=["used-limit", "no-limit", "on-one-line", "interrupted-count", "more-resources"],
)
def test_the_plain_form_is_read(octets: bytes, limits: Mapping[str, int]) -> None:
    assert parse_quota_file(octets).limits == limits


@pytest.mark.parametrize(
    ("octets", "limits"),
    [
        (b"%(S (5005 10240) M (8 500) AS (0) NF (1))\n", {"STORAGE": 10240, "MESSAGE": 500}),
        (
            b"%(S (5 0) M (8) AS (0 7) NF (1 9))\n",
            {"STORAGE": 0, "X-ANNOTATION-STORAGE": 7, "X-NUM-FOLDERS": 9},
        ),
        (b"%(S (5 -1) M (8))\n", {}),
        (b"%(S (5 10) MODSEQ 12)\n", {"STORAGE": 10}),
        (b"%(S (5 10) SCAN %(MBOX b.loc!user.jdoe S 3 M 1))\n", {"STORAGE": 10}),
    ],
    ids=["usual", "all", "minus-one", "modseq", "scan"],
)
def test_the_dlist_form_is_read(octets: bytes, limits: Mapping[str, int]) -> None:
    assert parse_quota_file(octets).limits == limits


@pytest.mark.parametrize(
    "octets",
    [
        b"\n",
        b"12\n",
        b"a\nb\n",
        b"12\n1x\n",
        b"12\n34 X 1 2\n",
        b"12\n34 M 1\n",
        b"%S\n",
        b"%(S (5 10)) 7\n",
        b"%(S 5)\n",
        b"%(S ())\n",
        b"%(S (five 10))\n",
        b"%(S (5 (10)))\n",
        b"%(S (5 10)\n",
    ],
)
def test_anything_else_is_refused(octets: bytes) -> None:
    with pytest.raises(FormatError):
        parse_quota_file(octets)


@pytest.mark.parametrize("octets", [b"", b"51408\n1024", b"%(S (5005 10240)"])
def test_a_file_without_its_last_line_end_is_cut(octets: bytes) -> None:
    """
    Else a limit that lost its last digits would be taken for a tenth of itself.
    """
    with pytest.raises(TruncatedFile):
        parse_quota_file(octets)


@given(st.dictionaries(st.sampled_from(sorted(RESOURCES)), st.tuples(USED, LIMIT)))
def test_what_the_server_writes_is_read(written: Mapping[str, tuple[int, int]]) -> None:
    body = " ".join(
        f"{key} ({used})" if limit < 0 else f"{key} ({used} {limit})"
        for key, (used, limit) in written.items()
    )
    limits = {RESOURCES[key]: limit for key, (_, limit) in written.items() if limit >= 0}

    assert parse_quota_file(f"%({body})\n".encode()).limits == limits


@given(st.binary())
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    for start in (b"", b"%(", b"1\n2 "):
        with suppress(FormatError):
            assert set(parse_quota_file(start + octets + b"\n").limits) <= set(RESOURCES.values())

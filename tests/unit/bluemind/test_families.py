from __future__ import annotations

import pytest

from respool.bluemind.families import Family, family_of


@pytest.mark.parametrize(
    ("version", "family"),
    [
        ("3.1.42842", Family.BM3),
        ("3.5", Family.BM3),
        ("4.0.6", Family.BM4),
        ("4.8.12", Family.BM4),
        ("4.9.3884", Family.BM49),
        ("5.7.3268", Family.BM5),
        ("5", Family.BM5),
        ("6.0.1", None),
        ("2.4.17", None),
        ("", None),
        ("four", None),
    ],
)
def test_a_version_is_of_one_family(version: str, family: Family | None) -> None:
    assert family_of(version) is family

"""Large accounts of every version come back, to their owner and to each of their readers."""

from __future__ import annotations

import json
from itertools import cycle
from pathlib import Path

import pytest

from tests.support.cyrus_configuration import Layout
from tests.support.directions import DOMAIN, check_target_sound
from tests.support.given_back import marks_of, share_like, true_marks, with_readers
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import restored, settings_for, wish
from tests.support.truth import Truth, read_truth
from tests.support.truth_spools import LARGER, Sample, Samples
from tests.support.whole_account import INTO, as_its_owner_sees, true_messages

pytestmark = [pytest.mark.needs_cyrus, pytest.mark.slow]

LAYOUTS: tuple[Layout, ...] = ("names", "uuid")
SAMPLES = (*LARGER, "3.0.18-dataprotect-1234")
JDOE, CONTACT = f"jdoe@{DOMAIN}", f"contact@{DOMAIN}"
BESIDE = f"contact-again@{DOMAIN}"


@pytest.mark.parametrize(("name", "layout"), list(zip(SAMPLES, cycle(LAYOUTS), strict=False)))
def test_a_large_account_and_a_mailshare_are_what_they_were(
    name: str, layout: Layout, as_root: None, larger_spools: Path, tmp_path: Path
) -> None:
    """Octets, flags, dates and UIDs as their owner sees them; what each reader had read."""
    sample = Samples(tmp_path / "backup").larger(name, larger_spools)
    truth = _truth(sample, tmp_path)
    marks = true_marks(truth, CONTACT)
    readers = sorted({reader for reader, _ in marks if reader.endswith(f"@{DOMAIN}")} | {JDOE})
    with server_root() as root, PrivateCyrus(root, layout) as server:
        with_readers(server, readers)
        share = share_like(server, truth.mailboxes[CONTACT], BESIDE)
        settings = settings_for(server, sample.backups, tmp_path / "state")
        part = sample.generation

        owned = restored(settings, wish(f"user/{JDOE}", generation=part, into=INTO))
        shared = restored(
            settings, wish(f"share/{CONTACT}", generation=part, to=share.written, into=INTO)
        )

        assert (owned.verdict.value, shared.verdict.value) == ("proven", "proven")
        true, seen = true_messages(truth, JDOE), as_its_owner_sees(server, JDOE, truth)
        holders = {path for path in seen if path not in true}  # made to hold other folders
        assert {path: held for path, held in seen.items() if path not in holders} == true
        assert not any(seen[path] for path in holders)
        assert dict(marks_of(server, share, INTO, marks)) == marks
        assert shared.seen.proven == sum(map(len, marks.values()))
        check_target_sound(server, share)


def _truth(sample: Sample, scratch: Path) -> Truth:
    """What its server said; of the larger spools not all truths hold the same."""
    completed = scratch / "truth.json"
    completed.write_text(
        json.dumps({"partition": {}, "deleted_mailboxes": {}, **sample.truth}), "utf-8"
    )
    return read_truth(str(completed))

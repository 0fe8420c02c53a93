"""Asks real servers what they can hold, and restores every golden sample into each of them.

    python tools/servers.py [--only WORDS] [--by spool|imap] [--accounts N] [--without-golden]

What it came to is kept in docs/reference/servers.json, server by server; what is there of
servers that were left out stays. tools/make_servers.py makes the page of it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from tests.support.private_cyrus import PrivateCyrus  # noqa: E402 - after the path is set
from tests.support.program_places import look_only_in  # noqa: E402
from tests.support.servers.abilities import asked_of  # noqa: E402
from tests.support.servers.golden_rounds import (  # noqa: E402
    Round,
    accounts_of,
    round_by_imap,
    round_by_spool,
)
from tests.support.servers.places import ALL, Place, Server  # noqa: E402
from tests.support.servers.results import Result  # noqa: E402
from tests.support.whole_account import SPOOLS, TREES  # noqa: E402

KEPT = PROJECT / "docs" / "reference" / "servers.json"
SOURCES = {**SPOOLS, **TREES}
_BACKUPS: dict[str, Path] = {}


def main() -> int:
    """Ask and restore, one server after the other; 1 if anything came back different."""
    options = _options()
    wanted = [place for place in ALL if options.only in place.name]
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for place in wanted:
            if place.why_not is not None:
                print(f"{place.name}: {place.why_not}", flush=True)
                continue
            began = time.monotonic()
            result = _result(place, Path(folder), options)
            keep(place.name, result)
            told = [each for line in result.golden.values() for each in _told(line)]
            wrong += len(told)
            seconds = round(time.monotonic() - began)
            print(f"{place.name}: {len(told)} differences, {seconds} s", flush=True)
            for each in told:
                print(f"    {each}", flush=True)
    return 1 if wrong else 0


def keep(name: str, result: Result) -> None:
    """Write what is known of one server now, beside what is known of the others."""
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {"servers": {}}
    new = result.as_json()
    before = kept["servers"].get(name, {})
    if before.get("version") == result.version:  # by the other way, perhaps
        new = {**new, "golden": {**before["golden"], **new["golden"]}}
    every = {**kept["servers"], name: new}
    ordered = {place.name: every[place.name] for place in ALL if place.name in every}
    text = json.dumps({"servers": ordered}, indent=1, ensure_ascii=False)
    KEPT.write_text(f"{text}\n", "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="servers with these letters in their name")
    parser.add_argument("--by", choices=("spool", "imap"), help="restore in this way alone")
    parser.add_argument("--accounts", type=int, default=None, help="of each sample at most")
    parser.add_argument("--without-golden", action="store_true", help="only ask")
    return parser.parse_args()


def _result(place: Place, folder: Path, options: argparse.Namespace) -> Result:
    with place.serve() as server, pytest.MonkeyPatch.context() as patch:
        if isinstance(server, PrivateCyrus):
            look_only_in(server.distribution.programs, patch)
        server.create_user("greeted@bluemind.loc")
        with server.client_as("greeted@bluemind.loc") as client:
            offered = sorted(word.decode() for word in client.capabilities())
        result = Result(
            place=place.name,
            version=server.version,
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            capabilities=offered,
            # What a stand-in holds says nothing of what it stands for.
            holds={} if place.kind == "BlueMind 5" else asked_of(server),
        )
        if not options.without_golden:
            for target, name, each in _rounds(server, folder, options):
                result.golden.setdefault(target, {}).setdefault(name, []).append(each)
        return result


def _rounds(
    server: Server, folder: Path, options: argparse.Namespace
) -> Iterator[tuple[str, str, Round]]:
    """Target, sample, and what came back of one account."""
    state = Path(tempfile.mkdtemp(prefix="state-", dir=folder))
    for name, source in SOURCES.items():
        backup = _BACKUPS.get(name) or source.unpack(folder / name)
        _BACKUPS[name] = backup  # restores leave it as it is
        for account in accounts_of(source.truth)[: options.accounts]:
            if isinstance(server, PrivateCyrus) and options.by != "imap":
                yield "spool", name, round_by_spool(server, source, backup, state, account)
            if options.by != "spool":
                yield "imap", name, round_by_imap(server, source, backup, state, account)


def _told(samples: dict[str, list[Round]]) -> Sequence[str]:
    return [
        f"{name}, {each.account}: {told}"
        for name, rounds in samples.items()
        for each in rounds
        for told in each.differences
    ]


if __name__ == "__main__":
    sys.exit(main())

"""``respool find``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Annotated, Final

import typer

from respool.cli.condition_options import SearchOptions, conditions_of
from respool.cli.options import AsJson, Backups, ImapdConf, State, Yes, settings_of

EXAMPLES: Final = """\b
Examples:
  respool find --account alice@example.org --deleted-since 3d
  respool find --from jonas --subject offer --only-missing
  respool find --guid e8c2c58963389d1a964a1b01942a3d746f87a8f3 --json
"""
_NOTHING: Final = 10
_NOT_ALL: Final = 3  # it may be in what was not searched
_FIRST: Final = 100
Whose = Annotated[
    str | None,
    typer.Option(
        "--account", metavar="A", help="Whose mail: jdoe@example.org, or a pattern: '*@b.loc'."
    ),
]
Which = Annotated[
    str | None,
    typer.Option(
        "-g", "--generation", metavar="GEN", help="In which generation; default: all of them."
    ),
]
OnlyMissing = Annotated[
    bool, typer.Option("--only-missing", help="Only what the live account lacks.")
]
Best = Annotated[bool, typer.Option("--best", help="What fits best first, not the newest.")]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        metavar="N",
        min=0,
        help="How many at most; 0: all. Default: 100, and all with --json.",
    ),
]


def find(
    *,
    account: Whose = None,
    conditions: SearchOptions,
    generation: Which = None,
    only_missing: OnlyMissing = False,
    best: Best = False,
    limit: Limit = None,
    yes: Yes = False,
    backups: Backups = None,
    state: State = None,
    imapd_conf: ImapdConf = None,
    as_json: AsJson = False,
) -> int:
    """Find messages over all generations: what has them, where they last stood, is it there still.

    The newest first. Generations that are not in the catalogue are taken in before.
    """
    from contextlib import ExitStack

    from respool.app.find import FindWish, finding
    from respool.app.indexing import IndexWish
    from respool.cli.find_text import print_found
    from respool.cli.progress import indexing_bar

    most = (0 if as_json else _FIRST) if limit is None else limit
    wish = FindWish(
        conditions=conditions_of(conditions),
        account=account,
        generation=generation,
        only_missing=only_missing,
        is_best=best,
        limit=most,
    )
    settings = settings_of(backups=backups, state=state, imapd_conf=imapd_conf)
    with ExitStack() as stack:
        with indexing_bar(yes=yes) as (agree, watcher):
            indexing = IndexWish(agree=agree, watcher=watcher)
            report = stack.enter_context(finding(settings, wish, indexing))
        count = print_found(report, limit=most, as_json=as_json)
    if count:
        return 0
    return _NOT_ALL if report.is_blind else _NOTHING

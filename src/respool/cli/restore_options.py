"""Options of the commands that plan and restore, described once."""

from __future__ import annotations

from typing import Annotated

import typer

MaybeAccount = Annotated[
    str | None,
    typer.Argument(metavar="ACCOUNT", help="jdoe@example.org; user/… or share/… where both are."),
]
Folders = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FOLDER]...",
        help="It and all below it; =NAME that one alone; * and ** match. None: the account.",
    ),
]
Into = Annotated[
    str | None,
    typer.Option("--into", metavar="NAME", help="The new folder; default restored-<date>."),
]
Rename = Annotated[
    list[str] | None,
    typer.Option(
        "--rename",
        metavar="OLD=NEW",
        help="Another name for a folder that the server refuses; auto takes every proposal.",
    ),
]
Noted = Annotated[
    str | None,
    typer.Option("--note", metavar="TEXT", help="Kept in plan and receipt: a ticket number."),
]
Details = Annotated[
    bool, typer.Option("--details", help="A line a folder, and everything that is left out.")
]

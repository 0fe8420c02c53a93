"""The name of the new folder: the one that was asked for, or the next that is free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from respool.model.names import decoded_part
from respool.planning.request import RestoreRequest

_MOST_NUMBERED: Final = 1000


def with_free_folder(
    request: RestoreRequest, is_taken: Callable[[str], bool]
) -> tuple[RestoreRequest, tuple[str, ...]]:
    """``request`` with a name for the new folder that is free, or why there is none.

    A name that a person chose is refused where it is taken; our own proposal gets a number.
    ``is_taken`` is asked with encoded names of one level.
    """
    if request.is_into_given:
        shown = decoded_part(request.into)
        reason = f"--into {shown}: that folder is there already; choose another name"
        return request, (reason,) if is_taken(request.into) else ()
    for number in range(1, _MOST_NUMBERED):
        name = request.into if number == 1 else f"{request.into}-{number}"
        if not is_taken(name):
            return replace(request, into=name), ()
    return request, (f"{_MOST_NUMBERED} folders called {request.into} are there already",)

"""What a core answers to whoever asks for a session: its key, or why there is none.

Source: net.bluemind.authentication.api.LoginResponse of BlueMind's published clients.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, Final

from respool.errors import FormatError
from respool.model.dataclasses import dataclass

_OK: Final = "Ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginAnswer:
    """The key of a session, which no text of this object shows; None: ``why`` says why.

    ``login`` is who it lets in, as BlueMind itself calls him; None where that was not told.
    """

    key: str | None = field(repr=False)
    login: str | None = None
    why: str = ""


def login_answer(answer: Any) -> LoginAnswer:  # noqa: ANN401 - JSON enters here
    """A LoginResponse: ``status`` (``Ok``, ``Bad`` …), ``message``, ``authKey``, ``latd``.

    Raises:
        FormatError: something else; nothing of it is shown, for a key may be in it.

    >>> login_answer({"status": "Bad", "message": "no such user", "authKey": None}).why
    'no such user'
    """
    status = answer.get("status") if isinstance(answer, dict) else None
    key = answer.get("authKey") if isinstance(answer, dict) else None
    if not isinstance(status, str) or (status == _OK and not (isinstance(key, str) and key)):
        raise FormatError(
            "BlueMind's core answered with what is none of its answers",
            expected="a LoginResponse",
            found=type(answer).__name__,
        )
    if status != _OK:
        return LoginAnswer(key=None, why=str(answer.get("message") or status))
    login = answer.get("latd")
    return LoginAnswer(key=key, login=login if isinstance(login, str) and login else None)

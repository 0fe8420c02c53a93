"""What the core says when it will not: a ServerFault, and the HTTP status that goes with it."""

from __future__ import annotations

from typing import Final

from tests.support.bluemind_core.json_values import Json

# Source: BlueMind's JsonObjectCodec.replyFault, RestResponse.invalidSession: these, else 500.
_STATUS: Final = {"AUTHENTICATION_FAIL": 401, "PERMISSION_DENIED": 403, "NOT_FOUND": 404}


class ServerFault(Exception):
    """A call is refused: ``code`` is an ErrorCode of BlueMind."""

    def __init__(self, message: str, code: str = "UNKNOWN") -> None:
        super().__init__(message)
        self.code = code

    @property
    def status(self) -> int:
        """The HTTP status."""
        return _STATUS.get(self.code, 500)

    @property
    def body(self) -> Json:
        """What is answered."""
        return {"errorCode": self.code, "errorType": "ServerFault", "message": str(self)}


def not_found(message: str) -> ServerFault:
    """Something is not there."""
    return ServerFault(message, "NOT_FOUND")


def denied(message: str) -> ServerFault:
    """Whoever asks may not."""
    return ServerFault(message, "PERMISSION_DENIED")


def invalid(message: str) -> ServerFault:
    """A value is refused by a validator."""
    return ServerFault(message, "INVALID_PARAMETER")


def unreadable(parameter: str) -> ServerFault:
    """A body is of another shape.

    Source: RestServiceMethodHandler.buildInvocation: a fault without a code of its own, and
    so 500, not 400.
    """
    return ServerFault(f'Error during parsing parameter "{parameter}"')

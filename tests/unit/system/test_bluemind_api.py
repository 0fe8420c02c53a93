from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep

import pytest

from respool.bluemind import api_requests
from respool.errors import (
    BluemindFault,
    BluemindRefused,
    BluemindUnreachable,
    NotEncrypted,
    UsageError,
)
from respool.system.bluemind_api import ApiAccess, BluemindApi

KEY = "4f2a-s3cret"


@dataclass
class Answers:
    """What a small core answers, one after the other; and what it was asked."""

    given: list[tuple[int, bytes]]
    asked: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    url: str = ""


@contextmanager
def answering(*given: tuple[int, bytes]) -> Iterator[Answers]:
    answers = Answers(list(given))

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answers.asked.append(
                (self.command, self.path, self.headers.get("X-BM-ApiKey", ""), body)
            )
            status, octets = answers.given.pop(0)
            self.send_response(status)
            self.send_header("Content-Length", str(len(octets)))
            if status in range(300, 400):
                self.send_header("Location", "/api/elsewhere")
            self.end_headers()
            self.wfile.write(octets)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        answers.url = f"http://127.0.0.1:{server.server_port}/api"
        yield answers
        server.shutdown()


def asking(answers: Answers, request: api_requests.ApiRequest) -> object:
    access = ApiAccess(url=answers.url, key=KEY, wait=0)
    with BluemindApi(access, sleep=lambda _: None) as api:
        return api.ask(request)


def test_method_path_query_body_and_key_are_sent_as_asked() -> None:
    with answering((200, b"[]"), (204, b"")) as answers:
        asking(answers, api_requests.mailbox_by_email("b.loc", "j+d@b.loc"))
        nothing = asking(answers, api_requests.save_mailbox_acl("b.loc", "4F2A", [{"verb": "X"}]))

    assert nothing is None
    assert answers.asked == [
        ("GET", "/api/mailboxes/b.loc/_byemail?email=j%2Bd%40b.loc", KEY, b""),
        ("POST", "/api/mailboxes/b.loc/4F2A/_acls", KEY, json.dumps([{"verb": "X"}]).encode()),
    ]


def test_an_empty_list_is_sent_as_a_list() -> None:
    with answering((204, b"")) as answers:
        asking(answers, api_requests.save_mailbox_acl("b.loc", "4F2A", []))

    assert answers.asked[0][3] == b"[]"


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_or_a_missing_role_is_refused_at_once(status: int) -> None:
    said = b'{"errorCode": "PERMISSION_DENIED", "message": "needs manageMailbox"}'
    with answering((status, said)) as answers, pytest.raises(BluemindRefused) as caught:
        asking(answers, api_requests.domains())

    assert caught.value.why == "needs manageMailbox"
    assert KEY not in f"{caught.value} {caught.value.why} {caught.value.hint}"
    assert len(answers.asked) == 1


def test_a_core_that_is_away_is_asked_again_where_nothing_is_changed() -> None:
    with answering((503, b""), (502, b""), (200, b"[]")) as answers:
        assert asking(answers, api_requests.domains()) == []


def test_what_changes_something_is_never_sent_twice() -> None:
    with answering((503, b""), (200, b"{}")) as answers, pytest.raises(BluemindUnreachable):
        asking(answers, api_requests.consolidate_index("b.loc", "4F2A"))

    assert len(answers.asked) == 1


def test_a_fault_is_told_with_its_code() -> None:
    said = b'{"errorCode": "NOT_FOUND", "errorType": "ServerFault", "message": "no such task"}'
    with answering((404, said)) as answers, pytest.raises(BluemindFault) as caught:
        asking(answers, api_requests.task("x"))

    assert (caught.value.status, caught.value.fault) == (404, "NOT_FOUND")


@pytest.mark.parametrize("octets", [b"<html>", b"{", b"\xff\xfe", b"[" * 200_000])
def test_what_is_no_json_is_a_fault(octets: bytes) -> None:
    with answering((200, octets)) as answers, pytest.raises(BluemindFault):
        asking(answers, api_requests.domains())


def test_a_redirection_is_not_followed() -> None:
    with answering((302, b"")) as answers, pytest.raises(BluemindFault):
        asking(answers, api_requests.domains())


def test_nobody_there_is_said_with_the_place() -> None:
    access = ApiAccess(url="http://127.0.0.1:9/api", key=KEY, wait=0)
    with BluemindApi(access) as api, pytest.raises(BluemindUnreachable, match=r"127\.0\.0\.1:9"):
        api.ask(api_requests.domains())


def test_a_key_never_crosses_the_network_in_the_clear() -> None:
    with pytest.raises(NotEncrypted):
        BluemindApi(ApiAccess(url="http://mail.example.org/api", key=KEY))


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://x/api", "x", "https://admin:pw@x/api"),
        *("http://[::1", "http://localhost:99999/api", "http://localhost:x/api"),
    ],
)
def test_what_is_no_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        BluemindApi(ApiAccess(url=url, key=KEY))

    assert "pw" not in str(caught.value)


def test_no_text_of_an_access_shows_the_key() -> None:
    assert KEY not in repr(ApiAccess(url="https://x/api", key=KEY))


@pytest.mark.parametrize("dash", ["-", "\\u002d"])
def test_a_core_that_repeats_the_key_to_whoever_asked_does_not_get_it_into_the_error(
    dash: str,
) -> None:
    said = json.dumps({"errorCode": "X", "message": f"session id {KEY} is not valid"})
    told = said.replace("-", dash).encode()
    with answering((401, told)) as answers, pytest.raises(BluemindRefused) as raised:
        asking(answers, api_requests.current_user())

    assert raised.value.why == "session id … is not valid"


@pytest.mark.parametrize("key", ["two words", "line\nend", "clé", ""])
def test_a_key_that_can_be_none_is_said_and_not_shown(key: str) -> None:
    access = ApiAccess(url="http://127.0.0.1:1/api", key=key)
    with BluemindApi(access) as api, pytest.raises(UsageError) as raised:
        api.ask(api_requests.current_user())

    assert not key or key not in f"{raised.value.what}{raised.value.why}{raised.value.hint}"


def test_a_search_changes_nothing_and_may_be_sent_again() -> None:
    with answering((503, b""), (200, b"[]")) as answers:
        asking(answers, api_requests.directory_search("b.loc", {}))

    assert [method for method, *_ in answers.asked] == ["POST", "POST"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_so_that_the_key_goes_nowhere_else(status: int) -> None:
    with answering((status, b""), (200, b"[]")) as answers, pytest.raises(BluemindFault):
        asking(answers, api_requests.domains())

    assert [path for _, path, *_ in answers.asked] == ["/api/domains"]


def test_an_answer_that_never_ends_is_given_up() -> None:
    """Each piece comes in time, so that no wait for one is too long."""

    class Dripping(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(b"x")
                    sleep(0.01)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Dripping) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/api"
        access = ApiAccess(url=url, key=KEY, wait=0, longest_seconds=0.05)
        with BluemindApi(access) as api, pytest.raises(BluemindUnreachable, match="the end of"):
            api.ask(api_requests.domains())
        server.shutdown()

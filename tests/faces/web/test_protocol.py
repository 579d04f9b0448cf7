"""Requests as they come over a connection: what httptools alone would refuse, and what nobody can read."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn

from cnsearch.faces.web.protocol import MOST_HEAD_BYTES, MOST_PARSED, Protocol

Ask = Callable[..., bytes]


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what it was asked for."""
    assert scope["type"] == "http"
    path, query = scope["path"], scope["query_string"].decode("ascii")
    body = json.dumps([path, len(query), query[:100], scope["raw_path"].decode("ascii")]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Sends the pieces over one connection; gives all that comes back until the server hangs up. After a
    whole request it waits for the answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(echo, http=Protocol, ws="none", log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()

        def send(*pieces: bytes) -> bytes:
            with socket.create_connection(listener.getsockname(), 30) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                came = b""
                try:
                    for piece in pieces:
                        connection.sendall(piece)
                        if piece.endswith(b"\r\n\r\n") and piece is not pieces[-1]:
                            came += connection.recv(65536)
                    while more := connection.recv(65536):
                        came += more
                except ConnectionError:  # it has hung up while there was more to read
                    pass
                return came

        yield send
        server.should_exit = True
        thread.join(20)


def request(target: bytes, *, more: bytes = b"Connection: close\r\n") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n" + more + b"\r\n"


def asked_for(answer: bytes) -> list[Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    found: list[Any] = json.loads(body)
    return found


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/?q=咖啡", "/", "q=%E5%92%96%E5%95%A1"),
        ("/a/文章%2Fb?q=%zz%", "/a/文章/b", "q=%zz%"),
        ("/a#b?c", "/a", ""),
        ("/?a?b=%00", "/", "a?b=%00"),
        ("http://localhost/x?y", "/x", "y"),
        ("*", "*", ""),
    ],
)
def test_any_target(ask: Ask, target: str, path: str, query: str) -> None:
    found = asked_for(ask(request(target.encode())))
    assert found[0] == path
    assert found[2] == query


def test_a_line_that_comes_in_pieces(ask: Ask) -> None:
    whole = request("/?q=咖啡".encode())
    for at in (1, 9, 10, 12, 20, len(whole) - 1):
        assert asked_for(ask(whole[:at], whole[at:]))[2] == "q=%E5%92%96%E5%95%A1", at


def test_another_request_on_the_same_connection(ask: Ask) -> None:
    came = ask(request("/?q=咖".encode(), more=b""), request("/?q=啡".encode()))
    assert came.count(b"HTTP/1.1 200 ") == 2
    assert b"%E5%92%96" in came
    assert b"%E5%95%A1" in came


@pytest.mark.parametrize("length", [MOST_PARSED - 10, MOST_PARSED, MOST_PARSED + 10, 66_000, 1_000_000])
def test_a_long_address(ask: Ask, length: int) -> None:
    path, size, query, raw = asked_for(ask(request(b"/%E6%96%87?q=" + b"a" * (length - 13))))
    assert (path, size, query[:4], raw) == ("/文", length - 11, "q=aa", "/%E6%96%87")


REFUSED = {
    "an endless address": (414, b"GET /?q=" + b"a" * (MOST_HEAD_BYTES + 10)),
    "endless headers": (431, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * (MOST_HEAD_BYTES // 6 + 10)),
    "an unknown method": (400, b"GURKE / HTTP/1.1\r\n\r\n"),
    "no HTTP": (400, b"\x00\xff\r\n\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_a_problem(ask: Ask, case: str) -> None:
    status, sent = REFUSED[case]
    head, _, body = ask(sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"application/problem+json" in head
    assert b"Content-Security-Policy" in head
    assert json.loads(body)["status"] == status

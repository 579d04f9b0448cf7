"""The access log: one line a request, after its answer. What users send cannot steer a terminal or begin another line.

2025-11-28 02:20:41 127.0.0.1 "GET /?q=%E6%B1%9F%E8%B1%9A" 200 5321 12.3ms
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnsearch.model import printable

LONGEST_TARGET = 500
Write = Callable[[str], None]


class AccessLog:
    """write : takes a line. An exception that comes out of the application is logged with its traceback, and ends
    here."""

    def __init__(self, app: ASGIApp, write: Write) -> None:
        self._app = app
        self._write = write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status, size = 0, 0

        async def counted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            took_ms = (time.perf_counter() - started) * 1000
            self._write(access_line(scope, status, size, took_ms))


def access_line(scope: Scope, status: int, size: int, took_ms: float) -> str:
    """The line of one request. ``size``: bytes of the answer as it was sent; a status of 0: there was none."""
    client = (scope.get("client") or ("-",))[0]
    path = scope.get("raw_path") or scope["path"].encode("utf-8", "backslashreplace")
    query = scope.get("query_string", b"")
    target = (path.partition(b"?")[0] + (b"?" + query if query else b"")).decode("ascii", "backslashreplace")
    if len(target) > LONGEST_TARGET:
        target = target[:LONGEST_TARGET] + "..."
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    return printable(f'{now} {client} "{scope["method"]} {target}" {status} {size} {took_ms:.1f}ms')


def error_lines(error: BaseException) -> str:
    """What the log has of an error nobody expected."""
    return "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip()

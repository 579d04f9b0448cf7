"""What every request passes first: is it asked for by a known name, does it bring the password, and which headers keep
a browser from doing anything with the answer but show it.

The host name is checked because a page of another site may have its own name lead to this machine (DNS rebinding);
addresses in numbers cannot be led elsewhere, so they are always right.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote_from_bytes

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnsearch.faces.web.attempts import Attempts
from cnsearch.faces.web.problems import Problem, of_status
from cnsearch.faces.web.settings import WebSettings

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

_ASCII: Final = bytes(range(128)).decode()

Refuse = Callable[[Scope, Receive, Send, Problem], Awaitable[None]]


class Guard:
    """refuse : answers a request with a problem"""

    def __init__(self, app: ASGIApp, settings: WebSettings, refuse: Refuse) -> None:
        self._app = app
        self._settings = settings
        self._refuse = refuse
        self._attempts = Attempts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        query = scope["query_string"]
        if not query.isascii():  # as some programs send it, and browsers do not
            scope = {**scope, "query_string": quote_from_bytes(query, _ASCII).encode()}
        problem = self._problem(scope, Headers(scope=scope))
        if problem is not None:
            await self._refuse(scope, receive, guarded, problem)
        else:
            await self._app(scope, receive, guarded)

    def _problem(self, scope: Scope, headers: Headers) -> Problem | None:
        """Why the request is refused; None where it is not."""
        if not is_known_host(headers.get("host", ""), self._settings.hosts):
            return of_status(421)
        if not (self._settings.token or self._settings.password) or _is_health(scope):
            return None
        given = headers.get("authorization", "")
        if not given:
            return of_status(401)
        address = (scope.get("client") or ("-",))[0]
        if wait := self._attempts.wait(address):
            return replace(of_status(429), retry_s=wait)
        if not is_admitted(given, self._settings):
            self._attempts.wrong(address)
            return of_status(401)
        self._attempts.right(address)
        return None


def _is_health(scope: Scope) -> bool:
    """Whether it only asks if the server lives, as programs that start and stop it do."""
    return bool(scope["path"].removeprefix(scope.get("root_path", "")) == "/healthz")


def is_known_host(host: str, known: tuple[str, ...] | None) -> bool:
    """Whether ``Host: host`` is one of those known, an address in numbers, or this machine itself.

    >>> [is_known_host(host, ("suo.lan",)) for host in ("SUO.lan:8000", "127.0.0.1", "[::1]:80", "evil.example")]
    [True, True, True, False]
    """
    if known is None or "*" in known:
        return True
    name = host.lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0].removesuffix(".")
    if name == "localhost" or name.endswith(".localhost") or name in {one.lower() for one in known}:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def is_admitted(authorization: str, settings: WebSettings) -> bool:
    """Whether a request with this header may read. What it brings is compared in a time that says nothing of it."""
    if not settings.token and not settings.password:
        return True
    scheme, _, given = authorization.partition(" ")
    given = given.strip()
    if scheme.lower() == "bearer":
        return bool(settings.token) and _is_equal(given.encode("latin-1").decode("utf-8", "replace"), settings.token)
    if scheme.lower() != "basic":
        return False
    try:
        user, _, password = base64.b64decode(given, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return False
    by_token = bool(settings.token) & _is_equal(password, settings.token)
    by_user = bool(settings.password) & _is_equal(user, settings.user) & _is_equal(password, settings.password)
    return by_token | by_user


def _is_equal(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode("utf-8", "replace"))

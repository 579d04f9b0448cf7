"""``create_app``: the application. Joins addresses with what answers them, and what all answers have in common: the
language, ETags, compression, problems in the form that was asked for.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Final
from urllib.parse import quote, urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from cnsearch.errors import IndexNotFoundError
from cnsearch.faces.messages import LANGUAGES, language, preferred
from cnsearch.faces.web import api, pages
from cnsearch.faces.web.asking import Links, Params, state_of
from cnsearch.faces.web.feed import description, feed
from cnsearch.faces.web.guard import Guard
from cnsearch.faces.web.log import AccessLog, Write, error_lines
from cnsearch.faces.web.openapi import openapi
from cnsearch.faces.web.problems import Problem, of_error, of_status
from cnsearch.faces.web.rendering import Shown, static_file
from cnsearch.faces.web.settings import WebSettings
from cnsearch.faces.web.shelf import Shelf
from cnsearch.faces.web.work import Work
from cnsearch.index import Index
from cnsearch.version import __version__

HTML, JSON, PROBLEM = "text/html; charset=utf-8", "application/json", "application/problem+json"
COOKIE: Final = "cnsearch_lang"
COOKIE_S: Final = 365 * 24 * 3600
ZIPPED_BYTES, ZIP_LEVEL = 1_000, 5

API: Final[Mapping[str, api.Endpoint]] = {
    "/api/search": api.search,
    "/api/suggest": api.suggest,
    "/api/articles/{id:path}": api.article,
    "/api/articles": api.article,
    "/api/similar/{id:path}": api.similar,
    "/api/similar": api.similar,
    "/api/stats": api.stats,
    "/healthz": api.health,
}


Made = tuple[bytes | None, str]
"""A body and its ETag; None where whoever asks has it already."""


def create_app(index: Index, settings: WebSettings | None = None, *, log: Write | None = None) -> Starlette:
    """An ASGI application that searches ``index``; to be served as it is, or mounted in another.

    index    : open; whoever opened it closes it, after the application
    settings : see ``WebSettings``
    log      : takes a line for each request, and the traceback of an error that nobody expected; None: such errors go
               to the logger "cnsearch", and nothing else anywhere
    """
    return _Application(index, settings or WebSettings(), log).starlette()


class _Application:
    def __init__(self, index: Index, settings: WebSettings, log: Write | None) -> None:
        self._settings = settings
        self._shelf = Shelf(index, settings)
        self._work = Work(settings.threads, settings.waiting, settings.seconds)
        self._log = log

    def starlette(self) -> Starlette:
        """The application with what stands around it, from the outside inwards."""
        routes = [
            Route("/", self._search),
            Route("/results", partial(self._search, whole=False)),
            Route("/a/{id:path}", self._article),
            Route("/a", self._article),
            Route("/stats", self._stats),
            Route("/feed", self._feed),
            Route("/suggestions", self._suggestions),
            Route("/opensearch.xml", self._description),
            Route("/openapi.json", self._openapi),
            Route("/static/{name}", self._static),
            Route("/robots.txt", self._robots),
            *(Route(path, partial(self._api, endpoint)) for path, endpoint in API.items()),
        ]
        around = [Middleware(Guard, settings=self._settings, refuse=self._refuse)]
        if self._log is not None:
            around.insert(0, Middleware(AccessLog, write=self._log))
        if self._settings.origins:
            around.append(Middleware(CORSMiddleware, allow_origins=self._settings.origins, allow_methods=["GET"]))
        around.append(Middleware(GZipMiddleware, minimum_size=ZIPPED_BYTES, compresslevel=ZIP_LEVEL))
        return Starlette(
            routes=routes, middleware=around, exception_handlers={HTTPException: self._failed}, lifespan=self._lifespan
        )

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        yield
        self._work.close()

    # Pages

    async def _search(self, request: Request, *, whole: bool = True) -> Response:
        shown = _shown(request, self._settings)
        try:
            state = state_of(_params(request), self._settings)
            make = partial(pages.search_page, self._shelf, state, shown, whole=whole)
            return await self._page(request, shown, make)
        except Exception as error:
            return self._problem(request, error)

    async def _article(self, request: Request) -> Response:
        shown = _shown(request, self._settings)
        query = request.query_params.get("q", "")
        try:
            make = partial(pages.article_page, self._shelf, _article_id(request), query, shown)
            return await self._page(request, shown, make)
        except Exception as error:
            return self._problem(request, error)

    async def _stats(self, request: Request) -> Response:
        shown = _shown(request, self._settings)
        try:
            return await self._page(request, shown, partial(pages.stats_page, self._shelf, shown))
        except Exception as error:
            return self._problem(request, error)

    async def _page(self, request: Request, shown: Shown, make: Callable[[], str]) -> Response:
        response = await self._answer(request, HTML, lambda: _encoded(make()), about=shown.language.code)
        response.headers["Vary"] = "Accept-Language, Cookie"
        if request.query_params.get("lang") in LANGUAGES:
            secure = request.scope["scheme"] == "https"
            path = f"{shown.links.base}/"
            response.set_cookie(
                COOKIE, shown.language.code, COOKIE_S, path=path, secure=secure, httponly=True, samesite="lax"
            )
        return response

    # For programs

    async def _api(self, endpoint: api.Endpoint, request: Request) -> Response:
        try:
            asked = api.Asked(self._shelf, self._settings, _params(request), _article_id(request))
            return await self._answer(request, JSON, lambda: api.json_bytes(endpoint(asked)))
        except Exception as error:
            return self._problem(request, error)

    async def _suggestions(self, request: Request) -> Response:
        """As browsers ask for them: ``["sh", ["上海"]]``."""
        prefix = request.query_params.get("q", "")[: api.LONGEST_PREFIX]

        def make() -> bytes:
            found = self._shelf.suggestions(prefix, 10)["suggestions"]
            return json.dumps([prefix, [one["text"] for one in found]]).encode()

        try:
            return await self._answer(request, "application/x-suggestions+json", make)
        except Exception as error:
            return self._problem(request, error)

    async def _feed(self, request: Request) -> Response:
        shown = _shown(request, self._settings)
        try:
            state = state_of(_params(request), self._settings)
            make = partial(feed, self._shelf, state, shown, _origin(request))
            return await self._answer(request, "application/atom+xml", lambda: _encoded(make()))
        except Exception as error:
            return self._problem(request, error)

    async def _description(self, request: Request) -> Response:
        text = description(_shown(request, self._settings), _origin(request))
        return Response(_encoded(text), media_type="application/opensearchdescription+xml")

    async def _openapi(self, request: Request) -> Response:
        def make() -> bytes:
            return api.json_bytes(openapi(self._settings, self._shelf.index.facet_names, _base(request)))

        try:
            return await self._answer(request, JSON, make)
        except Exception as error:
            return self._problem(request, error)

    async def _static(self, request: Request) -> Response:
        file = static_file(request.path_params["name"])
        if file is None:
            return self._problem(request, of_status(404))
        headers = {"ETag": f'"{file.version}"', "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if request.query_params.get("v") == file.version:
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(file.zipped, media_type=file.kind, headers=headers)
        return Response(file.content, media_type=file.kind, headers=headers)

    async def _robots(self, request: Request) -> Response:
        return Response("User-agent: *\nDisallow: /\n", media_type="text/plain")

    # What all have in common

    async def _answer(self, request: Request, kind: str, make: Callable[[], bytes], about: str = "") -> Response:
        """What ``make`` gives of the last commit, if it is not what whoever asks has already."""
        known = request.headers.get("if-none-match", "")
        asked = (about, __version__, request.scope["path"], request.scope["query_string"].decode("latin-1"))

        def made() -> Made:
            self._shelf.refresh()
            tag = self._shelf.tag(*asked)
            if tag in known:
                return None, tag
            body = make()
            return body, tag if tag == self._shelf.tag(*asked) else ""

        body, tag = await self._work.run(made)
        headers = {"Cache-Control": "private, no-cache", **({"ETag": tag} if tag else {})}
        if body is None:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=kind, headers=headers)

    def _problem(self, request: Request, error: Exception) -> Response:
        """The answer to an error, in the form that fits the address. One that nobody expected is logged."""
        if isinstance(error, ValueError) and self._shelf.index.closed:  # while it was asked
            error = IndexNotFoundError("", "the index was closed", code="index_closed")
        problem = of_error(error)
        if problem.status == 500 or isinstance(error, OSError):
            if self._log is not None:
                self._log(error_lines(error))
            else:
                logging.getLogger("cnsearch").error("%s", error_lines(error))
        headers = {"Cache-Control": "no-store", "Vary": "Accept-Language, Cookie", **problem.headers}
        if problem.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="cnsearch", charset="UTF-8"'
        shown = _shown(request, self._settings)
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        if path.startswith("/api/") or path in ("/api", "/healthz", "/openapi.json", "/suggestions"):
            body = api.json_bytes(problem.to_dict(shown.language))
            return Response(body, problem.status, headers, PROBLEM)
        query = request.query_params.get("q", "")[: self._settings.query_chars]
        body = _encoded(pages.problem_page(problem, query, shown, whole=path != "/results"))
        return Response(body, problem.status, headers, HTML)

    async def _failed(self, request: Request, error: Exception) -> Response:
        """What no address answers."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        response = self._problem(request, of_status(status))
        if isinstance(error, HTTPException) and error.headers:
            response.headers.update(error.headers)
        return response

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, problem: Problem) -> None:
        await self._problem(Request(scope), problem)(scope, receive, send)


def _params(request: Request) -> Params:
    found: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        found.setdefault(name, []).append(value)
    return found


def _article_id(request: Request) -> str:
    return str(request.path_params.get("id") or request.query_params.get("id", ""))


def _base(request: Request) -> str:
    return quote(str(request.scope.get("root_path", "")).rstrip("/"))


def _origin(request: Request) -> str:
    return f"{request.scope['scheme']}://{request.headers.get('host') or 'localhost'}"


def _shown(request: Request, settings: WebSettings) -> Shown:
    """In which language: as the address says, else as it was once chosen, else as the browser asks for."""
    chosen = request.query_params.get("lang") or request.cookies.get(COOKIE, "")
    if chosen not in LANGUAGES:
        chosen = preferred(request.headers.get("accept-language", ""))
    kept = [pair for pair in request.query_params.multi_items() if pair[0] != "lang"]
    links = Links(_base(request))
    path = quote(str(request.scope["path"]), errors="replace")
    here = f"{path}?{urlencode(kept, errors='replace')}" if kept else path
    return Shown(settings, language(chosen), links, here)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")

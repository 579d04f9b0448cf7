"""Whatever is asked for, and whatever becomes of the index: a page or a problem with the right status, never a 500."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, unquote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnsearch
from cnsearch import Article
from cnsearch.web import WEB_LIMITS, create_app

QUERIES = (
    " q q= q=% q=%zz q=%ff%fe q=%00 q=%00%00a q=a&q=b q=%ED%A0%80 = &&& q=%F0%9F%98%80 page=0 page=1 page=-1"
    " page=10000 page=1e3 page=１ page= page=9&page=8 sort=x sort= since=2021-13 since=0 until=9999-99 since=2021-02-30"
    " draft=maybe draft=true match=all labels=a labels=a=b labels=title=b raw=1 utm_source=x source= source=&source=a"
    " collapse=nein lang=tlh lang=zh lang=zh&lang=en limit=5 category=a/b//c q=%22 q=(((( q=a*+*b+? q=咖啡"
).split(" ")
QUERIES.append("page=" + "9" * 5000)
IDS = (
    ".. ../../etc/passwd %2e%2e/%2e%2e/etc/passwd a%2Fb %2F % %zz %00 %ff ? a%3Fb 文章 %E6%96%87 a//b // ."
    " %23 a;b a\\b %5c con"
).split()
IDS.append("a" * 5000)
PATHS = "/ /results /feed /stats /api/search /api/suggest /api/stats /suggestions /a /healthz".split()


def ask(app: Any, target: bytes, method: str = "GET", headers: dict[str, str] | None = None) -> httpx.Response:
    """A request whose path and query are taken as these bytes, as a server hands them on."""
    path, _, query = target.partition(b"?")
    named = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path.decode("ascii", "surrogateescape")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"localhost"), *named],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 5),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=body)


def answered(response: httpx.Response, target: object) -> None:
    assert response.status_code in (200, 307, 400, 404, 405), target
    assert "Traceback" not in response.text
    if response.status_code >= 400:
        assert response.headers["content-type"] in ("application/problem+json", "text/html; charset=utf-8")


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:30] or "nothing")
def test_any_query_of_an_address(client: Any, query: str) -> None:
    for path in (
        "/",
        "/results",
        "/feed",
        "/stats",
        "/api/search",
        "/api/suggest",
        "/api/stats",
        "/suggestions",
        "/a",
        "/healthz",
    ):
        target = f"{path}?{query}".encode()
        answered(ask(client.app, target), target)


@pytest.mark.parametrize("article_id", IDS, ids=lambda one: one[:30])
def test_any_id_in_an_address(client: Any, article_id: str) -> None:
    for path in ("/a/", "/api/articles/", "/api/similar/", "/static/"):
        target = f"{path}{article_id}".encode()
        response = ask(client.app, target)
        answered(response, target)
        assert response.status_code in (404, 200) or path == "/api/similar/"
        assert "root:" not in response.text


def test_a_query_of_a_megabyte(client: Any) -> None:
    for query in (b"%E5%92%96" * 120_000, b"a+" * 500_000, b"%28" * 330_000, b"q=" * 10):
        for path in (b"/?q=", b"/results?q=", b"/api/search?q=", b"/feed?q="):
            response = ask(client.app, path + query)
            assert response.status_code == 200
            assert len(response.content) < 1_500_000
    assert "rest is left out" in ask(client.app, b"/?q=" + b"a" * 1_000_000).text


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "HEAD", "GURKE"])
def test_any_method(client: Any, method: str) -> None:
    for path in (b"/", b"/api/search?q=a", b"/static/app.js", b"/none"):
        answered(ask(client.app, path, method), path)


@settings(max_examples=60)
@given(st.binary(max_size=60), st.sampled_from(PATHS))
def test_any_bytes(client: Any, given: bytes, path: str) -> None:
    for value in (quote_from_bytes(given).encode(), given.replace(b"#", b"")):
        for before in (f"{path}?q=", f"{path}?", f"{path}/"):
            target = before.encode() + value
            answered(ask(client.app, target, headers={"accept-language": "zh"}), target)


# What becomes of the index

LIVE = ("/", "/?q=江豚", "/a/a", "/stats", "/feed?q=江豚", "/api/search?q=江豚", "/api/stats", "/healthz")


def test_an_index_that_is_deleted_under_the_server_and_made_again(tmp_path: Path, client_for: Any) -> None:
    path = tmp_path / "index"
    with cnsearch.open_index(path, create=True, limits=WEB_LIMITS) as index:
        index.add(Article("a", "江豚"), jobs=1)
        client = client_for(create_app(index))
        assert client.get("/api/search?q=江豚").json()["total"] == 1
        shutil.rmtree(path)
        time.sleep(0.25)
        for address in (
            "/",
            "/?q=江豚",
            "/a/a",
            "/stats",
            "/feed?q=江豚",
            "/api/search?q=江豚",
            "/api/stats",
            "/healthz",
        ):
            response = client.get(address)
            assert response.status_code == 503, address
            assert str(tmp_path) not in response.text
            assert response.headers["retry-after"]
        with cnsearch.open_index(path, create=True) as other:
            other.add([Article("b", "江豚一"), Article("c", "江豚二")], jobs=1)
        time.sleep(0.25)
        assert client.get("/api/search?q=江豚").json()["total"] == 2
        assert client.get("/a/a").status_code == 404


def test_an_index_that_is_rebuilt_under_the_server(
    tmp_path: Path, write_post: Callable[..., Path], client_for: Any
) -> None:
    write_post(tmp_path / "posts" / "a.md", "江豚一号", age=100)
    path = tmp_path / "index"
    with cnsearch.open_index(path, create=True) as index:
        index.update(tmp_path / "posts", jobs=1)
        client = client_for(create_app(index))
        assert client.get("/api/search?q=江豚").json()["total"] == 1
        write_post(tmp_path / "posts" / "b.md", "江豚二号", age=100)
        again, _ = cnsearch.rebuild_index(path, jobs=1)
        again.close()
        time.sleep(0.25)
        assert client.get("/api/search?q=江豚").json()["total"] == 2


def test_an_index_that_was_closed(tmp_path: Path, client_for: Any) -> None:
    index = cnsearch.open_index(tmp_path / "index", create=True)
    client = client_for(create_app(index))
    index.close()
    for address in ("/", "/?q=江豚", "/api/search?q=江豚", "/healthz"):
        assert client.get(address).status_code == 503


class Failing:
    """An index that fails while it is asked."""

    def __init__(self, index: cnsearch.Index, error: Exception, *, closes: bool = False) -> None:
        self._index, self._error, self._closes = index, error, closes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def search(self, *arguments: Any, **named: Any) -> Any:
        if self._closes:
            self._index.close()
        raise self._error


FAILURES = [
    NotADirectoryError(20, "x", "/geheim/pfad"),
    OSError(24, "zu viele offene Dateien"),
    PermissionError(13, "x"),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_what_the_system_refuses_is_no_fault_of_whoever_asks(
    web_index: cnsearch.Index, client_for: Any, error: OSError
) -> None:
    lines: list[str] = []
    client = client_for(create_app(Failing(web_index, error), log=lines.append))  # type: ignore[arg-type]
    for address in ("/?q=江豚", "/api/search?q=江豚"):
        response = client.get(address)
        assert response.status_code == 503
        assert response.headers["retry-after"]
        assert "geheim" not in response.text
    assert type(error).__name__ in lines[0]


def test_an_index_that_is_closed_while_it_is_asked(tmp_path: Path, client_for: Any) -> None:
    index = cnsearch.open_index(tmp_path / "index", create=True)
    client = client_for(create_app(Failing(index, ValueError("this Index is closed"), closes=True)))  # type: ignore[arg-type]
    assert client.get("/api/search?q=江豚").json()["code"] == "index_closed"


def test_an_empty_index(tmp_path: Path, client_for: Any) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        client = client_for(create_app(index))
        for address in (*LIVE, "/?source=a", "/feed", "/api/search?q=江豚&facets=source"):
            if address == "/a/a":
                continue
            assert client.get(address).status_code == 200, address

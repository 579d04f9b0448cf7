"""What a request passes first: host names, passwords, headers; and what the log has of it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.faces.web.guard import is_known_host
from cnsearch.faces.web.log import access_line
from cnsearch.web import WebSettings, create_app

ADDRESSES = (
    "/ /results?q=咖啡 /a/x /stats /feed /opensearch.xml /openapi.json /static/app.js /static/none /robots.txt "
    "/api/search?q=咖啡 /api/search?x=1 /api/stats /healthz /none"
).split()


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_has_the_headers_that_keep_a_browser_safe(client: Any, address: str) -> None:
    headers = client.get(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_pages_have_no_inline_code(client: Any) -> None:
    for address in ("/", "/?q=咖啡", "/stats"):
        page = client.page(address)
        assert not page.select("[style], style")
        assert all(script.get("src") and not script.string for script in page.select("script"))
        assert not [tag for tag in page.find_all(True) if any(name.startswith("on") for name in tag.attrs)]


HOSTS = {
    "suo.lan": True, "SUO.lan:8000": True, "suo.lan.": True, "127.0.0.1:8000": True, "192.168.1.7": True,
    "[::1]:8000": True, "[fe80::1]": True, "localhost:1": True, "a.localhost": True, "evil.example": False,
    "suo.lan.evil.example": False, "evil.example:127.0.0.1": False, "127.0.0.1.evil.example": False, "": False,
    "localhost.evil.example": False, "[::1": True, "[evil]": False, "1": False,
}  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_hosts(web_index: cnsearch.Index, client_for: Any, host: str) -> None:
    assert is_known_host(host, ("suo.lan",)) is HOSTS[host]
    assert is_known_host(host, None)
    assert is_known_host(host, ("*",))


def test_a_page_of_another_site_cannot_read_by_its_own_name(web_index: cnsearch.Index, client_for: Any) -> None:
    client = client_for(create_app(web_index, WebSettings(hosts=("127.0.0.1",))))
    assert client.get("/api/stats").status_code == 200
    for address in ("/", "/api/stats", "/healthz", "/static/app.js"):
        response = client.get(address, headers={"Host": "evil.example"})
        assert response.status_code == 421
        assert "content-security-policy" in response.headers


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


WRONG = [
    {},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer x"},
    {"Authorization": "Bearer 口令".encode()},
    {"Authorization": "Basic !!!"},
    {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe").decode()},
    {"Authorization": "Digest x"},
    basic("anna", ""),
    basic("", ""),
    basic("anna", "geheim "),
]


@pytest.mark.parametrize("headers", WRONG, ids=str)
def test_who_brings_no_password_sees_nothing(
    web_index: cnsearch.Index, client_for: Any, headers: dict[str, Any]
) -> None:
    for settings in (WebSettings(token="geheim"), WebSettings(user="anna", password="geheim")):
        client = client_for(create_app(web_index, settings))
        for address in ("/", "/api/search?q=咖啡", "/static/app.css", "/openapi.json", "/none"):
            response = client.get(address, headers=headers)
            assert response.status_code == 401
            assert response.headers["www-authenticate"].startswith("Basic")
        assert client.get("/healthz", headers=headers).status_code == 200


def test_a_token_or_a_user_and_password_let_in(web_index: cnsearch.Index, client_for: Any) -> None:
    token = client_for(create_app(web_index, WebSettings(token="ge heim")))
    assert token.get("/", headers={"Authorization": "Bearer ge heim"}).status_code == 200
    assert token.get("/", headers=basic("wer auch immer", "ge heim")).status_code == 200
    chinese = client_for(create_app(web_index, WebSettings(token="口令")))
    assert chinese.get("/", headers={"Authorization": "Bearer 口令".encode()}).status_code == 200
    user = client_for(create_app(web_index, WebSettings(user="安娜", password="口:令")))
    assert user.get("/", headers=basic("安娜", "口:令")).status_code == 200
    assert user.get("/", headers=basic("anna", "口:令")).status_code == 401
    assert user.get("/", headers={"Authorization": "Bearer "}).status_code == 401


def test_after_some_wrong_passwords_none_is_looked_at_for_a_while(web_index: cnsearch.Index, client_for: Any) -> None:
    client = client_for(create_app(web_index, WebSettings(token="geheim")))
    right, wrong = {"Authorization": "Bearer geheim"}, {"Authorization": "Bearer x"}
    for _ in range(5):
        assert client.get("/api/stats").status_code == 401, "a request without a password is no attempt"
        assert client.get("/api/stats", headers=wrong).status_code == 401
    for headers in (wrong, right):
        response = client.get("/api/stats", headers=headers)
        assert response.status_code == 429
        assert response.json()["code"] == "too_many_attempts"
        assert response.headers["retry-after"] == "1"
    assert "Too many wrong passwords" in client.get("/", headers=right).text
    assert client.get("/healthz", headers=wrong).status_code == 200
    assert client.get("/api/stats").status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"user": "a"},
        {"password": "a"},
        {"threads": 0},
        {"seconds": 0},
        {"seconds": float("nan")},
        {"waiting": -1},
        {"page_hits": 0},
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        WebSettings(**wrong)


# The log


def test_a_request_is_one_line_of_the_log(web_index: cnsearch.Index, client_for: Any) -> None:
    lines: list[str] = []
    client = client_for(create_app(web_index, log=lines.append))
    client.get("/api/search?q=%E5%92%96%E5%95%A1%0A%1b[31m")
    client.get("/none")
    assert len(lines) == 2
    assert lines[0].isascii()
    assert '"GET /api/search?q=%E5%92%96%E5%95%A1%0A%1b[31m" 200 ' in lines[0]
    assert '"GET /none" 404 ' in lines[1]


def test_the_log_cannot_be_steered() -> None:
    scope = {
        "method": "GET",
        "path": "/\n\x1b[2J",
        "query_string": b"\xff\x1b" + b"a" * 10_000,
        "client": ("1.2.3.4", 5),
    }
    line = access_line(scope, 200, 5, 1.0)
    assert line.isprintable()
    assert len(line) < 700


def test_an_error_that_nobody_expected_is_logged_and_not_shown(web_index: cnsearch.Index, client_for: Any) -> None:
    lines: list[str] = []
    client = client_for(create_app(Broken(web_index), log=lines.append))
    for address, kind in (("/?q=咖啡", "text/html"), ("/api/search?q=咖啡", "application/problem+json")):
        response = client.get(address)
        assert response.status_code == 500
        assert response.headers["content-type"].startswith(kind)
        assert "geheim" not in response.text
        assert "content-security-policy" in response.headers
    assert "KeyError: '/geheim/pfad'" in lines[0]
    assert len(lines) == 4


class Broken:
    """An index with a fault."""

    def __init__(self, index: cnsearch.Index) -> None:
        self._index = index

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def search(self, *arguments: Any, **named: Any) -> Any:
        raise KeyError("/geheim/pfad")


# Hostile articles


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'-alert(1)-'",
    "{{7*7}}{% raw %}",
    "</title></textarea><script>alert(1)</script>",
    "\u202egnp.exe\u2066",
    "\x00\x08\x1b[31m\ud800",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_an_article_becomes_part_of_the_page(client_of: Callable[..., Any], text: str) -> None:
    article = Article(
        f"江豚 {text}",
        f"江豚 {text}",
        (f"江豚 {text}", text),
        source=text,
        author=text,
        categories=(text, text),
        tags=(text,),
        labels={"feld": (text,)},
        url=text,
        path=text,
        extra={"a": text},
    )
    client = client_of([article, Article("b", f"江豚 二 {text}", (f"江豚 {text}",), url=f"https://x.cn/{text}")])
    plain = client.page("/?q=江豚")
    allowed = {"script": 1, "svg": len(plain.select(".chart svg")), "img": 0, "textarea": 0}
    addresses = ["/?q=江豚", plain.select_one(".hit h2 a")["href"], "/stats", "/"]
    addresses += [link["href"] for link in plain.select(".facet a")[:3]]
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200, address
        page = client.page(address)
        assert len(page.select("script")) == allowed["script"]
        assert not page.select("img, textarea, iframe, object, style, base")
        assert not [link["href"] for link in page.select("[href]") if link["href"].lower().startswith("javascript")]
        assert not [tag for tag in page.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
        assert not set("\x00\x08\x1b\u202e\u2066") & set(response.text)

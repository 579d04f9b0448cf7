"""The HTTP interface gives the objects of the library, ETags and problem objects."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import jsonschema
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

import cnsearch
from cnsearch import Article, SearchRequest
from cnsearch.web import WEB_LIMITS, WebSettings, create_app

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def without_time(value: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if name != "took_ms"}


REQUESTS = [
    SearchRequest("咖啡"),
    SearchRequest("咖啡 云南", match="any", limit=3, offset=2, facets=("source", "month"), collapse=True),
    SearchRequest("咖啡", source=("青禾生活志", "海岸财经"), since="2025-02", until="2025-09", sort="date"),
    SearchRequest("咖啡 -云南", raw=True, num_fragments=1, fragment_chars=20, half_life_days=30.5, draft=False),
    SearchRequest("", category="生活"),
    SearchRequest("没有这样的词 xyzzy"),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_a_search_is_that_of_the_library(client: Any, web_index: cnsearch.Index, request_: SearchRequest) -> None:
    response = client.get("/api/search", params=request_.to_params())
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    expected = web_index.search(request_).to_dict(web_index.time_zone)
    for hit in expected["hits"]:
        hit["path"] = Path(hit["path"]).name
    assert without_time(response.json()) == without_time(expected)


def test_articles_similar_ones_suggestions_and_stats(client: Any, web_index: cnsearch.Index) -> None:
    article_id = web_index.search("咖啡")[0].id
    article = client.get(f"/api/articles/{quote(article_id)}").json()
    assert article == {**web_index.get(article_id).to_dict(web_index.time_zone), "path": Path(article["id"]).name}
    assert client.get("/api/articles", params={"id": article_id}).json() == article
    similar = client.get(
        f"/api/similar/{quote(article_id, safe='')}", params={"limit": "3", "source": "青禾生活志"}
    ).json()
    expected = web_index.similar(article_id, limit=3, source="青禾生活志")
    assert [hit["id"] for hit in similar["hits"]] == [hit.id for hit in expected]
    suggestions = client.get("/api/suggest", params={"prefix": "shuzihua", "limit": "4"}).json()
    assert suggestions["suggestions"] == [one.to_dict() for one in web_index.suggest("shuzihua", limit=4)]
    stats = client.get("/api/stats").json()
    assert stats == {name: value for name, value in web_index.stats().items() if name not in ("index", "folders")}
    assert client.get("/healthz").json() == {"version": 1, "status": "ok", "articles": len(web_index)}
    browser = client.get("/suggestions", params={"q": "数字"})
    assert browser.json() == ["数字", [one.text for one in web_index.suggest("数字")]]


def test_nothing_names_a_folder_of_the_server(client: Any, web_index: cnsearch.Index, data: Path) -> None:
    article_id = quote(web_index.search("咖啡")[0].id)
    for address in ("/", "/?q=咖啡", f"/a/{article_id}", "/stats", "/api/search?q=咖啡", f"/api/articles/{article_id}",
                    f"/api/similar/{article_id}", "/api/stats", "/feed?q=咖啡"):  # fmt: skip
        text = client.get(address).text
        assert str(data) not in text, address
        assert web_index.path not in text, address


BAD = [
    ("/api/search?page=1", "page"),
    ("/api/search?limt=1", "did you mean"),
    ("/api/search?limit=-1", "limit"),
    ("/api/search?limit=101", "at most 100"),
    ("/api/search?offset=9901&limit=10", "at most 9900"),
    ("/api/search?offset=99999999999999999999", "offset"),
    ("/api/search?limit=1&limit=2", "once"),
    ("/api/search?q=a&query=b", "short"),
    ("/api/search?sort=best", "sort"),
    ("/api/search?limit=", "limit must have a value"),
    ("/api/search?since=2021-02-30", "2021-02-30"),
    ("/api/search?until=heute", "heute"),
    ("/api/search?facets=colour", "facets"),
    ("/api/search?labels=x", "NAME=VALUE"),
    ("/api/search?labels=title%3Dx", "title"),
    ("/api/search?collapse=2", "collapse"),
    ("/api/search?half_life_days=nan", "half_life_days"),
    ("/api/search?half_life_days=0", "half_life_days"),
    ("/api/search?num_fragments=11", "num_fragments"),
    ("/api/search?fragment_chars=0", "fragment_chars"),
    ("/api/search?" + "&".join(["source=a"] * 51), "source"),
    ("/api/search?source=" + "a" * 501, "source"),
    ("/api/similar/x?sort=date", "sort"),
    ("/api/similar/x?facets=source", "facets"),
    ("/api/suggest?prefix=" + "a" * 201, "200"),
    ("/api/suggest?prefix=a&limit=51", "50"),
    ("/api/suggest?query=a", "query"),
    ("/api/stats?x=1", "x"),
    ("/api/articles/x?y=1", "y"),
]


@pytest.mark.parametrize(("address", "says"), BAD)
def test_what_cannot_be_asked_for_is_a_problem(client: Any, address: str, says: str) -> None:
    response = client.get(address)
    problem = response.json()
    assert response.status_code == problem["status"] == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:cnsearch:problem:{problem['code']}"
    assert says in problem["detail"]


def test_problems_speak_the_language_that_was_asked_for(client: Any) -> None:
    problem = client.get("/api/search?limit=x", headers={"Accept-Language": "zh"}).json()
    assert (problem["title"], problem["code"]) == ("请求有误", "bad_request")
    assert problem["detail"].startswith("limit 应为整数")


def test_what_is_not_there(client: Any) -> None:
    for address in ("/api/articles/nirgends", "/api/similar/nirgends", "/api/articles", "/api/articles?id="):
        response = client.get(address)
        assert (response.status_code, response.json()["code"]) == (404, "article_not_found"), address
    assert client.get("/api/none").json()["code"] == "not_found"
    assert "no such page" in client.get("/none").text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(client: Any, method: str) -> None:
    for address in ("/", "/api/search", "/a/x", "/feed"):
        response = client.ask(method, address, content=b"x" * 10)
        assert response.status_code == 405, address
        assert "GET" in response.headers["allow"]


def test_a_head_has_the_headers_of_a_get(client: Any) -> None:
    head, get = client.ask("HEAD", "/api/stats"), client.get("/api/stats")
    assert head.status_code == 200
    assert head.headers["etag"] == get.headers["etag"]


# ETags, compression


def test_an_etag_holds_until_the_next_commit(tmp_path: Path, client_for: Any) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True, limits=WEB_LIMITS) as index:
        index.add(Article("a", "江豚"))
        client = client_for(create_app(index))
        for address in ("/api/search?q=江豚", "/?q=江豚", "/feed?q=江豚", "/a/a"):
            first = client.get(address)
            tag = first.headers["etag"]
            assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
            assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200
        tag = client.get("/api/search?q=江豚").headers["etag"]
        assert client.get("/api/search?q=江").headers["etag"] != tag
        index.add(Article("b", "江豚二号"))
        again = client.get("/api/search?q=江豚", headers={"If-None-Match": tag})
        assert again.status_code == 200
        assert again.json()["total"] == 2


def test_answers_are_compressed_where_the_asker_can_read_it(client: Any) -> None:
    plain = client.get("/api/search?q=咖啡", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    zipped = client.get("/api/search?q=咖啡", headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert int(zipped.headers["content-length"]) < len(plain.content) / 2
    for name in ("app.css", "app.js"):
        file = client.get(f"/static/{name}", headers={"Accept-Encoding": "identity"})
        assert file.content == (Path(cnsearch.__file__).parent / "faces/web/static" / name).read_bytes()
        assert file.headers["cache-control"] == "no-cache"


def test_the_page_with_its_styles_and_script_is_small(client: Any) -> None:
    files = [
        (Path(cnsearch.__file__).parent / "faces/web/static" / name).read_bytes() for name in ("app.css", "app.js")
    ]
    page = client.get("/?q=咖啡").content
    assert sum(len(gzip.compress(content)) for content in (*files, page)) < 40_000


# OpenAPI


def test_openapi_says_what_is_given(client: Any, web_index: cnsearch.Index) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    article_id = quote(web_index.search("咖啡")[0].id)
    addresses = {
        "/api/search": "/api/search?q=咖啡&facets=source&collapse=true",
        "/api/suggest": "/api/suggest?prefix=shu",
        "/api/articles/{id}": f"/api/articles/{article_id}",
        "/api/similar/{id}": f"/api/similar/{article_id}",
        "/api/stats": "/api/stats",
        "/healthz": "/healthz",
    }
    assert set(addresses) == set(document["paths"])
    for path, address in addresses.items():
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        given = client.get(address).json()
        check(given, schema, document)
        name = schema["$ref"].rpartition("/")[2]
        assert set(given) == set(document["components"]["schemas"][name]["properties"]), "every key is described"
    problem = {"$ref": "#/components/schemas/Problem"}
    check(client.get("/api/search?x=1").json(), problem, document)


def check(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(value)


def test_every_argument_of_a_request_is_a_parameter(client: Any) -> None:
    parameters = client.get("/openapi.json").json()["paths"]["/api/search"]["get"]["parameters"]
    assert {one["name"] for one in parameters} == {*SearchRequest.__dataclass_fields__} - {"_"}


# Feeds, search engines of browsers, mounted elsewhere


def test_a_feed_has_the_newest_hits(client: Any, web_index: cnsearch.Index) -> None:
    response = client.get("/feed", params={"q": "咖啡", "sort": "oldest", "page": "2"})
    assert response.headers["content-type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(response.content)
    results = web_index.search("咖啡", sort="date", collapse=True, limit=30)
    assert [entry.findtext("a:title", "", ATOM) for entry in feed.findall("a:entry", ATOM)] == [
        hit.title_fragment.html() for hit in results
    ]
    for link in feed.findall("a:entry/a:link[@rel='alternate']", ATOM):
        assert link.get("href", "").startswith("http://127.0.0.1:8000/a/")
        client.page(link.get("href", ""))
    assert feed.findtext("a:updated", "", ATOM) == feed.findtext("a:entry/a:updated", "", ATOM)
    everything = ElementTree.fromstring(client.get("/feed").content)
    assert len(everything.findall("a:entry", ATOM)) == 30


def test_a_feed_of_hostile_articles_is_xml(client_of: Callable[..., Any]) -> None:
    title = "江豚 ]]> & <script>alert(1)</script> \x00\x0b\ufffe \ud800"
    client = client_of([Article("a&b<c", title, ("江豚 <b>&amp;\x01",), url='https://x.cn/"><script>', tags=("<i>",))])
    feed = ElementTree.fromstring(client.get("/feed?q=江豚").content)
    shown = feed.findtext("a:entry/a:title", "", ATOM)
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_a_browser_can_add_the_index_to_its_search_engines(client: Any) -> None:
    page = client.page("/")
    described = client.get(page.select_one("link[rel=search]")["href"])
    tree = ElementTree.fromstring(described.content)
    templates = {url.get("type"): url.get("template", "") for url in tree.iter() if url.tag.endswith("}Url")}
    address = templates["text/html"].replace("{searchTerms}", quote("咖啡")).replace("{startPage?}", "1")
    assert client.page(address).select(".hit")
    assert client.get(templates["application/x-suggestions+json"].replace("{searchTerms}", "shu")).json()[0] == "shu"


def test_mounted_in_another_application_all_links_stay_inside(web_index: cnsearch.Index, client_for: Any) -> None:
    client = client_for(Starlette(routes=[Mount("/my search", create_app(web_index))]))
    page = client.page("/my%20search/?q=咖啡")
    for found in page.select("a[href], link[href], script[src], form[action]"):
        address = found.get("href") or found.get("src") or found.get("action")
        if not address.startswith("#"):
            assert address.startswith("/my%20search/"), address
    assert client.page(page.select_one(".hit h2 a")["href"]).select_one(".text")
    assert client.get(page.select_one("link[rel=stylesheet]")["href"]).status_code == 200
    assert client.get("/my%20search/api/search?q=咖啡").json()["total"]
    assert client.get("/my%20search/openapi.json").json()["servers"] == [{"url": "/my%20search"}]
    assert client.get("/my%20search/api/none").headers["content-type"] == "application/problem+json"
    switch = client.get(page.select_one(".menu a[hreflang]")["href"])
    assert "Path=/my%20search/" in switch.headers["set-cookie"]


def test_json_may_be_read_by_named_sites_only(web_index: cnsearch.Index, client_for: Any) -> None:
    origin = {"Origin": "https://site.example"}
    assert (
        "access-control-allow-origin" not in client_for(create_app(web_index)).get("/api/stats", headers=origin).headers
    )
    client = client_for(create_app(web_index, WebSettings(origins=("https://site.example",))))
    assert client.get("/api/stats", headers=origin).headers["access-control-allow-origin"] == "https://site.example"
    other = client.get("/api/stats", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers
    assert json.loads(other.text)["version"] == 1

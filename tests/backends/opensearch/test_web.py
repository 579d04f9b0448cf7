"""The page and the HTTP interface over an index on a cluster: the same as over a folder, and clear words where the
cluster is in trouble."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

import cnsearch
from cnsearch import Article
from cnsearch.backends.opensearch import cluster as talking
from cnsearch.backends.opensearch.address import parse_address
from cnsearch.faces.web import shelf

testclient = pytest.importorskip("starlette.testclient", reason="needs Starlette: pip install 'cnsearch[web]'")
web = pytest.importorskip("cnsearch.web")

Url = Callable[..., str]
HEADERS = {"Accept-Language": "en"}


def client_of(index: cnsearch.Index, **settings: Any) -> Any:
    return testclient.TestClient(web.create_app(index, web.WebSettings(**settings)), headers=HEADERS)


@pytest.fixture(scope="module")
def local(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[cnsearch.Index]:
    """The posts of ``data`` in a folder."""
    path = tmp_path_factory.mktemp("local") / "index"
    with cnsearch.open_index(path, create=True, limits=web.WEB_LIMITS) as index:
        index.update(data, jobs=1)
        yield index


@pytest.fixture
def remote(local: cnsearch.Index, new_url: Url) -> Iterator[cnsearch.Index]:
    """The same on a cluster."""
    url = new_url()
    with cnsearch.open_index(url, create=True, limits=web.WEB_LIMITS) as index:
        index.add([local.get(article_id) for article_id in local.ids()], jobs=1)
        yield index


def shape(page: BeautifulSoup) -> dict[str, Any]:
    """What must be equal on both: titles, counts, chips, pages."""
    return {
        "titles": sorted(found.get_text() for found in page.select(".hit h2, .newest a, .read h1, .similar a")),
        "facets": [found.get_text(" ", strip=True) for found in page.select(".facet a")],
        "bars": [found.get_text() for found in page.select(".chart .bar title")],
        "chips": [found.get_text(strip=True) for found in page.select(".chips li")],
        "pages": [found.get_text() for found in page.select(".pages a, .pages strong")],
    }


def test_pages_are_those_of_a_folder(local: cnsearch.Index, remote: cnsearch.Index) -> None:
    here, there = client_of(local), client_of(remote)
    article = local.search("咖啡").hits[0].id
    addresses = ["/", "/?q=咖啡", "/?q=咖啡&page=2", "/?q=咖啡&source=青禾生活志&since=2025", "/?q=江豚&sort=date"]
    addresses += ["/?q=a*b*c*+咖啡", f"/a/{article}?q=咖啡", "/?q=xyzzy", "/?category=生活", "/stats"]
    for address in addresses:
        one, other = here.get(address), there.get(address)
        assert (one.status_code, other.status_code) == (200, 200), other.text
        assert shape(BeautifulSoup(other.text, "lxml")) == shape(BeautifulSoup(one.text, "lxml")), address
    assert there.get("/feed?q=咖啡").text.count("<entry>") == here.get("/feed?q=咖啡").text.count("<entry>") > 5
    assert there.get("/a/nirgends").status_code == 404
    assert there.get("/api/stats").json()["articles"] == len(local)
    assert there.get("/healthz").json()["status"] == "ok"
    assert "数字化" in there.get("/api/suggest?prefix=shuzihua").text
    assert there.get("/openapi.json").json()["openapi"] == "3.1.0"


def test_new_articles_appear_and_answers_have_their_mark(
    remote: cnsearch.Index, new_url: Url, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "REMOTE_REFRESH_S", 0.0)
    client = client_of(remote)
    first = client.get("/api/search?q=江豚")
    known = {"If-None-Match": first.headers["etag"]}
    assert client.get("/api/search?q=江豚", headers=known).status_code == 304
    with cnsearch.open_index(remote.path) as other:
        other.add(Article("neu", "江豚又来了"), jobs=1)
    again = client.get("/api/search?q=江豚", headers=known)
    assert again.status_code == 200
    assert again.json()["total"] == first.json()["total"] + 1


def test_the_cluster_is_asked_for_news_once_a_second(remote: cnsearch.Index, proxied: Any) -> None:
    address = parse_address(remote.path)
    with proxied(f"{address.hosts[0][0]}:{address.hosts[0][1]}") as proxy:
        url = f"opensearch+http://{proxy.host}/{address.name}"
        with cnsearch.open_index(url, limits=web.WEB_LIMITS) as index:
            client = client_of(index)
            client.get("/api/search?q=咖啡")
            before = len(proxy.seen)
            known = {"If-None-Match": client.get("/healthz").headers["etag"]}
            for _ in range(20):
                assert client.get("/healthz", headers=known).status_code == 304
            assert len(proxy.seen) - before <= 10


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long."""
    monkeypatch.setattr(talking, "CONNECT_S", 1.0)
    monkeypatch.setattr(talking, "PAUSES_S", (0.01,))


@pytest.mark.usefixtures("soon")
def test_what_goes_wrong_on_the_cluster_is_a_problem_and_passes(remote: cnsearch.Index, proxied: Any) -> None:
    """It refuses, hangs up, is slow, has no such index; then it is well again."""
    address = parse_address(remote.path)
    slow = threading.Event()

    def hang_up(*asked: object) -> None:
        raise ConnectionError

    troubles: dict[str, Callable[..., Any]] = {
        "index_unusable": lambda *asked: (429, b'{"error": {"type": "circuit_breaking_exception"}, "status": 429}'),
        "index_not_found": lambda *asked: (404, b'{"error": {"type": "index_not_found_exception"}, "status": 404}'),
        "hangs up": hang_up,
        "too_slow": lambda *asked: slow.wait(3) and None,
    }
    with proxied(f"{address.hosts[0][0]}:{address.hosts[0][1]}") as proxy:
        url = f"opensearch+http://{proxy.host}/{address.name}"
        with cnsearch.open_index(url, limits=web.WEB_LIMITS) as index:
            client = client_of(index, seconds=1.0, threads=1)
            well = proxy.hook
            for trouble, hook in troubles.items():
                proxy.hook = hook
                for path in ("/?q=咖啡", "/stats", "/api/search?q=咖啡", "/healthz")[
                    :: 3 if trouble == "too_slow" else 1
                ]:
                    response = client.get(path)
                    assert response.status_code == 503, (trouble, response.text)
                    assert address.name not in response.text
                    assert proxy.host not in response.text
                proxy.hook = well
                until(lambda: client.get("/api/search?q=咖啡").status_code == 200)


def until(holds: Callable[[], bool]) -> None:
    for _ in range(100):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it never came true")


@pytest.mark.usefixtures("soon")
def test_an_index_that_is_removed_from_the_cluster_and_made_again(
    new_url: Url, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "REMOTE_REFRESH_S", 0.0)
    url = new_url()
    with cnsearch.open_index(url, create=True, limits=web.WEB_LIMITS) as index:
        index.add(Article("a", "江豚"), jobs=1)
        client = client_of(index)
        assert client.get("/api/search?q=江豚").json()["total"] == 1
        remove(url)
        for path in ("/?q=江豚", "/", "/a/a", "/stats", "/api/search?q=江豚", "/healthz"):
            assert client.get(path).status_code == 503, path
        with cnsearch.open_index(url, create=True) as other:
            other.add([Article("b", "江豚一"), Article("c", "江豚二")], jobs=1)
        assert client.get("/api/search?q=江豚").json()["total"] == 2
        assert client.get("/a/a").status_code == 404


def remove(url: str) -> None:
    import opensearchpy

    address = parse_address(url)
    host, port = address.hosts[0]
    client = opensearchpy.OpenSearch(hosts=[{"host": host, "port": port}])
    client.transport.perform_request("DELETE", f"/{address.name}-*", params={"expand_wildcards": "all"})
    client.close()

"""What goes wrong on a cluster is said in one sentence, and loses nothing. With two real nodes: test_nodes.py."""

from __future__ import annotations

import base64
import json
import logging
import shutil
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import opensearchpy
import pytest

import cnsearch
from cnsearch import Article, IndexLockedError, IndexNotFoundError, IndexUnusableError
from cnsearch.backends.opensearch import cluster as talking
from cnsearch.backends.opensearch.address import parse_address
from cnsearch.opening import rebuild_index

Url = Callable[..., str]


def articles(count: int, first: int = 0) -> list[Article]:
    return [Article(str(number), f"第{number}篇", ("龙井茶",)) for number in range(first, first + count)]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long."""
    monkeypatch.setattr(talking, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(talking, "BULK_SECONDS", 1.0)
    monkeypatch.setattr(talking, "CONNECT_S", 2.0)


@pytest.fixture
def ask(node: str) -> Iterator[Any]:
    """The node itself, past cnsearch."""
    host, port = node.split(":")
    client = opensearchpy.OpenSearch(hosts=[{"host": host, "port": int(port)}], timeout=60)
    yield client
    client.close()


@pytest.fixture
def proxy(node: str, proxied: Any) -> Iterator[Any]:
    with proxied(node) as one:
        yield one


def name_of(url: str) -> str:
    return parse_address(url).name


def through(proxy: Any, url: str) -> str:
    return f"opensearch+http://{proxy.host}/{name_of(url)}"


# Writing


def test_what_is_refused_for_now_is_sent_again_item_by_item(proxy: Any, new_url: Url) -> None:
    """The first bulk is refused as a whole, of the second one article; all are there in the end, each once."""
    tries: list[int] = []

    def hook(method: str, path: str, body: bytes) -> tuple[int, bytes] | None:
        if "_bulk" not in path:
            return None
        tries.append(body.count(b'{"index"'))
        if len(tries) == 1:
            return 429, b'{"error": {"type": "rejected_execution_exception", "reason": "queue"}, "status": 429}'
        if len(tries) == 2:
            codes = [429 if at == 3 else 503 for at in range(10)]
            items = [{"index": {"_id": "x", "status": code, "error": {"type": "x"}}} for code in codes]
            return 200, json.dumps({"errors": True, "items": items}).encode()
        return None

    url = new_url()
    with cnsearch.open_index(through(proxy, url), create=True) as index:
        proxy.hook = hook
        report = index.add(articles(10), jobs=1)
    assert (report.added, report.failed) == (10, ())
    assert tries == [10, 10, 10]
    with cnsearch.open_index(url) as index:
        assert len(index) == 10


def test_a_lost_answer_writes_nothing_twice(proxy: Any, new_url: Url, ask: Any) -> None:
    """The node has taken the bulk, and the connection breaks before it says so."""
    lost: list[str] = []

    def hook(method: str, path: str, body: bytes) -> tuple[int, bytes] | None:
        if "_bulk" in path and not lost:
            lost.append(path)
            ask.transport.perform_request("POST", path.partition("?")[0], body=body)
            raise ConnectionError
        return None

    with cnsearch.open_index(through(proxy, new_url()), create=True) as index:
        proxy.hook = hook
        assert index.add(articles(10), jobs=1).articles == 10
        assert lost
        assert index.search("龙井").total == 10


def test_an_article_that_is_refused_for_good_is_named(proxy: Any, new_url: Url) -> None:
    def hook(method: str, path: str, body: bytes) -> tuple[int, bytes] | None:
        if "_bulk" not in path or b'"_id":"3"' not in body:
            return None
        error = {"type": "mapper_parsing_exception", "reason": "failed to parse"}
        items = [{"index": {"_id": str(at), "status": 201 if at != 3 else 400}} for at in range(5)]
        items[3]["index"]["error"] = error
        return 200, json.dumps({"errors": True, "items": items}).encode()

    with cnsearch.open_index(through(proxy, new_url()), create=True) as index:
        proxy.hook = hook
        report = index.add(articles(5), jobs=1)
    assert report.added == 4
    assert [(failure.path, failure.reason) for failure in report.failed] == [("3", "failed to parse")]


def test_a_cluster_that_never_has_room_is_said(proxy: Any, new_url: Url) -> None:
    with cnsearch.open_index(through(proxy, new_url()), create=True) as index:
        proxy.hook = lambda method, path, body: (429, b"{}") if "_bulk" in path else None
        with pytest.raises(IndexUnusableError, match="too much to do") as caught:
            index.add(articles(3), jobs=1)
        assert caught.value.code == "cluster_busy"
        proxy.hook = lambda method, path, body: None
        assert index.add(articles(3), jobs=1).added == 3  # the ticket is given back


def test_a_full_disk_is_said_and_loses_nothing(new_url: Url, ask: Any) -> None:
    url = new_url()
    with cnsearch.open_index(url, create=True) as index:
        index.add(articles(5), jobs=1)
        block = {"index.blocks.read_only_allow_delete": True}
        ask.indices.put_settings(index=f"{name_of(url)}-1", body=block)
        with pytest.raises(IndexUnusableError, match="its disk is full") as caught:
            index.add(articles(5, 5), jobs=1)
        assert caught.value.code == "cluster_full"
        assert index.search("龙井").total == 5
        ask.indices.put_settings(index=f"{name_of(url)}-1", body={"index.blocks.read_only_allow_delete": None})
        assert index.add(articles(10), jobs=1).added == 5


def test_an_index_that_vanishes_is_not_made_again_by_writing(new_url: Url, ask: Any) -> None:
    url = new_url()
    with cnsearch.open_index(url, create=True) as index:
        index.add(articles(5), jobs=1)
        ask.indices.delete(index=f"{name_of(url)}-1")
        for call in (lambda: index.add(articles(5), jobs=1), lambda: index.search("龙井"), lambda: len(index)):
            with pytest.raises(IndexNotFoundError):
                call()
    assert not ask.indices.exists(index=name_of(url))


def test_an_index_of_somebody_else_is_left_as_it_is(new_url: Url, ask: Any) -> None:
    url = new_url()
    name = name_of(url)
    ask.index(index=f"{name}-9", body={"title": "theirs"}, refresh=True)
    ask.indices.put_alias(index=f"{name}-9", name=name)
    for call in (
        lambda: cnsearch.open_index(url, create=True),
        lambda: rebuild_index(url, [Path(__file__).parent]),
    ):
        with pytest.raises(IndexUnusableError, match="not made by cnsearch") as caught:
            call()
        assert caught.value.code == "foreign"
    assert ask.count(index=name)["count"] == 1
    ask.index(index=f"{name}-plain", body={"title": "theirs"}, refresh=True)
    with pytest.raises(IndexUnusableError, match="not made by cnsearch"):
        cnsearch.open_index(f"{url}-plain", create=True)


def test_a_writer_that_was_killed_is_not_waited_for_longer_than_its_ticket(new_url: Url, ask: Any) -> None:
    url = new_url()
    with cnsearch.open_index(url, create=True) as index:
        ticket = {"kind": "writer", "state": {"pid": 7, "host": "elsewhere", "alone": True}, "until": 4e9}
        ask.index(index=f"{name_of(url)}-state", id="writer-x", body=ticket, refresh=True)
        with pytest.raises(IndexLockedError, match="process 7 on elsewhere") as caught:
            index.add(articles(1), wait=0)
        assert (caught.value.pid, caught.value.host) == (7, "elsewhere")
        ask.index(index=f"{name_of(url)}-state", id="writer-x", body={**ticket, "until": 1.0}, refresh=True)
        assert index.add(articles(1), wait=0).added == 1


def test_two_writers_at_once(new_url: Url) -> None:
    url = new_url()
    cnsearch.open_index(url, create=True).close()
    added: list[int] = []

    def write(first: int) -> None:
        with cnsearch.open_index(url) as index:
            added.append(index.add(articles(60, first), jobs=1).added)

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with cnsearch.open_index(url) as index:
        assert len(index) == index.search("龙井").total == 100
    assert sum(added) >= 100


def test_a_reader_under_whom_the_alias_is_switched(new_url: Url) -> None:
    url = new_url()
    found: set[int] = set()
    failed: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            with cnsearch.open_index(url) as reader:
                while not done.is_set():
                    found.add(reader.search("龙井").total)
        except BaseException as error:
            failed.append(error)

    with cnsearch.open_index(url, create=True) as index:
        index.add(articles(30), jobs=1)
        thread = threading.Thread(target=read)
        thread.start()
        for _ in range(2):
            rebuild_index(url, jobs=1)[0].close()
        done.set()
        thread.join()
        assert not failed
        assert found == {30}
        assert index.refresh()
        assert len(index) == 30


# Reaching it


def test_a_search_is_asked_of_another_host(proxy: Any, node: str, new_url: Url) -> None:
    url = new_url()
    with cnsearch.open_index(url, create=True) as index:
        index.add(articles(3), jobs=1)
    with cnsearch.open_index(f"opensearch+http://{proxy.host},{node}/{name_of(url)}") as index:
        assert index.search("龙井").total == 3

        def hang_up(method: str, path: str, body: bytes) -> None:
            raise ConnectionError

        proxy.hook = hang_up
        assert index.search("龙井茶").total == 3
        assert index.add(articles(4), jobs=1).added == 1


def test_a_host_that_does_not_answer_in_time(proxy: Any, new_url: Url, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talking, "CONNECT_S", 0.3)
    stop = threading.Event()
    proxy.hook = lambda method, path, body: (stop.wait(5), None)[1]
    try:
        with pytest.raises(IndexUnusableError, match="does not answer in time") as caught:
            cnsearch.open_index(through(proxy, new_url()))
        assert caught.value.code == "cluster_unreachable"
        assert len(proxy.seen) == 1
    finally:
        stop.set()


def test_a_cluster_that_does_not_answer_any_more(proxy: Any, new_url: Url, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, and what it takes after all when nobody waits any more is there once."""
    late = threading.Event()

    def hang(what: str) -> Callable[[str, str, bytes], None]:
        return lambda method, path, body: (what in path and late.wait(10), None)[1]

    with cnsearch.open_index(through(proxy, new_url()), create=True) as index:
        index.add(articles(3), jobs=1)
        with monkeypatch.context() as soon:
            soon.setitem(talking.Cluster.request.__kwdefaults__, "timeout", 0.3)
            proxy.hook = hang("_search")
            with pytest.raises(IndexUnusableError, match="does not answer in time"):
                index.search("龙井茶")
            proxy.hook = hang("_bulk")
            with pytest.raises(IndexUnusableError, match="does not answer in time") as caught:
                index.add(articles(6), jobs=1)
            assert caught.value.code == "cluster_unreachable"
        late.set()
        assert index.add(articles(6), jobs=1).articles == 6
        assert index.search("龙井").total == 6


MADE_BY_THE_NODE = ("uuid", "creation_date", "version", "provided_name", "routing")
"""Settings that a node refuses when an index is made."""


def test_a_part_of_an_index_that_does_not_answer(new_url: Url, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Red: its one shard may lie on no node."""
    monkeypatch.setattr(talking, "PAUSES_S", (0.01,))
    url = new_url()
    generation = f"{name_of(url)}-1"
    with cnsearch.open_index(url, create=True) as index:
        index.add(articles(3), jobs=1)
        # One that has been on a node is given back to it whatever is required, so it is made anew.
        made = ask.indices.get(index=generation)[generation]
        own = {k: v for k, v in made["settings"]["index"].items() if k not in MADE_BY_THE_NODE}
        nobody = {"allocation": {"require": {"_name": "nobody"}}}
        ask.indices.delete(index=generation)
        ask.indices.create(
            index=generation,
            body={**made, "settings": {"index": {**own, "routing": nobody}}},
            params={"wait_for_active_shards": "0"},
        )
        assert ask.cluster.health(index=generation)["status"] == "red"
        with pytest.raises(IndexUnusableError, match="does not answer"):
            index.search("龙井")
        with pytest.raises(IndexUnusableError, match="do not answer"):
            index.verify()


def test_yellow_is_well(new_url: Url, ask: Any) -> None:
    url = new_url("?shards=2&replicas=1")
    with cnsearch.open_index(url, create=True) as index:
        index.add(articles(20), jobs=1)
        assert ask.cluster.health(index=name_of(url))["status"] == "yellow"
        assert index.search("龙井").total == 20
        assert index.verify().ok
        assert index.search("第7篇")[0].id == "7"


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ({"number": "2.5.0", "distribution": "opensearch"}, "has OpenSearch 2.5.0, needed is 2.10"),
        ({"number": "8.11.0"}, "no OpenSearch"),
        ({}, "no OpenSearch"),
    ],
)
def test_a_node_of_another_version(version: dict[str, str], said: str, proxy: Any, new_url: Url) -> None:
    proxy.hook = lambda method, path, body: (200, json.dumps({"version": version}).encode())
    with pytest.raises(IndexUnusableError, match=said):
        cnsearch.open_index(through(proxy, new_url()), create=True)


def certified(folder: Path, names: str) -> tuple[Path, Path]:
    """A certificate for these names of nobody whom anybody knows, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    paths = folder / "own.pem", folder / "key.pem"
    what = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-out", str(paths[0]), "-keyout", str(paths[1])]
    command = ["openssl", "req", *what, "-addext", f"subjectAltName={names}", *files]
    subprocess.run(command, check=True, capture_output=True)
    return paths


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return certified(tmp_path, "DNS:localhost,IP:127.0.0.1")


def in_a_file(folder: Path, line: str) -> dict[str, str]:
    (folder / "who").write_text(f"{line}\n", encoding="utf-8")
    return {"CREDENTIALS": str(folder / "who")}


WAYS: dict[str, Callable[[str, Path], dict[str, str]]] = {
    "password": lambda secret, folder: {"USER": "编辑", "PASSWORD": secret},
    "token": lambda secret, folder: {"TOKEN": secret},
    "file with password": lambda secret, folder: in_a_file(folder, f"编辑:{secret}"),
    "file with token": lambda secret, folder: in_a_file(folder, secret),
}


@pytest.mark.parametrize("way", WAYS)
def test_who_is_not_let_in_is_told_so_and_no_secret_is_shown(
    way: str,
    node: str,
    proxied: Any,
    certificate: tuple[Path, Path],
    new_url: Url,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither the wrong secret nor the right one stands in an error, in what holds an index, in a log, or in what the
    command line prints."""
    right, wrong = "geheim-1", "verraten-2"
    monkeypatch.setenv("CNSEARCH_OPENSEARCH_CA", str(certificate[0]))

    def use(secret: str) -> dict[str, str]:
        said = {f"CNSEARCH_OPENSEARCH_{name}": value for name, value in WAYS[way](secret, tmp_path).items()}
        for name, value in said.items():
            monkeypatch.setenv(name, value)
        return said

    def printed(command: str, url: str, code: int) -> str:
        arguments = [sys.executable, "-m", "cnsearch", command, "--index", url]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    with proxied(node, certificate) as proxy:
        proxy.ask_token(right) if "token" in way else proxy.ask_password("编辑", right)
        url = f"opensearch+https://127.0.0.1:{proxy.port}/{name_of(new_url())}"
        caplog.set_level(logging.DEBUG)
        use(wrong)
        with pytest.raises(IndexUnusableError, match="does not know this user or password") as caught:
            cnsearch.open_index(url, create=True)
        assert caught.value.code == "login"
        shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + printed("stats", url, 3)
        use(right)
        with cnsearch.open_index(url, create=True) as index:
            assert index.add(articles(2), jobs=1).added == 2
            assert index.search("龙井").total == 2
            shown += f"{index!r} {index.path} {index.stats()} {vars(index)} {vars(index._backend)}"
            proxy.ask_password("编辑", "another")  # it was changed meanwhile
            with pytest.raises(IndexUnusableError) as caught:
                index.search("龙井茶")
            shown += "".join(traceback.format_exception(caught.value))
            proxy.ask_token(right) if "token" in way else proxy.ask_password("编辑", right)
        shown += printed("stats", url, 0) + caplog.text
    for secret in (right, wrong, base64.b64encode(f"编辑:{right}".encode()).decode()):
        assert secret not in shown


def test_a_certificate_is_checked(
    node: str, proxied: Any, certificate: tuple[Path, Path], new_url: Url, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxied(node, certificate) as proxy:
        url = f"opensearch+https://127.0.0.1:{proxy.port}/{name_of(new_url())}"
        with pytest.raises(IndexUnusableError, match="not one that we trust") as caught:
            cnsearch.open_index(url, create=True)
        assert caught.value.code == "certificate"
        assert not proxy.seen  # nothing was said to who is not known
        monkeypatch.setenv("CNSEARCH_OPENSEARCH_CA", str(certificate[0]))
        with cnsearch.open_index(url, create=True) as index:
            assert index.add(articles(1), jobs=1).added == 1


def test_a_certificate_for_another_host_is_refused(
    node: str, proxied: Any, new_url: Url, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = certified(tmp_path, "DNS:search.example.org")
    monkeypatch.setenv("CNSEARCH_OPENSEARCH_CA", str(paths[0]))
    with proxied(node, paths) as proxy:
        url = f"opensearch+https://127.0.0.1:{proxy.port}/{name_of(new_url())}"
        with pytest.raises(IndexUnusableError, match="not one that we trust") as caught:
            cnsearch.open_index(url, create=True)
        assert caught.value.code == "certificate"
        assert not proxy.seen


@pytest.mark.parametrize(("path", "said"), [("no.pem", "No such file"), ("empty.pem", "cannot be read")])
def test_a_file_of_the_authority_that_is_none(
    path: str, said: str, node: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.pem").touch()
    monkeypatch.setenv("CNSEARCH_OPENSEARCH_CA", str(tmp_path / path))
    with pytest.raises(IndexUnusableError, match=said) as caught:
        cnsearch.open_index(f"opensearch+https://{node}/articles")
    assert caught.value.path == str(tmp_path / path)
    assert "CNSEARCH_OPENSEARCH_CA" in caught.value.hint


def test_two_changes_of_the_dictionary_at_once_are_both_kept(new_url: Url) -> None:
    url = new_url()
    with cnsearch.open_index(url, create=True) as index:
        index.add([Article("1", "蓝鲸号与白鲸号")])
    failed: list[BaseException] = []

    def change(word: str) -> None:
        try:
            with cnsearch.open_index(url) as index:
                index.add_words(word, jobs=1, wait=60)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=change, args=(word,)) for word in ("蓝鲸号", "白鲸号")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with cnsearch.open_index(url) as index:
        assert list(index.user_words) == sorted(["蓝鲸号", "白鲸号"])
        assert index.search("白鲸号").total == 1


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        ({"error": {"type": "node_disconnected_exception", "reason": "[search[phase/fetch/id]] disconnected"}}, True),
        ({"type": "search_phase_execution_exception", "root_cause": [{"type": "node_not_connected_exception"}]}, True),
        ({"type": "x", "failed_shards": [{"reason": {"type": "node_disconnected_exception"}}]}, True),
        ({"error": {"type": "parsing_exception", "root_cause": [{"type": "parsing_exception"}]}}, False),
        ("no JSON", False),
    ],
)
def test_a_node_that_goes_while_it_is_asked_is_asked_again(error: Any, lost: bool) -> None:
    assert talking.lost_a_part(error) is lost

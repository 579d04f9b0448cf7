"""How much the HTTP interface adds to a search: the library, ``/api/search`` and the page, asked the same by one client
in turn; then how many searches several clients get, beside tantivy in an application of the same framework
(``benchmarks/web_tantivy.py``).

    python -m benchmarks.web INDEX --workers 2 --beside tantivy
    python -m benchmarks.web INDEX 咖啡 数字化转型

Without queries: pairs of neighbouring words of titles, evenly spaced. Times are of one machine that serves and asks at
once; the library's time is from the query to the JSON text. Servers take turns, and the median of the rounds is shown.
"CPU" is that of the server's processes alone, which other work on the machine changes least.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import cnsearch
from benchmarks.adapters.base import tokenizer
from cnsearch.faces.web.serving import bound
from cnsearch.web import WEB_LIMITS

ROUNDS, CLIENTS, WARMING_S = 3, 8, 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index")
    parser.add_argument("query", nargs="*")
    parser.add_argument("--queries", type=int, default=200, help="how many are made of titles")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each round of each server")
    parser.add_argument("--beside", choices=["tantivy"])
    given = parser.parse_args()
    with ExitStack() as stack:
        index = stack.enter_context(cnsearch.open_index(given.index, limits=WEB_LIMITS))
        queries = given.query or queries_of(index, given.queries)
        servers = {"cnsearch": stack.enter_context(_cnsearch(given.index, given.workers))}
        if given.beside:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            servers["tantivy"] = stack.enter_context(_tantivy(index, folder, given.workers))
        _latencies(index, servers["cnsearch"], queries)
        _throughput(servers, queries, given.seconds)
    return 0


def queries_of(index: cnsearch.Index, count: int) -> list[str]:
    """At most so many queries of two words that stand side by side in titles, evenly spaced over the index."""
    words = tokenizer()
    ids = sorted(index.ids())
    found = []
    for article in index.get_many(ids[:: max(1, len(ids) // (2 * count))]).values():
        several = [word for word in words(article.title) if len(word) > 1]
        if len(several) > 1:
            found.append(" ".join(several[:2]))
    return list(dict.fromkeys(found))[:count]


# Servers


@dataclass(frozen=True)
class Server:
    """A server that runs. ``process``: its number, whose children are workers."""

    process: int
    port: int


@contextmanager
def _cnsearch(path: str, workers: int) -> Iterator[Server]:
    options = ["--index", path, "--port", "0", "--quiet", "--workers", str(workers)]
    command = [sys.executable, "-m", "cnsearch", "serve", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            found = re.search(r":(\d+)/", process.stderr.readline())
            assert found is not None
            yield _ready(Server(process.pid, int(found[1])))
        finally:
            process.terminate()


@contextmanager
def _tantivy(index: cnsearch.Index, folder: Path, workers: int) -> Iterator[Server]:
    from benchmarks import web_tantivy

    web_tantivy.build(index, folder)
    environment = {**os.environ, web_tantivy.FOLDER: str(folder)}
    with bound("127.0.0.1", 0) as listener:  # with the same options of TCP
        port, number = listener.getsockname()[1], listener.fileno()
        options = ["--factory", "--fd", str(number), "--no-access-log", "--log-level", "error"]
        command = [sys.executable, "-m", "uvicorn", "benchmarks.web_tantivy:app", *options, "--workers", str(workers)]
        with subprocess.Popen(command, env=environment, pass_fds=[number]) as process:
            try:
                yield _ready(Server(process.pid, port))
            finally:
                process.terminate()


def _ready(server: Server) -> Server:
    """The server, once it has answered some times: each of its processes should have been asked."""
    until = time.monotonic() + 60
    for _ in range(20):
        while time.monotonic() < until:
            try:
                _get(server.port, "/api/search?query=a")
                break
            except OSError:
                time.sleep(0.1)
    return server


def _get(port: int, target: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", target)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    assert response.status == 200, content[:500]
    return content


# Measuring


def _latencies(index: cnsearch.Index, server: Server, queries: Sequence[str]) -> None:
    """Each way in turn, so that what else the machine does meets all alike; each asks over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def get(target: str) -> bytes:
        connection.request("GET", target)
        response = connection.getresponse()
        content = response.read()
        assert response.status == 200, content[:500]
        return content

    ways: dict[str, Callable[[str], object]] = {
        "library": lambda query: json.dumps(index.search(query).to_dict(index.time_zone), ensure_ascii=False),
        "/api/search": lambda query: get(f"/api/search?query={quote(query)}"),
        "page": lambda query: get(f"/?q={quote(query)}"),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for at in range(-20, max(200, len(queries))):
        for name, ask in ways.items():
            started = time.perf_counter()
            ask(queries[at % len(queries)])
            if at >= 0:  # what comes before warms up
                took[name].append(1000 * (time.perf_counter() - started))
    connection.close()
    for name, times in took.items():
        times.sort()
        print(f"{name:12} p50 {times[len(times) // 2]:7.2f} ms   p95 {times[len(times) * 95 // 100]:7.2f} ms")


def _throughput(servers: dict[str, Server], queries: Sequence[str], seconds: float) -> None:
    rates: dict[str, list[float]] = {name: [] for name in servers}
    spent: dict[str, list[float]] = {name: [] for name in servers}
    for server in servers.values():
        answers_per_s(server.port, queries, min(seconds, WARMING_S))
    for _ in range(ROUNDS):
        for name, server in servers.items():
            before = cpu_s(server.process)
            rate = answers_per_s(server.port, queries, seconds)
            rates[name].append(rate)
            spent[name].append(1000 * (cpu_s(server.process) - before) / (rate * seconds))
    for name in servers:
        rate, cpu = statistics.median(rates[name]), statistics.median(spent[name])
        print(f"{name:12} {rate:6.0f} searches/s for {CLIENTS} clients   CPU {cpu:.2f} ms each")


def answers_per_s(port: int, queries: Sequence[str], seconds: float) -> float:
    """Searches that CLIENTS get, each over one connection. They read no more of an answer than its length, so that they
    take little of the machine."""
    requests = [
        f"GET /api/search?query={quote(query)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for query in queries
    ]
    counts = [0] * CLIENTS
    end = time.monotonic() + seconds

    def ask(client: int) -> None:
        with socket.create_connection(("127.0.0.1", port), 60) as connection:
            at = client * len(requests) // CLIENTS
            while time.monotonic() < end:
                connection.sendall(requests[at % len(requests)])
                _read_answer(connection)
                at += 1
                counts[client] += 1

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def _read_answer(connection: socket.socket) -> None:
    head, separator = b"", b""
    while not separator:
        received = connection.recv(1 << 18)
        assert received, "the server has hung up"
        head, separator, body = (head + received).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    assert found is not None
    left = int(found[1]) - len(body)
    while left > 0:
        left -= len(connection.recv(1 << 18))


def cpu_s(process: int) -> float:
    """Seconds of a processor that a process and its children have used; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(map(cpu_s, map(int, children)))


if __name__ == "__main__":
    sys.exit(main())

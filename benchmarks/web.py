"""How much the HTTP interface adds to a search: the library, ``/api/search`` and the page, asked the same by one client
in turn, then as many searches as several clients get.

    python -m benchmarks.web INDEX 咖啡 数字化转型 --workers 2

Times are of one machine that serves and asks at once; the library's time is from the query to the JSON text.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from urllib.parse import quote

import cnsearch
from cnsearch.web import WEB_LIMITS

ROUNDS, CLIENTS, SECONDS = 200, 8, 8.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index")
    parser.add_argument("query", nargs="+")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    command = [sys.executable, "-m", "cnsearch", "serve", "--index", given.index, "--port", "0", "--quiet"]
    with (
        cnsearch.open_index(given.index, limits=WEB_LIMITS) as index,
        subprocess.Popen([*command, "--workers", str(given.workers)], stderr=subprocess.PIPE, text=True) as server,
    ):
        try:
            port = _port(server)
            ways: dict[str, Callable[[str], object]] = {
                "library": lambda query: json.dumps(index.search(query).to_dict(index.time_zone), ensure_ascii=False),
                "/api/search": lambda query: _get(port, f"/api/search?query={quote(query)}"),
                "page": lambda query: _get(port, f"/?q={quote(query)}"),
            }
            _measure(ways, given.query)
            _throughput(port, given.query)
        finally:
            server.terminate()
    return 0


def _port(server: subprocess.Popen[str]) -> int:
    assert server.stderr is not None
    found = re.search(r":(\d+)/", server.stderr.readline())
    assert found is not None
    return int(found[1])


def _get(port: int, target: str) -> bytes:
    for _ in range(100):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", target)
            response = connection.getresponse()
            break
        except OSError:  # a worker is only starting
            time.sleep(0.1)
    content = response.read()
    connection.close()
    assert response.status == 200, content[:500]
    return content


def _measure(ways: dict[str, Callable[[str], object]], queries: list[str]) -> None:
    """Each way in turn, so that what else the machine does meets all alike."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for at in range(-len(queries) * 3, ROUNDS):
        for name, ask in ways.items():
            started = time.perf_counter()
            ask(queries[at % len(queries)])
            if at >= 0:  # what comes before warms up
                took[name].append(1000 * (time.perf_counter() - started))
    for name, times in took.items():
        times.sort()
        print(f"{name:12} p50 {times[len(times) // 2]:7.2f} ms   p95 {times[len(times) * 95 // 100]:7.2f} ms")


def _throughput(port: int, queries: list[str]) -> None:
    end = time.monotonic() + SECONDS
    counts = [0] * CLIENTS

    def ask(client: int) -> None:
        while time.monotonic() < end:
            _get(port, f"/api/search?query={quote(queries[(client + counts[client]) % len(queries)])}")
            counts[client] += 1

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{sum(counts) / SECONDS:.0f} searches/s for {CLIENTS} clients")


if __name__ == "__main__":
    sys.exit(main())

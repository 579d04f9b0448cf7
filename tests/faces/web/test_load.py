"""64 clients for half a minute while a writer commits: no error, no answer of a commit that never was, memory flat.

``make load`` runs it and prints the figures; ``CNSEARCH_LOAD=SECONDS`` does in pytest. The suite takes a sample.
"""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

import cnsearch
from cnsearch import Article

SECONDS = float(os.environ.get("CNSEARCH_LOAD", "1.5"))
CLIENTS = 64 if SECONDS > 10 else 16
BATCH = 5
"""Articles of a commit: every answer must count a multiple of it."""
ADDRESSES = ["/api/search?q=%s&facets=source", "/?q=%s", "/api/suggest?prefix=shu&limit=%s", "/results?q=%s&sort=date"]


@dataclass
class Seen:
    """What one client has seen: seconds of each answer, the totals in it, what was wrong."""

    seconds: list[float] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def ask(port: int, number: int, end: float, seen: Seen) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    word, at = quote("江豚"), number
    while time.monotonic() < end:
        at += 1
        kind = at % len(ADDRESSES)
        started = time.perf_counter()
        connection.request("GET", ADDRESSES[kind] % (word if kind != 2 else 5), headers={"Host": "localhost"})
        response = connection.getresponse()
        text = response.read().decode()
        seen.seconds.append(time.perf_counter() - started)
        if response.status != 200:
            seen.wrong.append(f"{response.status} {text[:200]}")
        if kind == 0:
            found = re.search(r'"total":(\d+)', text)
            assert found
            seen.totals.append(int(found[1]))
    connection.close()


def resident_kb(pid: int) -> int:
    """Memory of a process and its children; 0 where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmRSS:\s+(\d+)", status.read_text()) if status.exists() else None
    children = Path(f"/proc/{pid}/task/{pid}/children")
    inner = sum(map(resident_kb, map(int, children.read_text().split()))) if children.exists() else 0
    return (int(found[1]) if found else 0) + inner


def batch(number: int) -> list[Article]:
    text = f"江豚第{number}次出水。" + "江水很长，岸上的人在等。" * 20
    return [Article(f"{number}-{at}", f"江豚 {number} {at}", (text,), source=f"报{at}") for at in range(BATCH)]


@pytest.mark.parametrize("workers", ["1", "2"] if SECONDS > 10 else ["1"])
def test_many_clients_while_a_writer_commits(tmp_path: Path, workers: str) -> None:
    path = tmp_path / "index"
    with cnsearch.open_index(path, create=True) as index:
        index.add([article for number in range(40) for article in batch(number)], jobs=1)
        command = [sys.executable, "-m", "cnsearch", "serve", "--index", str(path), "--port", "0", "--quiet"]
        with subprocess.Popen([*command, "--workers", workers], stderr=subprocess.PIPE, text=True) as server:
            try:
                _load(server, index)
            finally:
                server.terminate()
                assert server.stderr is not None
                errors = server.stderr.read()
    assert "Traceback" not in errors


def _load(server: subprocess.Popen[str], index: cnsearch.Index) -> None:
    assert server.stderr is not None
    found = re.search(r":(\d+)/", server.stderr.readline())
    assert found
    port = int(found[1])
    for _ in range(3):
        _until_it_answers(port)
    end = time.monotonic() + SECONDS
    seen = [Seen() for _ in range(CLIENTS)]
    clients = [threading.Thread(target=ask, args=(port, at, end, one)) for at, one in enumerate(seen)]
    for client in clients:
        client.start()
    number, memory = 40, []
    while time.monotonic() < end - 0.3:
        index.add(batch(number), jobs=1)
        number += 1
        memory.append(resident_kb(server.pid))
        time.sleep(0.2)
    for client in clients:
        client.join()
    assert not [wrong for one in seen for wrong in one.wrong]
    totals = [total for one in seen for total in one.totals]
    assert {total % BATCH for total in totals} == {0}
    assert 40 * BATCH <= min(totals) <= max(totals) <= number * BATCH
    assert len(set(totals)) > 1, "new commits are seen"
    seconds = sorted(second for one in seen for second in one.seconds)
    if SECONDS > 10:
        third = len(memory) // 3
        early, late = (sorted(some)[len(some) // 2] for some in (memory[third : 2 * third], memory[2 * third :]))
        print(
            f"\n{len(seconds) / SECONDS:.0f} answers/s, p50 {1000 * seconds[len(seconds) // 2]:.0f} ms, "
            f"p99 {1000 * seconds[len(seconds) * 99 // 100]:.0f} ms, {number - 40} commits, "
            f"memory {early / 1024:.0f} then {late / 1024:.0f} MB"
        )
        assert late < early * 1.2 + 20_000


def _until_it_answers(port: int) -> None:
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/healthz", headers={"Host": "localhost"})
            if connection.getresponse().status == 200:
                connection.close()
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")

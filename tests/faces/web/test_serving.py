"""``cnsearch serve`` as a process: the line it says, the port, several workers, what is indexed meanwhile, its end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

import cnsearch
from cnsearch import Article
from cnsearch.faces.cli import program
from cnsearch.faces.web import serving
from cnsearch.faces.web.serving import Served, address, bound
from cnsearch.web import WebSettings

Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """A server of its own: the process, and the address that it says."""
    processes = []

    def run(*options: str) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "cnsearch", "serve", "--port", "0", *options]
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environment)
        processes.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://\S+/", line)
        assert found, line
        return process, found[0]

    yield run
    for process in processes:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)


def until(holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it never came true")


def total(origin: str, query: str) -> int:
    try:
        return int(httpx.get(origin + "api/search", params={"q": query}, timeout=30).json()["total"])
    except httpx.TransportError:  # a worker that is only starting
        return -1


def test_a_server_shows_what_is_indexed_meanwhile_and_ends(tmp_path: Path, start: Start) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(Article("a", "江豚一号"), jobs=1)
        process, origin = start("--index", str(tmp_path / "index"))
        assert total(origin, "江豚") == 1
        index.add(Article("b", "江豚二号"), jobs=1)
        until(lambda: total(origin, "江豚") == 2)
    raw_address = ("127.0.0.1", int(origin.rsplit(":", 1)[1].strip("/")))
    with socket.create_connection(raw_address) as raw:
        raw.sendall("GET /api/search?q=江豚 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert b"HTTP/1.1 " in raw.recv(65536)
    for part in (b"GET /?q=a HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /?q=a HT", b"\x00\xff\r\n\r\n", b""):
        with socket.create_connection(raw_address) as hangs_up:
            hangs_up.sendall(part)
    assert httpx.get(origin, headers={"Host": "evil.example"}).status_code == 421
    assert httpx.get(origin + "?q=" + "a" * 60_000).status_code in (400, 200, 414, 431)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert '"GET /api/search?q=%E6%B1%9F%E8%B1%9A" 200 ' in errors


def test_folders_are_indexed_and_followed(tmp_path: Path, start: Start, write_post: Callable[..., Path]) -> None:
    write_post(tmp_path / "posts" / "a.md", "江豚一号")
    _, origin = start("--index", str(tmp_path / "index"), "--watch", "--quiet", str(tmp_path / "posts"))
    until(lambda: total(origin, "江豚") == 1)
    write_post(tmp_path / "posts" / "b.md", "江豚二号")
    until(lambda: total(origin, "江豚") == 2)


def test_several_processes_answer(data_index_path: Path, start: Start) -> None:
    process, origin = start("--index", str(data_index_path), "--workers", "2", "--token", "geheim", "--title", "文库")
    headers = {"Authorization": "Bearer geheim"}

    def answers() -> bool:
        try:
            return httpx.get(origin, headers=headers, timeout=30).status_code == 200
        except httpx.TransportError:
            return False

    until(answers)
    assert httpx.get(origin + "api/stats", timeout=30).status_code == 401
    assert "<title>文库</title>" in httpx.get(origin, headers=headers, timeout=30).text
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors
    assert "geheim" not in errors


def test_a_worker_that_starts_while_there_is_no_index_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "index"

    def make(seconds: float) -> None:
        with cnsearch.open_index(path, create=True) as index:
            index.add(Article("a", "江豚"), jobs=1)

    monkeypatch.setenv(serving.ENVIRONMENT, Served(str(path)).to_json())
    monkeypatch.setattr(time, "sleep", make)
    monkeypatch.setattr(serving, "_app", lambda index, served: index)
    with serving.worker_app() as index:
        assert len(index) == 1
    assert capsys.readouterr().err.count("there is no index here") == 1


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in this process: its exit code, and what it says."""

    def serve(*options: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["cnsearch", "serve", *options])
        with pytest.raises(SystemExit) as ended:
            program.main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return serve


def test_a_port_that_is_taken_is_one_line(data_index_path: Path, run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, said = run("--index", str(data_index_path), "--port", str(taken.getsockname()[1]))
    assert code == 1
    assert "is taken; name another with --port" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--index", "{tmp}/nirgends"], 3, "Make one with: cnsearch index data/"),
        (["--index", "{index}", "--host", "203.0.113.7"], 1, "name an address of it with --host"),
        (["--index", "{index}", "--user", "anna"], 2, "--user and --password go together"),
        (["--index", "{index}", "{tmp}"], 2, "PATH goes with --watch"),
        (["--index", "{index}", "--time-zone", "Mond"], 2, "Mond"),
    ],
)
def test_what_cannot_be_served_is_one_line(
    tmp_path: Path, data_index_path: Path, run: Run, options: list[str], code: int, says: str
) -> None:
    ended, said = run(*(option.format(tmp=tmp_path, index=data_index_path) for option in options))
    assert ended == code
    assert says in said


def test_without_the_extra_it_says_what_to_install(
    data_index_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "uvicorn" or "faces.web.serving" in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    code, said = run("--index", str(data_index_path))
    assert code == 1
    assert "pip install 'cnsearch[web]'" in said
    assert said.count("\n") == 1


def test_what_a_worker_is_told_is_what_was_asked_for() -> None:
    served = Served("索引", WebSettings("文库", hosts=("a", "b"), token="t", origins=("https://x",)), quiet=True)
    assert Served.from_json(served.to_json()) == served
    assert json.loads(served.to_json())["index_path"] == "索引"


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")])
def test_the_address_to_type(host: str, shown: str) -> None:
    try:
        listener = bound(host, 0)
    except OSError as error:
        pytest.skip(f"this machine has no {host}: {error}")
    with listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert address(listener, host) == f"http://{shown}:{listener.getsockname()[1]}/"

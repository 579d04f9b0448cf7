"""One writer, many readers in threads and processes: each reader sees exactly one commit, ``refresh`` moves on, nothing
raises, files do not pile up; and of two writers one waits or is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import click
import pytest

import cnsearch
from cnsearch import Article
from cnsearch.engine.files.folder import Folder
from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.faces.cli import program
from cnsearch.store.transaction import begin
from cnsearch.store.verify import verify_path

ROOT = Path(__file__).parents[2]

# Commit n has NUM articles, all of which say n. A reader that sees two numbers, or fewer articles, sees two commits.
NUM = 6


def write(index: cnsearch.Index, number: int) -> None:
    index.add([Article(id=f"{n}.md", title=f"commit {number}", paragraphs=("上海数字化转型",)) for n in range(NUM)])


def look(index: cnsearch.Index) -> int:
    """The number of the commit that a reader sees, in several ways at once."""
    results = index.search("上海", limit=50, facets=("source",))
    titles = {hit.title for hit in results}
    snippets = {hit.snippet.text() for hit in results}
    assert (results.total, len(titles), snippets) == (NUM, 1, {"上海数字化转型"}), (results.total, titles)
    return int(titles.pop().split()[1])


READER = """
import importlib.util, json, sys, time
import cnsearch
spec = importlib.util.spec_from_file_location("helper", sys.argv[1])
helper = importlib.util.module_from_spec(spec)
spec.loader.exec_module(helper)
path, seconds = sys.argv[2], float(sys.argv[3])
print(json.dumps(helper.read(path, seconds)))
"""


def read(path: str, seconds: float) -> dict[str, Any]:
    """Read and refresh for some seconds. Returns how many looks, and how many commits were seen."""
    started = time.monotonic()
    deadline = started + seconds
    looks, last, moves, reopened, memory = 0, -1, 0, 0, 0
    index = cnsearch.open_index(path)
    while time.monotonic() < deadline:
        before = look(index)
        assert look(index) == before  # a snapshot is one commit until it is refreshed
        moved = index.refresh()
        after = look(index)
        assert after >= before >= last
        assert moved or after == before
        moves += after > before
        last = after
        looks += 1
        if looks % 10 == 0:
            index.close()
            index = cnsearch.open_index(path)
            reopened += 1
        index.stats()
        if not memory and time.monotonic() > started + seconds / 3:
            memory = resident_bytes()
    index.close()
    return {"looks": looks, "moves": moves, "reopened": reopened, "grown": resident_bytes() - memory}


def resident_bytes() -> int:
    """What this process takes, where /proc tells."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * 4096 if statm.exists() else 0


def test_readers_see_one_commit_at_a_time(tmp_path: Path, soak: bool) -> None:
    seconds = 60.0 if soak else 2.5
    path = tmp_path / "index"
    stop = threading.Event()
    failures: list[BaseException] = []
    found: list[dict[str, Any]] = []
    commits = 0
    most_files = 0

    def run(action: Any) -> None:
        try:
            result = action()
            if result is not None:
                found.append(result)
        except BaseException as error:
            failures.append(error)

    def write_all() -> None:
        nonlocal commits, most_files
        with cnsearch.open_index(path) as index:
            while not stop.is_set():
                commits += 1
                write(index, commits)
                if commits % 40 == 0:
                    begin(index._backend.store).settle(1000)
                most_files = max(most_files, sum(1 for _ in path.iterdir()))

    with cnsearch.open_index(path, create=True) as index:
        write(index, 0)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    arguments = [sys.executable, "-W", "error", "-c", READER, __file__, str(path), str(seconds)]
    processes = [subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment) for _ in range(2)]
    threads = [threading.Thread(target=run, args=(lambda: read(str(path), seconds),)) for _ in range(2)]
    writer = threading.Thread(target=run, args=(write_all,))
    for thread in (writer, *threads):
        thread.start()
    for process in processes:
        out, _ = process.communicate(timeout=seconds + 120)
        assert process.returncode == 0
        found.append(json.loads(out))
    for thread in threads:
        thread.join()
    stop.set()
    writer.join()
    assert failures == []
    assert len(found) == 4
    assert all(each["looks"] > 3 and each["moves"] > 1 for each in found), found
    assert all(each["grown"] < 64 << 20 for each in found), found
    assert commits > 5
    # Each commit replaces all articles: what the merge policy leaves, a commit's file, and one that is being written.
    assert most_files < 16
    assert verify_path(path).ok
    with cnsearch.open_index(path) as index:
        assert look(index) == commits


def test_threads_of_one_index(tmp_path: Path) -> None:
    """They share one ``Index``: each search runs on one commit, whoever refreshes meanwhile."""
    failures: list[BaseException] = []
    with cnsearch.open_index(tmp_path, create=True) as index:
        write(index, 0)

        def read_on() -> None:
            try:
                for _ in range(30):
                    look(index)
                    index.refresh()
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=read_on) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(1, 15):
            write(index, number)
        for thread in threads:
            thread.join()
        assert failures == []
        assert look(index) == 14


def test_readers_that_see_two_commits_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The looks above would find a reader whose deletions are of another commit than its segments."""
    with cnsearch.open_index(tmp_path, create=True) as index:
        write(index, 0)
        with monkeypatch.context() as patch:
            patch.setattr(SegmentEntry, "delete_documents", lambda self, doc_ids, delete=True: 0)
            write(index, 1)
        with pytest.raises(AssertionError):
            look(index)


def test_a_commit_between_listing_and_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the soak test found: the file of the commit that was listed is gone when it is opened."""
    with cnsearch.open_index(tmp_path, create=True) as index:
        write(index, 0)
        listed = Folder.list
        commits = iter(range(1, 4))

        def slow(self: Folder) -> list[str]:
            names = listed(self)
            with monkeypatch.context() as patch:
                patch.setattr(Folder, "list", listed)
                for number in commits:
                    write(index, number)
                    break
            return names

        monkeypatch.setattr(Folder, "list", slow)
        with cnsearch.open_index(tmp_path) as other:
            assert look(other) == 3


def test_a_second_writer(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index, cnsearch.open_index(tmp_path) as other:
        write(index, 0)
        transaction = begin(index._backend.store)
        for attempt in (
            lambda: write(other, 1),
            lambda: other.delete("0.md"),
            lambda: other.update(tmp_path),
            lambda: cnsearch.rebuild_index(tmp_path, tmp_path),
            lambda: other.add(Article(id="x", title=""), wait=0.05),
        ):
            with pytest.raises(cnsearch.IndexLockedError):
                attempt()
        assert other.refresh()  # readers do not wait
        assert look(other) == 0
        timer = threading.Timer(0.2, transaction.cancel)
        timer.start()
        assert other.delete("0.md", wait=60) == 1
        timer.join()


def test_every_command_that_writes_waits() -> None:
    """Those that write say so by ``--wait``."""
    commands: dict[str, click.Command] = {}
    for name, command in program.cli.commands.items():
        commands.update(command.commands if isinstance(command, click.Group) else {name: command})
    waiting = {name for name, command in commands.items() if any(option.name == "wait" for option in command.params)}
    reading = {"search", "show", "similar", "suggest", "analyze", "stats", "verify", "snapshot", "serve", "list"}
    assert set(commands) - reading == waiting
    assert {"index", "add", "remove"} <= waiting


def test_many_make_the_same_index_at_once(tmp_path: Path) -> None:
    """One makes it, the others open it; nobody's articles are lost."""
    failures: list[BaseException] = []
    barrier = threading.Barrier(6)

    def make(number: int) -> None:
        try:
            barrier.wait()
            with cnsearch.open_index(tmp_path / "index", create=True) as index:
                index.add(Article(id=str(number), title="题"), wait=60)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=make, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with cnsearch.open_index(tmp_path / "index") as index:
        assert len(index) == 6

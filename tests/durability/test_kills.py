"""A writer is killed (SIGKILL) at a random moment: the index is the last commit or the new one, it verifies, nobody is
locked out, and the same command run again ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.indexing import transactions, workers
from cnsearch.store.opening import Store
from cnsearch.store.transaction import begin
from cnsearch.store.verify import verify_path

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")

NUM_POSTS = 60
COMMIT_EVERY = 20

# Imports everything once, and forks a process for each command, so that a kill hits the work and not the imports.
SERVER = """
import functools, json, os, random, sys, time, traceback
import cnsearch
from cnsearch.indexing import transactions, workers
from cnsearch.analysis import tokenizer
from cnsearch.engine.commit import background
from cnsearch.engine.commit.commits import Commits
from cnsearch.engine.segment import merge
from cnsearch.store.opening import Store
from cnsearch.store.transaction import begin

transactions.COMMIT_EVERY, workers.CHUNK = int(sys.argv[1]), 5
tokenizer._load_rjieba = functools.cache(tokenizer._load_rjieba)
cnsearch.analysis.shown.analyze_text("上海")

def careless(self, state, segments, generation):
    "Removes the old files before the new commit is there, and gives time to be killed in between."
    self.remove_leftovers(generation, segments)
    open(self.folder.path + ".between", "w").close()
    time.sleep(600)
    write(self, state, segments, generation)

write = Commits.write

def in_the_background(what, path):
    "Many commits, and merges that take as long as several of them, or stop when half is written, or all."
    transactions.COMMIT_EVERY = 5
    merge_terms, merge_segments = merge.merge_terms, background.merge_segments

    def stop():
        open(path + ".between", "w").close()
        time.sleep(600)

    def slowly(*args, **how):
        if what == "half a merge":
            stop()
        time.sleep(random.uniform(0, 0.1))
        merge_terms(*args, **how)

    def whole(*args, **how):
        merge_segments(*args, **how)
        if what == "a merge":
            stop()

    merge.merge_terms, background.merge_segments = slowly, whole

def act(what, path, posts):
    if what == "careless":
        Commits.write = careless
    if what in ("slow merges", "half a merge", "a merge"):
        in_the_background(what, path)
    if what == "rebuild":
        return cnsearch.rebuild_index(path, posts, jobs=1)[0].close()
    if what == "merge":
        return begin(Store.open(path)).settle(1000)
    with cnsearch.open_index(path, create=True) as index:
        if what == "delete":
            index.delete([f"{n:03}.md" for n in range(0, 60, 7)])
        elif what == "dictionary":
            index.add_words(["上海数字化"], jobs=1)
        else:
            index.update(posts, jobs=1)

for line in sys.stdin:
    command = json.loads(line)
    child = os.fork()
    if child == 0:
        try:
            act(**command)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


class Server:
    def __init__(self) -> None:
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(COMMIT_EVERY)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )

    def run(
        self, what: str, path: Path, posts: Path, *, kill_after: float | None = None, kill_at: Path | None = None
    ) -> tuple[bool, float]:
        """(whether it was killed before it ended, seconds). Killed ``kill_after`` seconds, or when ``kill_at`` is
        there."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"what": what, "path": str(path), "posts": str(posts)}) + "\n")
        process.stdin.flush()
        child = int(process.stdout.readline())
        started = time.perf_counter()
        while kill_at is not None and not kill_at.exists():
            time.sleep(0.005)
        if kill_after is not None or kill_at is not None:
            time.sleep(kill_after or 0)
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        status = int(process.stdout.readline())
        killed = os.WIFSIGNALED(status)
        assert killed or os.WEXITSTATUS(status) == 0
        return killed, time.perf_counter() - started

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def write_posts(folder: Path, text: str, numbers: range) -> None:
    folder.mkdir(exist_ok=True)
    for n in numbers:
        post = folder / f"{n:03}.md"
        post.write_text(f"---\ntitle: 第{n}篇\n---\n{text}上海数字化转型 {n}", encoding="utf-8")
        os.utime(post, (1_600_000_000 + len(text), 1_600_000_000 + len(text)))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """(index before, posts) of each command."""
    folder = tmp_path_factory.mktemp("places")
    first, posts, old = folder / "first", folder / "posts", folder / "old"
    for each in (first, posts):
        write_posts(each, "旧", range(NUM_POSTS))
    with cnsearch.open_index(old, create=True) as index:
        index.update(posts, jobs=1)
        for n in range(3):
            transaction = begin(index._backend.store)
            transaction._writer.merge = False
            transaction.cancel()
            index.add(Article(id=f"more/{n}", title="北京", paragraphs=("上海数字化",)))
        index.delete("more/1")
    write_posts(posts, "新的", range(3, 20, 3))
    write_posts(posts, "新的", range(NUM_POSTS, NUM_POSTS + 4))
    (posts / "001.md").unlink()
    return {
        "index": (folder / "none", first),
        "update": (old, posts),
        "rebuild": (old, posts),
        "merge": (old, posts),
        "delete": (old, posts),
        "dictionary": (old, posts),
    }


@pytest.mark.parametrize("what", ["index", "update", "rebuild", "merge", "delete", "dictionary"])
def test_kills(
    server: Server, places: Any, tmp_path: Path, contents: Any, monkeypatch: pytest.MonkeyPatch, soak: bool, what: str
) -> None:
    monkeypatch.setattr(transactions, "COMMIT_EVERY", COMMIT_EVERY)
    monkeypatch.setattr(workers, "CHUNK", 5)
    before, posts = places[what]
    path = tmp_path / "index"

    def fresh() -> None:
        shutil.rmtree(path, ignore_errors=True)
        if before.exists():
            shutil.copytree(before, path)

    fresh()
    old = contents(path)
    _, duration = server.run(what, path, posts)
    new = contents(path)
    assert new != old or what in ("merge", "dictionary")
    rng = random.Random(what)
    states = set()
    wanted = 80 if soak else 4
    for _ in range(3 * wanted):
        fresh()
        killed, _ = server.run(what, path, posts, kill_after=rng.uniform(0, duration * 1.05))
        if not killed:
            continue
        wanted -= 1
        found = contents(path)
        if found is not None:
            report = verify_path(path, deep=what == "dictionary")
            assert report.damage == ()
        if what == "index":
            kept = _check_part(found, new)
            states.add(kept)
            with cnsearch.open_index(path, create=True) as index:
                again = index.update(posts, jobs=1)
            assert (again.unchanged, again.added) == (kept, NUM_POSTS - kept)  # it goes on where the last batch ended
        else:
            assert found in (old, new)
            states.add(found == new)
            server.run(what, path, posts)
        assert contents(path) == new
        _check_files(path)
        if not wanted:
            break
    assert wanted == 0
    if soak and what == "index":
        assert len(states) > 2


def test_kills_find_a_careless_writer(server: Server, places: Any, tmp_path: Path, contents: Any) -> None:
    """One that removes the old files a moment before the new commit is there, and is killed then."""
    before, posts = places["update"]
    path = tmp_path / "index"
    shutil.copytree(before, path)
    assert server.run("careless", path, posts, kill_at=tmp_path / "index.between")[0]
    with pytest.raises(cnsearch.CorruptIndexError):
        contents(path)


@pytest.mark.parametrize("what", ["slow merges", "half a merge", "a merge"])
def test_kills_while_segments_are_merged_in_the_background(
    server: Server, places: Any, tmp_path: Path, contents: Any, soak: bool, what: str
) -> None:
    """A merge that no commit has taken is lost, and nothing with it."""
    _, posts = places["index"]
    path = tmp_path / "index"
    server.run("slow merges", path, posts)
    assert len(Store.open(path).snapshot().segments) == 1
    new = contents(path)
    assert len(new[0]) == NUM_POSTS
    shutil.rmtree(path)
    duration = server.run("slow merges", path, posts)[1]
    rng, wanted = random.Random(what), 20 if soak else 3
    while wanted:
        shutil.rmtree(path)
        between = tmp_path / "index.between"
        between.unlink(missing_ok=True)
        if what == "slow merges":
            killed, _ = server.run(what, path, posts, kill_after=rng.uniform(0.3, 1) * duration)
        else:
            killed, _ = server.run(what, path, posts, kill_at=between, kill_after=rng.choice([0, 0.02, 0.1]))
        if not killed:
            continue
        wanted -= 1
        found = contents(path)
        if found is not None:
            assert verify_path(path).damage == ()
        kept = _check_part(found, new, 5)
        if what != "slow merges":
            assert kept >= 8 * 5
        assert server.run("index", path, posts)[0] is False
        assert contents(path) == new
        _check_files(path)


def _check_part(found: Any, new: Any, commit_every: int = COMMIT_EVERY) -> int:
    """That these are the first batches of the first run. Returns how many articles there are."""
    if found is None:
        return 0
    articles = found[0]
    assert len(articles) % commit_every == 0 or len(articles) == NUM_POSTS
    assert articles == {id: new[0][id] for id in sorted(new[0])[: len(articles)]}
    return len(articles)


def _check_files(path: Path) -> None:
    """After a commit nothing is left over of writers that died."""
    with cnsearch.open_index(path) as index:
        index.add(Article(id="last", title="末"))
        listed = {entry.filename for entry in index._backend.store.commits.read().segments}
        toc = f"commit_{index._backend.store.generation()}.toc"
    assert {file.name for file in path.iterdir()} == {toc, "MAIN_WRITELOCK", *listed}


def test_a_dead_writer_holds_no_lock_and_leaves_no_worker(tmp_path: Path) -> None:
    """Nothing has to be removed by hand, with worker processes too."""
    write_posts(tmp_path / "posts", "旧", range(700))
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    arguments = ["index", str(tmp_path / "posts"), "--index", str(tmp_path / "index"), "--jobs", "2"]
    with subprocess.Popen(
        [sys.executable, "-m", "cnsearch", *arguments],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        workers: list[int] = []
        for _ in range(500):
            workers = _children(process.pid)
            if len(workers) >= 2 or process.poll() is not None:
                break
            time.sleep(0.01)
        process.kill()
    store = Store.create(tmp_path / "index", cnsearch.ChineseAnalyzer())
    begin(store).cancel()
    for _ in range(1000):
        if not any(map(_is_alive, workers)):
            break
        time.sleep(0.02)
    assert not any(map(_is_alive, workers))


def _children(pid: int) -> list[int]:
    """Its worker processes, where /proc tells."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(state[1]) == pid and b"popen_loky" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

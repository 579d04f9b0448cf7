"""The lock of the one writer: turns within a process, who holds it in another, forks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.engine.files.locks import HeldError, Holder, WriteLock
from cnsearch.store.transaction import begin

HOLDER = """
import sys
from cnsearch.engine.files.locks import WriteLock
lock = WriteLock(sys.argv[1])
assert lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "MAIN_WRITELOCK")


@pytest.fixture
def index_path(tmp_path: Path) -> Path:
    cnsearch.open_index(tmp_path / "index", create=True).close()
    return tmp_path / "index"


@pytest.fixture
def other_process(index_path: Path) -> Iterator[subprocess.Popen[str]]:
    """One that holds the lock of the index."""
    arguments = [sys.executable, "-c", HOLDER, str(index_path / "MAIN_WRITELOCK")]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "held\n"
        yield process
        if not process.stdin.closed:
            process.stdin.close()
        process.wait(timeout=60)


def test_the_lock_is_one(path: str) -> None:
    one, two = WriteLock(path), WriteLock(path)
    assert one.acquire()
    assert not two.acquire()
    one.release()
    assert two.acquire()
    two.release()
    with pytest.raises(RuntimeError, match="not held"):
        two.release()


def test_threads_have_it_in_the_order_in_which_they_came(path: str) -> None:
    first, order, threads = WriteLock(path), [], []
    first.wait(None, 0)

    def take(number: int) -> None:
        lock = WriteLock(path)
        lock.wait(None, 0)
        order.append(number)
        lock.release()

    for number in range(8):
        threads.append(threading.Thread(target=take, args=(number,)))
        threads[-1].start()
        while len(first._turns._waiting) <= number:
            time.sleep(0.001)
    first.release()
    for thread in threads:
        thread.join(60)
    assert order == list(range(8))


def test_one_who_gives_up_leaves_the_queue(path: str) -> None:
    first = WriteLock(path)
    first.wait(None, 0)
    failed: list[Holder] = []

    def give_up() -> None:
        try:
            WriteLock(path).wait(0.01, 0)
        except HeldError as error:
            failed.append(error.holder)

    thread = threading.Thread(target=give_up)
    thread.start()
    thread.join(60)
    assert [holder.thread for holder in failed] == [True]
    first.release()
    assert WriteLock(path).acquire()


def test_a_thread_does_not_wait_for_itself_for_ever(path: str) -> None:
    first = WriteLock(path)
    first.wait(None, 0)
    with pytest.raises(HeldError):
        WriteLock(path).wait(None, None)
    first.release()


def test_a_lock_that_is_forgotten_is_free(path: str) -> None:
    WriteLock(path).wait(None, 0)
    assert WriteLock(path).acquire()


def test_the_same_folder_by_two_names_has_one_lock(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to(tmp_path / "a")
    one, two = WriteLock(str(tmp_path / "a" / "L")), WriteLock(str(tmp_path / "b" / "L"))
    assert one.acquire()
    with pytest.raises(HeldError) as caught:
        two.wait(0.0, 0.0)
    assert caught.value.holder.thread
    one.release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_child_neither_keeps_nor_ends_it(path: str) -> None:
    first = WriteLock(path)
    first.wait(None, 0)
    child = os.fork()
    if child == 0:
        failed = WriteLock(path).acquire()  # it is the parent's
        del first
        os._exit(int(failed))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not WriteLock(path).acquire()
    first.release()
    assert WriteLock(path).acquire()


def test_who_holds_the_lock_is_said(index_path: Path, other_process: subprocess.Popen[str]) -> None:
    with cnsearch.open_index(index_path) as index, pytest.raises(cnsearch.IndexLockedError) as caught:
        index.add(Article(id="a", title="江豚"), wait=0)
    error = caught.value
    assert error.pid == other_process.pid
    assert error.host
    assert error.since is not None
    assert error.since.tzinfo is not None
    assert error.command.startswith("-c")
    for fact in (str(error.pid), error.host, error.since.isoformat(timespec="seconds"), error.command):
        assert fact in str(error)


def test_another_process_that_ends_soon_is_waited_for(index_path: Path, other_process: subprocess.Popen[str]) -> None:
    with cnsearch.open_index(index_path) as index:
        assert other_process.stdin is not None
        threading.Timer(0.3, other_process.stdin.close).start()
        assert index.add(Article(id="a", title="江豚")).added == 1


@pytest.mark.parametrize(
    "note", [b"", b"{", b"[]", b'{"pid": "x", "since": 5}', b"\xff" * 2000, b'{"pid": true, "since": "2021-10-27"}']
)
def test_whatever_the_lock_file_says(path: str, note: bytes) -> None:
    Path(path).write_bytes(note)
    assert WriteLock(path)._holder() == Holder()


def test_what_the_lock_file_says_steers_no_terminal(index_path: Path, other_process: subprocess.Popen[str]) -> None:
    note = {"pid": 1, "host": "\x1b[2J", "command": "x\n" * 500, "since": "2021-10-27T00:00:00+00:00"}
    (index_path / "MAIN_WRITELOCK").write_text(json.dumps(note))
    with cnsearch.open_index(index_path) as index, pytest.raises(cnsearch.IndexLockedError) as caught:
        index.delete("a", wait=0)
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 800


def test_threads_that_write_at_once_all_do(index_path: Path) -> None:
    """Of 251 articles sent by four threads 167 were lost to "another process is writing"."""
    with cnsearch.open_index(index_path) as index:
        failed: list[BaseException] = []

        def write(number: int) -> None:
            try:
                for at in range(5):
                    index.add(Article(id=f"{number}-{at}", title="江豚"))
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert failed == []
        assert len(index) == 30


def test_an_open_transaction_of_the_same_thread_is_said_at_once(index_path: Path) -> None:
    with cnsearch.open_index(index_path) as index:
        transaction = begin(index._backend.store)
        with pytest.raises(cnsearch.IndexLockedError, match="this process"):
            index.add(Article(id="a", title="江豚"))
        transaction.cancel()
        index.add(Article(id="a", title="江豚"))

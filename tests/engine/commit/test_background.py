"""Merges in a thread: how long they take decides nothing, and nothing that happens meanwhile is lost."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cnsearch.engine.commit import background
from cnsearch.engine.commit.background import BackgroundMerges
from cnsearch.engine.commit.commits import Commits
from cnsearch.engine.commit.writer import IndexWriter
from cnsearch.engine.files.folder import Folder
from cnsearch.engine.segment import merge
from cnsearch.engine.segment.reader import open_segment
from tests.engine.commit.made import FIELDS, batch


class Update:
    """A long one, of several commits."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.commits = Commits(Folder(folder), blank={})
        self.folder = folder
        lock = self.commits.lock()
        lock.wait(0, 0)
        self.writer = IndexWriter(self.commits, FIELDS, lock)

    def add(self, *documents: tuple[str, str]) -> None:
        self.writer.add(batch(*documents), replace=True)

    def delete(self, *keys: str) -> int:
        return self.writer.delete("id", [key.encode() for key in keys])

    def next(self) -> None:
        lock = self.writer.keep_lock()
        self.writer.commit({})
        self.writer = IndexWriter(self.commits, FIELDS, lock, merges=self.writer.merges)

    def end(self, **how: Any) -> None:
        self.writer.commit({}, **how)

    def segments(self) -> list[list[str]]:
        """The ids of the documents of each segment."""
        found = []
        for entry in self.commits.read().segments:
            segment = open_segment(self.commits.folder, entry)
            live = [doc_id for doc_id in range(segment.doc_count) if not entry.is_deleted(doc_id)]
            found.append([segment.stored(doc_id)["id"] for doc_id in live])
        return found

    def ids(self) -> list[str]:
        return [key for segment in self.segments() for key in segment]

    def files(self) -> set[str]:
        return {path.name for path in self.folder.glob("*.cnp")}

    def listed(self) -> set[str]:
        return {entry.filename for entry in self.commits.read().segments}


class Gate:
    """Merges begin to write their files, and wait until it is open."""

    def __init__(self) -> None:
        self.open, self.reached = threading.Event(), threading.Event()

    def __call__(self, *args: Any, **how: Any) -> None:
        self.reached.set()
        assert self.open.wait(60)
        MERGE(*args, **how)


MERGE = merge.merge_terms


@pytest.fixture(autouse=True)
def _nothing_is_synced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many commits, and no power that fails."""
    monkeypatch.setattr("cnsearch.engine.files.folder._full_sync", lambda descriptor: None)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate()
    monkeypatch.setattr(merge, "merge_terms", gate)
    yield gate
    gate.open.set()


def eight(folder: Path) -> Update:
    """An update whose eighth commit has begun to merge."""
    update = Update(folder)
    for number in range(8):
        update.add((f"{number}a", "x y"), (f"{number}b", "x"), (f"{number}c", f"x z{number}"))
        update.next()
    return update


def test_documents_are_added_and_committed_while_segments_are_merged(tmp_path: Path, gate: Gate) -> None:
    update = eight(tmp_path)
    assert gate.reached.wait(60)
    for number in range(8, 11):
        update.add((f"{number}a", "x"))
        update.next()
        assert len(update.segments()) == number + 1
    gate.open.set()
    update.end()
    assert list(map(len, update.segments())) == [24, 1, 1, 1]
    assert update.files() == update.listed()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cnsearch-merge")]


def test_a_merge_that_is_done_counts_from_the_next_commit_on(tmp_path: Path) -> None:
    update = eight(tmp_path)
    assert len(update.segments()) == 8
    merges = update.writer.merges
    assert merges is not None
    merges._waiting[0].future.result()
    assert len(update.segments()) == 8
    update.add(("8a", "x"))
    update.next()
    assert list(map(len, update.segments())) == [24, 1]
    assert update.files() == update.listed()
    update.writer.cancel()


@pytest.mark.parametrize("when", ["before", "while", "after"])
def test_what_is_deleted_while_segments_are_merged_is_deleted(tmp_path: Path, gate: Gate, when: str) -> None:
    update = eight(tmp_path)
    assert gate.reached.wait(60)
    if when == "before":
        gate.open.set()
        assert update.writer.merges is not None
        update.writer.merges._waiting[0].future.result()
    assert update.delete("1a", "1b", "1c", "7c", "none") == 4
    update.add(("0b", "new"), ("2c", "new"), ("8a", "new"))
    if when == "while":
        update.next()
        assert update.delete("3a", "8a") == 2
    else:
        update.delete("3a", "8a")
    gate.open.set()
    update.end()
    expected = {f"{number}{letter}" for number in range(8) for letter in "abc"} - {"1a", "1b", "1c", "7c", "3a"}
    assert sorted(update.ids()) == sorted(expected)
    found = {}
    for entry in update.commits.read().segments:
        postings = open_segment(update.commits.folder, entry).postings("body", b"new")
        found[entry.doc_count_all()] = 0 if postings is None else len(postings.doc_ids)
    assert found == {24: 0, 3: 3}


def test_a_segment_of_which_everything_is_deleted_meanwhile(tmp_path: Path, gate: Gate) -> None:
    update = eight(tmp_path)
    assert gate.reached.wait(60)
    update.delete(*(f"{number}{letter}" for number in (0, 5) for letter in "abc"))
    update.next()
    assert update.delete("0a") == 0
    update.delete(*(f"{number}{letter}" for number in range(8) for letter in "abc"))
    update.add(("8a", "x"))
    update.next()
    gate.open.set()
    update.end()
    assert update.segments() == [["8a"]]
    assert update.files() == update.listed()


def at_once(merges: BackgroundMerges) -> None:
    for waiting in merges._waiting:
        waiting.future.result()


def sometimes(merges: BackgroundMerges) -> None:
    time.sleep(random.choice([0, 0, 0.002, 0.01]))


def nothing(merges: BackgroundMerges) -> None:
    pass


def grown(folder: Path, after_each: Callable[[BackgroundMerges], None], in_the_end: Callable[[], None]) -> Update:
    """An index of 25 commits with updates and deletions between them, of which segments of segments are merged."""
    update, rng = Update(folder), random.Random(5)
    for number in range(25):
        update.add(*((f"{number}-{n}", " ".join(rng.choices("abcdefghij", k=9))) for n in range(15)))
        if number % 3 == 1:
            update.add(*((f"{rng.randrange(number)}-{n}", "again") for n in range(5)))
            update.delete(*(f"{rng.randrange(number)}-{n}" for n in range(10)))
        update.next()
        assert update.writer.merges is not None
        after_each(update.writer.merges)
    in_the_end()
    update.end()
    return update


def test_the_same_segments_result_however_long_merges_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnsearch.engine.segment.policy.SMALL_SEGMENT_DOCS", 30)
    monkeypatch.setattr("cnsearch.engine.segment.policy.MERGE_FACTOR", 3)
    monkeypatch.setattr(background, "MOST_WAITING", 100)
    held = threading.Event()

    def waiting(*args: Any, **how: Any) -> None:
        assert held.wait(60)
        MERGE(*args, **how)

    made = []
    for number, timing in enumerate((at_once, sometimes, nothing)):
        if timing is nothing:  # none is done before the last commit
            held.clear()
            monkeypatch.setattr(merge, "merge_terms", waiting)
        update = grown(tmp_path / str(number), timing, held.set)
        entries = update.commits.read().segments
        files = [(update.folder / entry.filename).read_bytes() for entry in entries]
        made.append(([entry.to_dict() | {"id": ""} for entry in entries], update.segments(), files))
    assert made[0] == made[1] == made[2]
    assert len(made[0][0]) < 12
    assert max(map(len, made[0][1])) > 100  # one of what was merged before


def test_a_merge_that_fails_stops_the_next_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **how: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(merge, "merge_terms", fail)
    update = eight(tmp_path)
    assert update.writer.merges is not None
    with pytest.raises(OSError, match="disk full"):
        update.writer.merges._waiting[0].future.result()
    update.add(("8a", "x"))
    with pytest.raises(OSError, match="disk full"):
        update.end()
    assert len(update.ids()) == 24
    assert update.files() == update.listed()
    monkeypatch.undo()
    again = Update(tmp_path)
    again.writer.cancel()


@pytest.mark.parametrize("begun", [False, True])
def test_an_update_that_is_given_up_stops_merging(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: Gate, begun: bool
) -> None:
    update = eight(tmp_path)
    assert gate.reached.wait(60)
    merges = update.writer.merges
    assert merges is not None
    (waiting,) = merges._waiting
    if begun:  # what it writes next is refused
        monkeypatch.setattr(merges._thread, "shutdown", lambda **how: (gate.open.set(), waiting.future.exception()))
    else:
        gate.open.set()
        waiting.future.result()
    update.add(("8a", "x"))
    update.writer.cancel()
    if begun:
        assert isinstance(waiting.future.exception(), background._StoppedError)
        monkeypatch.undo()
        merges.close()
    assert len(update.ids()) == 24
    assert update.files() == update.listed()
    Update(tmp_path).writer.cancel()  # the lock is free


def test_an_interrupt_while_merges_are_waited_for(tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    update = eight(tmp_path)
    update.add(("8a", "x"))
    merges = update.writer.merges
    assert merges is not None

    def interrupted() -> None:
        gate.open.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(merges._waiting[0].future, "result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        update.end()
    assert len(update.ids()) == 24
    assert update.files() == update.listed()


def test_an_interrupt_after_a_commit_keeps_what_it_has_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Commits.write

    def interrupted(self: Commits, *args: Any) -> None:
        write(self, *args)
        raise KeyboardInterrupt

    update = eight(tmp_path)
    update.add(("8a", "x"))
    with monkeypatch.context() as patch:
        patch.setattr(Commits, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            update.end()
    assert list(map(len, update.segments())) == [24, 1]


def test_who_chooses_too_many_merges_waits(tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "MOST_WAITING", 1)
    update = eight(tmp_path)
    merges = update.writer.merges
    assert merges is not None
    for number in range(8, 15):
        update.add(*((f"{number}{n}", "x") for n in range(3)))
        if number == 14:
            threading.Timer(0.05, gate.open.set).start()
        update.next()
    assert merges._waiting[0].future.done()
    update.end()
    assert len(update.ids()) == 45

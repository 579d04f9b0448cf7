"""The writer of commits: what is visible when, what replaces what, merging, failures."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cnsearch.engine.commit import writer as writing
from cnsearch.engine.commit.commits import Commits
from cnsearch.engine.commit.writer import IndexWriter
from cnsearch.engine.files.folder import Folder
from cnsearch.engine.files.locks import HeldError
from cnsearch.engine.segment import merge
from cnsearch.engine.segment.buffer import SegmentBuffer
from cnsearch.engine.segment.reader import open_segment
from tests.engine.commit.made import FIELDS, batch


class Index:
    """One in a folder, with a writer for each change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commits = Commits(Folder(folder), blank={})
        self.writer().commit({"made": True})

    def writer(self, **options: Any) -> IndexWriter:
        lock = self.commits.lock()
        lock.wait(0, 0)
        return IndexWriter(self.commits, FIELDS, lock, **options)

    def add(self, *documents: tuple[str, str], **how: Any) -> None:
        writer = self.writer()
        writer.add(batch(*documents), replace=True)
        writer.commit({}, **how)

    def sizes(self) -> list[int]:
        return [entry.doc_count_all() for entry in self.commits.read().segments]

    def ids(self, word: str = "") -> list[str]:
        """Of all articles, or of those with a word, in the order of their documents."""
        return list(self._ids(word))

    def _ids(self, word: str) -> Iterator[str]:
        for entry in self.commits.read().segments:
            segment = open_segment(self.commits.folder, entry)
            found = segment.postings("body", word.encode()) if word else None
            for doc_id in range(segment.doc_count) if not word else [] if found is None else found.doc_ids.tolist():
                if not entry.is_deleted(doc_id):
                    yield segment.stored(doc_id)["id"]

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path)


def test_nothing_is_visible_before_the_commit(index: Index) -> None:
    writer = index.writer()
    writer.add(batch(("a", "x")))
    assert index.ids() == []
    writer.commit({"state": 5})
    assert index.ids() == ["a"]
    assert index.commits.read().state == {"state": 5}
    with pytest.raises(RuntimeError, match="closed"):
        writer.add(batch(("b", "x")))
    with pytest.raises(RuntimeError, match="closed"):
        writer.cancel()


def test_one_writer_at_a_time(index: Index) -> None:
    writer = index.writer()
    with pytest.raises(HeldError):
        index.writer()
    writer.cancel()
    index.writer().cancel()


def test_a_cancelled_writer_leaves_no_trace(index: Index) -> None:
    index.add(("a", "x"))
    before = index.files()
    writer = index.writer(limit_mb=0.0001)
    for key in "abc":
        writer.add(batch((key, "y")), replace=True)
    writer.delete("id", [b"a"])
    assert len(index.files()) > len(before)
    writer.cancel()
    assert (index.files(), index.ids()) == (before, ["a"])


def test_later_documents_replace_earlier_ones(index: Index) -> None:
    index.add(("a", "old"), ("b", "old"))
    writer = index.writer()
    writer.add(batch(("a", "one"), ("c", "two"), ("a", "three")), replace=True)
    writer.add(batch(("c", "four")), replace=True)
    writer.commit({})
    assert sorted(index.ids()) == ["a", "b", "c"]
    assert (index.ids("three"), index.ids("four"), index.ids("old")) == (["a"], ["c"], ["b"])
    assert index.ids("one") == index.ids("two") == []


@pytest.mark.parametrize("limit", [128, 0.0001])
def test_deleting_finds_all_documents_with_a_key(index: Index, limit: float) -> None:
    index.add(("a", "x"))
    writer = index.writer(limit_mb=limit)
    writer.add(batch(("a", "x"), ("b", "x")))
    writer.add(batch(("a", "x")))
    assert writer.delete("id", [b"a", b"a", b"none"]) == 3
    assert writer.delete("id", [b"a"]) == 0
    with pytest.raises(ValueError, match="unique"):
        writer.delete("body", [b"x"])
    writer.commit({})
    assert index.ids() == ["b"]


def test_what_does_not_fit_is_refused_and_changes_nothing(index: Index) -> None:
    writer = index.writer()
    for name, word in (("nofield", "nofield"), ("extra", "extra")):
        wrong = batch(("a", "x"))
        wrong.fields[name] = wrong.fields["body"]
        with pytest.raises(ValueError, match=word):
            writer.add(wrong, replace=True)
    writer.add(batch(("b", "x")))
    writer.commit({})
    assert index.ids() == ["b"]


@pytest.mark.parametrize("limit", [0, -1])
def test_the_limit_must_be_positive(index: Index, limit: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        index.writer(limit_mb=limit)
    index.writer().cancel()  # the lock is free


def test_the_limit_makes_segments(index: Index) -> None:
    writer = index.writer(limit_mb=0.05)
    for start in range(0, 300, 10):
        writer.add(
            batch(
                *((str(n), " ".join(f"t{n * 31 % 997}x{word}" for word in range(30))) for n in range(start, start + 10))
            )
        )
    writer.commit({}, replace=True)  # which merges nothing
    assert len(index.sizes()) > 3
    assert sum(index.sizes()) == 300
    assert index.ids() == [str(n) for n in range(300)]


def test_many_small_commits_make_few_segments(index: Index) -> None:
    for number in range(20):
        index.add((str(number), "x"))
    assert len(index.sizes()) < 8
    assert index.ids() == [str(number) for number in range(20)]


def test_small_segments_are_joined_behind_the_larger_ones(index: Index) -> None:
    for commit, count in enumerate((5, 30, 8, 5)):
        index.add(*((f"{commit}-{number}", "x") for number in range(count)))
    assert index.sizes() == [5, 30, 8, 5]
    writer = index.writer()
    writer.delete("id", [b"1-1", b"2-1"])
    writer.commit({}, merge_up_to=8)
    assert index.sizes() == [30, 17]
    expected = [f"{commit}-{number}" for commit, count in ((1, 30), (0, 5), (2, 8), (3, 5)) for number in range(count)]
    assert index.ids() == [key for key in expected if key not in ("1-1", "2-1")]
    names = [entry.filename for entry in index.commits.read().segments]
    index.writer().commit({}, merge_up_to=17)  # one that is so small: nothing to join
    assert [entry.filename for entry in index.commits.read().segments] == names
    for key in "xy":
        index.add((key, "x"))
    index.writer().commit({}, merge_up_to=100, but=names)
    assert [entry.filename for entry in index.commits.read().segments][:2] == names
    assert index.sizes() == [30, 17, 2]


def test_optimizing_leaves_one_segment_without_deletions(index: Index) -> None:
    index.add(("a", "x"), ("b", "x"))
    index.add(("c", "x"))
    writer = index.writer()
    writer.delete("id", [b"a"])
    writer.commit({}, optimize=True)
    assert (index.sizes(), index.ids()) == ([2], ["b", "c"])
    (name,) = (entry.filename for entry in index.commits.read().segments)
    index.writer().commit({}, optimize=True)
    assert [entry.filename for entry in index.commits.read().segments] == [name]  # nothing to do


def test_replacing_drops_what_was_there(index: Index) -> None:
    index.add(("a", "x"), ("b", "x"))
    index.add(("b", "y"), ("c", "y"), replace=True)
    assert index.ids() == ["b", "c"]
    assert len([name for name in index.files() if name.endswith(".cnp")]) == 1


def test_a_segment_without_documents_disappears(index: Index) -> None:
    index.add(("a", "x"))
    writer = index.writer()
    writer.delete("id", [b"a"])
    writer.add(batch(("b", "x")))
    writer.delete("id", [b"b"])
    writer.commit({})
    assert index.sizes() == []


def test_same_input_same_bytes(tmp_path: Path) -> None:
    def build(folder: Path) -> list[bytes]:
        folder.mkdir()
        index, rng = Index(folder), random.Random(5)
        for part in range(9):
            index.add(*((f"{part}-{n}", " ".join(rng.choices("abcdefg", k=9))) for n in range(20)))
        return [(folder / entry.filename).read_bytes() for entry in index.commits.read().segments]

    assert build(tmp_path / "one") == build(tmp_path / "two")


def test_the_lock_may_be_kept_for_the_next_writer(index: Index) -> None:
    writer = index.writer()
    writer.add(batch(("a", "x")))
    lock = writer.keep_lock()
    writer.commit({})
    with pytest.raises(HeldError):
        index.writer()
    following = IndexWriter(index.commits, FIELDS, lock)
    following.add(batch(("b", "x")))
    following.commit({})
    assert index.ids() == ["a", "b"]
    index.writer().cancel()


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (SegmentBuffer, "_write_fields"),
        (merge, "merge_terms"),
        (Commits, "write"),
        (writing.NewSegments, "require_files"),
    ],
)
def test_a_failed_commit_leaves_the_index_as_it_was(
    index: Index, monkeypatch: pytest.MonkeyPatch, target: Any, name: str
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError("disk full")

    index.add(("a", "x"))
    index.add(("b", "x"))
    before = index.files()
    writer = index.writer()
    writer.add(batch(("c", "x")))
    writer.delete("id", [b"a"])
    with monkeypatch.context() as patch:
        patch.setattr(target, name, fail)
        with pytest.raises(OSError, match="disk full"):
            writer.commit({}, optimize=True)
    assert (index.files(), index.ids()) == (before, ["a", "b"])
    index.add(("c", "x"))  # the lock is free
    assert index.ids() == ["a", "b", "c"]


def test_a_file_that_has_not_what_the_table_of_contents_would_say(index: Index) -> None:
    writer = index.writer(limit_mb=0.00001)
    writer.add(batch(("a", "x")))
    writer.segments[0]._doc_count = 7
    with pytest.raises(RuntimeError, match="has 1 documents, the table of contents would say 7"):
        writer.commit({})
    assert index.ids() == []


def test_lost_documents_break_the_writer(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise OSError("disk full")

    writer = index.writer()
    with monkeypatch.context() as patch:
        patch.setattr(SegmentBuffer, "add", fail)
        with pytest.raises(OSError, match="disk full"):
            writer.add(batch(("a", "x")))
    for attempt in (lambda: writer.add(batch(("b", "x"))), lambda: writer.delete("id", []), lambda: writer.commit({})):
        with pytest.raises(RuntimeError, match="cancel"):
            attempt()
    writer.cancel()
    index.add(("b", "x"))
    assert index.ids() == ["b"]


def test_an_interrupt_after_the_step_that_makes_it_visible_keeps_the_files(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Commits.write

    def interrupted(self: Commits, *args: Any) -> None:
        write(self, *args)
        raise KeyboardInterrupt

    writer = index.writer()
    writer.add(batch(("a", "x")))
    with monkeypatch.context() as patch:
        patch.setattr(Commits, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            writer.commit({})
    assert index.ids() == ["a"]
    index.writer().cancel()

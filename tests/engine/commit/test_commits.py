"""The commits in a folder. What a loss of power or a killed writer does to them: tests/durability."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnsearch.engine.commit import commits as module
from cnsearch.engine.commit.commits import Commits, NoCommitError
from cnsearch.engine.commit.toc import decode_toc, encode_toc, is_unfinished_copy, toc_name
from cnsearch.engine.files.folder import Folder
from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.errors import CorruptIndexError, IndexFormatError, IndexUnusableError

STATE = {"version": 4, "words": "数字化 5\n"}


@pytest.fixture
def commits(tmp_path: Path) -> Commits:
    return Commits(Folder(tmp_path), blank=STATE)


def entry(commits: Commits) -> SegmentEntry:
    """A segment of which only the file is looked at."""
    found = SegmentEntry("MAIN", doc_count=1)
    Path(commits.folder.path_of(found.filename)).write_bytes(b"segment")
    return found


def test_a_blank_index_has_a_commit_that_is_not_there(commits: Commits) -> None:
    assert commits.read().state == STATE
    assert (commits.latest_generation(), commits.mark(), commits.read().mark) == (-1, (), ())
    with pytest.raises(NoCommitError):
        Commits(commits.folder).read()
    commits.write({"version": 5}, [], 0)
    for one in (commits, Commits(commits.folder)):
        commit = one.read()
        assert (commit.generation, commit.state, commit.segments) == (0, {"version": 5}, [])
        assert commit.identity == commits.identity
        assert commit.mark == one.mark() != ()
    with pytest.raises(NoCommitError):
        Commits(commits.folder).read_generation(-1)
    with pytest.raises(FileNotFoundError):
        commits.read_generation(7)


def test_the_last_commit_counts_and_the_others_are_removed(commits: Commits) -> None:
    kept, old = entry(commits), entry(commits)
    for name in ("MAIN_notes.txt", "commit_x.toc", "MAIN_abc.cnp"):
        Path(commits.folder.path_of(name)).touch()
    commits.write(STATE, [old], 1)
    first = commits.mark()
    commits.write(STATE, [kept], 2)
    assert commits.mark() != first
    assert [segment.filename for segment in commits.read().segments] == [kept.filename]
    commits.remove_leftovers(2, [kept])
    theirs = {"MAIN_notes.txt", "commit_x.toc", "MAIN_abc.cnp"}
    assert set(commits.folder.list()) == {toc_name(2), kept.filename, *theirs}
    assert commits.has_commit(2)
    assert not commits.has_commit(1)


def test_a_write_that_fails_leaves_the_commit_before(commits: Commits, monkeypatch: pytest.MonkeyPatch) -> None:
    commits.write(STATE, [], 0)
    before = sorted(commits.folder.list())
    with monkeypatch.context() as patch:
        patch.setattr(module, "MAX_TOC_BYTES", 10)
        with pytest.raises(IndexUnusableError, match="would have"):
            commits.write(STATE, [], 1)

    def full(self: Folder, file: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "sync_file", full)
        with pytest.raises(OSError, match="disk full"):
            commits.write(STATE, [], 1)
    assert sorted(commits.folder.list()) == before
    assert commits.read().generation == 0


def test_a_copy_is_complete_or_known_to_be_unfinished(commits: Commits, tmp_path: Path) -> None:
    segment = entry(commits)
    commits.write(STATE, [segment], 3)
    (tmp_path / "copy").mkdir()
    target = Folder(tmp_path / "copy")
    assert commits.copy_to(target) == 3
    assert sorted(target.list()) == sorted([segment.filename, toc_name(3)])
    assert Commits(target).read().identity == commits.identity
    assert not is_unfinished_copy(target.list())
    assert is_unfinished_copy([*target.list(), "copy.unfinished"])
    assert not is_unfinished_copy([*target.list(), "copy.unfinished", "mine.txt"])


def test_a_table_of_contents_is_checked() -> None:
    segments = [SegmentEntry("MAIN", "0123456789abcdef", 5)]
    data = encode_toc(3, STATE, segments, "0" * 32)
    commit = decode_toc(data, 3, path="x", mark=(1, 2))
    assert (commit.generation, commit.state, commit.identity, commit.mark) == (3, STATE, "0" * 32, (1, 2))
    assert [segment.to_dict() for segment in commit.segments] == [segment.to_dict() for segment in segments]
    with pytest.raises(CorruptIndexError, match="checksum"):
        decode_toc(data.replace(b"words", b"swords"), 3, path="x")
    with pytest.raises(CorruptIndexError, match="twice"):
        decode_toc(encode_toc(3, STATE, segments * 2), 3, path="x")
    with pytest.raises(CorruptIndexError, match="lists a segment"):
        decode_toc(encode_toc(3, STATE, [SegmentEntry("../x", "0123456789abcdef", 5)]), 3, path="x")
    with pytest.raises(CorruptIndexError, match="identity"):
        decode_toc(encode_toc(3, STATE, [], "x"), 3, path="x")


def test_a_newer_table_of_contents_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from cnsearch.engine.commit import toc

    with monkeypatch.context() as patch:
        patch.setattr(toc, "TOC_FORMAT_VERSION", 2)
        data = encode_toc(0, STATE, [])
    with pytest.raises(IndexFormatError, match="format 2"):
        decode_toc(data, 0, path="x")

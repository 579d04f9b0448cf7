"""A copy of the index while a writer runs."""

from __future__ import annotations

import errno
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.faces.cli import program
from cnsearch.store.verify import verify_path


def article(number: int) -> Article:
    return Article(id=f"{number}.md", title=f"第{number}篇", paragraphs=("上海数字化转型",))


@pytest.fixture
def index(tmp_path: Path) -> Any:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add([article(n) for n in range(5)])
        index.delete("3.md")
        yield index


@pytest.mark.parametrize("links", [True, False])
def test_a_copy(
    index: cnsearch.Index, tmp_path: Path, contents: Any, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:

        def refuse(*args: object) -> None:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

        monkeypatch.setattr(os, "link", refuse)
    old = contents(tmp_path / "index")
    copy = tmp_path / "deep/copy"
    index.snapshot(copy)
    assert contents(copy) == old
    assert verify_path(copy, deep=True).ok
    assert all((file.stat().st_nlink > 1) == links for file in copy.iterdir())
    index.add(article(7))
    index.delete("1.md")
    assert contents(copy) == old
    with cnsearch.open_index(copy) as copied:  # an index like any other
        new = contents(tmp_path / "index")
        copied.add(article(8))
        copied.delete("0.md")
    assert contents(tmp_path / "index") == new
    assert verify_path(tmp_path / "index").ok


def test_refusals(index: cnsearch.Index, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("mine")
    with pytest.raises(cnsearch.IndexUnusableError, match="not empty"):
        index.snapshot(tmp_path / "full")
    with pytest.raises(cnsearch.IndexUnusableError, match="not empty"):
        index.snapshot(index.path)
    with pytest.raises(OSError, match=r"exists|directory"):
        index.snapshot(tmp_path / "full/file")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["file"]
    for file in Path(index.path).glob("*.cnp"):
        file.unlink()
    with pytest.raises(cnsearch.CorruptIndexError):
        index.snapshot(tmp_path / "copy")
    assert list((tmp_path / "copy").iterdir()) == []


def test_while_a_writer_runs(index: cnsearch.Index, tmp_path: Path, soak: bool) -> None:
    stop = threading.Event()

    def write() -> None:
        with cnsearch.open_index(index.path) as writer:
            for n in range(10**6):
                if stop.is_set():
                    return
                writer.add([article(100 + 2 * n), article(101 + 2 * n)])

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for n in range(300 if soak else 12):
            copy = tmp_path / str(n)
            index.snapshot(copy)
            with cnsearch.open_index(copy) as copied:
                assert len(copied) % 2 == 0
            assert verify_path(copy).ok
    finally:
        stop.set()
        thread.join()


def test_the_command(
    index: cnsearch.Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = str(tmp_path / "copy")
    monkeypatch.setattr(sys, "argv", ["cnsearch", "snapshot", copy, "--index", index.path])
    with pytest.raises(SystemExit) as exit_:
        program.main()
    assert (exit_.value.code, *capsys.readouterr()) == (0, f"4 articles in {copy}\n", "")
    with pytest.raises(SystemExit) as exit_:
        program.main()
    out, err = capsys.readouterr()
    assert (exit_.value.code, out) == (2, "")
    assert "not empty" in err

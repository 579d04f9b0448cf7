"""The system refuses something, anywhere: no space, a disk that fails, too many open files. The error comes out as it
is, the index is the commit before, nobody is locked out, and nothing is left lying about after the next commit."""

from __future__ import annotations

import errno
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.engine.files.folder import Folder
from cnsearch.faces.cli import program
from cnsearch.store.opening import Store
from cnsearch.store.transaction import begin

ERRORS = (errno.ENOSPC, errno.EIO, errno.EMFILE)


class Plan:
    """Which call fails: the ``at``-th from now on; none if None. ``calls`` counts them, ``failed`` names the one."""

    def __init__(self) -> None:
        self.reset(None)

    def reset(self, at: int | None, number: int = errno.EIO) -> None:
        self.at, self.number = at, number
        self.calls = 0
        self.names: list[str] = []
        self.failed = ""

    def step(self, where: str) -> None:
        self.calls += 1
        self.names.append(where)
        # A full disk stays full: what follows fails as well, except what gives room.
        again = self.number == errno.ENOSPC and where.split()[0] in ("write", "create", "sync")
        if self.at is not None and self.calls > self.at and (again or not self.failed):
            self.failed = self.failed or where
            raise OSError(self.number, os.strerror(self.number), where)


PLAN = Plan()


class Faulty(Folder):
    def list(self) -> list[str]:
        PLAN.step("list")
        return super().list()

    def open(self, name: str) -> Any:
        PLAN.step(f"open {name}")
        return super().open(name)

    def create(self, name: str, *, exclusive: bool = False) -> Any:
        PLAN.step(f"create {name}")
        super().create(name).close()
        return io.BufferedWriter(_FaultyFile(self.path_of(name), "wb"), 1000)

    def rename(self, old: str, new: str) -> None:
        PLAN.step(f"rename {new}")
        super().rename(old, new)

    def delete(self, name: str) -> None:
        PLAN.step(f"delete {name}")
        super().delete(name)

    def sync_file(self, file: Any) -> None:
        PLAN.step("sync file")
        super().sync_file(file)

    def sync(self) -> None:
        PLAN.step("sync folder")
        super().sync()

    def lock(self, name: str) -> Any:
        PLAN.step("lock")
        return super().lock(name)


class _FaultyFile(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            PLAN.step("write")
        except OSError:
            super().write(bytes(data)[: len(data) // 2])
            raise
        return super().write(data)


@pytest.fixture(autouse=True)
def _faulty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    PLAN.reset(None)
    monkeypatch.setattr("cnsearch.store.opening.Folder", Faulty)
    yield
    PLAN.reset(None)


def article(number: int, text: str) -> Article:
    return Article(id=f"{number}.md", title=f"第{number}篇", paragraphs=(text + "上海数字化转型" * 30,), source="源")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of several segments with deletions."""
    path = tmp_path_factory.mktemp("before")
    with cnsearch.open_index(path / "index", create=True) as index:
        for start in range(0, 9, 3):
            transaction = begin(index._backend.store)
            transaction.cancel()
            index.add([article(n, "旧") for n in range(start, start + 3)])
        index.delete("4.md")
    (path / "posts").mkdir()
    for name in "ab":
        (path / f"posts/{name}.md").write_text(f"江豚 {name}", encoding="utf-8")
    return path


WRITES: dict[str, Callable[[Path, Path], object]] = {
    "add": lambda path, posts: _with(path, lambda index: index.add([article(1, "新"), article(77, "新")])),
    "delete": lambda path, posts: _with(path, lambda index: index.delete(["0.md", "3.md"])),
    "update": lambda path, posts: _with(path, lambda index: index.update(posts, jobs=1)),
    "merge": lambda path, posts: begin(Store.open(path)).settle(100),
    "rebuild": lambda path, posts: cnsearch.rebuild_index(path, posts, jobs=1)[0].close(),
    "create": lambda path, posts: cnsearch.open_index(path / "new", create=True).close(),
}


def _with(path: Path, do: Callable[[cnsearch.Index], object]) -> None:
    with cnsearch.open_index(path) as index:
        do(index)


@pytest.mark.parametrize("what", WRITES)
def test_a_fault_in_every_call(before: Path, tmp_path: Path, contents: Any, soak: bool, what: str) -> None:
    write, posts = WRITES[what], before / "posts"

    def fresh() -> Path:
        shutil.rmtree(tmp_path / "index", ignore_errors=True)
        shutil.copytree(before / "index", tmp_path / "index")
        return tmp_path / "index"

    path = fresh()
    shown = path / "new" if what == "create" else path
    old = contents(shown)
    PLAN.reset(None)
    write(path, posts)
    calls = PLAN.calls
    new = contents(shown)
    assert calls > 5
    failed = set()
    for at in range(calls) if soak else range(calls % 6, calls, 6):
        for number in ERRORS if soak else (ERRORS[at % 3],):
            fresh()
            PLAN.reset(at, number)
            try:
                write(path, posts)
            except (OSError, cnsearch.CnsearchError) as error:
                failed.add(PLAN.failed.split()[0])
                wrong = (cnsearch.CorruptIndexError, cnsearch.IndexFormatError, cnsearch.IndexNotFoundError)
                problem = f"{what}, {PLAN.failed}: {error!r}" if isinstance(error, wrong) else ""
                assert not problem
            where = f"{what}, {errno.errorcode[number]} at {PLAN.failed} ({at} of {calls})"
            PLAN.reset(None)
            found = contents(shown)
            assert found in (old, new), where
            write(path, posts)
            if what != "create":
                with cnsearch.open_index(path) as index:
                    index.add(article(99, "末"))
                    listed = {entry.filename for entry in index._backend.store.commits.read().segments}
                    toc = f"commit_{index._backend.store.generation()}.toc"
                assert {file.name for file in path.iterdir()} == {toc, "MAIN_WRITELOCK", *listed}, where
            else:
                assert contents(shown) == new, where
    assert failed & {"create", "write", "sync"}


def test_an_error_says_that_nothing_was_done_unless_it_was(before: Path, tmp_path: Path, contents: Any) -> None:
    """Only what fails after the rename leaves the new commit: then all of it is there, perhaps not yet on the disk."""
    path = tmp_path / "index"
    shutil.copytree(before / "index", path)
    old = contents(path)
    PLAN.reset(None)
    WRITES["delete"](path, before / "posts")
    after_rename = max(at for at, name in enumerate(PLAN.names) if name.startswith("rename")) + 1
    for at in range(after_rename % 3, PLAN.calls, 3):
        shutil.rmtree(path)
        shutil.copytree(before / "index", path)
        PLAN.reset(at, errno.EIO)
        try:
            WRITES["delete"](path, before / "posts")
        except OSError:
            PLAN.reset(None)
            assert (contents(path) == old) == (at < after_rename)


@pytest.mark.parametrize("number", ERRORS)
def test_opening_takes_no_refusal_for_damage(before: Path, tmp_path: Path, contents: Any, number: int) -> None:
    """Else ``create`` and ``rebuild`` would put an empty index in the place of a good one."""
    path = tmp_path / "index"
    shutil.copytree(before / "index", path)
    old = contents(path)
    for attempt in (cnsearch.open_index, lambda path: cnsearch.open_index(path, create=True)):
        PLAN.reset(None)
        attempt(path).close()
        for at in range(PLAN.calls):
            PLAN.reset(at, number)
            with pytest.raises(OSError, match=r"\w") as caught:
                attempt(path)
            assert caught.value.errno == number
        PLAN.reset(None)
        assert contents(path) == old


def test_the_command_line_shows_one_line(
    before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "index"
    shutil.copytree(before / "index", path)
    for number in ERRORS:
        for arguments in (["search", "上海"], ["stats"], ["index", str(before / "posts"), "--jobs", "1"]):
            for at in (0, 1, 3, 8, 14):
                monkeypatch.setattr(sys, "argv", ["cnsearch", *arguments, "--index", str(path)])
                PLAN.reset(at, number)
                with pytest.raises(SystemExit) as exit_:
                    program.main()
                out, err = capsys.readouterr()
                if PLAN.failed:
                    assert exit_.value.code == 1
                    assert out == ""
                    assert len(err.splitlines()) == 1
                    assert os.strerror(number) in err
                else:
                    assert exit_.value.code == 0
                PLAN.reset(None)

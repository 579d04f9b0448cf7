"""Files of several articles, what is left out, what has moved, and what an index remembers of its folders."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cnsearch
from cnsearch.corpus import readers
from cnsearch.indexing import reading, transactions, workers

Write = Callable[..., Path]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        yield index


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "posts").mkdir()
    return tmp_path / "posts"


def old(path: Path, text: str, age: float = 100) -> Path:
    """Write a file that is old enough for its time stamp to be trusted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def lines(*records: tuple[int, str]) -> str:
    return "".join(
        json.dumps({"id": number, "title": text, "text": f"{text}的正文"}) + "\n" for number, text in records
    )


def counts(report: cnsearch.UpdateReport) -> tuple[int, int, int, int, int, int]:
    return report.added, report.changed, report.removed, report.unchanged, report.moved, len(report.failed)


def ids(index: cnsearch.Index) -> list[str]:
    found = sorted(hit.id for hit in index.search("*", limit=1000))
    assert len(found) == len(index)
    return found


def run(*arguments: object, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cnsearch", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert "Traceback" not in done.stderr
    assert code is None or done.returncode == code, done.stderr
    return done


# Files of several articles


def test_entries_are_compared_one_by_one(index: cnsearch.Index, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = old(root / "旧文.jsonl", lines((1, "甲"), (2, "乙"), (3, "丙")))
    assert counts(index.update(root)) == (3, 0, 0, 0, 0, 0)
    assert ids(index) == ["旧文.jsonl#1", "旧文.jsonl#2", "旧文.jsonl#3"]
    assert index.get("旧文.jsonl#2").path == str(path)
    with monkeypatch.context() as patch:
        patch.setattr(reading, "read_post", lambda *args, **more: pytest.fail("was read"))
        assert counts(index.update(root)) == (0, 0, 0, 3, 0, 0)
    old(path, path.read_text(encoding="utf-8"), age=50)  # touched, equal
    with monkeypatch.context() as patch:
        patch.setattr(reading, "read_file", lambda *args, **more: pytest.fail("was parsed"))
        assert counts(index.update(root)) == (0, 0, 0, 3, 0, 0)
    old(path, lines((1, "甲"), (3, "丙丁"), (4, "戊")), age=40)
    cut = []
    document_of = transactions.document_of
    monkeypatch.setattr(
        transactions, "document_of", lambda article, *more: cut.append(article.id) or document_of(article, *more)
    )
    assert counts(index.update(root)) == (1, 1, 1, 1, 0, 0)
    assert cut == ["旧文.jsonl#3", "旧文.jsonl#4"]
    assert ids(index) == ["旧文.jsonl#1", "旧文.jsonl#3", "旧文.jsonl#4"]
    path.unlink()
    assert counts(index.update(root)) == (0, 0, 3, 0, 0, 0)
    assert index._backend.current().snapshot.settings.files == {}


def test_what_cannot_be_read_takes_nothing_away(index: cnsearch.Index, root: Path) -> None:
    path = old(root / "a.jsonl", lines((1, "甲"), (2, "乙")))
    index.update(root)
    old(path, lines((1, "甲")) + '{"id": 2, "ti\n', age=50)
    report = index.update(root)
    assert counts(report) == (0, 0, 0, 1, 0, 1)
    assert report.failed[0].path == f"{path}:2"
    assert ids(index) == ["a.jsonl#1", "a.jsonl#2"]
    assert len(index.update(root).failed) == 1  # it is said again
    old(path, lines((1, "甲")), age=40)
    assert counts(index.update(root)) == (0, 0, 1, 1, 0, 0)


def test_deleted_entries_come_back_with_the_file(index: cnsearch.Index, root: Path) -> None:
    old(root / "a.jsonl", lines((1, "甲"), (2, "乙")))
    index.update(root)
    index.delete("a.jsonl#1")
    assert counts(index.update(root)) == (1, 0, 0, 1, 0, 0)


def test_names_with_the_mark_of_entries(index: cnsearch.Index, root: Path, write_post: Write) -> None:
    write_post(root / "C#入门.md", "入门", age=100)
    old(root / "a#b.jsonl", lines((1, "甲#乙")))
    index.update(root)
    assert ids(index) == ["C#入门.md", "a#b.jsonl#1"]
    assert counts(index.update(root)) == (0, 0, 0, 2, 0, 0)
    (root / "a#b.jsonl").unlink()
    assert counts(index.update(root)) == (0, 0, 1, 1, 0, 0)


def test_a_rebuild_keeps_what_failed(tmp_path: Path, root: Path) -> None:
    path = old(root / "a.jsonl", lines((1, "甲"), (2, "乙")))
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.update(root, source="旧站")
    old(path, lines((1, "甲")) + "{\n", age=50)
    rebuilt, report = cnsearch.rebuild_index(tmp_path / "index")
    with rebuilt:
        assert len(report.failed) == 1
        assert ids(rebuilt) == ["a.jsonl#1", "a.jsonl#2"]
        assert rebuilt.get("a.jsonl#1").source == "旧站"


def test_many_files_in_worker_processes(index: cnsearch.Index, root: Path) -> None:
    num_files = workers.MIN_ARTICLES_FOR_WORKERS + 20
    for number in range(num_files):
        old(root / f"{number}.jsonl", lines((1, f"甲{number}"), (2, "乙")))
    report = index.update(root, jobs=2)
    assert counts(report) == (2 * num_files, 0, 0, 0, 0, 0)
    assert counts(index.update(root, jobs=2)) == (0, 0, 0, 2 * num_files, 0, 0)


def test_dry_run_counts_the_same_and_writes_nothing(index: cnsearch.Index, root: Path) -> None:
    old(root / "a.jsonl", lines((1, "甲"), (2, "乙")))
    assert counts(index.update(root, dry_run=True)) == (2, 0, 0, 0, 0, 0)
    assert len(index) == 0


# Passed over


def test_what_nobody_reads_is_counted_by_kind(root: Path, tmp_path: Path, write_post: Write) -> None:
    write_post(root / "a.md", "文")
    for name in ("b.docx", "c.docx", "d.EPUB", "LICENSE", "图.png", "x.css", ".hidden.pdf"):
        (root / name).write_text("x")
    (root / "settings.json").write_text('{"name": "x"}')
    done = run("index", root, "--index", tmp_path / "ix")
    assert "passed over: 2 .docx, 1 .epub, 1 .json, 1 without ending\n" in done.stderr
    report = json.loads(run("index", "--json", "--index", tmp_path / "ix").stdout)
    assert report["passed_over"] == {".docx": 2, ".epub": 1, ".json": 1, "without ending": 1}


def test_a_folder_of_which_nothing_can_be_read(root: Path, tmp_path: Path, write_post: Write) -> None:
    (root / "a.docx").write_text("x")
    (root / "b.json").write_text('{"name": "x"}')
    write_post(tmp_path / "good/a.md", "文")
    done = run("index", root, tmp_path / "good", "--index", tmp_path / "ix", code=1)
    assert f"{root}: nothing in it can be read" in done.stderr
    assert 'b.json: no articles in it: expected a name such as "title"' in done.stderr
    assert done.stdout.startswith("1 added")
    (tmp_path / "empty").mkdir()
    run("index", tmp_path / "empty", "--index", tmp_path / "ix2")


def test_each_bad_file_has_a_line_and_the_others_go_on(root: Path, tmp_path: Path, write_post: Write) -> None:
    write_post(root / "good.md", "文")
    (root / "a.csv").write_text("1,2\n3,4\n")
    (root / "b.json").write_text('[{"title": "甲", "text": "文"},\n  5]')
    (root / "c.xml").write_text('<!DOCTYPE r [<!ENTITY a "b">]><rss><channel/></rss>')
    (root / "d.json").write_text("[[[")
    done = run("index", root, "--index", tmp_path / "ix", "--json")
    reasons = {Path(one["path"]).name: one["reason"] for one in json.loads(done.stdout)["failed"]}
    assert reasons["a.csv"].startswith("line 1 does not name the columns: expected")
    assert reasons["b.json:2:3"].startswith("expected an object")
    assert "refused" in reasons["c.xml"]
    assert reasons["d.json"].startswith("not JSON")
    assert json.loads(done.stdout)["added"] == 2


# Left out


def test_excluded_files_are_remembered_and_removed(index: cnsearch.Index, root: Path, write_post: Write) -> None:
    for name in ("a.md", "drafts/b.md", "c/d.tmp.md"):
        write_post(root / name, name, age=100)
    assert index.update(root).added == 3
    report = index.update(root, exclude=["drafts/", "*.tmp.md"])
    assert (report.removed, report.excluded, ids(index)) == (2, 2, ["a.md"])
    assert counts(index.update()) == (0, 0, 0, 1, 0, 0)
    assert index.update(root, exclude=[]).added == 2
    with pytest.raises(ValueError, match="exclude"):
        index.update(root, exclude=["!"])


def test_ignore_files_at_any_level(index: cnsearch.Index, root: Path, write_post: Write) -> None:
    for name in ("a.md", "x/a.md", "x/b.md", "x/y/a.md", "x/y/b.md"):
        write_post(root / name, name, age=100)
    (root / ".cnsearchignore").write_text("# rules\na.md\n", encoding="utf-8")
    (root / "x/y/.cnsearchignore").write_text("!a.md\nb.md\n", encoding="utf-8")
    index.update(root)
    assert ids(index) == ["x/b.md", "x/y/a.md"]
    (root / ".cnsearchignore").write_text("!\n", encoding="utf-8")
    report = index.update(root)
    assert [failure.reason for failure in report.failed] == ["line 1: Invalid git pattern: '!'"] or report.failed
    assert "x/a.md" in ids(index)


def test_what_programs_generate_is_left_out_and_said(root: Path, tmp_path: Path, write_post: Write) -> None:
    for name in ("source/_posts/a.md", "public/a/index.html", "node_modules/x/README.md", "notes/public/b.md"):
        write_post(root / name, name, age=100)
    (root / "_config.yml").write_text("title: x")
    done = run("index", root, "--index", tmp_path / "ix")
    assert f"left out: {root}/public/ (generated by Hexo); to index it anyway" in done.stderr
    assert "node_modules" in done.stderr
    with cnsearch.open_index(tmp_path / "ix") as index:
        assert ids(index) == ["notes/public/b.md", "source/_posts/a.md"]
        index.update(root / "public")  # named
        assert "public/a/index.html" in ids(index)
        index.update()
        assert "public/a/index.html" in ids(index)
    done = run("index", root, "--index", tmp_path / "ix2", "--exclude", "!public/")
    assert "public" not in done.stderr
    assert "2 added" not in done.stdout


# Moved


def test_moved_files_keep_their_articles(index: cnsearch.Index, root: Path, write_post: Write) -> None:
    write_post(root / "a.md", "甲", age=100)
    old(root / "b.jsonl", lines((1, "乙"), (2, "丙")))
    old(root / "2020-01-02-名.txt", "没有标题的一篇。")
    index.update(root)
    (root / "sub").mkdir()
    for name in ("a.md", "b.jsonl"):
        (root / name).rename(root / "sub" / name)
    (root / "2020-01-02-名.txt").rename(root / "sub/新名.txt")
    assert counts(index.update(root)) == (0, 0, 0, 0, 4, 0)
    assert ids(index) == ["sub/a.md", "sub/b.jsonl#1", "sub/b.jsonl#2", "sub/新名.txt"]
    assert index.get("sub/新名.txt").title == "新名"  # what comes from the name is that of the new one
    assert index.get("sub/a.md").path == str(root / "sub/a.md")


def test_copies_that_move_are_paired_by_name(index: cnsearch.Index, root: Path, write_post: Write) -> None:
    for name in ("a.md", "b.md", "c.md"):
        write_post(root / name, "同", age=100)
    index.update(root)
    (root / "x").mkdir()
    for name in ("a.md", "b.md"):
        (root / name).rename(root / "x" / name)
    (root / "c.md").unlink()
    assert counts(index.update(root)) == (0, 0, 1, 0, 2, 0)


# Settings of folders


def test_a_split_is_remembered(index: cnsearch.Index, root: Path, write_post: Write) -> None:
    old(root / "书.txt", "第一章 起\n甲在此。\n第二章 落\n乙在此。\n")
    write_post(root / "a.md", "文", age=100)
    index.update(root)
    assert ids(index) == ["a.md", "书.txt"]
    index.update(root / "书.txt", split="chapter")
    chapters = ["a.md", "书.txt#第一章 起", "书.txt#第二章 落"]
    assert ids(index) == chapters
    assert index.get("书.txt#第二章 落").title == "书 第二章 落"
    assert counts(index.update(root)) == (0, 0, 0, 3, 0, 0)
    old(root / "书.txt", "第一章 起\n甲在此。\n第二章 落\n乙在此，丙也在。\n", age=50)
    assert counts(index.update()) == (0, 1, 0, 2, 0, 0)
    assert ids(index) == chapters
    index.update(root, split="")
    assert ids(index) == ["a.md", "书.txt"]


def test_a_source_for_articles_that_name_none(index: cnsearch.Index, root: Path, write_post: Write) -> None:
    write_post(root / "a.md", "文", age=100)
    old(root / "x/b.txt", "没有来源。")
    index.update(root / "x")
    index.update(root)
    index.update(root, source="我的笔记")
    assert (index.get("a.md").source, index.get("x/b.txt").source) == ("每经网", "我的笔记")
    old(root / "x/c.txt", "又一篇。")
    index.update()
    assert index.get("x/c.txt").source == "我的笔记"


def test_drafts_can_be_left_out(index: cnsearch.Index, root: Path) -> None:
    old(root / "a.md", "---\ntitle: 甲\ndraft: true\n---\n文")
    old(root / "b.md", "---\ntitle: 乙\n---\n文")
    index.update(root)
    report = index.update(root, drafts=False)
    assert (report.removed, report.excluded, ids(index)) == (1, 1, ["b.md"])
    assert counts(index.update()) == (0, 0, 0, 1, 0, 0)
    index.update(root, drafts=True)
    assert ids(index) == ["a.md", "b.md"]


# Showing


def test_explain_says_of_each_file_how_it_is_taken(root: Path, tmp_path: Path) -> None:
    old(root / "a.md", "---\ntitle: 甲\ndraft: true\n---\n文")
    old(root / "b.jsonl", lines((1, "乙"), (2, "丙")) + "{\n")
    old(root / "c.docx", "x")
    old(root / "d.json", "{}")
    old(root / "e.txt", "文")
    old(root / "f.md", '+++\ntitle = "己"\n+++\n文')
    old(root / ".cnsearchignore", "e.*\n")
    done = run("index", root, "--explain", "--index", tmp_path / "ix")
    found = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert found["a.md"] == "Markdown, front matter (YAML), draft"
    assert found["f.md"] == "Markdown, front matter (TOML)"
    assert found["b.jsonl"] == "JSON Lines, 2 entries, 1 failed"
    assert found["c.docx"].startswith("passed over")
    assert found["d.json"].startswith("passed over: no articles in it")
    assert found["e.txt"] == "left out: excluded by .cnsearchignore line 1: e.*"
    assert not (tmp_path / "ix").exists()


def test_show_raw(root: Path, tmp_path: Path) -> None:
    old(root / "a.md", "---\ntitle: 甲\n---\n**粗**体")
    old(root / "b.jsonl", lines((1, "乙")))
    run("index", root, "--index", tmp_path / "ix")
    done = run("show", "--raw", "a.md", "--index", tmp_path / "ix")
    assert "**粗**体" in done.stdout
    assert done.stdout.rstrip().endswith("粗体")
    raw = json.loads(run("show", "--raw", "b.jsonl#1", "--json", "--index", tmp_path / "ix").stdout)["raw"]
    assert json.loads(raw) == {"id": 1, "title": "乙", "text": "乙的正文"}
    (root / "a.md").unlink()
    assert "vanished" in run("show", "--raw", "a.md", "--index", tmp_path / "ix", code=2).stderr


# Readers of other packages


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with a reader of .box files: a title a line; a line "!" is bad, "?" makes it fail."""
    site = tmp_path / "site"
    (site / "boxes-1.0.dist-info").mkdir(parents=True)
    (site / "boxes-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: boxes\nVersion: 1.0\n")
    (site / "boxes-1.0.dist-info/entry_points.txt").write_text(
        "[cnsearch.readers]\n.box = boxes:read\n.broken = nowhere:read\n"
    )
    (site / "boxes.py").write_text(
        "import cnsearch\n"
        "def read(data, context):\n"
        "    for number, line in enumerate(data.decode().splitlines()):\n"
        "        if line == '!':\n"
        "            yield cnsearch.Failure(context.path, 'bad line')\n"
        "        elif line == '?':\n"
        "            raise ZeroDivisionError('oh')\n"
        "        else:\n"
        "            yield cnsearch.Article(str(number), line, ('箱中之文',))\n"
    )
    monkeypatch.syspath_prepend(str(site))
    readers._plug_ins.cache_clear()
    yield
    readers._plug_ins.cache_clear()


@pytest.mark.usefixtures("plug_in")
def test_readers_of_other_packages(index: cnsearch.Index, root: Path) -> None:
    old(root / "a.box", "甲\n!\n丙")
    old(root / "b.box", "丁\n?")
    old(root / "c.broken", "x")
    report = index.update(root, source="箱")
    assert ids(index) == ["a.box#0", "a.box#2", "b.box#0"]
    assert index.get("a.box#2").source == "箱"
    reasons = {Path(failure.path).name: failure.reason for failure in report.failed}
    assert reasons["a.box"] == "bad line"
    assert reasons["b.box"] == "the reader of .box (boxes:read) failed: ZeroDivisionError: oh"
    assert reasons["c.broken"].startswith("the reader of .broken (nowhere:read) cannot be loaded: ModuleNotFoundError")


@pytest.mark.usefixtures("plug_in")
def test_readers_of_other_packages_in_worker_processes(index: cnsearch.Index, root: Path) -> None:
    for number in range(workers.MIN_ARTICLES_FOR_WORKERS + 1):
        old(root / f"{number}.box", f"题{number}")
    report = index.update(root, jobs=2)
    assert (report.added, report.failed) == (workers.MIN_ARTICLES_FOR_WORKERS + 1, ())

"""JSON Lines above the limit of a post are read a record at a time, and give what a smaller file gives."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import cnsearch
from cnsearch import Limits
from cnsearch.indexing import workers

SMALL = Limits(post_bytes=2_000)
NUM = 60


def write(path: Path, texts: dict[str, str], *, age: float = 100) -> None:
    lines = [
        json.dumps({"id": id_, "title": f"第{id_}篇", "text": text}, ensure_ascii=False) for id_, text in texts.items()
    ]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))


@pytest.fixture
def texts() -> dict[str, str]:
    return {str(n): f"江豚{n}" for n in range(NUM)}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[cnsearch.Index]:
    monkeypatch.setattr(workers, "CHUNK", 5)
    monkeypatch.setattr(workers, "MIN_ARTICLES_FOR_WORKERS", 10)
    with cnsearch.open_index(tmp_path / "index", create=True, limits=SMALL) as index:
        yield index


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("name", ["a.jsonl", "b.NDJSON"])
def test_as_a_smaller_file(index: cnsearch.Index, tmp_path: Path, texts: dict[str, str], name: str, jobs: int) -> None:
    write(tmp_path / "posts" / name, {**texts, "1": "甲"})
    report = index.update(tmp_path / "posts", jobs=jobs)
    assert (report.added, report.failed) == (NUM, ())
    with cnsearch.open_index(tmp_path / "whole", create=True) as whole:
        whole.update(tmp_path / "posts", jobs=1)
        assert {article.id: article for article in index} == {article.id: article for article in whole}
    with cnsearch.open_index(tmp_path / "index") as unlimited:  # each goes on where the other was
        assert unlimited.update().unchanged == NUM


def test_what_changed_in_it(index: cnsearch.Index, tmp_path: Path, texts: dict[str, str]) -> None:
    path = tmp_path / "posts/a.jsonl"
    write(path, texts)
    index.update(tmp_path / "posts")
    assert index.update().unchanged == NUM
    write(path, texts, age=50)  # read, and the same
    assert (index.update().unchanged, index.update(dry_run=True).unchanged) == (NUM, NUM)
    del texts["7"]
    write(path, {**texts, "3": "白鱀豚", "new": "新"})
    dry = index.update(dry_run=True)
    report = index.update()
    for one in (dry, report):
        assert (one.added, one.changed, one.removed, one.unchanged) == (1, 1, 1, NUM - 2)
    assert index.search("白鱀豚")[0].id == "a.jsonl#3"
    assert "a.jsonl#7" not in index
    path.unlink()
    assert index.update().removed == NUM


def test_bad_lines_end_nothing(index: cnsearch.Index, tmp_path: Path, texts: dict[str, str]) -> None:
    path = tmp_path / "posts/a.jsonl"
    write(path, texts)
    good = path.read_bytes()
    long = json.dumps({"id": "long", "text": "长" * 900}, ensure_ascii=False).encode()
    path.write_bytes(
        b"\xef\xbb\xbf" + good + b"{broken\n" + long + b"\n" + '{"text": "国标"}'.encode("gb18030") + b"\n"
    )
    report = index.update(tmp_path / "posts")
    assert report.added == NUM
    assert [failure.path for failure in report.failed] == [f"{path}:{NUM + n}" for n in (1, 2, 3)]
    for part, failure in zip(("not JSON", "too large", "UTF-8"), report.failed, strict=True):
        assert part in failure.reason
    path.write_bytes(good.split(b"\n", 1)[1] + b"{broken\n")
    assert index.update().removed == 0  # what is missing may be in the line that cannot be read


def test_a_rebuild_and_an_update_that_is_stopped(index: cnsearch.Index, tmp_path: Path, texts: dict[str, str]) -> None:
    write(tmp_path / "posts/a.jsonl", texts)
    stop = threading.Event()
    report = index.update(tmp_path / "posts", jobs=1, stop=stop, progress=lambda done, total: stop.set())
    assert report.stopped
    assert 0 < report.added == len(index) < NUM
    assert index.update(jobs=1).added == NUM - report.added
    rebuilt, report = cnsearch.rebuild_index(index.path, limits=SMALL, jobs=1)
    with rebuilt:
        assert (report.added, report.failed, len(rebuilt)) == (NUM, (), NUM)
        assert rebuilt.update().unchanged == NUM


def test_it_is_explained_and_shown_raw(index: cnsearch.Index, tmp_path: Path, texts: dict[str, str]) -> None:
    write(tmp_path / "posts/a.jsonl", texts)
    index.update(tmp_path / "posts")
    assert dict(index.explain_files()) == {"a.jsonl": "JSON Lines, read record by record, 60 entries"}
    assert json.loads(index.raw("a.jsonl#7"))["text"] == "江豚7"


def test_other_files_keep_to_the_limit(index: cnsearch.Index, tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/a.md").write_text("长" * 2_000, encoding="utf-8")
    report = index.update(tmp_path / "posts")
    assert "too large" in report.failed[0].reason

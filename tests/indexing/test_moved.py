"""New files with the content of files that are gone."""

from __future__ import annotations

from pathlib import Path

from cnsearch.corpus.posts import PostFile
from cnsearch.indexing.digests import file_digest
from cnsearch.indexing.moved import mark_moved
from cnsearch.indexing.tasks import ENTRY_SIZE, Origin, Task
from cnsearch.limits import DEFAULT_LIMITS
from cnsearch.settings import KnownFile, Settings
from cnsearch.store.segment import Indexed

ROOT = "/posts"


def new_file(folder: Path, name: str, text: str) -> Task:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    size = path.stat().st_size
    return Task(PostFile(name, str(path), size, 1), Origin(ROOT, size, 1))


def gone(text: str) -> Indexed:
    data = text.encode()
    return Indexed(0, ROOT, len(data), 1, file_digest(data))


def moved(tasks: list[Task], indexed: dict[str, Indexed]) -> tuple[int, list[str]]:
    count = mark_moved(tasks, indexed, indexed, {}, Settings(), DEFAULT_LIMITS)
    return count, [task.source.id for task in tasks if task.moved]


def test_the_same_content_elsewhere_has_moved(tmp_path: Path) -> None:
    tasks = [new_file(tmp_path, "new/a.md", "江豚"), new_file(tmp_path, "b.md", "海豚")]
    assert moved(tasks, {"a.md": gone("江豚"), "c.md": gone("另外")}) == (1, ["new/a.md"])


def test_of_equal_files_those_of_one_name_belong_together(tmp_path: Path) -> None:
    tasks = [new_file(tmp_path, f"new/{name}", "江豚") for name in ("a.md", "b.md", "c.md")]
    assert moved(tasks, {"old/c.md": gone("江豚")}) == (1, ["new/c.md"])
    tasks = [new_file(tmp_path, f"new/{name}", "江豚") for name in ("a.md", "b.md", "c.md")]
    assert moved(tasks, {"old/x.md": gone("江豚"), "old/b.md": gone("江豚")}) == (2, ["new/a.md", "new/b.md"])


def test_a_file_of_several_articles_moves_with_all_of_them(tmp_path: Path) -> None:
    text = "很多"
    data = text.encode()
    tasks = [new_file(tmp_path, "new/a.jsonl", text)]
    entries = {f"a.jsonl#{n}": Indexed(n, ROOT, ENTRY_SIZE, 0, bytes([n]) * 16) for n in range(3)}
    known = KnownFile(len(data), 1, file_digest(data), 3)
    settings = Settings().with_files(ROOT, {"a.jsonl": known})
    file_of = dict.fromkeys(entries, "a.jsonl")
    assert mark_moved(tasks, entries, entries, file_of, settings, DEFAULT_LIMITS) == 3
    assert tasks[0].moved


def test_what_replaces_an_article_has_not_moved(tmp_path: Path) -> None:
    task = new_file(tmp_path, "new/a.md", "江豚")
    tasks = [Task(task.source, task.origin, replaces=True)]
    assert moved(tasks, {"a.md": gone("江豚")}) == (0, [])

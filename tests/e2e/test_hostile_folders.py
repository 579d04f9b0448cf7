"""Folders and articles of strangers: what the index takes in, and that nothing of it ends a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.corpus.posts import PostFile
from cnsearch.indexing import reading
from cnsearch.store.labels import MAX_PATH_LEVELS

Write = Callable[..., Path]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        yield index


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have only names that are UTF-8")
def test_a_folder_whose_name_is_not_utf8_makes_the_index_unusable(
    index: cnsearch.Index, tmp_path: Path, write_post: Write
) -> None:
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xff\n\x1b[31m"))
    write_post(root / "a.md", "江豚", age=100)
    assert index.update(root).added == 1
    assert index.update().unchanged == 1
    assert index.stats()["folders"] == [os.fspath(root)]
    assert index.get("a.md").path == os.fspath(root / "a.md")
    assert index.verify(deep=True).ok
    fresh, report = cnsearch.rebuild_index(tmp_path / "index")
    with fresh:
        assert (report.added, fresh.search("江豚").total) == (1, 1)
    (root / "a.md").unlink()
    assert index.update().removed == 1


def test_thousands_of_empty_files(index: cnsearch.Index, tmp_path: Path, write_post: Write) -> None:
    write_post(tmp_path / "posts/good.md")
    for number in range(3_000):
        (tmp_path / f"posts/{number}.md").touch()
    report = index.update(tmp_path / "posts", jobs=1)
    assert (report.added, report.failed) == (3_001, ())
    assert [hit.id for hit in index.search("2999")] == ["2999.md"]


def test_a_post_that_grows_beyond_the_limit_while_it_is_read(
    index: cnsearch.Index, tmp_path: Path, write_post: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_post(tmp_path / "posts/a.md")
    read, fstat = reading.read_post, os.fstat

    def grown(file: PostFile, *, max_bytes: int) -> bytes:
        found = fstat(os.open(path, os.O_RDONLY))  # what the file had when its size was asked for
        path.write_bytes(b"x" * (max_bytes + 1))
        with monkeypatch.context() as patch:
            patch.setattr(os, "fstat", lambda descriptor: found)
            return read(file, max_bytes=max_bytes)

    monkeypatch.setattr(reading, "read_post", grown)
    (failure,) = index.update(tmp_path / "posts", jobs=1).failed
    assert failure.reason.startswith("too large: 64.0 MiB")


def test_ids_that_look_like_paths_are_only_names(index: cnsearch.Index, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("外面的江豚", encoding="utf-8")
    names = ["../outside.md", "../../../../etc/passwd", os.fspath(outside), "a\0b", "a\nb", "-", "*", "/", "..", "a\\b"]
    index.add([Article(name, "江豚") for name in names])
    assert {hit.id for hit in index.search("江豚", limit=99)} == set(names)
    for name in names:
        assert index.get(name).body == ""
    assert index.delete(names) == len(names)
    assert outside.read_text(encoding="utf-8") == "外面的江豚"


def test_half_a_million_categories_take_all_memory(index: cnsearch.Index) -> None:
    levels = tuple(f"l{n}" for n in range(20_000))
    index.add(Article("a", "江豚", categories=levels))
    assert index.search("江豚", category=levels[-1]).total == 1
    assert index.search("江豚", category="/".join(levels[:MAX_PATH_LEVELS])).total == 1
    assert index.search("江豚", category="/".join(levels[: MAX_PATH_LEVELS + 1])).total == 0
    assert index.get("a").categories == levels


@pytest.mark.parametrize("kind", ["id", "title", "paragraphs", "source", "author", "categories", "url", "path"])
def test_half_surrogates_and_control_characters_in_an_article(index: cnsearch.Index, kind: str) -> None:
    evil = "\ud800甲\udfff\0\x1b\x9b"
    value = {"paragraphs": (evil,), "categories": (evil,)}.get(kind, evil)
    index.add(Article(**{"id": "a", "title": "江豚", kind: value}))  # type: ignore[arg-type]
    (hit,) = index.search("*")
    assert index.get(hit.id).id == hit.id
    assert index.verify(deep=True).ok
    if kind in ("source", "author"):
        shown = getattr(hit, kind)
        assert index.search("*", **{kind: shown}).total == index.search("*", **{kind: evil}).total == 1
    assert index.delete(hit.id) == 1


def test_an_id_that_could_not_be_found_again_is_refused() -> None:
    with pytest.raises(ValueError, match="FFFF"):
        Article("a\uffff", "江豚")


def test_a_date_at_the_end_of_the_calendar_breaks_every_search(index: cnsearch.Index) -> None:
    west, east = (timezone(timedelta(hours=hours)) for hours in (-23, 23))
    for date in (datetime.min.replace(tzinfo=east), datetime.max.replace(tzinfo=west)):
        with pytest.raises(ValueError, match="years 2 to 9998"):
            Article("a", "江豚", date=date)
    first, last = datetime(2, 1, 1, tzinfo=east), datetime(9998, 12, 31, 23, 59, tzinfo=west)
    index.add([Article("a", "江豚", date=first), Article("b", "江豚", date=last)])
    assert [hit.to_dict(index.time_zone)["id"] for hit in index.search("江豚", sort="date")] == ["b", "a"]
    assert index.stats()["last_date"].startswith("999")
    facets = index.search("江豚", facets=["year", "month"], half_life_days=5e-324).facets
    assert sum(facets["year"].values()) == 2
    for moment in (datetime.min, datetime.max, "0001-01-01T00:00", "9999-12-31T23:59", "0001", "9998"):
        for name in ("since", "until"):
            index.search("江豚", **{name: moment})  # type: ignore[arg-type]


def test_an_index_under_a_name_that_is_too_long() -> None:
    for create in (False, True):
        with pytest.raises(cnsearch.IndexNotFoundError):
            cnsearch.open_index("a" * 5_000, create=create)

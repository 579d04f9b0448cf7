"""An index of every released format is read, and says what it said when it was written."""

from __future__ import annotations

import importlib.util
import json
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch.engine.commit.toc import decode_toc, encode_toc
from cnsearch.store.schema import SCHEMA_VERSION

FOLDER = Path(__file__).parent
FORMATS = sorted(path for path in FOLDER.glob("v*") if path.is_dir())


def answers(index: cnsearch.Index, version: int) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("make", FOLDER / "make.py")
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    return make.answers(index, version)  # type: ignore[no-any-return]


def lacks(found: Any, expected: Any, at: str = "") -> str:
    """Where ``found`` has another value than ``expected``; keys may have been added."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return "".join(lacks(found.get(key), value, f"{at}.{key}") for key, value in expected.items())
    if isinstance(expected, list) and isinstance(found, list) and len(found) == len(expected):
        return "".join(lacks(one, value, f"{at}[]") for one, value in zip(found, expected, strict=True))
    return "" if found == expected else f"{at}: {found!r}, expected {expected!r}\n"


@pytest.fixture
def golden(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy: a test that writes leaves the golden one alone."""
    if metadata.version("jieba") != "0.42.1":
        pytest.skip(f"written with jieba 0.42.1, here is {metadata.version('jieba')}")
    return Path(shutil.copytree(request.param, tmp_path / "golden"))


def test_the_present_format_has_one() -> None:
    assert f"v{SCHEMA_VERSION}" in [path.name for path in FORMATS]


def version_of(folder: Path) -> int:
    with cnsearch.open_index(folder / "index") as index:
        return int(index.stats()["format_version"])


@pytest.mark.parametrize("golden", FORMATS, indirect=True, ids=lambda path: path.name)
def test_a_golden_index_says_what_it_said(golden: Path) -> None:
    version = version_of(golden)
    with cnsearch.open_index(golden / "index") as index:
        assert index.verify(deep=True).ok
        expected = json.loads((golden / "answers.json").read_text(encoding="utf-8"))
        found = answers(index, version)
        assert not lacks(found, expected)
        assert set(found) == set(expected)


@pytest.mark.parametrize("golden", FORMATS, indirect=True, ids=lambda path: path.name)
def test_a_golden_index_goes_on(golden: Path) -> None:
    with cnsearch.open_index(golden / "index") as index:
        if version_of(golden) != SCHEMA_VERSION:
            assert any("a rebuild" in note for note in index.search("江豚").notes)
            for write in (
                lambda: index.add(cnsearch.Article(id="new", title="白鲟")),
                lambda: index.delete("甲/1.md"),
                lambda: index.add_words("白鲟", dry_run=True),  # says what would be: a refusal
            ):
                with pytest.raises(cnsearch.IndexFormatError, match="rebuild_index") as caught:
                    write()
                assert (caught.value.found, caught.value.expected) == (version_of(golden), SCHEMA_VERSION)
            cnsearch.rebuild_index(golden / "index", engine="jieba")[0].close()
            index.refresh()
        assert not index.search("江豚").notes
        index.add(cnsearch.Article(id="new", title="白鲟又见"))
        assert {hit.id for hit in index.search("白鲟")} == {"new", "甲/3.md"}
        assert index.verify(deep=True).ok


def equal_articles(index: cnsearch.Index, articles: list[cnsearch.Article]) -> bool:
    return [index.get(article.id) for article in articles] == articles


@pytest.mark.parametrize("golden", FORMATS, indirect=True, ids=lambda path: path.name)
def test_a_rebuild_keeps_user_words_records_and_library_articles(golden: Path, tmp_path: Path) -> None:
    version = version_of(golden)
    with cnsearch.open_index(golden / "index") as index:
        before = [index.get(hit.id) for hit in index.search("*", limit=99)]
        assert len(before) == len(index)
    index, report = cnsearch.rebuild_index(golden / "index", engine="jieba")
    with index:
        assert report.articles == len(before) >= 7
        assert equal_articles(index, before)
        assert index.user_words == {"大飞机": None}
        assert index.stats()["format_version"] == SCHEMA_VERSION >= version
        again = index.add(before)  # the same as they are: what an article is compared by was brought along
        assert (again.unchanged, again.changed, again.added) == (len(before), 0, 0)
        assert index.verify(deep=True).ok


@pytest.mark.parametrize("golden", FORMATS[-1:], indirect=True, ids=lambda path: path.name)
def test_one_of_a_later_version_is_refused(golden: Path) -> None:
    (toc,) = (golden / "index").glob("commit_*.toc")
    generation = int(toc.stem.partition("_")[2])
    commit = decode_toc(toc.read_bytes(), generation, path=str(toc))
    assert isinstance(commit.state, dict)
    toc.write_bytes(encode_toc(generation, {**commit.state, "version": SCHEMA_VERSION + 1}, commit.segments))
    with pytest.raises(cnsearch.IndexFormatError, match="Update cnsearch") as caught:
        cnsearch.open_index(golden / "index")
    assert (caught.value.found, caught.value.expected) == (SCHEMA_VERSION + 1, SCHEMA_VERSION)

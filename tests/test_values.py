"""Every class of the public API pickles, copies and compares: values travel between processes."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import cnsearch

DATE = datetime(2021, 10, 27, tzinfo=timezone.utc)
NO_VALUES = {
    "Index": "it holds files and a lock; each process opens its own",
    "ReaderContext": "it is handed to a reader and lives as long as the call",
}
CLASSES = [name for name in cnsearch.__all__ if isinstance(getattr(cnsearch, name), type)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A value of each class, most of them as the library gives them."""
    path = tmp_path_factory.mktemp("values") / "index"
    article = cnsearch.Article(
        id="a",
        title="江豚",
        paragraphs=("长江江豚",),
        source="每经网",
        date=DATE,
        labels={"l": ("zh",)},
        extra={"n": [1]},
    )
    with cnsearch.open_index(path, create=True) as index:
        report = index.add([article, cnsearch.Article(id="b", title="江豚", paragraphs=("长江江豚",))])
        results = index.search("江豚", facets=["source"], collapse=True)
        analysis = index.analyze("长江江豚")
        hit = results[0]
        yield {
            "Analysis": analysis,
            "Article": article,
            "ChineseAnalyzer": cnsearch.ChineseAnalyzer(),
            "DictionaryReport": index.add_words("长江江豚"),
            "Duplicate": cnsearch.Duplicate("a", "t", "s", DATE, "u"),
            "Failure": cnsearch.Failure("p", "r"),
            "Fragment": hit.title_fragment,
            "Hit": hit,
            "Limits": cnsearch.Limits(post_bytes=5),
            "ScorePart": hit.explain()[0],
            "SearchRequest": cnsearch.SearchRequest("江豚", source="甲", labels={"language": "zh"}),
            "SearchResults": results,
            "Snippet": hit.snippet,
            "Stats": index.stats(),
            "Suggestion": cnsearch.Suggestion("江豚", 2),
            "Token": analysis.words[0],
            "UpdateReport": report,
            "VerifyReport": index.verify(),
        }


COPIES: list[Callable[[Any], Any]] = [lambda value: pickle.loads(pickle.dumps(value)), copy.copy, copy.deepcopy]


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_pickles_copies_and_compares(made: dict[str, Any], name: str) -> None:
    kind = getattr(cnsearch, name)
    if name in NO_VALUES or issubclass(kind, BaseException):  # errors: tests/test_errors.py
        return
    value = made[name]
    for copied in COPIES:
        again = copied(value)
        assert type(again) is type(value)
        assert again == value


def test_results_are_whole_in_another_process(made: dict[str, Any]) -> None:
    again = pickle.loads(pickle.dumps(made["SearchResults"]))
    assert again.to_dict(explain=True) == made["SearchResults"].to_dict(explain=True)


def test_an_index_says_that_it_cannot_be_pickled(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index, pytest.raises(TypeError, match="open_index"):
        pickle.dumps(index)

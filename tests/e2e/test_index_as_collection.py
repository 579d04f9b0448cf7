"""An ``Index`` as a collection of articles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import cnsearch
from cnsearch import Article

ARTICLES = [Article(id=f"{n}", title=f"江豚{n}", paragraphs=("长江",)) for n in range(5)]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(ARTICLES)
        index.delete("4")
        yield index


def test_all_articles_and_ids(index: cnsearch.Index) -> None:
    assert sorted(index.ids()) == ["0", "1", "2", "3"]
    assert sorted(index, key=lambda article: article.id) == ARTICLES[:4]
    assert all(article in index for article in index)


def test_membership(index: cnsearch.Index) -> None:
    assert "0" in index
    assert ARTICLES[0] in index
    assert "4" not in index
    assert 5 not in index


def test_a_default_for_what_is_not_there(index: cnsearch.Index) -> None:
    assert index.get("0", None) == ARTICLES[0]
    assert index.get("4", None) is None
    assert index.get("4", "nothing") == "nothing"
    with pytest.raises(cnsearch.ArticleNotFoundError):
        index.get("4")
    with pytest.raises(TypeError, match="article_id"):
        index.get(5, None)  # type: ignore[call-overload]


def test_many_at_once(index: cnsearch.Index) -> None:
    assert index.get_many(["3", "4", "0"]) == {"3": ARTICLES[3], "0": ARTICLES[0]}
    assert list(index.get_many(["3", "0"])) == ["3", "0"]
    with pytest.raises(TypeError, match="article_ids"):
        index.get_many([5])  # type: ignore[list-item]


def test_iterating_goes_on_with_its_commit(index: cnsearch.Index) -> None:
    ids = index.ids()
    first = next(ids)
    index.delete(["0", "1", "2", "3"])
    assert sorted([first, *ids]) == ["0", "1", "2", "3"]
    assert list(index) == []


def test_its_face(index: cnsearch.Index) -> None:
    assert repr(index) == f"<cnsearch.Index {index.path!r}: 4 articles>"
    index.delete(["0", "1", "2"])
    assert repr(index) == f"<cnsearch.Index {index.path!r}: 1 article>"
    assert not index.closed
    index.close()
    assert index.closed
    assert repr(index) == f"<cnsearch.Index {index.path!r}: closed>"
    with pytest.raises(ValueError, match="closed"):
        list(index)

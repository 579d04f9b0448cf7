"""cnsearch, with words only and as it is used. The one module of the benchmarks that knows its inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from benchmarks.adapters.base import HITS, Hit, Search, SharedTokens, tokenizer
from benchmarks.corpora import Article

if TYPE_CHECKING:
    import cnsearch
    from cnsearch.backends.local.backend import LocalBackend
    from cnsearch.search.scoring import Ranking
    from cnsearch.search.searcher import Searcher


class Words(SharedTokens):
    """The store and the search path of the product, with documents that have no character fields."""

    def version(self) -> str:
        import cnsearch

        return f"cnsearch {cnsearch.__version__}"

    def index(self, articles: Sequence[Article], folder: Path) -> None:
        create_words_index(folder)
        with words_writer(folder) as add:
            add(articles)

    def open(self, folder: Path) -> Search:
        from cnsearch.query.filters import Filters
        from cnsearch.query.syntax import parse_query
        from cnsearch.search.planning.planner import make_plan
        from cnsearch.search.scoring import WORDS_ONLY
        from cnsearch.search.searcher import Searcher
        from cnsearch.store.opening import Store

        searcher = Searcher(Store.open(folder).snapshot(), WORDS_ONLY)
        filters, cut = Filters(), searcher.snapshot.analyzer.tokenizer

        def search(query: str) -> list[Hit]:
            plan = make_plan(parse_query(query).root, filters, cut, timezone.utc, need=0.0)
            return searcher.names(searcher.rank(plan, order="score", limit=HITS, offset=0).doc_numbers)

        return search


def searcher_of(index: cnsearch.Index) -> Searcher:
    """What answers the queries of an index on disk."""
    return _backend_of(index).current()


def rank_with(index: cnsearch.Index, ranking: Ranking | None) -> None:
    """Have ``index`` rank by other parameters from now on; None for those that the library has by default."""
    from cnsearch.search.scoring import DEFAULT_RANKING
    from cnsearch.search.searcher import Searcher

    backend = _backend_of(index)
    backend._searcher = Searcher(backend.current().snapshot, ranking or DEFAULT_RANKING)


def _backend_of(index: cnsearch.Index) -> LocalBackend:
    from cnsearch.backends.local.backend import LocalBackend

    assert isinstance(index._backend, LocalBackend)
    return index._backend


CHUNK = 256
"""Articles of a batch, as in the product's indexing."""


class _Adder:
    def __init__(self, folder: Path) -> None:
        from cnsearch.store.opening import Store
        from cnsearch.store.transaction import begin

        self.transaction = begin(Store.open(folder))

    def __call__(self, articles: Iterable[Article]) -> None:
        """Add articles; each replaces the one with its id."""
        from cnsearch.engine.segment.batch import BatchBuilder

        terms, builder = tokenizer(), BatchBuilder()
        for article in articles:
            builder.add(
                {"id": [article.id], "title": terms(article.title), "body": terms(article.body)},
                {"id": article.id, "title": article.title, "body": article.body},
            )
            if builder.doc_count == CHUNK:
                self.transaction.add(builder.build())
        self.transaction.add(builder.build())


def create_words_index(folder: Path) -> None:
    from cnsearch.analysis.analyzer import ChineseAnalyzer
    from cnsearch.store.opening import Store

    Store.create(folder, ChineseAnalyzer())


@contextmanager
def words_writer(folder: Path) -> Iterator[_Adder]:
    """Adds articles; commits at the end."""
    adder = _Adder(folder)
    try:
        yield adder
    except BaseException:
        adder.transaction.cancel()
        raise
    adder.transaction.commit()


def add_publicly(folder: Path, articles: Iterable[Article], *, jobs: int = 1) -> None:
    """``Index.add``, into a new index if there is none."""
    import cnsearch

    with cnsearch.open_index(folder, create=True) as index:
        index.add(map(public_article, articles), jobs=jobs)


def public_article(article: Article) -> cnsearch.Article:
    import cnsearch

    paragraphs = tuple(article.body.split("\n")) if article.body else ()
    return cnsearch.Article(id=article.id, title=article.title, paragraphs=paragraphs)


def segment_count(folder: Path) -> int:
    from cnsearch.store.opening import Store

    snapshot = Store.open(folder).snapshot()
    try:
        return len(snapshot.segments)
    finally:
        snapshot.close()


class Default(Words):
    """The public library: ``Index.add`` in one process, ``Index.search`` with its default ranking, without excerpts
    (they are made when asked for)."""

    def index(self, articles: Sequence[Article], folder: Path) -> None:
        add_publicly(folder, articles)

    def open(self, folder: Path) -> Search:
        import cnsearch

        index = cnsearch.open_index(folder)
        return lambda query: [(hit.id, hit.title) for hit in index.search(query, limit=HITS).hits]


def best_positions(scores: npt.NDArray[Any], count: int) -> npt.NDArray[np.intp]:
    """How the search chooses its hits: positions of the greatest above 0, ties by position."""
    from cnsearch.search.top import best

    mask = scores > 0
    return best(mask, scores, int(np.count_nonzero(mask)), count)

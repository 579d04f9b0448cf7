"""The systems that benchmarks/retrieval.py compares: the library, and baselines on the same articles.

The baselines are what one gets without thought: jieba's own analyzer in stock Whoosh, bigrams under BM25, jieba's words
in tantivy. Query clauses are optional everywhere, each distinct term counts once.
"""

from __future__ import annotations

import math
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from typing import Any, Protocol

import numpy as np
from jieba.analyse import ChineseAnalyzer as StockAnalyzer

import cnsearch
from benchmarks.adapters.cnsearch import rank_with
from cnsearch.analysis.fold import fold
from cnsearch.analysis.scripts import CJK_RUN
from cnsearch.search.scoring import Ranking

Tokenize = Callable[[str], Sequence[str]]


class System(Protocol):
    """An index of some articles."""

    def search(self, query: str) -> list[str]:
        """The ids of the ten best articles, best first."""
        ...

    def close(self) -> None:
        """Let go of its files."""
        ...


class Library:
    """cnsearch as its users have it. ``ranking`` is for ablations: other parameters for the Searcher."""

    def __init__(self, articles: Iterable[cnsearch.Article], ranking: Ranking | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="cnsearch-retrieval-")
        self.index = cnsearch.open_index(self._folder.name, create=True)
        self.index.add(articles)
        if ranking is not None:
            self.rank_with(ranking)

    def rank_with(self, ranking: Ranking | None) -> None:
        """Take other parameters from now on; None for those that the library has by default."""
        rank_with(self.index, ranking)

    def search(self, query: str) -> list[str]:
        return [hit.id for hit in self.index.search(query, limit=10)]

    def close(self) -> None:
        self.index.close()
        self._folder.cleanup()


# BM25 on arrays


def lucene_idf(num_docs: int, doc_freq: int) -> float:
    """ln(1 + (N - n + 0.5) / (n + 0.5)): never below 0."""
    return math.log(1 + (num_docs - doc_freq + 0.5) / (doc_freq + 0.5))


def whoosh_length(length: int) -> int:
    """A field length as Whoosh stores it: in one byte, so of a few values only."""
    from whoosh.util.numeric import byte_to_length, length_to_byte

    return byte_to_length(length_to_byte(length))  # type: ignore[no-any-return]


def whoosh_idf(num_docs: int, doc_freq: int) -> float:
    """ln(N / (n + 1)) + 1, as in whoosh/scoring.py."""
    return math.log(num_docs / (doc_freq + 1)) + 1


class _Field:
    """Postings of one field.

    starts  : of each term in ``doc_ids``, one more than terms
    doc_ids : grouped by term
    impacts : tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average length)), the same shape
    """

    def __init__(
        self, texts: Sequence[str], tokenize: Tokenize, stored_length: Callable[[int], int], k1: float, b: float
    ) -> None:
        self.numbers: dict[str, int] = {}
        terms, lengths = [], np.zeros(len(texts))
        for doc_id, text in enumerate(texts):
            tokens = tokenize(text)
            lengths[doc_id] = len(tokens)
            terms.append(np.array([self.numbers.setdefault(t, len(self.numbers)) for t in tokens], dtype=np.int64))
        owners = np.repeat(np.arange(len(texts)), lengths.astype(np.int64))
        keys, freqs = np.unique(np.concatenate(terms) * len(texts) + owners, return_counts=True)
        self.doc_ids = keys % len(texts)
        self.starts = np.searchsorted(keys // len(texts), np.arange(len(self.numbers) + 1))
        ratio = np.array([stored_length(int(length)) for length in lengths]) / (lengths.mean() or 1.0)
        self.impacts = freqs * (k1 + 1) / (freqs + k1 * (1 - b + b * ratio[self.doc_ids]))


class Bm25:
    """BM25 of title plus BM25 of body, each field on its own, as Whoosh's MultifieldParser makes it.

    S. Robertson and H. Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009, with k1 1.2 and b 0.75.
    """

    def __init__(
        self,
        articles: Sequence[cnsearch.Article],
        tokenize: Tokenize,
        idf: Callable[[int, int], float] = lucene_idf,
        stored_length: Callable[[int], int] = int,
        *,
        k1: float = 1.2,
        b: float = 0.75,
    ) -> None:
        self._ids = [article.id for article in articles]
        self._tokenize = tokenize
        self._idf = idf
        columns = [[article.title for article in articles], [article.body for article in articles]]
        self._fields = [_Field(column, tokenize, stored_length, k1, b) for column in columns]

    def scores(self, query: str) -> Any:
        """The score of each article, in the order given. Shape (articles,)."""
        total = np.zeros(len(self._ids))
        for term in dict.fromkeys(self._tokenize(query)):
            for field in self._fields:
                number = field.numbers.get(term)
                if number is not None:
                    at = slice(field.starts[number], field.starts[number + 1])
                    total[field.doc_ids[at]] += self._idf(len(self._ids), at.stop - at.start) * field.impacts[at]
        return total

    def search(self, query: str) -> list[str]:
        scores = self.scores(query)
        best = np.argsort(-scores, kind="stable")[:10]
        return [self._ids[at] for at in best if scores[at] > 0]

    def close(self) -> None:
        pass


@cache
def _stock_analyzer() -> Any:
    return StockAnalyzer()


@lru_cache(maxsize=1 << 16)
def stock_words(text: str) -> tuple[str, ...]:
    """Terms of ``jieba.analyse.ChineseAnalyzer``: search mode with HMM, lower case, its stop words, Porter stems.

    Remembered, for it takes minutes and the collections share their articles.
    """
    return tuple(sys.intern(token.text) for token in _stock_analyzer()(text))


_LATIN = re.compile(r"[a-z0-9]+")


def bigrams(text: str) -> list[str]:
    """Overlapping bigrams of the folded Chinese runs, a run of one character as it is, and the other words."""
    folded = fold(text)
    chars = [run[at : at + 2] for run in CJK_RUN.findall(folded) for at in range(max(1, len(run) - 1))]
    return chars + _LATIN.findall(folded)


class Tantivy:
    """tantivy's BM25 over jieba's words (search mode with HMM), lower case. ImportError where it is not installed."""

    def __init__(self, articles: Sequence[cnsearch.Article]) -> None:
        import tantivy

        self._tantivy = tantivy
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw")
        for name in ("title", "body"):
            builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="freq")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema)
        writer = self._index.writer(128_000_000, 1)
        for article in articles:
            words = {name: " ".join(plain_words(getattr(article, name))) for name in ("title", "body")}
            writer.add_document(tantivy.Document(id=article.id, **words))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, query: str) -> list[str]:
        make = self._tantivy.Query
        clauses = [
            (self._tantivy.Occur.Should, make.term_query(self._schema, name, word, index_option="freq"))
            for word in dict.fromkeys(plain_words(query))
            for name in ("title", "body")
        ]
        if not clauses:
            return []
        hits = self._searcher.search(make.boolean_query(clauses), 10).hits
        return [self._searcher.doc(address)["id"][0] for _, address in hits]

    def close(self) -> None:
        pass


@cache
def _jieba() -> Any:
    import rjieba

    return rjieba.Jieba()


def plain_words(text: str) -> list[str]:
    """jieba's search mode with HMM, lower case, without what holds no letter or digit."""
    return [word for word in _jieba().cut_for_search(text.lower(), True) if any(map(str.isalnum, word))]

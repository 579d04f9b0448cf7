"""Can any-term BM25 over the codec's arrays be as fast as a native engine?  A sketch, not the search path of cnsearch.

    python benchmarks/codec_scoring_sketch.py INDEX_DIR [--queries 1000] [--tantivy TANTIVY_DIR]

INDEX_DIR is an index that benchmarks/codec_figures.py left behind. Queries are random pieces of stored titles, cut by
rjieba; each word is searched in title (weight 2) and body. Reported: median and 95th percentile of one search for ten
hits in a warm process, once with nothing cached of the query's own terms (first), once repeated (again).
The result is asserted against a plain scoring of the same arrays.

What makes it fast, in the order of what it saves:
- impacts: ``tf / (tf + K[doc])`` of a list, computed once and kept (bounded); a query then adds
  ``idf * impacts`` at ``doc_ids``.
- lists of more than 1/16 of the documents are kept dense, so that adding them is a vector addition without indexing.
- top k: the k-th largest of the maxima of 64 documents each is a lower bound of the k-th score; only what reaches it
  is sorted, ties by doc_id.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rjieba
from whoosh.filedb.filestore import FileStorage

from cnsearch.codec import SegmentArrays, segment_arrays

K1, B = 1.2, 0.75
WEIGHTS = {"title": 2.0, "body": 1.0}
DENSE_FRACTION = 16
BLOCK = 64


class SegmentScorer:
    """Scores of one segment; ``total`` lengths and document counts are those of the whole index."""

    def __init__(self, arrays: SegmentArrays, doc_count: int, totals: dict[str, int]) -> None:
        self.arrays = arrays
        self.doc_count = doc_count
        self.norms = {
            field: (K1 * (1 - B + B * arrays.lengths(field) * (doc_count / max(totals[field], 1)))).astype(np.float32)
            for field in WEIGHTS
        }
        self.size = -(-arrays.doc_count_all // BLOCK) * BLOCK
        self.impacts: dict[tuple[str, str], Any] = {}

    def impact(self, field: str, term: str) -> Any:
        """(doc_freq, doc_ids or None if dense, impacts), or None if the term is not there."""
        key = (field, term)
        try:
            return self.impacts[key]
        except KeyError:
            pass
        found = self.arrays.postings(field, term)
        result: Any = None
        if found is not None:
            doc_ids, freqs = found
            impacts = self.norms[field].take(doc_ids)
            impacts += freqs
            np.divide(freqs, impacts, out=impacts)
            if len(doc_ids) * DENSE_FRACTION > self.arrays.doc_count_all:
                dense = np.zeros(self.size, dtype=np.float32)
                dense[doc_ids] = impacts
                result = (len(doc_ids), None, dense)
            else:
                result = (len(doc_ids), doc_ids.astype(np.intp), impacts)
        self.impacts[key] = result
        return result

    def scores(self, parts: list[tuple[Any, float]]) -> npt.NDArray[np.float32]:
        """Sum of the impacts, each with its factor."""
        scores = np.zeros(self.size, dtype=np.float32)
        for (_, doc_ids, impacts), factor in parts:
            weighted = impacts * np.float32(factor)
            if doc_ids is None:
                scores += weighted
            else:
                scores[doc_ids] += weighted
        live = self.arrays.live_mask()
        if live is not None:
            scores[: len(live)][~live] = 0
        return scores


def top(scores: npt.NDArray[np.float32], k: int) -> list[tuple[int, float]]:
    """The k best (doc_id, score), ties by doc_id."""
    maxima = scores.reshape(-1, BLOCK).max(axis=1)
    bound = np.partition(maxima, len(maxima) - k)[len(maxima) - k] if len(maxima) > k else 0
    found = np.flatnonzero(scores >= max(bound, np.float32(1e-9)))
    order = np.lexsort((found, -scores[found]))[:k]
    return [(int(doc), float(scores[doc])) for doc in found[order]]


class Search:
    def __init__(self, reader: Any) -> None:
        self.segments = [(segment_arrays(leaf), base) for leaf, base in reader.leaf_readers()]
        self.doc_count = sum(arrays.doc_count_all for arrays, _ in self.segments)
        totals = {field: sum(arrays.total_length(field) for arrays, _ in self.segments) for field in WEIGHTS}
        self.scorers = [(SegmentScorer(arrays, self.doc_count, totals), base) for arrays, base in self.segments]

    def idf(self, field: str, doc_freq: int) -> float:
        # As in Lucene and tantivy: Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009, plus one.
        return math.log(1 + (self.doc_count - doc_freq + 0.5) / (doc_freq + 0.5)) * WEIGHTS[field] * (K1 + 1)

    def __call__(self, terms: list[str], k: int = 10) -> list[tuple[int, float]]:
        parts: list[list[tuple[Any, float]]] = [[] for _ in self.scorers]
        for term in terms:
            for field in WEIGHTS:
                found = [scorer.impact(field, term) for scorer, _ in self.scorers]
                doc_freq = sum(impact[0] for impact in found if impact)
                if doc_freq:
                    factor = self.idf(field, doc_freq)
                    for part, impact in zip(parts, found, strict=True):
                        if impact:
                            part.append((impact, factor))
        hits: list[tuple[int, float]] = []
        for (scorer, base), part in zip(self.scorers, parts, strict=True):
            if part:
                hits += [(doc + base, score) for doc, score in top(scorer.scores(part), k)]
        if len(self.scorers) > 1:
            hits.sort(key=lambda hit: (-hit[1], hit[0]))
        return hits[:k]


def plain_scores(search: Search, terms: list[str]) -> list[tuple[int, float]]:
    """The same scores, the obvious way."""
    scores: dict[int, float] = {}
    totals = {field: sum(arrays.total_length(field) for arrays, _ in search.segments) for field in WEIGHTS}
    for term in terms:
        for field in WEIGHTS:
            doc_freq = sum(arrays.doc_freq(field, term) for arrays, _ in search.segments)
            for arrays, base in search.segments:
                found = arrays.postings(field, term)
                if found is None:
                    continue
                average = totals[field] / search.doc_count
                lengths = arrays.lengths(field)
                for doc, tf in zip(found[0].tolist(), found[1].tolist(), strict=True):
                    norm = K1 * (1 - B + B * int(lengths[doc]) / average)
                    score = search.idf(field, doc_freq) * tf / (tf + norm)
                    scores[doc + base] = scores.get(doc + base, 0.0) + score
    return sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))[:10]


def percentiles(times: list[float]) -> str:
    p50, p95 = np.percentile(np.array(times) * 1e3, [50, 95])
    return f"p50 {p50:.3f} ms  p95 {p95:.3f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("index", type=Path)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--tantivy", type=Path)
    options = parser.parse_args()
    reader = FileStorage(str(options.index)).open_index().reader()
    search, rng, cut = Search(reader), random.Random(1), rjieba.Jieba().cut_for_search
    queries = []
    while len(queries) < options.queries:
        title = reader.stored_fields(rng.randrange(reader.doc_count_all())).get("title", "")
        start = rng.randrange(max(len(title) - 3, 1))
        terms = list(dict.fromkeys(cut(title[start : start + rng.randint(2, 12)], False)))
        terms = [term for term in terms if term.isalnum()]
        if terms:
            queries.append(terms)
    print(f"{search.doc_count} documents in {len(search.scorers)} segments, {len(queries)} queries of", end=" ")
    print(f"{np.mean([len(q) for q in queries]):.1f} words")
    for terms in queries[:50]:
        expected, found = plain_scores(search, terms), search(terms)
        assert np.allclose([s for _, s in found], [s for _, s in expected], rtol=1e-4), terms
    search = Search(reader)
    for name in ("first", "again"):
        times = []
        for terms in queries:
            begin = time.perf_counter()
            search(terms)
            times.append(time.perf_counter() - begin)
        print(f"sketch, {name}: {percentiles(times)}")
    if options.tantivy:
        import tantivy

        index = tantivy.Index.open(str(options.tantivy))
        searcher, schema = index.searcher(), index.schema
        for name in ("first", "again"):
            times = []
            for terms in queries:
                begin = time.perf_counter()
                parts = []
                for term in terms:
                    for field, weight in WEIGHTS.items():
                        q = tantivy.Query.term_query(schema, field, term)
                        parts.append((tantivy.Occur.Should, tantivy.Query.boost_query(q, weight)))
                searcher.search(tantivy.Query.boolean_query(parts), 10, count=False)
                times.append(time.perf_counter() - begin)
            print(f"tantivy, {name}: {percentiles(times)}")


if __name__ == "__main__":
    main()

"""Pieces of the engine, each beside a plain twin that says whether the measured result is right.

    python -m pytest benchmarks/test_engine_pieces.py [--benchmark-json FILE] [--benchmark-compare]

Measured: sorting and inverting a batch, writing a segment, merging two, finding terms, decoding postings by length of
the list, choosing the best ten, reading stored titles. The corpus is the generated one (corpora.py), so these figures
tell one commit from another, not cnsearch from other engines. The file system's cache is warm; what an operating
system does when a segment is first mapped is in the cold start of engines.py.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.adapters.base import tokenizer
from benchmarks.adapters.cnsearch import best_positions, create_words_index, words_writer
from benchmarks.corpora import SEED, Article, generated_articles
from cnsearch.engine.commit.commits import Commits
from cnsearch.engine.files.folder import Folder
from cnsearch.engine.postings.inversion import invert, join_tokens, stable_order
from cnsearch.engine.segment.batch import BatchBuilder
from cnsearch.engine.segment.reader import SegmentReader, open_segment
from cnsearch.store.opening import Store
from cnsearch.store.transaction import begin

pytest.importorskip("pytest_benchmark", reason="pip install pytest-benchmark")

NUM_ARTICLES = 3000
Benchmark = Any  # of pytest-benchmark, which has no types


@dataclass
class Corpus:
    """``bodies`` are the terms of each article; ``postings`` those of each term, the plain way."""

    articles: list[Article]
    bodies: list[list[str]]
    postings: dict[str, dict[int, int]]
    folder: Path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    articles = list(generated_articles(NUM_ARTICLES))
    bodies = [tokenizer()(article.body) for article in articles]
    postings: dict[str, dict[int, int]] = {}
    for number, body in enumerate(bodies):
        for term, freq in Counter(body).items():
            postings.setdefault(term, {})[number] = freq
    folder = tmp_path_factory.mktemp("words")
    create_words_index(folder)
    with words_writer(folder) as add:
        add(articles)
    return Corpus(articles, bodies, postings, folder)


@pytest.fixture(scope="module")
def segment(corpus: Corpus) -> SegmentReader:
    (found,) = segments_of(corpus.folder)
    return found


def segments_of(folder: Path) -> list[SegmentReader]:
    commits = Commits(Folder(folder))
    return [open_segment(commits.folder, entry) for entry in commits.read().segments]


def as_dict(found: Any) -> dict[int, int]:
    assert found is not None
    return dict(zip(found[0].tolist(), found[1].tolist(), strict=True))


def test_stable_order(benchmark: Benchmark) -> None:
    numbers = np.random.default_rng(SEED).integers(0, 1 << 32, 300_000, dtype=np.uint32)
    numbers[::3] = numbers[0]  # equal ones must keep their order
    assert np.array_equal(benchmark(stable_order, numbers), np.argsort(numbers, kind="stable"))


def test_invert(benchmark: Benchmark, corpus: Corpus) -> None:
    bodies = corpus.bodies[:700]
    texts, counts = [join_tokens(body) for body in bodies], [len(body) for body in bodies]
    found = benchmark(invert, texts, counts)
    benchmark.extra_info["tokens"] = sum(counts)
    starts = np.concatenate([[0], np.cumsum(found.counts)])
    assert len(found.terms()) == len({term for body in bodies for term in body})
    for number, term in enumerate(found.terms()):
        own = slice(starts[number], starts[number + 1])
        expected = {doc: freq for doc, freq in corpus.postings[term.decode()].items() if doc < len(bodies)}
        assert as_dict((found.doc_ids[own], found.weights[own])) == expected


def test_write_segment(benchmark: Benchmark, corpus: Corpus, tmp_path: Path) -> None:
    """From batches to a committed segment."""

    def prepare() -> tuple[tuple[Any], dict[str, Any]]:
        shutil.rmtree(tmp_path)
        create_words_index(tmp_path)
        builder = BatchBuilder()
        for article, body in zip(corpus.articles, corpus.bodies, strict=True):
            tokens = {"id": [article.id], "title": ["题"], "body": body}
            builder.add(tokens, {"id": article.id, "title": article.title, "body": article.body})
        transaction = begin(Store.open(tmp_path))
        transaction.add(builder.build())
        return (transaction,), {}

    benchmark.pedantic(lambda transaction: transaction.commit(), setup=prepare, rounds=5)
    (found,) = segments_of(tmp_path)
    for term in list(corpus.postings)[::50]:
        assert as_dict(found.postings("body", term.encode())) == corpus.postings[term]


def test_merge(benchmark: Benchmark, corpus: Corpus, tmp_path: Path) -> None:
    """Two segments of equal size to one."""
    parts, merged = tmp_path / "parts", tmp_path / "merged"
    create_words_index(parts)
    middle = NUM_ARTICLES // 2
    for articles in (corpus.articles[:middle], corpus.articles[middle:]):
        with words_writer(parts) as add:
            add(articles)
    if len(segments_of(parts)) != 2:
        pytest.fail("the segments were merged before")

    def prepare() -> tuple[tuple[Any], dict[str, Any]]:
        shutil.rmtree(merged, ignore_errors=True)
        shutil.copytree(parts, merged)
        return (begin(Store.open(merged)),), {}

    benchmark.pedantic(lambda transaction: transaction.settle(NUM_ARTICLES), setup=prepare, rounds=5)
    (found,) = segments_of(merged)
    for term in list(corpus.postings)[::50]:
        assert as_dict(found.postings("body", term.encode())) == corpus.postings[term]


def each(call: Callable[[Any], Any], arguments: list[Any]) -> list[Any]:
    return [call(argument) for argument in arguments]


def test_find_term(benchmark: Benchmark, corpus: Corpus, segment: SegmentReader) -> None:
    """A thousand terms, one in ten of them not in the index."""
    dictionary = segment.terms("body")
    assert dictionary is not None
    ordered = sorted(term.encode() for term in corpus.postings)
    numbers = {term: number for number, term in enumerate(ordered)}
    terms = random.Random(SEED).choices(ordered, k=900) + [b"\xe6\xb2\xa1\xe6\x9c\x89 %d" % n for n in range(100)]
    assert benchmark(each, dictionary.find, terms) == [numbers.get(term, -1) for term in terms]


@pytest.mark.parametrize("shortest", [1, 2, 10, 100, 1000])
def test_decode_postings(benchmark: Benchmark, corpus: Corpus, segment: SegmentReader, shortest: int) -> None:
    """Up to a hundred lists of at least this and less than ten times as many documents, past the caches."""
    longest = 2 if shortest == 1 else shortest * 10
    terms = [term for term, docs in corpus.postings.items() if shortest <= len(docs) < longest]
    terms = random.Random(SEED).sample(sorted(terms), min(100, len(terms)))
    dictionary, postings = segment.terms("body"), segment.lists("body")
    assert dictionary is not None
    pointers = [dictionary.pointer(dictionary.find(term.encode())) for term in terms]
    found = benchmark(each, postings.read, pointers)
    benchmark.extra_info["lists"] = len(terms)
    benchmark.extra_info["postings"] = sum(len(corpus.postings[term]) for term in terms)
    assert [as_dict(lists) for lists in found] == [corpus.postings[term] for term in terms]


@pytest.mark.parametrize("count", [100, 10_000, 1_000_000])
def test_best_ten(benchmark: Benchmark, count: int) -> None:
    scores = np.random.default_rng(SEED).random(count).round(4)  # with ties: the earlier document is first
    found = benchmark(best_positions, scores, 10)
    assert found.tolist() == sorted(range(count), key=lambda at: (-scores[at], at))[:10]


def test_stored_titles(benchmark: Benchmark, corpus: Corpus, segment: SegmentReader) -> None:
    """Ids and titles of ten hits."""
    docs = random.Random(SEED).sample(range(NUM_ARTICLES), 10)
    found = benchmark(each, lambda doc: segment.stored(doc, ("id", "title")), docs)
    assert found == [{"id": corpus.articles[doc].id, "title": corpus.articles[doc].title} for doc in docs]


def test_stored_bodies(benchmark: Benchmark, corpus: Corpus, segment: SegmentReader) -> None:
    docs = random.Random(SEED).sample(range(NUM_ARTICLES), 10)
    found = benchmark(each, lambda doc: segment.stored(doc, ("body",)), docs)
    assert found == [{"body": corpus.articles[doc].body} for doc in docs]

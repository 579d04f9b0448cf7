"""Matchers by themselves: walking, skipping, and the figures by which Whoosh leaves blocks out."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from whoosh import formats
from whoosh.matching import ReadTooFar

from cnsearch.codec.matcher import BLOCK_SIZE, ColumnarMatcher, VectorMatcher
from cnsearch.engine.postings.decode import PostingsList

SIZES = [1, 127, 128, 129, 255, 256, 257, 600]


class Scorer:
    """Weight divided by length."""

    def supports_block_quality(self) -> bool:
        return True

    def max_quality(self) -> float:
        return 1e9

    def block_quality(self, matcher: Any) -> float:
        return matcher.block_max_weight() / max(matcher.block_min_length(), 1)

    def score(self, matcher: Any) -> float:
        return matcher.weight()


def make(size: int) -> tuple[ColumnarMatcher, list[int], list[float], list[int]]:
    rng = random.Random(size)
    docs = sorted(rng.sample(range(size * 3), size))
    weights = [float(rng.randint(1, 9)) for _ in docs]
    lengths = [rng.randint(1, 50) for _ in range(size * 3)]
    postings = PostingsList(np.array(docs, dtype=np.int32), np.array(weights, dtype=np.float32), 0, 0)
    matcher = ColumnarMatcher(
        postings,
        formats.Existence(),
        lambda: [str(doc).encode() for doc in docs],
        lambda: np.array(lengths),
        term=("f", b"t"),
        scorer=Scorer(),
    )
    return matcher, docs, weights, lengths


@pytest.mark.parametrize("size", SIZES)
def test_walk(size):
    matcher, docs, weights, lengths = make(size)
    for index, doc in enumerate(docs):
        assert matcher.is_active()
        assert matcher.id() == doc
        assert type(matcher.id()) is int
        assert matcher.weight() == weights[index]
        assert matcher.value() == str(doc).encode()
        block = range(index - index % BLOCK_SIZE, min(index - index % BLOCK_SIZE + BLOCK_SIZE, size))
        assert matcher.block_min_id() == docs[block[0]]
        assert matcher.block_max_id() == docs[block[-1]]
        assert matcher.block_max_weight() == max(weights[i] for i in block)
        assert matcher.block_min_length() == min(lengths[docs[i]] for i in block)
        assert matcher.block_max_length() == max(lengths[docs[i]] for i in block)
        assert matcher.next() == ((index + 1) % BLOCK_SIZE == 0)
    assert not matcher.is_active()
    assert matcher.id() == docs[-1]
    assert matcher.block_max_weight() > 0  # Whoosh asks even then
    with pytest.raises(ReadTooFar):
        matcher.next()
    with pytest.raises(ReadTooFar):
        matcher.skip_to(10**9)
    matcher.reset()
    assert list(matcher.all_ids()) == docs
    assert list(matcher.all_items()) == [(doc, str(doc).encode()) for doc in docs]
    assert matcher.term() == ("f", b"t")


@pytest.mark.parametrize("size", SIZES)
def test_skip_to(size):
    _, docs, _, _ = make(size)
    for target in [*range(0, size * 3 + 2, 7), docs[-1], docs[0]]:
        matcher = make(size)[0]
        matcher.skip_to(target)
        after = [doc for doc in docs if doc >= target]
        assert matcher.is_active() == bool(after)
        if after:
            assert matcher.id() == after[0]
            matcher.skip_to(0)  # never backwards
            assert matcher.id() == after[0]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("quality", [0, 2, 4, 8.5, 100])
def test_skip_to_quality(size, quality):
    matcher, docs, weights, lengths = make(size)
    blocks = [range(start, min(start + BLOCK_SIZE, size)) for start in range(0, size, BLOCK_SIZE)]
    qualities = [max(weights[i] for i in block) / min(lengths[docs[i]] for i in block) for block in blocks]
    expected = next((number for number, found in enumerate(qualities) if found > quality), len(blocks))
    assert matcher.skip_to_quality(quality) == expected
    assert matcher.is_active() == (expected < len(blocks))
    if matcher.is_active():
        assert matcher.id() == docs[blocks[expected][0]]


def test_copies_walk_by_themselves():
    matcher, docs, _, _ = make(5)
    matcher.next()
    other = matcher.copy()
    other.next()
    assert (matcher.id(), other.id()) == (docs[1], docs[2])


def test_vector_matcher():
    matcher = VectorMatcher([("a", 1.0, b"x"), ("b", 2.0, b"")], formats.Frequency())
    assert list(matcher.all_ids()) == ["a", "b"]
    assert list(matcher.all_items()) == [("a", b"x"), ("b", b"")]
    other = matcher.copy()
    matcher.next()
    assert (matcher.id(), matcher.weight(), matcher.value()) == ("b", 2.0, b"")
    assert other.id() == "a"
    matcher.next()
    assert not matcher.is_active()
    with pytest.raises(ReadTooFar):
        matcher.next()
    matcher.reset()
    assert matcher.id() == "a"
    assert not matcher.supports_block_quality()

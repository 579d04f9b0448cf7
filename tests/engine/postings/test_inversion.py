"""Counting tokens with numpy against counting them with a dict."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.engine.postings import inversion
from cnsearch.engine.segment.batch import BatchBuilder
from cnsearch.engine.terms.keys import LONG, keys_of_terms


def slow_invert(documents: list[list[str]]) -> dict[bytes, list[tuple[int, int]]]:
    found: dict[bytes, list[tuple[int, int]]] = {}
    for doc, tokens in enumerate(documents):
        for token, count in Counter(tokens).items():
            found.setdefault(token.encode("utf-8", "surrogatepass"), []).append((doc, count))
    return found


def fast_invert(documents: list[list[str]]) -> dict[bytes, list[tuple[int, int]]]:
    postings = inversion.invert(
        [inversion.join_tokens(tokens) for tokens in documents if tokens], [len(tokens) for tokens in documents]
    )
    return lists(postings)


def lists(postings: inversion.TermPostings) -> dict[bytes, list[tuple[int, int]]]:
    """The postings by term; short terms are keys of their own, long ones are in the list."""
    terms = postings.terms()
    assert len(set(terms)) == len(terms) == len(postings.keys)
    assert int((postings.keys >= LONG).sum()) == len(postings.long_terms)
    keys, long_terms = keys_of_terms(terms)
    assert keys.tolist() == postings.keys.tolist()
    assert long_terms == postings.long_terms
    found, at = {}, 0
    for term, count in zip(terms, postings.counts.tolist(), strict=True):
        found[term] = list(
            zip(postings.doc_ids[at : at + count].tolist(), postings.weights[at : at + count].tolist(), strict=True)
        )
        at += count
    assert at == len(postings.doc_ids)
    return found


# No U+FFFF (the separator), and no high half of a surrogate pair next to a low one, which would become one character.
characters = st.characters(exclude_characters="\uffff", exclude_categories=["Cs"])
token = st.one_of(
    st.text("ab", max_size=6), st.text("上海新闻a\0", max_size=20), st.text(characters, max_size=20), st.just("x" * 40)
)


@given(st.lists(st.lists(token, max_size=30), max_size=12))
def test_equals_the_slow_twin(documents):
    assert fast_invert(documents) == slow_invert(documents)


@pytest.mark.parametrize("size", [1, 127, 128, 129, 255, 256, 257, 70_000])
def test_sizes(size):
    rng = np.random.default_rng(size)
    tokens = [f"{number}词" if number % 3 else f"{number}-a-long-token" for number in (rng.zipf(1.3, size) % 30_000)]
    documents = [tokens[: size // 2], [], tokens[size // 2 :], ["词"]]
    assert fast_invert(documents) == slow_invert(documents)


def test_tokens_at_the_edges_of_the_windows():
    documents = [
        ["a" * size for size in range(24)],
        ["a" * size + "\0" for size in range(24)],
        ["\0" * 4, "\0" * 5, ""],
    ]
    assert fast_invert(documents) == slow_invert(documents)


def test_a_lone_surrogate_is_kept():
    assert fast_invert([["\ud800", "x\udfff"]]) == slow_invert([["\ud800", "x\udfff"]])


def test_the_separator_in_a_token_is_replaced():
    assert fast_invert([["a\uffffb", "c"]]) == slow_invert([["a\ufffdb", "c"]])


def test_collisions_of_the_short_hash(monkeypatch):
    """When different terms share their 32 bits, the order by all bits is used."""
    monkeypatch.setattr(inversion, "_MULTIPLIERS", (np.uint64(0), *inversion._MULTIPLIERS[1:]))
    documents = [["a", "b", "a", "long-token-1", "b"], ["b", "long-token-2", "a"]]
    assert fast_invert(documents) == slow_invert(documents)


def test_collisions_of_the_long_hash(monkeypatch):
    """When different long tokens share their hash, a dict numbers them."""
    zero = np.uint64(0)
    monkeypatch.setattr(inversion, "_MULTIPLIERS", (inversion._MULTIPLIERS[0], zero, zero, zero))
    documents = [["long-token-1", "long-token-2", "a"], ["long-token-1", "b", "x" * 50], ["abcde\0", "abcde\0\0"]]
    assert fast_invert(documents) == slow_invert(documents)


def test_stable_order():
    rng = np.random.default_rng(1)
    for size in (0, 1, 255, 256, 257, 5000):
        numbers = rng.integers(0, 2**32, size, dtype=np.uint32) & np.uint32(0x000F000F)
        assert inversion.stable_order(numbers).tolist() == np.argsort(numbers, kind="stable").tolist()


@given(st.lists(st.lists(st.text("上海𠮷\ud800\uffffa", min_size=1, max_size=2), max_size=8), max_size=5))
def test_pairs_are_inverted_like_tokens(documents):
    pairs = [[ord(char) for char in token.ljust(2, "\0")] for tokens in documents for token in tokens]
    counts = np.array([len(tokens) for tokens in documents], dtype=np.int64)
    postings = inversion.invert_pairs(np.array(pairs, dtype=np.uint32).reshape(-1, 2), counts)
    assert lists(postings) == slow_invert(documents)


def test_builder_leaves_nothing_behind_when_it_refuses():
    builder = BatchBuilder()
    builder.add({"body": ["a"]}, {"body": "a"})
    for tokens, stored in (({"body": ["a"], "title": [5]}, None), ({"body": ["b"]}, {"body": object()})):
        with pytest.raises(TypeError):
            builder.add(tokens, stored)
    builder.add({"body": ["c"]}, None)
    batch = builder.build()
    assert batch.doc_count == 2
    assert sorted(batch.fields["body"].terms()) == [b"a", b"c"]
    assert list(batch.fields) == ["body"]
    assert batch.lengths["body"].tolist() == [1, 1]
    assert builder.doc_count == builder.token_count == 0
    assert builder.build().doc_count == 0

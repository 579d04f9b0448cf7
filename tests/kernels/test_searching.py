"""The compiled kernels of a search give what numpy gives, and no input harms them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnsearch
from cnsearch import Article, kernels
from cnsearch.analysis.reading import read_all
from cnsearch.engine.postings.encode import encode_postings
from cnsearch.kernels import Packed
from cnsearch.search.closeness import TEXT_CHARS, closeness, closeness_of_beginnings, compiled_closeness
from cnsearch.search.compiled import CompiledQueries
from cnsearch.search.leaves import Leaves
from cnsearch.search.plan import Plan
from cnsearch.search.rule_of_hits import MOST, SHARE
from cnsearch.search.scoring import DEFAULT_RANKING, K1, OwnStatistics
from cnsearch.search.steps.keywords import Keyword, Keywords
from cnsearch.search.steps.leaf import Term, bigrams
from cnsearch.search.steps.texts import Verbatim
from cnsearch.store.snapshot import Snapshot

if kernels.searching() is None:
    pytest.skip("there are no compiled kernels here", allow_module_level=True)
compiled = kernels.searching()
assert compiled is not None

NUM_DOCS = 700
frequencies = st.dictionaries(
    st.integers(0, NUM_DOCS - 1), st.one_of(st.integers(1, 3), st.integers(1, 300), st.integers(1, 65_535)), max_size=80
)
dense = st.builds(
    lambda first, step: {doc: 1 + doc % step for doc in range(first, NUM_DOCS, step)}, *[st.integers(1, 9)] * 2
)
lists = st.one_of(frequencies.filter(bool), dense)


def encoded(found: dict[int, int]) -> tuple[bytes | None, int]:
    doc_ids = np.array(sorted(found), dtype=np.int64)
    weights = np.array([found[doc] for doc in doc_ids.tolist()], dtype=np.int64)
    made = encode_postings(doc_ids, weights, np.array([len(found)]))
    pointer = int(made.pointers[0])
    return (None, -1 - pointer) if pointer < 0 else (made.data.tobytes()[pointer:], 0)


def norms(seed: int, num_docs: int = NUM_DOCS) -> bytes:
    return np.random.default_rng(seed).uniform(0.1, 3, num_docs).astype("<f4").tobytes()


def impacts(
    fields: list[tuple[bytes, list[Packed]]], num_docs: int = NUM_DOCS, most: int = 1 << 30
) -> dict[int, float] | None:
    assert compiled is not None
    found = compiled.impacts(fields, K1, num_docs, most)
    if found is None:
        return None
    numbers = np.frombuffer(found[1], "<f4")
    if found[0] is None:
        assert len(numbers) == num_docs
        assert np.count_nonzero(numbers) == found[2] > most
        return {int(doc): float(numbers[doc]) for doc in np.flatnonzero(numbers)}
    doc_ids = np.frombuffer(found[0], "<i8")
    assert found[2] == len(doc_ids) == len(numbers)
    assert (np.diff(doc_ids) > 0).all()
    return dict(zip(doc_ids.tolist(), numbers.tolist(), strict=True))


def test_frequencies_that_float32_may_not_hold_are_left_to_numpy() -> None:
    assert impacts([(norms(0), [(0, NUM_DOCS, *encoded({0: 65_792, 3: 1}))])]) is None


@given(st.lists(st.tuples(lists, st.one_of(st.none(), lists)), max_size=3), st.integers(0, 200))
def test_impacts(fields: list[tuple[dict[int, int], dict[int, int] | None]], most: int) -> None:
    """Of a term in some fields, each in one segment or in two."""
    given, expected = [], dict[int, float]()
    for seed, (first, second) in enumerate(fields):
        packed: list[Packed] = [(0, NUM_DOCS, *encoded(first))]
        if second is not None:
            packed.append((NUM_DOCS, NUM_DOCS, *encoded(second)))
        given.append((norms(seed, 2 * NUM_DOCS), packed))
        weights = np.frombuffer(given[-1][0], "<f4")
        for base, found in ((0, first), (NUM_DOCS, second or {})):
            for doc, freq in found.items():
                expected[base + doc] = expected.get(base + doc, 0) + freq * float(weights[base + doc])
    saturated = {doc: tf / (K1 + tf) for doc, tf in expected.items()}
    assert impacts(given, 2 * NUM_DOCS, most) == pytest.approx(saturated, rel=1e-5)


@given(lists, st.data())
def test_damaged_lists_are_none_or_postings(found: dict[int, int], data: st.DataObject) -> None:
    raw, doc = encoded(found)
    damaged = bytearray(raw or b"")
    for _ in range(data.draw(st.integers(0, 3))):
        if damaged:
            damaged[data.draw(st.integers(0, min(len(damaged) - 1, 12)))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    for raw in (bytes(damaged), bytes(damaged[:cut]), data.draw(st.binary(max_size=40))):
        made = impacts([(norms(1), [(0, NUM_DOCS, raw, doc)])])
        assert made is None or (made and max(made) < NUM_DOCS and min(made.values()) > 0)


def test_what_does_not_fit_is_none() -> None:
    raw, _ = encoded({3: 2, 9: 1, 650: 4})
    assert impacts([(norms(1), [(0, NUM_DOCS, raw, 0)])]) is not None
    for lists in (
        [(0, 650, raw, 0)],  # a document that the segment does not have
        [(0, NUM_DOCS, None, NUM_DOCS)],
        [(NUM_DOCS, NUM_DOCS, raw, 0)],  # no norms of these
        [(2**31, NUM_DOCS, raw, 0)],
        [(0, NUM_DOCS, raw, 0), (0, NUM_DOCS, raw, 0)],  # not one after the other
        [(0, NUM_DOCS, b"", 0)],
    ):
        assert impacts([(norms(1), lists)]) is None
    assert impacts([(norms(1)[:-200], [(0, NUM_DOCS, raw, 0)])]) is None
    assert impacts([]) == {}


# The rule of hits


WORDS = ["上海", "城市", "数字化", "龙井茶", "linux"]
CHARS = ("title_chars", "tags_chars", "body_chars")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """Of several segments, with deleted documents."""
    with cnsearch.open_index(tmp_path_factory.mktemp("kernels") / "index", create=True) as index:
        for first in (0, 150, 200):
            numbers = range(first, first + (150 if not first else 40))
            index.add(
                Article(
                    str(number),
                    WORDS[number % 5],
                    ("，".join(word[: 2 + number % 2] for at, word in enumerate(WORDS) if number % (at + 2) == 0),),
                )
                for number in numbers
            )
        index.delete([str(number) for number in range(0, 180, 7)])
        snapshot: Snapshot = index._backend.current().snapshot  # type: ignore[attr-defined]
        assert len(snapshot.segments) > 1
        assert snapshot.live is not None
        yield snapshot


def leaves_of(snapshot: Snapshot) -> tuple[Leaves, Leaves]:
    """Compiled, and in Python."""
    compiled, plain = (Leaves(snapshot, DEFAULT_RANKING, OwnStatistics(snapshot), 100) for _ in range(2))
    plain.compiled = None
    assert compiled.compiled is not None
    return compiled, plain


@given(
    st.lists(st.sampled_from([*WORDS, "海", "井茶", "没有", "化数"]), min_size=1, max_size=4, unique=True),
    st.sampled_from([MOST, 0.5, 2.0, 0.0]),
    st.booleans(),
    st.sampled_from([0.0, SHARE]),
    st.booleans(),
)
def test_keywords(snapshot: Snapshot, words: list[str], need: float, sentence: bool, share: float, typed: bool) -> None:
    """A run of words, in one call and by the steps."""
    pairs = tuple(dict.fromkeys(pair for word in words for pair in bigrams(word, CHARS)))
    keywords = tuple(
        Keyword(Term(word), bigrams(word, CHARS), singles=tuple(map(Term, word)) if len(word) > 2 else ())
        for word in words
    )
    step = Keywords(keywords, pairs, need, sentence, share, Verbatim("".join(words)) if typed else None)
    compiled, plain = leaves_of(snapshot)
    run = CompiledQueries(compiled).run(Plan(step), 0, 0, earn=False)
    assert run is not None
    hits, scores = run.arrays()
    mask, expected = step.run(plain)
    mask = plain.alive(mask)
    assert hits.dtype == mask.dtype
    assert hits.tolist() == mask.tolist()
    assert scores == pytest.approx(expected * mask, rel=1e-5)


def test_a_term_matches_the_same_by_both(snapshot: Snapshot) -> None:
    both = leaves_of(snapshot)
    for term in (*map(Term, [*WORDS, "没有", "上"]), *(Term("上海", CHARS), Term("linux", ("title",)))):
        found, expected = (leaves.match(term) for leaves in both)
        assert (found.doc_freq, found.idf) == (expected.doc_freq, expected.idf)
        assert sorted(found.numbers()) == sorted(expected.numbers())
        assert (found.doc_ids is None) == (expected.doc_ids is None)
        scores = [leaves.zeros() for leaves in both]
        for leaves, into in zip(both, scores, strict=True):
            leaves.add(term, into)
        assert scores[0] == pytest.approx(scores[1], rel=1e-5)


# Closeness

texts = st.lists(
    st.text("上海數字𠮷 ，\na5-ﬁ著\u200b\ud800", max_size=30)
    | st.text("上，", min_size=70, max_size=150)
    | st.text("上海𠮷，", min_size=1, max_size=9).map(lambda text: text * 300),
    min_size=1,
    max_size=5,
)
characters = st.dictionaries(st.sampled_from("上海数字𠮷着"), st.floats(0.1, 9.0))
words = st.dictionaries(st.sampled_from(["a", "a5", "5-a", "aa", "fi"]), st.floats(0.1, 9.0))
pairs = st.dictionaries(st.sampled_from(["上海", "海上", "数字", "上上", "海𠮷"]), st.floats(0.1, 9.0))


@given(texts, characters, words, pairs)
def test_closeness(
    texts: list[str], characters: dict[str, float], words: dict[str, float], pairs: dict[str, float]
) -> None:
    characters = {**characters, **{char: 0.5 for pair in pairs for char in pair if char not in characters}}
    kernel = compiled_closeness()
    assert kernel is not None
    units = [text.encode("utf-16-le", "surrogatepass") for text in texts]
    found = closeness_of_beginnings(kernel, units, characters, words, pairs)
    for mine, expected in zip(found, closeness(texts, characters, words, pairs), strict=True):
        assert mine == pytest.approx(expected)


def test_a_text_that_is_read_otherwise_is_named() -> None:
    kernel = compiled_closeness()
    assert kernel is not None
    given = ["上海", "上\u200b海", "著"]
    units = [text.encode("utf-16-le") for text in given]
    wanted = ([("上", 1.0), ("海", 2.0)], [], [("上海", 4.0)])
    found, odd = kernel.of(units, *wanted, TEXT_CHARS, 60, 100)
    assert odd == [1, 2]
    assert found[0] == (7.0, 7.0)
    assert kernel.of(read_all(given), *wanted, TEXT_CHARS, 60, 100)[0] == [(7.0, 7.0), (7.0, 7.0), (0.0, 0.0)]


def test_what_is_no_bigram_or_no_window_is_an_error() -> None:
    kernel = compiled_closeness()
    assert kernel is not None
    for pair, word, window in (("上", "a", 60), ("上海", "", 60), ("上海", "a", 1 << 17)):
        with pytest.raises(ValueError, match=r"bigram|window"):
            kernel.of([b"ab"], [], [(word, 1.0)], [(pair, 1.0)], TEXT_CHARS, window, 100)

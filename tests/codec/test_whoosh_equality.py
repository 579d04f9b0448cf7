"""Every Whoosh query finds the same documents with the same scores as on Whoosh's own codec.

Whoosh's codec squeezes field lengths into a byte, exactly only up to 10; ours are exact. The reference index is built
with that squeezing replaced by plain bytes, so that scores must agree to 1e-4 for any length.
"""

from __future__ import annotations

import datetime
import random
from typing import Any

import pytest
from whoosh import query, scoring, sorting
from whoosh.codec import whoosh3
from whoosh.filedb.filestore import RamStorage
from whoosh.query import spans

SEED = 20211018
DOCUMENTS_PER_SEGMENT = (10, 130, 10, 10)  # more than a block of 128, and few
QUERIES = 262  # per stage
STAGES = ["segments", "merged"]


@pytest.fixture(scope="module")
def exact_lengths():
    patch = pytest.MonkeyPatch()
    patch.setattr(whoosh3, "length_to_byte", lambda length: 0 if length is None else min(length, 255))
    patch.setattr(whoosh3, "byte_to_length", lambda byte: byte)
    yield
    patch.undo()


def build(corpora: Any, writer_name: str) -> dict[str, Any]:
    """The same history with one of the writers: four commits with deletions and updates, and the merged index."""
    rng, number, indexes = random.Random(SEED), 0, {}
    for stage in STAGES:
        ix = RamStorage().create_index(corpora.schema())
        indexes[stage] = ix
    make_writer = corpora.writers[writer_name]
    for part in range(4):
        documents = []
        for _ in range(DOCUMENTS_PER_SEGMENT[part]):
            documents.append(corpora.document(rng, number))
            number += 1
        updated = corpora.document(rng, number - 20) if part == 3 else None
        for ix in indexes.values():
            writer = make_writer(ix)
            if part:
                writer.delete_by_term("key", f"doc-{part * 7:04d}")
                writer.delete_by_term("tags", "violet" if part == 2 else "none")
            if updated:
                writer.update_document(**updated)
            for document in documents:
                writer.add_document(**document)
            writer.commit(merge=False)
    make_writer(indexes["merged"]).commit(optimize=True)
    return indexes


@pytest.fixture(scope="module")
def reference(corpora, exact_lengths):
    return build(corpora, "whoosh")


@pytest.fixture(scope="module", params=["codec", "columnar"])
def ours(request, corpora, exact_lengths):
    return build(corpora, request.param)


class QueryMaker:
    """Random queries of every class."""

    def __init__(self, words: list[str], chinese: list[str]) -> None:
        self.rng = random.Random(SEED + 1)
        self.words = [*words, "missing", "alph"]
        self.chinese = chinese
        self.simple = [
            self.term,
            self.term,
            self.prefix,
            self.wildcard,
            self.regex,
            self.fuzzy,
            self.term_range,
            self.numeric_range,
            self.date_range,
            self.every,
            self.phrase,
            self.variations,
        ]
        self.spans = [self.near, self.first, self.span_or, self.span_not, self.contains, self.before]

    def word(self) -> str:
        return self.rng.choice(self.words)

    def boost(self) -> float:
        return self.rng.choice([1.0, 1.0, 2.0, 0.5])

    def term(self):
        kind = self.rng.randrange(7)
        if kind == 0:
            return query.Term("plain", self.rng.choice(self.chinese), boost=self.boost())
        if kind == 1:
            return query.Term("tags", self.rng.choice(["red", "green", "grey blue", "violet"]), boost=self.boost())
        if kind == 2:
            return query.Term("boosted", self.word(), boost=self.boost())
        if kind == 3:
            return query.Term("flag", self.rng.random() < 0.5)
        if kind == 4:
            return query.Term("grams", self.word()[:2])
        return query.Term(self.rng.choice(["body", "chars"]), self.word(), boost=self.boost())

    def prefix(self):
        return query.Prefix("body", self.word()[: self.rng.randint(0, 3)], boost=self.boost())

    def wildcard(self):
        word = self.word()
        return query.Wildcard("body", self.rng.choice(["*a", word[:1] + "*", "?" + word[1:], word[:2] + "*a"]))

    def regex(self):
        return query.Regex("body", self.rng.choice(["s[hi].*", "(alpha|beta)", ".*ing", "re.der"]))

    def fuzzy(self):
        return query.FuzzyTerm(
            "body", self.word(), maxdist=self.rng.randint(1, 2), prefixlength=self.rng.randint(0, 2), boost=self.boost()
        )

    def variations(self):
        return query.Variations("body", self.rng.choice(["render", "shade", "delta"]))

    def term_range(self):
        low, high = sorted([self.word(), self.word()])
        return query.TermRange("body", low, high, self.rng.random() < 0.5, self.rng.random() < 0.5)

    def numeric_range(self):
        if self.rng.random() < 0.5:
            low = self.rng.randint(-60, 150)
            return query.NumericRange("count", low, low + self.rng.randint(0, 90), self.rng.random() < 0.5)
        low = self.rng.uniform(-6, 40)
        return query.NumericRange("price", low, None if self.rng.random() < 0.2 else low + 10)

    def date_range(self):
        start = datetime.datetime(2021, 1, 1) + datetime.timedelta(days=self.rng.randint(0, 180))
        return query.DateRange("when", start, start + datetime.timedelta(days=self.rng.randint(1, 60)))

    def every(self):
        return query.Every(self.rng.choice([None, "when", "grams", "plain"]))

    def phrase(self):
        words = [self.word() for _ in range(self.rng.randint(2, 3))]
        return query.Phrase(self.rng.choice(["body", "chars"]), words, slop=self.rng.randint(1, 4))

    def body_term(self):
        return query.Term("body", self.word())

    def near(self):
        return spans.SpanNear2(
            [self.body_term(), self.body_term()],
            slop=self.rng.randint(1, 5),
            ordered=self.rng.random() < 0.5,
        )

    def first(self):
        return spans.SpanFirst(self.body_term(), limit=self.rng.randint(0, 5))

    def span_or(self):
        return spans.SpanOr([self.body_term(), self.body_term()])

    def span_not(self):
        return spans.SpanNot(self.body_term(), self.body_term())

    def contains(self):
        return spans.SpanContains(self.near(), self.body_term())

    def before(self):
        return spans.SpanBefore(self.body_term(), self.body_term())

    def make(self, depth: int = 0):
        kind = self.rng.randrange(12 if depth < 2 else 4)
        if kind < 4:
            return self.rng.choice(self.simple)()
        if kind < 5:
            # Whoosh cannot estimate the size of span queries, so they do not go into And or Or.
            return self.rng.choice(self.spans if depth == 0 else self.simple)()
        parts = [self.make(depth + 1) for _ in range(self.rng.randint(2, 4))]
        if kind == 5:
            return query.And(parts, boost=self.boost())
        if kind == 6:
            return query.Or(parts, boost=self.boost())
        if kind == 7:
            return query.And([*parts, query.Not(self.make(depth + 1))])
        if kind == 8:
            return query.AndMaybe(parts[0], parts[1])
        if kind == 9:
            return query.AndNot(parts[0], parts[1])
        if kind == 10:
            return self.rng.choice([query.Require, query.Otherwise])(parts[0], parts[1])
        if self.rng.random() < 0.5:
            return query.ConstantScoreQuery(parts[0], self.rng.choice([1.0, 3.5]))
        return query.DisjunctionMax(parts)


def outcome(searcher: Any, q: Any, **kwargs: Any) -> Any:
    """[(document, score)] in rank order, or the type of the error. Both indexes have the same documents in the same
    order (test_reader_contract)."""
    try:
        results = searcher.search(q, **kwargs)
        return [(docnum, score) for score, docnum in results.top_n]
    except Exception as exc:  # the same query must fail in the same way
        return type(exc)


def assert_same(found: Any, expected: Any, q: Any) -> None:
    if isinstance(expected, type):
        return  # Whoosh's own codec fails on it; there is nothing to compare with
    assert not isinstance(found, type), f"seed {SEED}: {found} for {q!r}"
    assert [key for key, _ in found] == [key for key, _ in expected], f"seed {SEED}: {q!r}"
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-4), repr(q)


@pytest.fixture(scope="module")
def expected(reference, corpora):
    """(query, all hits, first five hits or None) by Whoosh's codec, for each stage."""
    maker, found = QueryMaker(corpora.words, corpora.chinese), {}
    for stage in STAGES:
        found[stage] = []
        with reference[stage].searcher() as searcher:
            for number in range(QUERIES):
                q = maker.make()
                first_hits = outcome(searcher, q, limit=5) if number % 2 else None
                found[stage].append((q, outcome(searcher, q, limit=None), first_hits))
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_generated_queries(stage, expected, ours):
    failed = with_hits = 0
    with ours[stage].searcher() as searcher:
        for q, all_hits, first_hits in expected[stage]:
            assert_same(outcome(searcher, q, limit=None), all_hits, q)
            if first_hits is not None:
                assert_same(outcome(searcher, q, limit=5), first_hits, q)
            failed += isinstance(all_hits, type)
            with_hits += not isinstance(all_hits, type) and len(all_hits) > 0
    assert len(expected[stage]) * len(STAGES) - failed >= 500
    assert failed < QUERIES * 0.05
    assert with_hits > QUERIES * 0.6


@pytest.mark.parametrize("weighting", [scoring.TF_IDF(), scoring.Frequency(), scoring.PL2(), scoring.DFree()])
def test_other_weightings(weighting, reference, ours):
    q = query.Or([query.Term("body", "alpha"), query.Term("plain", "上海"), query.Term("tags", "red")])
    for stage in STAGES:
        with (
            reference[stage].searcher(weighting=weighting) as theirs,
            ours[stage].searcher(weighting=weighting) as mine,
        ):
            assert_same(outcome(mine, q, limit=None), outcome(theirs, q, limit=None), q)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("field", ["count", "price", "when", "tags"])
def test_sorting_and_facets(stage, field, reference, ours):
    with reference[stage].searcher() as theirs, ours[stage].searcher() as mine:
        for reverse in (False, True):
            facet = sorting.FieldFacet(field, reverse=reverse)
            keys = [
                [hit["key"] for hit in searcher.search(query.Every(), sortedby=facet, limit=None)]
                for searcher in (theirs, mine)
            ]
            assert keys[0] == keys[1]
        if field == "when":
            return  # Whoosh cannot show the default of a missing date
        groups = [
            searcher.search(query.Every(), groupedby=sorting.FieldFacet(field), limit=None).groups()
            for searcher in (theirs, mine)
        ]
        # As text, because a missing price is nan, which does not equal itself.
        assert sorted(map(str, groups[0].items())) == sorted(map(str, groups[1].items()))


@pytest.mark.parametrize("stage", STAGES)
def test_reader_contract(stage, reference, ours):
    theirs, mine = reference[stage].reader(), ours[stage].reader()
    assert mine.doc_count_all() == theirs.doc_count_all()
    assert mine.doc_count() == theirs.doc_count()
    assert list(mine.all_doc_ids()) == list(theirs.all_doc_ids())
    assert list(mine.all_terms()) == list(theirs.all_terms())
    assert sorted(mine.indexed_field_names()) == sorted(theirs.indexed_field_names())
    assert list(mine.terms_from("count", b"")) == list(theirs.terms_from("count", b""))
    for doc in mine.all_doc_ids():
        assert mine.stored_fields(doc) == theirs.stored_fields(doc)
    for field in ("body", "plain", "tags", "key", "count"):
        assert mine.field_length(field) == theirs.field_length(field)
        for doc in mine.all_doc_ids():
            assert mine.doc_field_length(doc, field, 0) == (theirs.doc_field_length(doc, field, 0) or 0)
    for field, text in list(mine.all_terms())[::3]:
        info, expected = mine.term_info(field, text), theirs.term_info(field, text)
        assert info.weight() == pytest.approx(expected.weight())
        assert info.doc_frequency() == expected.doc_frequency()
        assert info.max_weight() == pytest.approx(expected.max_weight())
        assert (info.min_id(), info.max_id()) == (expected.min_id(), expected.max_id())
        if mine.schema[field].scorable:
            assert (info.min_length(), info.max_length()) == (expected.min_length(), expected.max_length())
        assert mine.doc_frequency(field, text) == theirs.doc_frequency(field, text)
        assert mine.frequency(field, text) == pytest.approx(theirs.frequency(field, text))
    assert mine.doc_frequency("body", "nothing") == 0
    assert list(mine.iter_postings()) == [
        (name, term, doc, pytest.approx(weight), value or b"")
        for name, term, doc, weight, value in theirs.iter_postings()
    ]
    for doc in mine.all_doc_ids():
        assert mine.has_vector(doc, "plain") == theirs.has_vector(doc, "plain")
        if mine.has_vector(doc, "plain"):
            assert list(mine.vector_as("weight", doc, "plain")) == list(theirs.vector_as("weight", doc, "plain"))
            assert list(mine.vector(doc, "plain").all_ids()) == list(theirs.vector(doc, "plain").all_ids())


@pytest.mark.parametrize("stage", STAGES)
def test_cursors_and_suggestions(stage, reference, ours):
    for (mine, _), (theirs, _) in zip(
        ours[stage].reader().leaf_readers(), reference[stage].reader().leaf_readers(), strict=True
    ):
        here, there = mine.cursor("body"), theirs.cursor("body")
        assert here.first() == there.first()
        while there.text() is not None:
            assert here.text() == there.text()
            assert here.is_valid()
            assert here.term_info().doc_frequency() == there.term_info().doc_frequency()
            here.next()
            there.next()
        assert here.text() is None
        for text in ("", "b", "beta", "betb", "zzz"):
            assert here.find(text) == there.find(text)
        assert sorted(mine.terms_within("body", "shde", 2)) == sorted(theirs.terms_within("body", "shde", 2))
        assert list(mine.expand_prefix("body", "sha")) == list(theirs.expand_prefix("body", "sha"))
        assert mine.corrector("body").suggest("rendr") == theirs.corrector("body").suggest("rendr")
        assert list(mine.lexicon("when")) == list(theirs.lexicon("when"))
    mine, theirs = ours[stage].reader(), reference[stage].reader()
    assert mine.most_frequent_terms("body", 5) == theirs.most_frequent_terms("body", 5)


def test_more_like_and_key_terms(reference, ours):
    with reference["merged"].searcher() as theirs, ours["merged"].searcher() as mine:
        key = next(iter(mine.reader().all_stored_fields()))["key"]
        for searcher in (theirs, mine):
            assert searcher.document(key=key)["key"] == key
        numbers = [searcher.document_number(key=key) for searcher in (theirs, mine)]
        assert numbers[0] == numbers[1]
        terms = [searcher.key_terms([numbers[0]], "plain") for searcher in (theirs, mine)]
        assert terms[0] == terms[1]
        similar = [
            [hit["key"] for hit in searcher.more_like(numbers[0], "plain", top=5)] for searcher in (theirs, mine)
        ]
        assert similar[0] == similar[1]

"""A step of a plan as a query that matches and scores as ``search/steps`` do.

A term of all texts scores exactly our BM25F: the cluster's idf is ours, and the frequency in the field is tf'
(``tokens.py``). Where one idf must stand for several terms (synonyms, phrases) the boost puts it in place of theirs,
and the best of several counts instead of the saturated sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnsearch.backends.opensearch.counts import Counts
from cnsearch.backends.opensearch.mapping import CHARS, EXACT, OWN_WORDS, WORDS
from cnsearch.backends.opensearch.matching import (
    NOTHING,
    Query,
    any_of,
    constant,
    matching,
    parts_of,
    phrase,
    substring_queries,
    term_queries,
)
from cnsearch.backends.opensearch.tokens import SCALE
from cnsearch.search.scoring import DEFAULT_RANKING, FIELD_WEIGHTS, K1
from cnsearch.search.steps.base import Step
from cnsearch.search.steps.compound import Together
from cnsearch.search.steps.joined import AllOf, AnyOf, BestOf, Boosted, Without
from cnsearch.search.steps.keywords import Keyword, Keywords
from cnsearch.search.steps.leaf import Leaf, Term
from cnsearch.search.steps.pattern import TermPattern
from cnsearch.search.steps.synonyms import SynonymTerm
from cnsearch.search.steps.texts import OTHER_FORM, Apart, Substring
from cnsearch.store.fields import CHARS_FIELD, TEXT_FIELDS

TIE = 0.3
"""Of several scores for one thing, what those count that are not the best."""
LONGEST_WEIGHED = 12
"""Characters of a substring whose occurrences are counted; a longer one scores the same wherever it stands."""
_CHARACTERS = frozenset(CHARS_FIELD.values())


def saturated(tf: float) -> float:
    """tf' / (k1 + tf'), of one number."""
    return tf / (K1 + tf)


class Scoring:
    """Makes the queries of one plan.

    known  : of each run of words, which articles are hits; and of each step that is verified in texts
    used   : of each word in it, the step that finds it (``Keyword.otherwise`` where the word itself finds nothing)
    kept   : of each run, the words and bigrams that count
    notes  : what was left out, for the user
    """

    def __init__(self, counts: Counts, version: tuple[int, ...], verified: Mapping[Step, Query]) -> None:
        """``version``: of the cluster. Before 3.0 its BM25 multiplies by k1 + 1, which ours never does."""
        self.counts = counts
        self._factors = _LEGACY_FACTORS if version < (3,) else dict.fromkeys(_LEGACY_FACTORS, 1.0)
        self.known: dict[Step, Query] = dict(verified)
        self.used: dict[Keyword, Step] = {}
        self.kept: dict[Keywords, Keywords] = {}
        self.notes: list[str] = []

    def of(self, step: Step) -> Query:
        """Matches what the step matches, and scores it."""
        if isinstance(step, (Term, Substring, TermPattern, SynonymTerm, Apart)):
            return self.leaf(step)
        if isinstance(step, Keywords):
            return {"bool": {"filter": [self.known[step]], "should": self.words(step), "minimum_should_match": 0}}
        if isinstance(step, AnyOf):
            return any_of(self.of(clause) for clause in step.clauses)
        if isinstance(step, AllOf):
            return {"bool": {"must": [self.of(clause) for clause in step.clauses]}}
        if isinstance(step, BestOf):
            return {"dis_max": {"queries": [self.of(clause) for clause in step.clauses], "tie_breaker": 0}}
        if isinstance(step, Boosted):
            return {"bool": {"must": [self.of(step.base)], "should": [self.of(step.bonus)]}}
        if isinstance(step, Without):
            return {"bool": {"must": [self.of(step.base)], "must_not": [matching(step.excluded, self.known)]}}
        if isinstance(step, Together):
            return {"bool": {"must": [self.of(step.parts)], "filter": [matching(step, self.known)]}}
        return constant(matching(step, self.known), 0.0)

    def words(self, step: Keywords) -> list[Query]:
        """What adds to the score of a run of words."""
        kept = self.kept.get(step, step)
        leaves = [*(single for word in kept.words for single in word.singles), *kept.bigrams]
        return [*(self.of(self.used.get(word, word.step)) for word in kept.words), *map(self.leaf, leaves)]

    def leaf(self, leaf: Leaf) -> Query:
        """The score of one leaf where it stands."""
        factor = leaf.weight if isinstance(leaf, Term) else 1.0
        if leaf.fields[0] in _CHARACTERS:
            factor *= DEFAULT_RANKING.bigrams
        return self._scored(leaf, self.counts.idf(leaf), factor)

    def _scored(self, leaf: Leaf, idf: float, factor: float) -> Query:
        """With ``idf`` in the place of its own. ``factor``: of the score."""
        if not factor:
            return NOTHING
        if isinstance(leaf, Term):
            return self._term(leaf.text, leaf.fields, idf, factor)
        if isinstance(leaf, Substring):
            return self._substring(leaf, idf, factor)
        if isinstance(leaf, SynonymTerm):
            return _best(list(self._members(leaf, idf, factor)))
        weight = OTHER_FORM if isinstance(leaf, Apart) else 1.0
        return constant(matching(leaf, self.known), factor * idf * saturated(weight))

    def _members(self, leaf: SynonymTerm, idf: float, factor: float) -> Iterator[Query]:
        for member in leaf.members:
            if not self.counts.of(member):
                continue
            weight = member.weight if isinstance(member, Term) else OTHER_FORM if isinstance(member, Apart) else 1.0
            # An occurrence that counts less: exact for one in a text of average length.
            lessened = saturated(weight) / saturated(1.0) if not isinstance(member, Apart) else 1.0
            yield self._scored(member, idf, factor * lessened)

    def _term(self, text: str, fields: tuple[str, ...], idf: float, factor: float) -> Query:
        own = self.counts.idf(Term(text, fields))
        boost = factor * (idf / own if own else 1.0)
        return _best([self._boosted(query, boost) for query in term_queries(text, fields)])

    def _substring(self, leaf: Substring, idf: float, factor: float) -> Query:
        text, fields = leaf.text, leaf.fields
        queries = substring_queries(text, fields)
        if len(text) <= 2 and fields == TEXT_FIELDS:
            return _best([self._boosted(query, factor) for query in queries])
        if len(text) <= 2 or len(text) > LONGEST_WEIGHED:
            pairs = zip(fields, queries, strict=True)
            return _best([constant(query, factor * idf * saturated(FIELD_WEIGHTS[name])) for name, query in pairs])
        found = []
        for name in fields:
            # Lucene weighs a phrase by the sum of the idf of its terms in this field.
            chars = (CHARS_FIELD[name],)
            theirs = sum(self.counts.idf(Term(text[at : at + 2], chars)) for at in range(len(text) - 1))
            found.append(self._boosted(phrase(text, name), factor * idf / theirs if theirs else factor))
        return _best(found)

    def _boosted(self, query: Query, boost: float) -> Query:
        """A term or a phrase with our score of it multiplied."""
        ((kind, inside),) = query.items()
        ((name, said),) = inside.items()
        return {kind: {name: {**said, "boost": boost * self._factors[name]}}}


_LEGACY_FACTORS = {
    **dict.fromkeys((WORDS, CHARS), 1 / (K1 * SCALE + 1)),
    **{field: 1 / (K1 / FIELD_WEIGHTS[name] + 1) for fields in (EXACT, OWN_WORDS) for name, field in fields.items()},
}


def leaves_to_count(step: Step) -> Iterator[Step]:
    """Every step whose number of articles is needed, in one go."""
    for part in parts_of(step):
        if isinstance(part, Leaf):
            yield part
        if isinstance(part, Substring) and 2 < len(part.text) <= LONGEST_WEIGHED:
            for name in part.fields:
                yield from (Term(part.text[at : at + 2], (CHARS_FIELD[name],)) for at in range(len(part.text) - 1))
        if isinstance(part, Keywords):
            for word in part.words:
                yield from (found for found in (word.step, word.otherwise) if found is not None)


def _best(queries: list[Query]) -> Query:
    if not queries:
        return NOTHING
    if len(queries) == 1:
        return queries[0]
    return {"dis_max": {"queries": queries, "tie_breaker": TIE}}


def within(query: Query, minimum: float) -> Query:
    """The articles whose score by ``query`` is at least so much, without a score themselves."""
    said: dict[str, Any] = {"query": query, "min_score": minimum, "boost_mode": "multiply", "functions": []}
    return {"function_score": said}

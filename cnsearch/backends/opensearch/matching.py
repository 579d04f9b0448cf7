"""A step of a plan as a query that says which articles match, for filters and for counting.

Words, bigrams and single characters are terms of one field for all texts; exact substrings of three characters and more
are phrases of bigrams, whose positions make them exact. What Lucene cannot say exactly is in docs/en/cluster.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cnsearch.analysis.inflection import MARK
from cnsearch.analysis.ngrams import BREAKS
from cnsearch.backends.opensearch.documents import value_term
from cnsearch.backends.opensearch.mapping import CHARS, EXACT, OWN_WORDS, WORDS
from cnsearch.backends.opensearch.tokens import escaped
from cnsearch.search.steps.base import Step
from cnsearch.search.steps.compound import Together
from cnsearch.search.steps.conditions import All, DateRange, Label
from cnsearch.search.steps.joined import AllOf, AnyOf, BestOf, Boosted, Without
from cnsearch.search.steps.keywords import Keywords
from cnsearch.search.steps.leaf import Term
from cnsearch.search.steps.pattern import TermPattern
from cnsearch.search.steps.synonyms import SynonymTerm
from cnsearch.search.steps.texts import Substring
from cnsearch.store.fields import CHARS_FIELD, TEXT_FIELDS

Query = dict[str, Any]

EVERYTHING: Query = {"match_all": {}}
NOTHING: Query = {"match_none": {}}
_ALL_CHARS = tuple(CHARS_FIELD[name] for name in TEXT_FIELDS)
_TEXT_OF = {chars: name for name, chars in CHARS_FIELD.items()}
_SPECIAL = re.compile(r'([.?+*|{}\[\]()"\\#@&<>~^$-])')


def any_of(queries: Iterable[Query]) -> Query:
    """Articles that match one of the queries; scores are summed."""
    several = list(queries)
    if not several:
        return NOTHING
    return several[0] if len(several) == 1 else {"bool": {"should": several, "minimum_should_match": 1}}


def all_of(queries: Iterable[Query]) -> Query:
    """Articles that match each of the queries, without a score."""
    several = list(queries)
    return several[0] if len(several) == 1 else {"bool": {"filter": several}}


def constant(query: Query, score: float) -> Query:
    """The same articles, each with one score."""
    return {"constant_score": {"filter": query, "boost": score}}


def term_queries(text: str, fields: tuple[str, ...]) -> list[Query]:
    """The fields in which a term is looked for; one for all texts together."""
    return [{"term": {name: {"value": escaped(text)}}} for name in term_fields(fields)]


def term_fields(fields: tuple[str, ...]) -> list[str]:
    """The cluster's fields for fields of a term."""
    if fields == TEXT_FIELDS:
        return [WORDS]
    if fields == _ALL_CHARS:
        return [CHARS]
    return [EXACT[_TEXT_OF[name]] if name in _TEXT_OF else OWN_WORDS[name] for name in fields]


def phrase(text: str, field: str) -> Query:
    """Where three characters or more stand as they are in one text."""
    pairs = " ".join(escaped(text[at : at + 2]) for at in range(len(text) - 1))
    return {"match_phrase": {EXACT[field]: {"query": pairs}}}


def substring_queries(text: str, fields: tuple[str, ...]) -> list[Query]:
    """Where a folded text stands as it is: one query for all texts, or one for each."""
    if not text or any(char in text for char in BREAKS):
        return []
    if len(text) > 2:
        return [phrase(text, name) for name in fields]
    if fields == TEXT_FIELDS:
        return [{"term": {CHARS: {"value": escaped(text)}}}]
    kind = "term" if len(text) == 2 else "prefix"
    return [{kind: {EXACT[name]: {"value": escaped(text)}}} for name in fields]


def pattern_queries(pattern: TermPattern) -> list[Query]:
    """Words that match a pattern: by their beginning where it ends in its only star."""
    text = pattern.text
    fields = term_fields(pattern.fields)
    if text == pattern.prefix + "*" and pattern.prefix:
        return [{"prefix": {name: {"value": escaped(pattern.prefix)}}} for name in fields]
    return [{"regexp": {name: {"value": pattern_regex(text), "flags": "NONE"}}} for name in fields]


def pattern_regex(text: str) -> str:
    """Lucene's regular expression for a pattern; the stems of inflected words, which begin with a mark, do not match.

    >>> pattern_regex("w?rd"), pattern_regex("**base")
    ('w.rd', '([^=].*)?base')
    """
    stars, rest = re.match(r"(\**)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]  # matches everything
    if not stars and rest[:1] == "?":
        return f"[^{MARK}]{_pieces(rest[1:])}"
    return (f"([^{MARK}].*)?" if stars else "") + _pieces(rest)


def _pieces(text: str) -> str:
    signs = {"*": ".*", "?": "."}
    return "".join(signs.get(char) or _SPECIAL.sub(r"\\\1", escaped(char)) for char in re.sub(r"\*+", "*", text))


def label_query(step: Label) -> Query:
    """The articles with a value."""
    return {"term": {step.field: {"value": value_term(step.value)}}}


def date_query(step: DateRange) -> Query:
    """The articles of a time."""
    bounds = {name: value for name, value in (("gte", step.start), ("lt", step.end)) if value is not None}
    return {"range": {"seconds": bounds}} if bounds else {"exists": {"field": "seconds"}}


def matching(step: Step, known: Mapping[Step, Query]) -> Query:
    """The articles that match a step. ``known`` has the rule of hits of each run of words in it, and what is verified
    in texts (``verified.py``)."""
    if step in known:
        return known[step]
    match step:
        case Term():
            return any_of(term_queries(step.text, step.fields))
        case Substring():
            return any_of(substring_queries(step.text, step.fields))
        case TermPattern():
            return any_of(pattern_queries(step))
        case SynonymTerm():
            return any_of(matching(member, known) for member in step.members)
        case Label():
            return label_query(step)
        case DateRange():
            return date_query(step)
        case All():
            return EVERYTHING
        case AllOf():
            return all_of(matching(clause, known) for clause in step.clauses)
        case AnyOf() | BestOf():
            return any_of(matching(clause, known) for clause in step.clauses)
        case Boosted():
            return matching(step.base, known)
        case Without():
            inside = {"must_not": [matching(step.excluded, known)]}
            return {"bool": {"filter": [matching(step.base, known)], **inside}}
        case Together():
            written = any_of(query for text in step.spellings for query in substring_queries(text, step.fields))
            return all_of([matching(step.parts, known), written])
    raise TypeError(f"not known: {step}")


def parts_of(step: Step) -> Iterator[Step]:
    """A step, and every one in it."""
    yield step
    for part in _inside(step):
        yield from parts_of(part)


def _inside(step: Step) -> Iterable[Step]:
    match step:
        case AllOf() | AnyOf() | BestOf():
            return step.clauses
        case Keywords():
            words = ((word.step, word.otherwise, *word.bigrams, *word.singles) for word in step.words)
            return (*(part for parts in words for part in parts if part is not None), *step.bigrams)
        case SynonymTerm():
            return step.members
        case Boosted():
            return step.base, step.bonus
        case Without():
            return step.base, step.excluded
        case Together():
            return (step.parts,)
    return ()

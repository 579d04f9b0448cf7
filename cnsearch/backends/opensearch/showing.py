"""What a search on a cluster hands out: hits whose excerpts and explanations are made when they are asked for.

Excerpts are made here, by the highlighter that the index on disk has too, from the text that came with the hit, or is
fetched where the page was long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cnsearch.backends.opensearch.documents import about_of
from cnsearch.backends.opensearch.matching import Query, all_of, any_of, matching
from cnsearch.backends.opensearch.searcher import Found, Ready, Searcher, texts_of
from cnsearch.errors import ArticleNotFoundError
from cnsearch.model import Duplicate, Fragment, Hit, ScorePart, Snippet
from cnsearch.search.missing import MAX_NOTED, NEVER_MISSED
from cnsearch.search.results import Shown, highlighter_of
from cnsearch.search.scoring import DEFAULT_RANKING
from cnsearch.search.snippet import Highlighter
from cnsearch.search.steps.keywords import Keyword
from cnsearch.search.steps.leaf import Term


class Lacking:
    """Which words of the query a hit lacks: told by the cluster with the hits, by named queries."""

    def __init__(self, ready: Ready) -> None:
        found = ready.plan.runs
        words = [word for run in found for word in run.words if word.text not in NEVER_MISSED]
        self._words = {f"word {at}": word for at, word in enumerate(words[:MAX_NAMED])}
        self._noted = 0 < len(words) <= MAX_NOTED and not any(run.sentence for run in found)
        self.names = {name: _has(word, ready) for name, word in self._words.items()}

    def of(self, named: frozenset[str]) -> tuple[str, ...]:
        """The words that a hit lacks which matches these."""
        return tuple(dict.fromkeys(word.text for name, word in self._words.items() if name not in named))

    def note(self, searcher: Searcher, ready: Ready, found: Found) -> tuple[str, ...]:
        """That no article has all words, where that is so."""
        if not self._noted or not found.total or any(len(named) == len(self.names) for named in found.named):
            return ()
        query = all_of([matching_of(ready), *self.names.values()])
        if searcher.counts.of_queries({("all words", str(query)): query})[("all words", str(query))]:
            return ()
        words = list(dict.fromkeys(word.text for word in self._words.values()))
        return (f"no article has {'all of ' if len(words) > 1 else ''}{', '.join(words)}",)


MAX_NAMED = 60
"""Words that are looked for in each hit; of a longer query the others count as there."""


def matching_of(ready: Ready) -> Query:
    """The articles that a plan matches."""
    assert ready.plan.step is not None
    return matching(ready.plan.step, ready.scoring.known)


def _has(word: Keyword, ready: Ready) -> Query:
    used = matching(ready.scoring.used.get(word, word.step), ready.scoring.known)
    if not isinstance(word.step, Term) or not word.bigrams:
        return used
    return any_of([used, all_of(matching(pair, {}) for pair in word.bigrams)])


class Excerpts:
    """Of the hits of one search."""

    def __init__(self, searcher: Searcher, ready: Ready, tokenizer: Any, shown: Shown) -> None:
        self._searcher = searcher
        self._ready = ready
        self._tokenizer = tokenizer
        self._shown = shown
        self._made: Highlighter | None = None

    @property
    def _highlighter(self) -> Highlighter:
        if self._made is None:
            self._made = highlighter_of(self._ready.plan, self._searcher, self._tokenizer, self._shown)
        return self._made

    def of(self, key: str, article: dict[str, Any]) -> tuple[Fragment, Snippet]:
        """Title and snippet of a hit."""
        article = self._whole(key, article)
        title, body = texts_of(article)
        headings = tuple(article.get("headings", ()))
        return self._highlighter.title(title), self._highlighter.snippet(body, headings)

    def lines(self, article: dict[str, Any]) -> tuple[Fragment, ...]:
        """Title and paragraphs, whole."""
        title, body = texts_of(article)
        return self._highlighter.title(title), *self._highlighter.lines(body)

    def _whole(self, key: str, article: dict[str, Any]) -> dict[str, Any]:
        self._searcher.cluster.require_open()
        if "paragraphs" in article:
            return article
        found = self._searcher.article(key)
        if found is None:
            raise ArticleNotFoundError(article["id"], hint="It was deleted after the search")
        return found

    def explain(self, key: str, article: dict[str, Any], score: float, second_pass: bool) -> tuple[ScorePart, ...]:
        """The parts of a score, which add up to it, the greatest first: what each leaf gives to this article by itself,
        asked of the cluster, and what was added here."""
        ready, scoring = self._ready, self._ready.scoring
        found: defaultdict[tuple[str, str], float] = defaultdict(float)
        named = [(leaf.part, scoring.leaf(leaf)) for leaf in dict.fromkeys(ready.plan.leaves)]
        named += [((extra.name, extra.text), _constant(extra.query, extra.score)) for extra in ready.extras]
        only: Query = {"ids": {"values": [key]}}
        bodies = [
            {"size": 1, "_source": False, "query": {"bool": {"must": [query], "filter": [only]}}} for _, query in named
        ]
        answers = self._searcher.cluster.searches(self._searcher.index, bodies)
        for (name, _), answer in zip(named, answers, strict=True):
            found[name] += answer["hits"]["max_score"] or 0.0
        if second_pass and ready.plan.focus:
            best, lead = self._searcher.close_together(ready, [self._whole(key, article)])
            found["close together", ""] = DEFAULT_RANKING.closeness * best[0]
            found["beginning", ""] = DEFAULT_RANKING.lead * lead[0]
        rest = score - sum(found.values())
        if self._shown.half_life_days is not None:
            found["age", ""] = rest
        elif abs(rest) > 1e-3 * max(1.0, abs(score)):
            found["other", ""] = rest  # of alternatives the best counts
        parts = [ScorePart(name, text, part) for (name, text), part in found.items() if part]
        return tuple(sorted(parts, key=lambda part: -part.score))


def _constant(query: Query, score: float) -> Query:
    return {"constant_score": {"filter": query, "boost": max(score, 0.0)}}


def make_hits(
    found: Found, excerpts: Excerpts, lacking: Lacking | None, offset: int, folded: Sequence[Sequence[Any]] = ()
) -> Iterator[Hit]:
    """The hits of a page. ``folded``: for each of them the articles under it, or nothing at all."""
    for at, (key, article, score) in enumerate(zip(found.ids, found.articles, found.scores, strict=True)):
        rank = offset + at + 1
        missing = () if lacking is None else lacking.of(found.named[at])
        yield Hit(
            rank=rank,
            score=score,
            _later=_Later(excerpts, key, article, score, rank <= found.num_second, tuple(missing)),
            duplicates=tuple(map(_duplicate, folded[at])) if folded else (),
            **about_of(article),
        )


class _Later(NamedTuple):
    """What of a hit is made when it is asked for."""

    of: Excerpts
    key: str
    article: dict[str, Any]
    score: float
    second_pass: bool
    lacking: tuple[str, ...]

    def fields(self) -> dict[str, Any]:
        return about_of(self.article)

    def excerpts(self) -> tuple[Fragment, Snippet]:
        return self.of.of(self.key, self.article)

    def explain(self) -> tuple[ScorePart, ...]:
        return self.of.explain(self.key, self.article, self.score, self.second_pass)

    def missing(self) -> tuple[str, ...]:
        return self.lacking


def _duplicate(article: dict[str, Any]) -> Duplicate:
    about = about_of(article)
    return Duplicate(about["id"], about["title"], about["source"], about["date"], about["url"])

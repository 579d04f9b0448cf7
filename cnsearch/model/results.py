"""What a search gives: a page of hits, each with its article's facts, excerpts and the parts of its score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, overload

from cnsearch.model.excerpt import Fragment, Snippet
from cnsearch.model.written import FORMAT_VERSION, iso_date


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One part of a score.

    name  : "word", "synonyms" (words that count as one), "characters" (the bigrams of the query), "phrase", "pattern",
            "close together" (the query's characters and bigrams in one place of the text), "beginning" (those at its
            beginning), "title" (it is the query), "in one piece" (words of the query that stand as they were typed),
            "age" (what it takes away)
    text  : what of the query it is for
    score : what it adds
    """

    name: str
    text: str
    score: float

    def to_dict(self) -> dict[str, Any]:
        """Everything, fit for JSON; the score to 4 digits."""
        return {"name": self.name, "text": self.text, "score": round(self.score, 4)}


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An article that tells the same story as a hit, and is folded under it. Fields as those of ``Article``."""

    id: str
    title: str
    source: str
    date: datetime | None
    url: str

    def to_dict(self, zone: tzinfo | None = None) -> dict[str, Any]:
        """For JSON; the date in ``zone``."""
        date = iso_date(self.date, zone)
        return {"id": self.id, "title": self.title, "source": self.source, "date": date, "url": self.url}


class Later(Protocol):
    """What of a hit is read or made when it is asked for. Safe for threads."""

    def fields(self) -> Mapping[str, Any]:
        """The fields that are not known."""

    def excerpts(self) -> tuple[Fragment, Snippet]:
        """The title with its matches, and the snippet."""

    def explain(self) -> tuple[ScorePart, ...]:
        """The parts of the score."""

    def missing(self) -> tuple[str, ...]:
        """The words of the query that the article lacks."""


@dataclass(frozen=True)
class Hit:
    """One ranked result.

    rank       : 1 is the best; counts on over the pages
    score      : comparable within one search only; 0 where nothing in the query ranks
    duplicates : where the search collapses, the matching articles that are copies of this one, in rank order
    The other fields are the article's. Excerpts are made, and fields that a search does not need are read, when first
    asked for; pickling or copying a hit does both, so that the copy needs no index.
    """

    rank: int
    id: str
    title: str
    source: str
    categories: tuple[str, ...]
    author: str
    date: datetime | None
    url: str
    path: str
    score: float
    _later: Later | None = field(repr=False, compare=False)
    duplicates: tuple[Duplicate, ...] = ()
    tags: tuple[str, ...] = field(default_factory=tuple)  # by a factory, as no attribute of the class: see __getattr__
    draft: bool = field(default_factory=bool)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def partly(cls, later: Later, known: Mapping[str, Any]) -> Hit:
        """A hit of which some fields are known; the others are read when one is first asked for."""
        hit = object.__new__(cls)
        hit.__dict__.update(known, _later=later)
        return hit

    if not TYPE_CHECKING:  # else every misspelt name would be an attribute

        def __getattr__(self, name: str) -> Any:
            """A field that was not read yet."""
            if name not in type(self).__dataclass_fields__ or self.__dict__.get("_later") is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            self._read_the_rest()
            return self.__dict__[name]

    def _read_the_rest(self) -> None:
        if "source" not in self.__dict__ and self._later is not None:  # another thread may be as far: it reads the same
            self.__dict__.update(self._later.fields())

    def __getstate__(self) -> dict[str, Any]:
        self._read_the_rest()
        made = {"_made": self._made, "_parts": self._parts, "missing": self.missing}  # before they are let go of
        return {**self.__dict__, **made, "_later": None}

    @property
    def more(self) -> int:
        """How many articles are folded under this one."""
        return len(self.duplicates)

    @cached_property
    def _made(self) -> tuple[Fragment, Snippet]:
        assert self._later is not None  # a copy has what it made
        return self._later.excerpts()

    @cached_property
    def _parts(self) -> tuple[ScorePart, ...]:
        assert self._later is not None
        return self._later.explain()

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Words of the query, folded, that the article lacks, though it has enough of the others."""
        return () if self._later is None else self._later.missing()

    @property
    def title_fragment(self) -> Fragment:
        """The whole title with its matches marked."""
        return self._made[0]

    @property
    def snippet(self) -> Snippet:
        """The fragments of the body that show the matches best, or its beginning."""
        return self._made[1]

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        """The title, where it matches, and the fragments of the body."""
        title = self.title_fragment
        return (*([title] if title.highlights else []), *self.snippet.fragments)

    def explain(self) -> tuple[ScorePart, ...]:
        """The parts of the score, which add up to it, the greatest first."""
        return self._parts

    def to_dict(self, zone: tzinfo | None = None, *, explain: bool = False) -> dict[str, Any]:
        """For JSON; the date in ``zone``; the parts of the score if asked for."""
        parts = {"explanation": [part.to_dict() for part in self.explain()]} if explain else {}
        return {
            "rank": self.rank,
            "id": self.id,
            "title": self.title,
            "source": self.source,
            "categories": list(self.categories),
            "author": self.author,
            "date": iso_date(self.date, zone),
            "url": self.url,
            "path": self.path,
            "tags": list(self.tags),
            "draft": self.draft,
            "labels": {name: list(values) for name, values in self.labels.items()},
            "extra": dict(self.extra),
            "score": round(self.score, 4),
            "snippet": self.snippet.text(),
            "fragments": [
                {
                    "field": part.field,
                    "text": part.text,
                    "highlights": [list(span) for span in part.highlights],
                    "heading": part.heading,
                }
                for part in self.fragments
            ],
            "missing": list(self.missing),
            "more": self.more,
            "duplicates": [duplicate.to_dict(zone) for duplicate in self.duplicates],
            **parts,
        }


@dataclass(frozen=True)
class SearchResults(Sequence[Hit]):
    """One page of hits; iterate over it, index it, ask its length.

    query      : as typed
    understood : the same as it was read, folded, with its operators
    notes      : what was not taken as written (an unknown field, a query cut short), filter values that no article has
    total      : articles that match, on all pages, those that are folded under others included
    took_ms    : milliseconds from query text to hits, excerpts not included
    facets     : for each facet that was asked for, how many hits on all pages have each value, most frequent first
    correction : where nothing is found, or nothing but single characters of the query, a query that finds something and
                 may have been meant; else empty
    """

    query: str
    understood: str
    notes: tuple[str, ...]
    total: int
    took_ms: float
    hits: tuple[Hit, ...]
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict, hash=False)
    correction: str = ""

    @property
    def folded(self) -> int:
        """How many articles are folded under the hits of this page."""
        return sum(hit.more for hit in self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, at: int | slice) -> Hit | tuple[Hit, ...]:
        return self.hits[at]

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def to_dict(self, zone: tzinfo | None = None, *, explain: bool = False) -> dict[str, Any]:
        """For JSON; dates in ``zone``; the parts of the scores if asked for."""
        return {
            "version": FORMAT_VERSION,
            "query": self.query,
            "understood": self.understood,
            "notes": list(self.notes),
            "correction": self.correction,
            "total": self.total,
            "took_ms": round(self.took_ms, 3),
            "hits": [hit.to_dict(zone, explain=explain) for hit in self.hits],
            "facets": {name: dict(counts) for name, counts in self.facets.items()},
        }


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion of what is typed.

    text     : folded
    articles : how many contain it, in title or body: as a word where it is one, else exactly so. Where only the last of
               several words is completed, how many contain that one
    """

    text: str
    articles: int

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"text": self.text, "articles": self.articles}

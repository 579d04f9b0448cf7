"""The compiled kernels of a keyword query: from terms to the best hits, in segments as they lie on disk.

Nothing is decoded in advance or kept for the next query. A kernel here maps the file of a segment itself: the stable
interface of Python 3.10 has no buffers to lend it bytes, and to copy what a query reads would cost more than to search
it. It compares blocks with their checksums on first touch, as ``engine/bytes/container.py`` does. What is damaged, or
has numbers that are not exact in float32, is None or ValueError, so that the plain twin says what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any, NamedTuple, Protocol

from cnsearch.kernels.choice import chosen
from cnsearch.kernels.searching import Characters, Closeness

FieldInfo = tuple[int, int, int]
"""Of a field in a segment: its number, how many terms it has, and how many bytes all these begin with."""

Best = list[tuple[int, float]]
"""Documents of the index and their scores, the best first, equal ones by number."""


class MappedSegment(NamedTuple):
    """file      : of the segment, mapped
    base      : number of its first document in the index
    num_docs  : deleted ones included
    fields    : of each searched field, in the order that all segments of a commit share; None where it has no terms
    texts     : the numbers of the stored fields id, title and body; None where there is none
    """

    file: Any
    base: int
    num_docs: int
    fields: Sequence[FieldInfo | None]
    texts: tuple[int | None, int | None, int | None]


class Titled(NamedTuple):
    """Which titles are the query.

    pairs      : terms of the characters of titles, by which these are looked up; a title has half of them
    of_letters : whether each pair is of two letters
    letters    : of the query, folded; at least one
    whole      : the query, folded, where it is one text
    others     : how many characters of it are no letters
    contextual : as in ``Ask``
    """

    pairs: Sequence[str]
    of_letters: bool
    letters: str
    whole: str | None
    others: int
    contextual: bool


class Ask(NamedTuple):
    """What the best hits depend on, besides their scores; leaves by number.

    bigrams    : of the query, and what each counts
    characters : of it that are words
    words      : its other words
    contextual : whether a character is looked for that depends on those at its sides, or may be read for such a one
    pieces     : texts of the query that are found in one piece, the documents that have them (int64), and their idf
    wholes     : documents (int64) that have a long text of the query whole
    titled     : which titles are the query; None if nobody asks
    """

    bigrams: Sequence[tuple[int, float]]
    characters: Sequence[int]
    words: Sequence[int]
    contextual: bool
    pieces: Sequence[tuple[str, bytes, float]]
    wholes: Sequence[bytes]
    titled: Titled | None


class Rule(NamedTuple):
    """The rule of hits.

    need     : times the 3-norm of the weights of the words: what a hit has of them; 0 if any word is enough
    share    : times their sum: what it has at least
    most     : or so much of what the best has, if that is less
    about    : sums that should be equal differ by less, relatively
    num_best : so many documents with the best scores are hits too
    """

    need: float
    share: float
    most: float
    about: float
    num_best: int


class KeywordQuery(NamedTuple):
    """Fields are bits: 1 for the first of the index, 2 for the second, 4 for the third.

    leaves : what is scored as one term: its text, the fields it is looked for in, and what its impacts times its idf
             are multiplied by in a score; 0 adds nothing
    joined : leaves by number that are any of some terms: texts, as many fields as the leaf has (whose lengths count),
             and what an occurrence counts
    found  : leaves by number, and what they match: looked up by others
    words  : of the query: leaf, those of its bigrams, and what it counts in the rule of hits
    rest   : words that others have looked for: what they score in each document (float32), what each document has of
             them weighs (float32), and the weight of each; None if there are no such
    rule   : of hits
    typed  : documents that are hits in any case, int64 in bytes; None for none
    mask   : a byte per document, 0 where it is no hit in any case; None if all may be
    ask    : what the best depend on; None where they are those with the best scores
    """

    leaves: Sequence[tuple[str, int, float]]
    joined: Sequence[tuple[int, Sequence[tuple[str, int, float]]]]
    found: Sequence[tuple[int, bytes | None, bytes]]
    words: Sequence[tuple[int, Sequence[int], float]]
    rest: tuple[bytes, bytes, Sequence[float]] | None
    rule: Rule
    typed: bytes | None
    mask: bytes | None
    ask: Ask | None


class Answer(NamedTuple):
    """best   : documents and scores
    titles : documents whose titles have to be read first, for they are read otherwise than they fold; if there are any,
             the best are missing
    texts  : documents whose beginnings have to be read first; likewise
    """

    best: Best
    titles: list[int]
    texts: list[int]


class Run(Protocol):
    """The hits of a query. Not safe for threads."""

    @property
    def total(self) -> int:
        """How many there are."""

    @property
    def tells(self) -> bool:
        """Whether the index has any of the leaves of the query that are scored or words, and are more than a single
        character."""

    def has(self, word: int, doc: int) -> bool | None:
        """Whether a document has a word, by its number: as a word, or all its bigrams; None if that is not known."""

    def again(
        self,
        titles: Sequence[tuple[int, str, str]],
        texts: Sequence[tuple[int, str]],
        read_by: Characters | None,
        count: int,
        depth: int,
    ) -> tuple[Best, list[int], list[int]] | None:
        """What ``MappedIndex.search`` says of the best, given what some of the documents are read as.

        titles : documents, what their titles are read as, and the letters of this
        texts  : documents, and what their beginnings are read as
        """

    def mask(self) -> bytes:
        """A byte per document of the index, 1 for the hits."""

    def scores(self) -> bytes:
        """The score of each document, float32, 0 where it is no hit; with what it has earned, before the second
        pass."""


class MappedIndex(Protocol):
    """A commit. Safe for threads."""

    def names(self, docs: Sequence[int]) -> list[tuple[str, str]] | None:
        """(id, title) of some documents; None if one cannot be read by a kernel."""

    def texts(self, doc: int) -> tuple[bytes, bytes] | None:
        """Title and body of a document in UTF-16; None if they cannot be read by a kernel."""

    def doc_freq(self, term: str, fields: int) -> int | None:
        """How many documents, deleted ones included, have a term in any of some fields, given as bits; None if the
        index is damaged. Raises UnicodeEncodeError for half a surrogate pair."""

    def search(self, *query: Any) -> tuple[Run, tuple[Best, list[int], list[int]]] | None:
        """What a ``KeywordQuery`` finds, given its values in order; then

        read_by : reads texts that are read otherwise than they fold, but for a few; None reads none of these
        count   : how many of the best are asked for
        depth   : so many of them get what the second pass says

        The hits, and the values of an ``Answer``; None if the index is damaged. Raises UnicodeEncodeError for a term
        with half a surrogate pair.
        """


def mapped_file(path: str | PathLike[str]) -> Any:
    """The segment at ``path`` for ``MappedSegment``; None where there are no compiled kernels, or it cannot be read."""
    extension = chosen().extension
    if extension is None:
        return None
    try:
        return extension.SegmentFile(path)
    except (OSError, ValueError):
        return None


class Constants(NamedTuple):
    """What is the same in every query: the factors of ``search/scoring.py``'s Ranking, then of titles to the dot; how
    many titles are compared, those with the best scores, and the number of the field of their characters; characters of
    a text that are looked at, of a window, and of a beginning."""

    factors: tuple[float, float, float, float, float]
    titles: tuple[int, int]
    chars: tuple[int, int, int]


def mapped_index(
    segments: Sequence[MappedSegment],
    norms: Sequence[tuple[float, float]],
    b: float,
    k1: float,
    live: bytes | None,
    tables: Closeness,
    constants: Constants,
) -> MappedIndex | None:
    """A commit of these segments, in order; None if they are damaged.

    norms  : of each field its weight, and the mean of its lengths, above 0
    b, k1  : of BM25F
    live   : a byte per document, 0 where it is deleted; None if none is
    tables : of characters

    REQUIRES: kernels are compiled
    """
    parts = [tuple(one) for one in segments]
    try:
        made: MappedIndex = chosen().extension.Snapshot(parts, list(norms), b, k1, live, tables, constants)
    except ValueError:
        return None
    return made

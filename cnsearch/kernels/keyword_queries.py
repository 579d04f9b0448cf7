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


class KeywordQuery(NamedTuple):
    """leaves   : what is scored as one term: the numbers of the fields whose lengths count; and terms, any of which it
               is, each with as many fields that it is looked for in, and what an occurrence counts
    found    : leaves by number, and what they match: looked up by others
    scored   : leaves by number, each with what its impacts times its idf are multiplied by in a score
    words    : of the query: leaf, those of its bigrams, and what it counts in the rule of hits
    rest     : words that others have looked for: what they score in each document (float32), what each document has of
               them weighs (float32), and the weight of each; None if there are no such
    need     : times the 3-norm of the weights of the words: what a hit has of them; above 0
    share    : times their sum: what it has at least
    most     : or so much of what the best has, if that is less
    about    : sums that should be equal differ by less, relatively
    num_best : so many documents with the best scores are hits too
    typed    : documents that are hits in any case, int64 in bytes; None for none
    mask     : a byte per document, 0 where it is no hit in any case; None if all may be
    """

    leaves: Sequence[tuple[Sequence[int], Sequence[tuple[str, Sequence[int], float]]]]
    found: Sequence[tuple[int, bytes | None, bytes]]
    scored: Sequence[tuple[int, float]]
    words: Sequence[tuple[int, Sequence[int], float]]
    rest: tuple[bytes, bytes, Sequence[float]] | None
    need: float
    share: float
    most: float
    about: float
    num_best: int
    typed: bytes | None
    mask: bytes | None


class Run(Protocol):
    """The hits of a query, with scores that may still rise. Not safe for threads."""

    @property
    def total(self) -> int:
        """How many there are."""

    @property
    def greatest(self) -> float:
        """The greatest score; 0 without hits."""

    def doc_freqs(self) -> list[int | None]:
        """How many documents have each leaf, deleted ones included; None for those that nobody had to look up."""

    def has(self, word: int, doc: int) -> bool | None:
        """Whether a document has a word, by its number: as a word, or all its bigrams; None if that is not known."""

    def are_hits(self, docs: bytes) -> bytes:
        """Those of the documents that are hits, in their order: int64 both."""

    def earn(self, docs: bytes, score: float) -> None:
        """Those of the documents (int64) that are hits score so much more, in float32."""

    def best(self, count: int) -> Best:
        """The ``count`` best."""

    def ranked(
        self,
        tables: Closeness,
        read_by: Characters | None,
        count: int,
        depth: int,
        characters: Sequence[tuple[str, float]],
        words: Sequence[tuple[str, float]],
        bigrams: Sequence[tuple[str, float]],
        contextual: bool,
        readings: Sequence[tuple[int, str]],
        factors: tuple[float, float],
        text_chars: int,
        window_chars: int,
        lead_chars: int,
    ) -> tuple[Best, list[int]] | None:
        """(the ``count`` best, of which the first ``depth`` got ``factors`` times what ``Closeness.of`` says of them;
        documents whose text has to be read first: as long as there are any, the former means nothing). None if the
        index is damaged.

        read_by    : reads texts that are read otherwise than they fold, but for a few; None reads none of these
        contextual : whether a character is looked for that depends on those at its sides, or may be read for such a one
        readings   : of such documents
        """

    def titled(
        self,
        tables: Closeness,
        field: int,
        pairs: Sequence[str],
        of_letters: bool,
        letters: str,
        whole: str | None,
        others: int,
        contextual: bool,
        most: int,
    ) -> tuple[list[int], list[int], list[int]] | None:
        """(hits whose title has the letters of the query, hits whose title is the query, hits whose title has to be
        read first), ascending; None if the index is damaged.

        field      : number of the field of the characters of titles
        pairs      : terms of it by which titles are looked up; a title has half of them
        of_letters : whether each pair is of two letters
        letters    : of the query, folded; at least one
        whole      : the query, folded, where it is one text
        others     : how many characters of it are no letters
        contextual : as in ``ranked``
        most       : so many titles are compared, those with the best scores, before others those as long as the query
        """

    def mask(self) -> bytes:
        """A byte per document of the index, 1 for the hits."""

    def scores(self) -> bytes:
        """The score of each document, float32, 0 where it is no hit."""


class MappedIndex(Protocol):
    """A commit. Safe for threads."""

    def names(self, docs: Sequence[int]) -> list[tuple[str, str]] | None:
        """(id, title) of some documents; None if one cannot be read by a kernel."""

    def run(self, *query: Any) -> Run | None:
        """What ``KeywordQuery`` finds, given its values in order; None if the index is damaged. Raises
        UnicodeEncodeError for a term with half a surrogate pair."""


def mapped_file(path: str | PathLike[str]) -> Any:
    """The segment at ``path`` for ``MappedSegment``; None where there are no compiled kernels, or it cannot be read."""
    extension = chosen().extension
    if extension is None:
        return None
    try:
        return extension.SegmentFile(path)
    except (OSError, ValueError):
        return None


def mapped_index(
    segments: Sequence[MappedSegment],
    norms: Sequence[tuple[float, float]],
    b: float,
    k1: float,
    live: bytes | None,
) -> MappedIndex | None:
    """A commit of these segments, in order; None if they are damaged.

    norms : of each field its weight, and the mean of its lengths, above 0
    b, k1 : of BM25F
    live  : a byte per document, 0 where it is deleted; None if none is

    REQUIRES: kernels are compiled
    """
    try:
        made: MappedIndex = chosen().extension.Snapshot([tuple(one) for one in segments], list(norms), b, k1, live)
    except ValueError:
        return None
    return made

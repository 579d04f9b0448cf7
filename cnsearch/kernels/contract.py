"""What kernels take and give: the contracts that both implementations keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import CodePoints, Ints


class Counts(NamedTuple):
    """The postings of one field of a batch of documents.

    keys       : distinct terms, uint64 (``engine/terms/keys.py``), in no particular order
    long_terms : those whose keys are LONG, LONG + 1, ..., in UTF-8
    counts     : postings per term, int64, shape like keys
    doc_ids    : number of the document within the batch, int32, ascending within a term; one list after the other
    freqs      : how often the term is in the document, int32, at least 1, shape like doc_ids
    """

    keys: npt.NDArray[np.uint64]
    long_terms: list[bytes]
    counts: Ints
    doc_ids: npt.NDArray[np.int32]
    freqs: npt.NDArray[np.int32]


class FieldCounts(NamedTuple):
    """One text field of a batch: postings, and tokens per document (int64, shape (num_docs,)). Postings are None where
    no document has anything."""

    words: Counts | None
    word_counts: Ints
    characters: Counts | None
    character_counts: Ints


class Analysed(NamedTuple):
    """A batch of documents.

    fields     : of each text of a document, in order
    signatures : one per document
    shifted    : for each field the documents whose text is not read, character for character, as it stands; ascending
    """

    fields: list[FieldCounts]
    signatures: list[bytes]
    shifted: list[list[int]]


class TextReading(Protocol):
    """What a text is read as (``analysis/reading.py``)."""

    @property
    def text(self) -> str:
        """Folded."""
        ...

    @property
    def seams(self) -> tuple[int, ...]:
        """Places in ``text`` that cut a word, ascending."""
        ...

    @property
    def shifted(self) -> bool:
        """Whether ``text`` is another than the folded text."""
        ...

    def points(self) -> CodePoints:
        """The code points of ``text``, uint32, shape (len(text),). Not to be modified."""
        ...


Words = Callable[[TextReading], list[str]]
"""From a reading to all its terms that are words, each as often as it counts."""


@dataclass(frozen=True, eq=False)
class Rules:
    """What the kernels are told of the language. One object serves all: what it says is remembered with it.

    Tables have one entry per code point, shape (0x110000,):
    fold    : uint32, the code point that it is folded to
    classes : uint8, the letter of its class, which decides how a text is read; 0 for none
    kinds   : uint8, the sum of 1 for a letter or digit of a word that is not Chinese, 2 for a Chinese character, 4 for
              a sign that is a word of its own, 8 for half a flag

    read           : from a text to its reading
    compound_terms : from a word that is not Chinese (its first 65 characters are enough) to its terms
    hump_terms     : from such a word, and the places in it where capitals were, to the terms that these give
    stem           : from a word of letters (a to z) to the term that its stem is, empty for none
    stem_ends      : the letters that a word with such a term may end with
    signature      : from the code points of the folded title and body to bytes
    join_words     : from the words of a document (at least one) to one str
    count_words    : from the joined words of the documents that have any, and how many each document has, to postings
    pairs          : from the code points of folded texts to (pairs, counts): the characters of all and what follows
                     each, shape (n, 2), and how many each text has
    count_pairs    : from these to postings; these and the others as ``Counts``, with or without more behind
    """

    fold: npt.NDArray[np.uint32]
    classes: npt.NDArray[np.uint8]
    kinds: npt.NDArray[np.uint8]
    read: Callable[[str], TextReading]
    compound_terms: Callable[[str], Sequence[str]]
    hump_terms: Callable[[str, tuple[int, ...]], Sequence[str]]
    stem: Callable[[str], str]
    stem_ends: str
    signature: Callable[[CodePoints, CodePoints], bytes]
    join_words: Callable[[Sequence[str]], str]
    count_words: Callable[[Sequence[str], Sequence[int]], tuple[Any, ...]]
    pairs: Callable[[Sequence[CodePoints]], tuple[npt.NDArray[np.uint32], Ints]]
    count_pairs: Callable[[npt.NDArray[np.uint32], Ints], tuple[Any, ...]]


class Texts(Protocol):
    """Collects documents of several texts each, as many for each, the first the title and the last the body."""

    def add(self, texts: Sequence[str]) -> None:
        """Add a document: str of any length, lone surrogates included. If this raises, nothing was added.

        Raises MemoryError, where it is noticed; ValueError for another number of texts than before.
        """
        ...

    def finish(self) -> Analysed:
        """What was added since the beginning. To be called once."""
        ...


class Segmenter(Protocol):
    """Cuts folded text like ``rjieba`` without HMM. Safe for threads. UnicodeEncodeError for lone surrogates."""

    def entries(self) -> list[tuple[str, int]]:
        """The user's words that have another frequency than in the main dictionary, or are not in it, with theirs."""
        ...

    def cut(self, text: str) -> list[str]:
        """The coarse tokens, which make up ``text``."""
        ...

    def cut_for_search(self, text: str) -> list[str]:
        """The tokens in search mode: the words of two and three characters inside a token, then the token."""
        ...

    def tokenize(self, text: str) -> list[tuple[str, int, int]]:
        """The same, each with start and end in characters."""
        ...

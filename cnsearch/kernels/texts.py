"""The compiled kernels that read stored texts, in segments as they lie on disk: which have a text, and how often.

What is damaged, and what a kernel does not do, is None, so that the plain twin (``search/substrings.py``) does it, or
says what is wrong. Numbers in bytes are little-endian. Safe for threads; the functions let go of the interpreter's
lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from cnsearch.kernels.choice import chosen
from cnsearch.kernels.keyword_queries import FieldInfo
from cnsearch.kernels.searching import Characters, Closeness


class StoredTexts(Protocol):
    """One text of each document of a segment. Documents are int32, numbers in the segment."""

    def candidates(self, text: str, among: bytes | None, few: int) -> tuple[bytes, int] | None:
        """(documents that may contain a text, ascending, deleted ones included; where its rarest bigram begins).

        text  : folded, of two characters or more
        among : those of these documents, ascending; None for all
        few   : where there are no more than so many, none is left out any more
        None  : the index is damaged. Raises UnicodeEncodeError for half a surrogate pair
        """
        ...

    def occurrences(
        self, characters: Characters, needle: bytes, at: int, alone: bool, docs: bytes, shifted: bytes
    ) -> bytes | None:
        """How often a text stands in those of the documents, of occurrences that overlap the first counted: int64; -1
        where a text has to be read first.

        needle  : folded, in UTF-16, of two units or more
        at      : which two neighbours of it are looked for first, the rarest best: unit ``at`` and the next
        alone   : only where neither letters nor digits of it go on at its ends
        shifted : a byte for each of the documents, other than 0 where its text is not read as it folds
        None    : the needle is shorter, or has half a surrogate pair, or U+FFFD, which such a half is read as; ``at``
                  is its last unit; the index is damaged
        """
        ...


def characters_of(
    tables: Closeness, ignored: str, spelt: Mapping[str, str], contextual: str, words: npt.NDArray[np.bool_]
) -> Characters:
    """What these characters are read as.

    tables     : of characters
    ignored    : characters that say nothing
    spelt      : characters that are read as several, and as which
    contextual : characters that may be read as another, depending on what stands beside them, and as which
    words      : which of the first 65,536 are word characters of a regular expression, bool, shape (0x10000,)

    REQUIRES: kernels are compiled
    """
    made: Characters = chosen().extension.Characters(tables, ignored, list(spelt.items()), contextual, words.tobytes())
    return made


def stored_texts(
    file: Any, num_docs: int, characters: FieldInfo | None, words: FieldInfo | None, stored: int | None
) -> StoredTexts | None:
    """The texts of a segment; None if it is damaged, or has them compressed.

    file       : as ``mapped_file`` gives it
    num_docs   : deleted ones included
    characters, words : the fields in which these of the texts are indexed; None where there are none
    stored     : number of the field that has the texts; None where no document has one
    """
    try:
        made: StoredTexts = chosen().extension.Texts(file, num_docs, characters, words, stored)
    except ValueError:
        return None
    return made

"""Long texts as they were typed, signs and all: which documents have them, white space aside.

Who pastes a long piece of an article wants this article, whatever signs the piece has, and where paragraphs end in it
there is a space or a line end. ``substrings.py`` looks inside paragraphs only, and takes white space for what it is.
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np

from cnsearch.analysis.reading import read
from cnsearch.analysis.scripts import CJK_RUN
from cnsearch.arrays import DocIds
from cnsearch.search.substrings import FEW, common
from cnsearch.store.fields import CHARS_FIELD
from cnsearch.store.postings import Postings
from cnsearch.store.segment import Segment

LONG = 16
"""What has more characters is looked for as it was typed: no other article has it by chance."""
NUM_PAIRS = 40
"""Bigrams by which documents are looked up, evenly spaced."""


def squeezed(text: str) -> str:
    """The text without white space."""
    return "".join(text.split())


def find_verbatim(text: str, segment: Segment, field: str, *, inside: bool = False) -> Postings | None:
    """The documents, without deleted ones, in whose ``field`` as it is read the folded ``text`` stands, white space
    aside; each with the frequency 1. ``inside``: see ``stands``."""
    doc_ids = _candidates(text, segment, CHARS_FIELD[field])
    if doc_ids is None or not len(doc_ids):
        return None
    typed = squeezed(text)
    units, counts = segment.utf16(field, doc_ids)
    ends = np.cumsum(counts).tolist()
    has = np.zeros(len(doc_ids), dtype=bool)
    for at, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        one = units[start:end].tobytes().decode("utf-16-le", "replace")
        has[at] = stands(typed, read(one).text, inside=inside)
    return Postings(doc_ids[has], np.ones(int(has.sum()), np.float32)) if has.any() else None


def stands(typed: str, text: str, *, inside: bool = False) -> bool:
    """Whether ``typed`` (without white space) stands in ``text``, white space aside.

    inside : where what it is part of goes on before it or after it. A line or an entry of its own is another thing: the
             headlines that a digest lists are not what it is about.
    """
    if typed not in squeezed(text):
        return False
    if not inside:
        return True
    if not (_EDGES.match(typed[0]) and _EDGES.match(typed[-1])) or typed[0] in _CLOSING or typed[-1] in _OPENING:
        return True
    return any(
        _goes_on(text[max(0, match.start() - 2) : match.start()][::-1], typed[0])
        or _goes_on(text[match.end() : match.end() + 2], typed[-1])
        for match in re.finditer(r"\s*".join(map(re.escape, typed)), text)
    )


_OPENING, _CLOSING = frozenset("(《「『【[<"), frozenset(")》」』】]>")
_EDGES = re.compile(r"""[^\W_]|["'“”‘’!?！？…()《》「」『』【】\[\]<>]""")
"""What a headline begins and ends with."""
_IN_SENTENCE = frozenset(",，。!！?？、")


def _goes_on(beside: str, edge: str) -> bool:
    """Whether what stands ``beside`` a text (two characters, the nearest first) goes on where it ends with ``edge``."""
    nearest = beside[1:] if beside[:1] == " " and not CJK_RUN.match(edge) else beside[:1]
    return nearest.isalnum() or (nearest in _IN_SENTENCE and nearest != "")


def _candidates(text: str, segment: Segment, chars: str) -> DocIds | None:
    """The documents that have all of some bigrams of the text, those without white space; ascending. None if it has
    no such bigram."""
    pairs = list(dict.fromkeys(one + other for part in text.split() for one, other in pairwise(part)))
    pairs = pairs[:: -(-len(pairs) // NUM_PAIRS)] if pairs else []
    doc_ids: DocIds | None = None
    for pair in sorted(pairs, key=lambda pair: segment.doc_freq(chars, pair)):
        postings = segment.postings(chars, pair)
        if postings is None:
            return None
        if doc_ids is None:
            doc_ids = postings.doc_ids[segment.live[postings.doc_ids]]
        else:
            doc_ids = common(doc_ids, postings.doc_ids)
        if len(doc_ids) <= FEW:
            break
    return doc_ids

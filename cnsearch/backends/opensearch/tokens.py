"""Ready tokens on their way through a whitespace analyzer: without white space in them, and with their frequencies.

A term's frequency in the field of all texts is what BM25F makes of its occurrences in title, tags and body
(``search/scoring.py``), times SCALE: so one field of Lucene, without norms, gives our score of several fields.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from cnsearch.analysis.ngrams import character_terms
from cnsearch.search.scoring import FIELD_WEIGHTS, B
from cnsearch.store.fields import CHARS_FIELD, TEXT_FIELDS

SCALE = 100
"""Frequency of one occurrence in a body of average length. A body five times as long gives 22: near enough."""
FREQUENCY_MARK = "\x01"
"""Stands between a term and its frequency."""
LINE_MARK = "\x02"
"""A token between two lines, so that no phrase reaches from one into the next."""
LONGEST = 2_000
"""Characters of a token; Lucene takes 32,766 bytes."""
MAX_FREQUENCY = 1 << 20

_PRIVATE = 0xF0000
# What Java takes for white space, the marks, and half surrogate pairs.
_ESCAPED = re.compile("[\\x01\\x02\\t-\\r\\x1c-\\x20\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]")
_HALF = re.compile("[\ud800-\udfff]")


def escaped(token: str) -> str:
    """The token as it is indexed and looked for: white space in it as characters that nobody uses.

    >>> escaped("化 "), escaped("数字")
    ('化\\U000f0020', '数字')
    """
    if not token.isprintable() or " " in token:
        token = _ESCAPED.sub(lambda match: chr(_PRIVATE + ord(match.group())), token)
    return sendable(token)


def sendable(text: str) -> str:
    """Text that UTF-8 can say: half a surrogate pair is replaced."""
    return _HALF.sub("\ufffd", text) if _HALF.search(text) else text


def plain_tokens(terms: Iterable[str]) -> str:
    """Terms as one text for the whitespace analyzer, each as often as it comes."""
    return " ".join(escaped(term) for term in terms if len(term) <= LONGEST)


def line_tokens(folded: str) -> str:
    """The characters of a text in order, for exact substrings: as ``plain_tokens``, with a mark between lines."""
    lines = (plain_tokens(character_terms(line)) for line in folded.split("\n") if line)
    return f" {LINE_MARK} ".join(lines)


def weighed_tokens(
    counts: Mapping[str, Counter[str]], lengths: Mapping[str, int], averages: Mapping[str, float]
) -> str:
    """All terms of an article, each once with its frequency over all fields.

    counts   : by field, how often each term stands there; of characters under the fields of ``CHARS_FIELD``
    lengths  : what the length of each field counts as
    averages : mean length of each field
    """
    total: dict[str, float] = {}
    for field, terms in counts.items():
        length = lengths[field]
        norm = SCALE * _WEIGHTS[field] / (1 - B + B * length / averages[field]) if length else 0.0
        for term, count in terms.items():
            total[term] = total.get(term, 0.0) + count * norm
    return " ".join(
        f"{escaped(term)}{FREQUENCY_MARK}{min(MAX_FREQUENCY, max(1, round(frequency)))}"
        for term, frequency in total.items()
        if len(term) <= LONGEST
    )


_WEIGHTS = {**FIELD_WEIGHTS, **{CHARS_FIELD[name]: FIELD_WEIGHTS[name] for name in TEXT_FIELDS}}

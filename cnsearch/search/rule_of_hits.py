"""The rule of hits: how much of the words of a query a document must have.

A word weighs the square root of its idf (``steps/keywords.py`` says how far a document has it). A document is a hit if
what it has of the words weighs, added up, at least ``MOST`` times the 3-norm of all weights (``threshold``). If no
document has enough, those that have almost as much as the best are hits (``needed``).
"""

from __future__ import annotations

from collections.abc import Sequence

MOST, NORM = 0.85, 3
"""What a hit must have of the words of a query: words whose weights (the square root of the idf) add up to MOST
times the norm of all weights of this order, the cube root of the sum of their cubes. Of words about as rare that
is any two, up to thirteen, then three; one word is enough where it outweighs the others (of two, by a third in
idf); of two, the commoner alone never is. Chosen so that long questions lose no good answers (DRCD) and keywords
are not flooded (news)."""
SHARE = 0.3
"""Of a longer query a hit also has this share of all weights: a few words of a hundred copied characters in common say
nothing. 100 copied characters match 225 of 21,495 articles (median), with MOST alone 8,330."""
NUM_BEST = 10
"""In a sentence, the documents with the best scores that are hits whichever words they have: a question is no list of
what the answer has in it."""


def threshold(weights: Sequence[float], need: float = MOST, share: float = 0.0) -> float:
    """What the words that a hit has must weigh together.

    weights : of the words that occur, above 0
    need    : times their 3-norm, the cube root of the sum of their cubes
    share   : of their sum, at least

    Of two words alike both are needed; of two unlike ones the rarer is enough, and the commoner is not; of three to
    thirteen alike any two are enough, of fourteen three; with ``SHARE``, of five alike still two.

    >>> [round(threshold([1.0] * words), 2) for words in (2, 3, 13, 14)]
    [1.07, 1.23, 2.0, 2.05]
    >>> round(threshold([3.0, 1.0]), 2), round(threshold([1.0] * 5, share=SHARE), 2)
    (2.58, 1.5)
    """
    norm: float = sum(weight**NORM for weight in weights) ** (1 / NORM)
    return max(need * norm, share * sum(weights))


def needed(weights: Sequence[float], best: float, need: float = MOST, share: float = 0.0) -> float:
    """``threshold``, or ``MOST`` of ``best`` if that is less.

    best : the most that any document has of the words, weighed as they are

    >>> needed([1.0, 1.0], 1.0)
    0.85
    """
    return min(threshold(weights, need, share), MOST * best)

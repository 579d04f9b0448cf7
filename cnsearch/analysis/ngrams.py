"""Characters: overlapping bigrams of each run of Chinese (Japanese, Korean) characters, and its last one alone.

They make every substring findable: a longer one through its bigrams, a single character through the bigrams that begin
with it, the last of a run through itself. Bigrams of Chinese text also rank well beside words (K. L. Kwok, Employing
Multiple Representations for Chinese Information Retrieval, JASIS 50(8), 1999).
"""

from __future__ import annotations

from cnsearch.analysis.scripts import CJK_RUN
from cnsearch.analysis.tokenizer import Token


def character_terms(folded: str) -> list[str]:
    """The terms of the character fields, in order of the text.

    >>> character_terms("数字化 a 城")
    ['数字', '字化', '化', '城']
    """
    return [run[at : at + 2] for run in CJK_RUN.findall(folded) for at in range(len(run))]


def character_tokens(folded: str) -> list[Token]:
    """The same with offsets in characters; ``position`` counts the tokens."""
    spans = [(at, min(at + 2, run.end())) for run in CJK_RUN.finditer(folded) for at in range(run.start(), run.end())]
    return [Token(folded[start:end], start, end, position) for position, (start, end) in enumerate(spans)]

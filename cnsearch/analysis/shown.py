"""How a text is indexed, to be shown: ``Index.analyze`` and ``cnsearch analyze``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cnsearch import checks
from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.ngrams import character_tokens
from cnsearch.analysis.reading import read
from cnsearch.analysis.tokenizer import Token
from cnsearch.model import FORMAT_VERSION


@dataclass(frozen=True, slots=True)
class Analysis:
    """How a text is indexed: the folded text without what says nothing in it, and the tokens of the word and of the
    character fields, with their places in the text as given."""

    folded: str
    words: tuple[Token, ...]
    characters: tuple[Token, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "version": FORMAT_VERSION,
            "folded": self.folded,
            "words": [[token.text, token.start, token.end] for token in self.words],
            "characters": [[token.text, token.start, token.end] for token in self.characters],
        }


def analyze_text(text: str, analyzer: ChineseAnalyzer | None = None) -> Analysis:
    """How ``text`` is folded and cut by ``analyzer``, or by that of a new index."""
    checks.text("text", text)
    reading = read(text)
    words = (analyzer or ChineseAnalyzer()).tokenizer.tokens(reading.text, reading.seams)
    in_text = [
        tuple(token._replace(start=span[0], end=span[1]) for token in tokens for span in [reading.span(*token[1:3])])
        for tokens in (words, character_tokens(reading.text))
    ]
    return Analysis(reading.text, *in_text)

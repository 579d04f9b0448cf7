"""The Whoosh analyzers: our tokens with the positions and offsets that Whoosh's phrases and highlighting need."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from whoosh.analysis import Filter, StopFilter, Tokenizer
from whoosh.analysis import Token as WhooshToken

from cnsearch.analysis.inflection import stem as stem_of
from cnsearch.analysis.ngrams import character_tokens
from cnsearch.analysis.reading import Reading, read, spelt
from cnsearch.analysis.tokenizer import Token, TokenizerIdentity, WordTokenizer
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.errors import AnalyzerMismatchError, CorpusError


class _FoldedAnalyzer(Tokenizer):  # type: ignore[misc]  # Whoosh has no types
    """Reads the text, cuts it with ``_cut``, and hands the tokens to Whoosh, which reuses one Token object."""

    def _cut(self, reading: Reading, *, query: bool) -> Iterable[Token]:
        raise NotImplementedError

    def __call__(
        self,
        value: str,
        positions: bool = False,
        chars: bool = False,
        keeporiginal: bool = False,
        removestops: bool = True,
        start_pos: int = 0,
        start_char: int = 0,
        tokenize: bool = True,
        mode: str = "",
        **kwargs: Any,
    ) -> Iterator[Any]:
        """Whoosh's contract of a tokenizer: yield the tokens of ``value``, a str.

        ``mode="query"`` yields coarse tokens only, whose positions count up by one, so that a quoted phrase matches;
        any other mode yields parts and wholes.
        """
        if not isinstance(value, str):
            raise TypeError(f"{type(self).__name__} takes a str, not {value!r}")
        token = WhooshToken(positions, chars, removestops=removestops, mode=mode, **kwargs)
        reading = read(value)
        whole = Token(reading.text, 0, len(reading.text), 0)
        for text, first, last, position in self._cut(reading, query=mode == "query") if tokenize else [whole]:
            start, end = reading.span(first, last) if last else (0, 0)
            token.text = text
            token.boost = 1.0
            token.stopped = False
            if keeporiginal:
                token.original = value[start:end]
            if positions:
                token.pos = start_pos + position
            if chars:
                token.startchar = start_char + start
                token.endchar = start_char + end
            yield token


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which tokens an analyzer leaves out, and whether it stems the others."""

    stopwords: frozenset[str] = frozenset()
    minsize: int = 1
    stem: bool = False

    def of(self, tokens: Iterable[Token]) -> Iterable[Token]:
        """The tokens that are left. Positions go on counting words, without those that are left out: Whoosh's parser
        looks for the words of a phrase side by side, however many it has left out between them."""
        if self == _Choice():
            return tokens
        kept = [token for token in tokens if len(token.text) >= self.minsize and token.text not in self.stopwords]
        places = {position: at for at, position in enumerate(dict.fromkeys(token.position for token in kept))}
        return [
            token._replace(text=(self.stem and stem_of(token.text)) or token.text, position=places[token.position])
            for token in kept
        ]


class _StopWords(Filter):  # type: ignore[misc]  # Whoosh has no types
    """Whoosh's StopFilter behind our tokens: it would number parts and wholes one by one, where parts share the
    position of their whole, and no phrase would match."""

    def __init__(self, stops: StopFilter) -> None:
        self.stops = copy.copy(stops)
        self.stops.renumber = False
        self.renumber = stops.renumber

    def __call__(self, tokens: Iterable[Any]) -> Iterator[Any]:
        last = position = None
        for token in self.stops(tokens):
            if self.renumber and token.positions and not token.stopped:
                if token.pos != last:
                    last = token.pos
                    position = last if position is None else position + 1
                token.pos = position
            yield token

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _StopWords) and (self.stops, self.renumber) == (other.stops, other.renumber)

    def __hash__(self) -> int:
        return hash((_StopWords, self.renumber))


class ChineseAnalyzer(_FoldedAnalyzer):
    """Words of Chinese text, for any Whoosh schema: ``TEXT(analyzer=ChineseAnalyzer(), phrase=True)``.

    Folds width, case and traditional script, cuts with jieba's dictionary in search mode, keeps mixed tokens
    (``S-300``, ``C++``) whole and in parts. Only punctuation is dropped. Positions count words, so phrases match, also
    across stop words: those that are left out have no position.

    engine          : "rjieba" or "jieba"; None takes the preferred one that is installed
    user_dictionary : words to keep whole
    stopwords       : words to leave out; none by default, for every word of an article may be asked for
    minsize         : the least length of a word; jieba's own analyzer takes 2
    stem            : index English words by their stem (databases: databas), in place of themselves

    ``ChineseAnalyzer() | StopFilter()`` works likewise.

    It may be pickled (Whoosh stores it with the schema). The copy remembers the tokenizer that it was made with, and
    raises AnalyzerMismatchError at the first use where that one is not to be had.
    """

    _path = ""  # of the index that it was read from, for what is said about it

    def __init__(
        self,
        *,
        engine: str | None = None,
        user_dictionary: UserDictionary | None = None,
        stopwords: Iterable[str] | None = None,
        minsize: int = 1,
        stem: bool = False,
    ) -> None:
        if isinstance(stopwords, str):
            raise TypeError(f"stopwords are several words, not the str {stopwords!r}")
        self._choice = _Choice(frozenset(map(spelt, stopwords or ())), minsize, stem)
        self._lock = threading.Lock()
        self._tokenizer: WordTokenizer | None = WordTokenizer(engine, user_dictionary or UserDictionary())
        self.identity: TokenizerIdentity = self._tokenizer.identity
        self.user_dictionary = self._tokenizer.user_dictionary

    @property
    def tokenizer(self) -> WordTokenizer:
        """The tokenizer behind it. Raises AnalyzerMismatchError if it is not the recorded one."""
        if self._tokenizer is None:
            with self._lock:
                self._tokenizer = require_tokenizer(self.identity, self.user_dictionary, path=self._path)
        return self._tokenizer

    def _cut(self, reading: Reading, *, query: bool) -> Iterable[Token]:
        tokens = self.tokenizer.tokens(reading.text, reading.seams)
        return self._choice.of(coarse_tokens(tokens) if query else tokens)

    def __or__(self, other: Any) -> Any:
        """The chain of this and a filter of Whoosh."""
        return super().__or__(_StopWords(other) if type(other) is StopFilter else other)

    def to_dict(self) -> dict[str, Any]:
        """What it is made of, fit for JSON. Raises ValueError if it leaves out or changes words: an index of articles
        has all of them."""
        if self._choice != _Choice():
            raise ValueError("an analyzer with stop words, a least length or stems is for other schemas")
        return {"identity": self.identity.to_dict(), "user_dictionary": self.user_dictionary.dump()}

    @classmethod
    def from_dict(cls, state: object, *, path: str = "") -> ChineseAnalyzer:
        """Inverse of ``to_dict``; like a pickled copy, it raises AnalyzerMismatchError at the first use where its
        tokenizer is not to be had, which then names the index at ``path``. Raises ValueError for what ``to_dict`` never
        returns."""
        if not isinstance(state, dict) or not isinstance(state.get("user_dictionary"), str):
            raise ValueError("this is no analyzer")
        identity = TokenizerIdentity.from_dict(state.get("identity"))
        try:
            words = _parsed_dictionary(state["user_dictionary"])
        except CorpusError as error:
            raise ValueError(f"the user dictionary cannot be read: {error}") from error
        if words.digest != identity.user_dictionary:
            raise ValueError(f"the user dictionary is {words.digest}, expected {identity.user_dictionary}")
        analyzer = cls.__new__(cls)
        analyzer._recall(identity, words, _Choice())
        analyzer._path = path
        return analyzer

    def _recall(self, identity: TokenizerIdentity, words: UserDictionary, choice: _Choice) -> None:
        """Be the analyzer with this identity, without a tokenizer before it is needed."""
        self._lock = threading.Lock()
        self._choice = choice
        self._tokenizer = None
        self.identity = identity
        self.user_dictionary = words

    def __getstate__(self) -> dict[str, Any]:
        return {"identity": self.identity.to_dict(), "words": self.user_dictionary.words, "choice": self._choice}

    def __setstate__(self, state: dict[str, Any]) -> None:
        choice = state.get("choice", _Choice())
        self._recall(TokenizerIdentity(**state["identity"]), UserDictionary(state["words"]), choice)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ChineseAnalyzer):
            return False
        return self.identity == other.identity and self._choice == other._choice

    def __hash__(self) -> int:
        return hash((self.identity, self._choice))

    def __repr__(self) -> str:
        return f"ChineseAnalyzer({self.identity})"


@lru_cache(maxsize=2)
def _parsed_dictionary(text: str) -> UserDictionary:
    """The dictionary of an index, which every commit repeats."""
    return UserDictionary.parse(text)


class CharacterAnalyzer(_FoldedAnalyzer):
    """Bigrams of each run of Chinese characters, and its last character alone: see ``ngrams``."""

    __inittypes__: ClassVar[dict[str, type]] = {}

    def _cut(self, reading: Reading, *, query: bool) -> Iterable[Token]:
        return character_tokens(reading.text)


def coarse_tokens(tokens: Iterable[Token]) -> list[Token]:
    """The last token at each position: the whole of which the others are parts."""
    return list({token.position: token for token in tokens}.values())


def require_tokenizer(wanted: TokenizerIdentity, user_dictionary: UserDictionary, *, path: str = "") -> WordTokenizer:
    """The tokenizer with exactly this identity. Raises AnalyzerMismatchError if this environment has another."""
    try:
        tokenizer = WordTokenizer(wanted.engine, user_dictionary)
    except (ModuleNotFoundError, ValueError) as error:
        raise AnalyzerMismatchError(
            path,
            f"built with {wanted}, which is not installed",
            found="",
            expected=str(wanted),
            hint=f"Install {wanted.engine} {wanted.version}, or build the index again with rebuild_index(path)",
            code="tokenizer_missing",
        ) from error
    found = tokenizer.identity
    if found != wanted:
        raise AnalyzerMismatchError(
            path,
            f"built with {_details(wanted, found)}, but here is {_details(found, wanted)}",
            found=str(found),
            expected=str(wanted),
            hint="Build the index again with rebuild_index(path)",
        )
    return tokenizer


def _details(identity: TokenizerIdentity, other: TokenizerIdentity) -> str:
    """The identity in words, with what a person could not see from name and version when only that differs."""
    if str(identity) != str(other):
        return str(identity)
    return f"{identity} (dictionary {identity.dictionary or 'built in'}, analysis {identity.analysis})"

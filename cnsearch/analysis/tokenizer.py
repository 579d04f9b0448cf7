"""Words: jieba's segmentation in search mode, dictionary only, by ``rjieba`` where it is installed, else ``jieba``.

HMM is off because words made by it differ from sentence to sentence; the dictionary gives the same word everywhere.
Only tokens with a Chinese character come from jieba; the rest is cut by ``compounds``, so both engines give the same
terms. Each ``WordTokenizer`` owns its dictionary: jieba's and rjieba's process-wide ones are neither read nor changed.

A user word matters only where it stands. A cut maximises the product of frequency / total over its words, so a word
that changed the total could tip a close decision in any text at all; here the total stays that of the main dictionary,
whatever the user's words. Then only a text that contains a word (as a substring) can be cut otherwise because of it,
and the frequency that an engine suggests for a word depends on nothing but the words inside it. Upon this rests that a
change of the user dictionary need not touch the other articles.
"""

from __future__ import annotations

import math
import re
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import util
from importlib.machinery import PathFinder
from itertools import chain, compress, pairwise
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from cnsearch import kernels
from cnsearch.analysis import compounds
from cnsearch.analysis.reading import Places
from cnsearch.analysis.scripts import HAN_CHAR
from cnsearch.analysis.userdict import UserDictionary

ANALYSIS_VERSION = 2
"""Rises whenever the same text gives other tokens: folding table, reading, compound rules, stems, character n-grams."""

ENGINES = ("rjieba", "jieba")
"""In order of preference."""


_SAFE_NAME = re.compile(r"[0-9A-Za-z.+!_-]{0,64}")
Seams = Sequence[int]


class Token(NamedTuple):
    """One occurrence of a term: ``start`` and ``end`` in characters of the text; ``position`` counts coarse tokens,
    and the parts of a token, and its joined form, share its position."""

    text: str
    start: int
    end: int
    position: int


@dataclass(frozen=True, slots=True)
class TokenizerIdentity:
    """What must be equal for two tokenizers to give the same terms; recorded in the index.

    engine          : "rjieba" or "jieba"
    version         : of the engine's distribution
    dictionary      : digest of the main dictionary file (jieba), or empty where the engine carries it (rjieba)
    user_dictionary : digest of the user dictionary, or empty
    analysis        : ANALYSIS_VERSION
    """

    engine: str
    version: str
    dictionary: str = ""
    user_dictionary: str = ""
    analysis: int = field(default=ANALYSIS_VERSION)

    def __str__(self) -> str:
        words = f"{self.engine} {self.version}"
        return f"{words} with user dictionary {self.user_dictionary}" if self.user_dictionary else words

    def to_dict(self) -> dict[str, Any]:
        """Everything, fit for JSON: as an index remembers it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state: object) -> TokenizerIdentity:
        """Inverse of ``to_dict``. Raises ValueError for what that never returns: messages and hints show these values
        (``pip install ENGINE==VERSION``), and an index may come from a stranger."""
        if not isinstance(state, dict) or state.keys() != cls.__dataclass_fields__.keys():
            raise ValueError("this is no identity of a tokenizer")
        texts = [state[name] for name in ("engine", "version", "dictionary", "user_dictionary")]
        if not all(isinstance(text, str) and _SAFE_NAME.fullmatch(text) for text in texts):
            raise ValueError("the identity of the tokenizer has parts that are no names")
        if state["engine"] not in ENGINES or type(state["analysis"]) is not int:
            raise ValueError(f"there is no tokenizer {state['engine']} with analysis {state['analysis']!r:.20}")
        return cls(**state)


class _Engine(Protocol):
    """A loaded segmentation engine with a dictionary of its own. Text is folded, and holds no lone surrogate.

    entries : the user's words that have another frequency than in the main dictionary, or are not in it, with theirs
    """

    entries: Mapping[str, int]

    def cut(self, text: str) -> list[str]:
        """Terms in search mode: the words of two and three characters inside a word, then the word."""
        ...

    def tokenize(self, text: str) -> Iterator[tuple[str, int, int]]:
        """The same with start and end in characters."""
        ...

    def cut_coarse(self, text: str) -> list[str]:
        """The coarse tokens only, which make up ``text``."""
        ...


def available_engine() -> str:
    """The preferred engine that is installed. Raises ModuleNotFoundError if none is."""
    for name in ENGINES:
        if util.find_spec(name) is not None:
            return name
    raise ModuleNotFoundError("neither of the packages rjieba and jieba is installed")


def identity_of(engine: str, user_dictionary: UserDictionary = UserDictionary()) -> TokenizerIdentity:  # noqa: B008
    """The identity that a tokenizer of this engine has here. Raises ModuleNotFoundError if it is not installed."""
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, not {engine!r}")
    if util.find_spec(engine) is None:
        raise ModuleNotFoundError(f"the package {engine} is not installed", name=engine)
    return TokenizerIdentity(
        engine=engine,
        version=_version_of(engine),
        dictionary=_jieba_dictionary_digest() if engine == "jieba" else "",
        user_dictionary=user_dictionary.digest,
    )


@cache
def _version_of(engine: str) -> str:
    """What ``importlib.metadata.version`` says of an installed engine. Where one ``METADATA`` stands beside its package
    it is read here: to load importlib.metadata takes longer than a search."""
    found = util.find_spec(engine)
    folders = [] if found is None else [Path(folder) for folder in found.submodule_search_locations or ()]
    files = [file for folder in folders for file in folder.parent.glob(f"{engine}-*.dist-info/METADATA")]
    if len(files) == 1:
        with files[0].open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("Version:"):
                    return line.removeprefix("Version:").strip()
    from importlib import metadata

    return metadata.version(engine)


class WordTokenizer:
    """Cuts folded text into words. Thread-safe; the dictionary is loaded at the first use.

    engine          : "rjieba", "jieba", or None for the preferred one that is installed
    user_dictionary : words to keep whole
    """

    def __init__(
        self,
        engine: str | None = None,
        user_dictionary: UserDictionary = UserDictionary(),  # noqa: B008
    ) -> None:
        self.identity = identity_of(engine or available_engine(), user_dictionary)
        self.user_dictionary = user_dictionary
        self._loaded: _Engine | None = None
        self._lock = threading.Lock()

    def _engine(self) -> _Engine:
        if self._loaded is None:
            with self._lock:
                if self._loaded is None:
                    self._loaded = _load(self.identity, self.user_dictionary)
        return self._loaded

    @property
    def compiled(self) -> kernels.Segmenter | None:
        """The compiled segmenter that it cuts with, if it does."""
        engine = self._engine()
        return engine.segmenter if isinstance(engine, _CompiledEngine) else None

    def changed_words(self, other: WordTokenizer) -> list[str]:
        """The words without which this tokenizer and ``other`` cut every text alike. Sorted.

        A user word that has the frequency which the main dictionary gives it anyway is none of them.
        REQUIRES: they differ in nothing but the user dictionary
        """
        own, others = self._engine().entries, other._engine().entries
        return sorted(word for word in {**own, **others} if own.get(word) != others.get(word))

    def terms(self, folded: str, seams: Seams = ()) -> list[str]:
        """Every indexed term of ``folded``, each as often as it occurs. Chinese terms first, then the others.

        The same multiset as the texts of ``tokens``, without offsets and several times faster; and the marked stems of
        inflected words (``inflection``).

        seams : places inside words that folding hides (``reading.Reading.seams``)
        """
        found: list[str] = []
        if not folded.isascii():
            found += filter(is_chinese_word, self._engine().cut(folded))
        texts = compounds.find_texts(_without_seams(folded, seams) if seams else folded)
        found += chain.from_iterable(map(compounds.terms, texts))
        for word, humps, _ in compounds.humped_words(folded, seams):
            found += compounds.hump_terms(word, humps)
        return found

    def terms_of_reading(self, reading: kernels.TextReading) -> list[str]:
        """``terms`` of what was read."""
        return self.terms(reading.text, reading.seams)

    def tokens(self, folded: str, seams: Seams = ()) -> list[Token]:
        """Every token of ``folded``, sorted by the start of its coarse token; parts before their whole. ``seams`` as
        for ``terms``."""
        groups = self._chinese_groups(folded) + _compound_groups(folded, seams)
        groups.sort(key=lambda group: group[-1][1:])
        return [
            Token(text, start, end, position) for position, group in enumerate(groups) for text, start, end in group
        ]

    def coarse(self, folded: str) -> tuple[list[str], Places, Places]:
        """(texts, starts, ends) of the coarse tokens of ``tokens``, in order; starts and ends have the shape (tokens,).

        For long texts: many times faster.
        """
        texts: list[str] = []
        starts = ends = np.empty(0, dtype=np.int64)
        if not folded.isascii():
            pieces = self._engine().cut_coarse(folded)
            chinese = list(map(is_chinese_word, pieces))
            ends = np.cumsum(np.fromiter(map(len, pieces), np.int64, len(pieces)))[chinese]
            texts = list(compress(pieces, chinese))
            starts = ends - np.fromiter(map(len, texts), np.int64, len(texts))
        found = list(compounds.find_compounds(folded))
        if not found:
            return texts, starts, ends
        texts += [compounds.whole(text) for text, _, _ in found]
        starts = np.concatenate([starts, np.array([start for _, start, _ in found], dtype=np.int64)])
        ends = np.concatenate([ends, np.array([end for _, _, end in found], dtype=np.int64)])
        order = np.argsort(starts, kind="stable")
        return [texts[at] for at in order.tolist()], starts[order], ends[order]

    def _chinese_groups(self, folded: str) -> list[list[tuple[str, int, int]]]:
        """One list per coarse word: its parts, then the word.

        In search mode a word follows its parts, so from the end backwards each token that starts before the last
        coarse word does is the next coarse word, and the others are parts of the last.
        """
        if folded.isascii():
            return []
        groups: list[list[tuple[str, int, int]]] = []
        for token in reversed([token for token in self._engine().tokenize(folded) if is_chinese_word(token[0])]):
            if groups and token[1] >= groups[-1][0][1]:
                groups[-1].append(token)
            else:
                groups.append([token])
        return [group[::-1] for group in reversed(groups)]


def _without_seams(folded: str, seams: Seams) -> str:
    """The text in which no number goes on over a comma that is a seam."""
    commas = [at for at in seams if folded[at] == ","]
    if not commas:
        return folded
    return "\n".join(
        folded[start : end - 1] for start, end in pairwise([0, *(at + 1 for at in commas), len(folded) + 1])
    )


def _compound_groups(folded: str, seams: Seams = ()) -> list[list[tuple[str, int, int]]]:
    groups = []
    humped = deque(compounds.humped_words(folded, seams))
    for compound, offset, after in compounds.find_compounds(_without_seams(folded, seams)):
        group = [
            (text, offset + start, offset + end) for text, start, end in compounds.parts(compound[: compounds.CUT])
        ]
        while humped and humped[0][2] < after:
            word, humps, at = humped.popleft()
            group += [(text, at + start, at + end) for text, start, end in compounds.hump_parts(word, humps)]
        group.sort(key=lambda part: part[1:])
        group.append((compounds.whole(compound), offset, after))
        groups.append(group)
    return groups


def _has_chinese(token: str) -> bool:
    return HAN_CHAR.search(token) is not None


is_chinese_word: Callable[[str], bool] = compounds.Remembered(
    _has_chinese, longest=compounds.MAX_COMPOUND_CHARS
).__getitem__
"""Whether a token of the engine is a word of ours. Of megabytes of letters the engine makes one token."""


class _RustEngine:
    def __init__(self, jieba: Any, entries: Mapping[str, int]) -> None:
        self._jieba = jieba
        self.entries = entries

    def cut(self, text: str) -> list[str]:
        return self._jieba.cut_for_search(text, False)  # type: ignore[no-any-return]

    def tokenize(self, text: str) -> Iterator[tuple[str, int, int]]:
        return iter(self._jieba.tokenize(text, "search", False))

    def cut_coarse(self, text: str) -> list[str]:
        return self._jieba.cut(text, False)  # type: ignore[no-any-return]


class _PythonEngine:
    def __init__(self, tokenizer: Any, entries: Mapping[str, int]) -> None:
        self._tokenizer = tokenizer
        self.entries = entries

    def cut(self, text: str) -> list[str]:
        return list(self._tokenizer.cut_for_search(text, HMM=False))

    def tokenize(self, text: str) -> Iterator[tuple[str, int, int]]:
        return self._tokenizer.tokenize(text, mode="search", HMM=False)  # type: ignore[no-any-return]

    def cut_coarse(self, text: str) -> list[str]:
        return list(self._tokenizer.cut(text, HMM=False))


def _load(identity: TokenizerIdentity, user_dictionary: UserDictionary) -> _Engine:
    if identity.engine == "jieba":
        return _load_jieba(user_dictionary)
    return _load_compiled(identity.version, user_dictionary) or _load_rjieba(user_dictionary)


class _CompiledEngine:
    """Cuts as rjieba does, with its dictionary, from the first moment on."""

    def __init__(self, segmenter: kernels.Segmenter) -> None:
        self.segmenter = segmenter
        self.entries: Mapping[str, int] = dict(segmenter.entries())

    def cut(self, text: str) -> list[str]:
        return self.segmenter.cut_for_search(text)

    def tokenize(self, text: str) -> Iterator[tuple[str, int, int]]:
        return iter(self.segmenter.tokenize(text))

    def cut_coarse(self, text: str) -> list[str]:
        return self.segmenter.cut(text)


_COMPILED_LIKE = {"0.2.2": 0xAD5B1A3BD0826F72}
"""Versions of rjieba that the compiled kernels cut like, and the digest of the dictionary of each."""


def _load_compiled(version: str, user_dictionary: UserDictionary) -> _Engine | None:
    dictionary = _COMPILED_LIKE.get(version)
    if dictionary is None:
        return None
    segmenter = kernels.segmenter(user_dictionary.words, dictionary=dictionary)
    return None if segmenter is None else _CompiledEngine(segmenter)


def _load_rjieba(user_dictionary: UserDictionary) -> _Engine:
    jieba = _rjieba_class()()
    if not user_dictionary.words:
        return _RustEngine(jieba, {})
    weight = _CounterWeight(jieba)
    for word, frequency in user_dictionary.words:
        weight.add_word(word, frequency)
    weight.check()
    return _RustEngine(jieba, weight.entries)


class _CounterWeight:
    """Adds words to a ``rjieba.Jieba`` while its total stays what it was.

    A word adds its frequency to the total, an unsigned machine word that wraps around. A counterweight that no folded
    text contains (it has capitals) takes it off again: its frequency is what the words have added, negated. rjieba
    tells nobody its total, but it can be weighed by what it suggests for a word.
    """

    _PROBE, _WEIGHT = "XQ", "XZ"
    _MODULUS = 2 * (sys.maxsize + 1)

    def __init__(self, jieba: Any) -> None:
        self._jieba = jieba
        self.entries: dict[str, int] = {}
        self._added = 0
        self._total = self._weighed()

    def add_word(self, word: str, frequency: int | None) -> None:
        if not self._jieba.has_word(word):
            given = self.entries[word] = self._jieba.add_word(word, frequency, None)
            self._balance(given)
            return
        if frequency is None and self._jieba.cut(word, False) == [word]:
            return  # it is kept whole as it is
        # What it had is not told, so it is weighed: with a frequency that is not much above the total.
        given = self._jieba.add_word(word, None if frequency is None else 0, None)
        more = self._weighed() - self._total
        self._balance(more)
        if frequency:
            given = self._jieba.add_word(word, frequency, None)
            self._balance(frequency)
            more += frequency
        if more:
            self.entries[word] = given

    def _balance(self, excess: int) -> None:
        if excess:
            self._added += excess
            self._jieba.add_word(self._WEIGHT, -self._added % self._MODULUS, None)

    def _weighed(self) -> int:
        """The total. For three times a probe of frequency k it suggests v = floor(k^3 / (total + k)^2) + 1. If k is far
        above the total, v falls by about two where the total rises by one: only one whole number gives this v."""
        frequency = 1 << 33
        self._jieba.add_word(self._PROBE, frequency, None)
        suggested: int = self._jieba.suggest_freq(3 * self._PROBE)
        self._jieba.add_word(self._PROBE, 0, None)
        return round(frequency * (math.sqrt(frequency / (suggested - 0.5)) - 1))

    def check(self) -> None:
        """Raises RuntimeError if the total is not what it was: this rjieba adds up in another way."""
        if self._weighed() != self._total:
            raise RuntimeError("this version of rjieba does not keep its total; install another, or jieba alone")


def _rjieba_class() -> Any:
    """``rjieba.Jieba``, without the object that the package makes for the whole process when it is imported.

    We have no use for that one, and each takes 0.1 s to build its dictionary: a quarter of a search from the command
    line. Only the compiled module is loaded, under its own name, so that a later ``import rjieba`` finds it.
    """
    package, name = sys.modules.get("rjieba"), "rjieba.rjieba"
    compiled = sys.modules.get(name)
    if package is None and compiled is None and (found := util.find_spec("rjieba")) is not None:
        spec = PathFinder.find_spec(name, found.submodule_search_locations)
        if spec is not None and spec.loader is not None:
            compiled = util.module_from_spec(spec)
            spec.loader.exec_module(compiled)
            sys.modules[name] = compiled
    if compiled is None:
        import rjieba

        return rjieba.Jieba
    return compiled.Jieba


def _load_jieba(user_dictionary: UserDictionary) -> _Engine:
    import logging  # as jieba does

    jieba = _import_jieba()
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    # Not tokenizer.initialize(): it unmarshals a cache from the shared temporary folder, where anyone may put one.
    with tokenizer.get_dict_file() as file:
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(file)
    tokenizer.initialized = True
    entries = {}
    for word, frequency in user_dictionary.words:
        if frequency is None and tokenizer.FREQ.get(word) and list(tokenizer.cut(word, HMM=False)) == [word]:
            continue  # it is kept whole as it is
        # As its add_word, which raises the total, and enters a word of frequency 0 in a list of the whole process.
        given = tokenizer.suggest_freq(word) if frequency is None else frequency
        if given != tokenizer.FREQ.get(word, 0):
            entries[word] = given
        tokenizer.FREQ[word] = given
        for end in range(1, len(word)):
            tokenizer.FREQ.setdefault(word[:end], 0)
    return _PythonEngine(tokenizer, entries)


def _import_jieba() -> Any:
    """jieba, without the warnings that its source gives where it was not compiled when it was installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
    return jieba


@cache
def _jieba_dictionary_digest() -> str:
    import hashlib  # loads OpenSSL; the compiled kernels know the digest of theirs

    with _import_jieba().Tokenizer().get_dict_file() as file:
        return hashlib.blake2b(file.read(), digest_size=8).hexdigest()

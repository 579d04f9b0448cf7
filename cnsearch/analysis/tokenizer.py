"""Words: jieba's segmentation in search mode, dictionary only, by ``rjieba`` where it is installed, else ``jieba``.

HMM is off because words made by it differ from sentence to sentence; the dictionary gives the same word everywhere.
Only tokens with a Chinese character come from jieba; the rest is cut by ``compounds``, so both engines give the same
terms. Each ``WordTokenizer`` owns its dictionary: jieba's and rjieba's process-wide ones are neither read nor changed.
"""

from __future__ import annotations

import hashlib
import logging
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import metadata, util
from importlib.machinery import PathFinder
from typing import Any, NamedTuple, Protocol

from cnsearch.analysis import compounds
from cnsearch.analysis.fold import fold
from cnsearch.analysis.scripts import HAN_CHAR
from cnsearch.analysis.userdict import UserDictionary

ANALYSIS_VERSION = 1
"""Rises whenever the same text gives other tokens: folding table, compound rules, character n-grams."""

ENGINES = ("rjieba", "jieba")
"""In order of preference."""


_SAFE_NAME = re.compile(r"[0-9A-Za-z.+!_-]{0,64}")


class Token(NamedTuple):
    """One occurrence of a term: ``start`` and ``end`` in characters of the text; ``position`` counts coarse tokens,
    and the parts of a token share its position."""

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
    """A loaded segmentation engine with a dictionary of its own. Text is folded, and holds no lone surrogate."""

    def cut(self, text: str) -> list[str]:
        """Terms in search mode: the words of two and three characters inside a word, then the word."""
        ...

    def tokenize(self, text: str) -> Iterator[tuple[str, int, int]]:
        """The same with start and end in characters."""
        ...


def available_engine() -> str:
    """The preferred engine that is installed. Raises ModuleNotFoundError if none is."""
    for name in ENGINES:
        if util.find_spec(name) is not None:
            return name
    raise ModuleNotFoundError("neither rjieba nor jieba is installed; run: pip install rjieba jieba")


def identity_of(engine: str, user_dictionary: UserDictionary = UserDictionary()) -> TokenizerIdentity:  # noqa: B008
    """The identity that a tokenizer of this engine has here. Raises ModuleNotFoundError if it is not installed."""
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, not {engine!r}")
    if util.find_spec(engine) is None:
        raise ModuleNotFoundError(f"{engine} is not installed; run: pip install {engine}")
    return TokenizerIdentity(
        engine=engine,
        version=metadata.version(engine),
        dictionary=_jieba_dictionary_digest() if engine == "jieba" else "",
        user_dictionary=user_dictionary.digest,
    )


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
                    load = _load_rjieba if self.identity.engine == "rjieba" else _load_jieba
                    self._loaded = load(self.user_dictionary)
        return self._loaded

    def terms(self, folded: str) -> list[str]:
        """Every indexed term of ``folded``, each as often as it occurs. Chinese terms first, then the others.

        The same multiset as the texts of ``tokens``, without offsets and several times faster.
        """
        found: list[str] = []
        if not folded.isascii():
            found += filter(is_chinese_word, self._engine().cut(folded))
        for compound in compounds.find_texts(folded):
            found += compounds.terms(compound[: compounds.CUT])
        return found

    def tokens(self, folded: str) -> list[Token]:
        """Every token of ``folded``, sorted by the start of its coarse token; parts before their whole."""
        groups = self._chinese_groups(folded) + _compound_groups(folded)
        groups.sort(key=lambda group: group[-1][1:])
        return [
            Token(text, start, end, position) for position, group in enumerate(groups) for text, start, end in group
        ]

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


def _compound_groups(folded: str) -> list[list[tuple[str, int, int]]]:
    groups = []
    for compound, offset, after in compounds.find_compounds(folded):
        group = [
            (text, offset + start, offset + end) for text, start, end in compounds.parts(compound[: compounds.CUT])
        ]
        group.append((compound[: compounds.MAX_COMPOUND_CHARS], offset, after))
        groups.append(group)
    return groups


class _ChineseWords(dict[str, bool]):
    """Remembers for each token of the engine whether it is a word of ours: whether it has a Chinese character."""

    MAX_ENTRIES = 1 << 20

    def __missing__(self, token: str) -> bool:
        if len(self) >= self.MAX_ENTRIES:
            self.clear()
        chinese = HAN_CHAR.search(token) is not None
        if len(token) <= compounds.MAX_COMPOUND_CHARS:  # of megabytes of letters the engine makes one token
            self[token] = chinese
        return chinese


is_chinese_word: Callable[[str], bool] = _ChineseWords().__getitem__


class _RustEngine:
    def __init__(self, jieba: Any) -> None:
        self._jieba = jieba

    def cut(self, text: str) -> list[str]:
        return self._jieba.cut_for_search(text, False)  # type: ignore[no-any-return]

    def tokenize(self, text: str) -> Iterator[tuple[str, int, int]]:
        return iter(self._jieba.tokenize(text, "search", False))


class _PythonEngine:
    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def cut(self, text: str) -> list[str]:
        return list(self._tokenizer.cut_for_search(text, HMM=False))

    def tokenize(self, text: str) -> Iterator[tuple[str, int, int]]:
        return self._tokenizer.tokenize(text, mode="search", HMM=False)  # type: ignore[no-any-return]


def _load_rjieba(user_dictionary: UserDictionary) -> _Engine:
    jieba = _rjieba_class()()
    for word, frequency in user_dictionary.words:
        jieba.add_word(word, frequency, None)
    return _RustEngine(jieba)


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
    jieba = _import_jieba()
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    # Not tokenizer.initialize(): it unmarshals a cache from the shared temporary folder, where anyone may put one.
    with tokenizer.get_dict_file() as file:
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(file)
    tokenizer.initialized = True
    for word, frequency in user_dictionary.words:
        if frequency == 0:
            tokenizer.FREQ[word] = 0  # as add_word, which enters it in a list of the whole process too
        else:
            tokenizer.add_word(word, frequency)
    return _PythonEngine(tokenizer)


def _import_jieba() -> Any:
    """jieba, without the warnings that its source gives where it was not compiled when it was installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
    return jieba


@cache
def _jieba_dictionary_digest() -> str:
    with _import_jieba().Tokenizer().get_dict_file() as file:
        return hashlib.blake2b(file.read(), digest_size=8).hexdigest()


def analyse_words(tokenizer: WordTokenizer, text: str) -> list[str]:
    """Fold, then cut: the terms of ``text`` as they are indexed."""
    return tokenizer.terms(fold(text))

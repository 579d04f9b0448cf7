"""What the driver asks of an engine, and the tokens that all engines but the stock one share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Protocol

from benchmarks.corpora import Article

HITS = 10

Hit = tuple[str, str]
"""Id and stored title."""
Search = Callable[[str], list[Hit]]
"""From the text of a query to its ten best hits, best first."""


class Engine(Protocol):
    def version(self) -> str: ...

    def warm(self) -> None:
        """Load what every indexing process loads once: the dictionary of the tokenizer. Not measured."""

    def index(self, articles: Sequence[Article], folder: Path) -> Callable[[], None] | None:
        """Index words of title and body, store id, title and body, and commit. REQUIRES: the folder is empty.

        Returns what waits until nothing is being done in the background any more, or None.
        """

    def open(self, folder: Path) -> Search: ...


@cache
def tokenizer() -> Callable[[str], list[str]]:
    """From text to terms, as cnsearch indexes words."""
    from cnsearch.analysis.fold import fold
    from cnsearch.analysis.tokenizer import WordTokenizer

    terms = WordTokenizer().terms
    return lambda text: terms(fold(text))


def query_terms(query: str) -> list[str]:
    """The distinct terms of a query."""
    return list(dict.fromkeys(tokenizer()(query)))


class SharedTokens:
    """For engines that get the tokens of cnsearch."""

    def warm(self) -> None:
        tokenizer()("预热 warm")


def without_package_face() -> None:
    """Let ``cnsearch.analysis`` be imported without ``cnsearch/__init__.py``, which imports the whole engine: the start
    of other engines must not pay for it."""
    if "cnsearch" not in sys.modules:
        found = util.find_spec("cnsearch")
        assert found is not None
        assert found.submodule_search_locations
        package = ModuleType("cnsearch")
        package.__path__ = list(found.submodule_search_locations)
        sys.modules["cnsearch"] = package

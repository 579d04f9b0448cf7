"""One module for each engine that is measured. An engine is imported only in the process that runs it."""

from __future__ import annotations

from importlib import import_module, util
from typing import NamedTuple

from benchmarks.adapters.base import Engine


class Entry(NamedTuple):
    """target   : module and class
    needs    : module that must be installed, and what pip calls it
    min_overlap : least mean share of the ten best hits that it must have in common with the reference; see README.md
    note     : for the table
    """

    target: str
    needs: tuple[str, str] | None
    min_overlap: float
    note: str


ENGINES = {
    "cnsearch-words": Entry("benchmarks.adapters.cnsearch:Words", None, 0.6, "words of title and body only"),
    "cnsearch": Entry("benchmarks.adapters.cnsearch:Default", None, 0.5, "Index.add and Index.search, all fields"),
    "tantivy": Entry("benchmarks.adapters.tantivy:Tantivy", ("tantivy", "tantivy"), 0.6, "the same tokens"),
    "sqlite": Entry("benchmarks.adapters.sqlite:Sqlite", None, 0.5, "FTS5, the same tokens, with positions"),
    "bm25s": Entry("benchmarks.adapters.bm25s:Bm25s", ("bm25s", "bm25s numba"), 0.6, "the same tokens, in memory"),
    "whoosh": Entry("benchmarks.adapters.whoosh:Stock", None, 0.3, "stock Whoosh, jieba's ChineseAnalyzer"),
}
STOCK = "whoosh"
NATIVE = "tantivy"


def entry(name: str) -> Entry:
    """The engine of this name; ``module:Class`` names one of your own. Raises KeyError."""
    if name not in ENGINES and ":" in name:
        return Entry(name, None, 0.6, "from outside")
    return ENGINES[name]


def missing(name: str) -> str | None:
    """What to install with pip, or None if the engine is there."""
    needs = entry(name).needs
    return needs[1] if needs and util.find_spec(needs[0]) is None else None


def load(name: str) -> Engine:
    """An instance of the engine. Raises ImportError if it is not installed."""
    module, _, attribute = entry(name).target.partition(":")
    engine: Engine = getattr(import_module(module), attribute)()
    return engine

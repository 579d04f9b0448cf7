"""One module for each engine that is measured. An engine is imported only in the process that runs it."""

from __future__ import annotations

from importlib import import_module, util
from typing import NamedTuple

from benchmarks.adapters.base import Engine


class Entry(NamedTuple):
    """target      : module and class
    needs       : module that must be installed, and what pip calls it
    formula     : key of REFERENCES: how it makes one score of two fields
    min_overlap : least mean share of the ten best hits that it must have in common with the reference
    note        : for the table
    """

    target: str
    needs: tuple[str, str] | None
    formula: str
    min_overlap: float
    note: str


REFERENCES = {"sum of fields": ("tantivy",), "joint": ("sqlite", "bm25s", "cnsearch-words")}
"""The engines that others of the same formula are compared with; the first that is measured.

The formulas disagree by design. On 21,495 news articles, engines of one formula had 0.82 to 0.96 of their ten best
hits in common, engines of different ones 0.49 to 0.53 (benchmarks.engines, 2026-11-21).
"""
MIN_OVERLAP_ACROSS = 0.35


ENGINES = {
    "cnsearch-words": Entry("benchmarks.adapters.cnsearch:Words", None, "joint", 0.7, "words of title and body only"),
    "cnsearch": Entry(
        "benchmarks.adapters.cnsearch:Default", None, "joint", 0.4, "Index.add, Index.search: everything"
    ),
    "tantivy": Entry(
        "benchmarks.adapters.tantivy:Tantivy", ("tantivy", "tantivy"), "sum of fields", 0.7, "same tokens"
    ),
    "sqlite": Entry("benchmarks.adapters.sqlite:Sqlite", None, "joint", 0.7, "FTS5, same tokens, with positions"),
    "bm25s": Entry("benchmarks.adapters.bm25s:Bm25s", ("bm25s", "bm25s numba"), "joint", 0.7, "same tokens, in memory"),
    "whoosh": Entry("benchmarks.adapters.whoosh:Stock", None, "sum of fields", 0.6, "jieba's ChineseAnalyzer"),
}
STOCK = "whoosh"
NATIVE = "tantivy"


def entry(name: str) -> Entry:
    """The engine of this name; ``module:Class`` names one of your own. Raises KeyError."""
    if name not in ENGINES and ":" in name:
        return Entry(name, None, "joint", 0.6, "from outside")
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

"""Stock Whoosh with jieba's ChineseAnalyzer, as every tutorial has it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from whoosh import fields, index, qparser

from benchmarks.adapters.base import HITS, Hit, Search
from benchmarks.corpora import Article


def _jieba() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
        import jieba.analyse
    jieba.setLogLevel(logging.WARNING)
    return jieba


class Stock:
    def version(self) -> str:
        return f"whoosh3 {metadata.version('whoosh3')}, jieba {metadata.version('jieba')}"

    def warm(self) -> None:
        _jieba().initialize()

    def index(self, articles: Sequence[Article], folder: Path) -> None:
        analyzer = _jieba().analyse.ChineseAnalyzer()
        schema = fields.Schema(
            id=fields.ID(stored=True, unique=True),
            title=fields.TEXT(stored=True, analyzer=analyzer),
            body=fields.TEXT(stored=True, analyzer=analyzer),
        )
        writer = index.create_in(str(folder), schema).writer()
        for article in articles:
            writer.add_document(**article._asdict())
        writer.commit()

    def open(self, folder: Path) -> Search:
        _jieba()
        opened = index.open_dir(str(folder))
        searcher = opened.searcher()
        boosts = {"title": 2.0, "body": 1.0}
        parser = qparser.MultifieldParser(["title", "body"], opened.schema, fieldboosts=boosts, group=qparser.OrGroup)

        def search(query: str) -> list[Hit]:
            return [(hit["id"], hit["title"]) for hit in searcher.search(parser.parse(query), limit=HITS)]

        return search

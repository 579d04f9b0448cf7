"""bm25s: every score computed when indexing, in one sparse matrix; with numba where that is installed.

It knows one field, so the title's tokens go in twice; Lucene's BM25 with the parameters of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import util
from pathlib import Path

import bm25s

from benchmarks.adapters.base import HITS, Hit, Search, SharedTokens, query_terms, tokenizer
from benchmarks.corpora import Article

BACKEND = "numba" if util.find_spec("numba") else "numpy"


class Bm25s(SharedTokens):
    def version(self) -> str:
        return f"{bm25s.__version__} ({BACKEND})"

    def index(self, articles: Sequence[Article], folder: Path) -> None:
        terms = tokenizer()
        model = bm25s.BM25(k1=1.2, b=0.75, method="lucene", backend=BACKEND)
        model.index([terms(article.title) * 2 + terms(article.body) for article in articles], show_progress=False)
        model.save(folder, corpus=[article._asdict() for article in articles], show_progress=False)

    def open(self, folder: Path) -> Search:
        model = bm25s.BM25.load(folder, load_corpus=True, mmap=True, show_progress=False)
        size = min(HITS, model.scores["num_docs"])

        def search(query: str) -> list[Hit]:
            known = [term for term in query_terms(query) if term in model.vocab_dict]
            if not known:
                return []
            found = model.retrieve([known], k=size, show_progress=False)
            ranked = zip(found.documents[0], found.scores[0], strict=True)
            return [(doc["id"], doc["title"]) for doc, score in ranked if score > 0]

        return search

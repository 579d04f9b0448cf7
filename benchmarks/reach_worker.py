"""One measurement of ``reach.py`` in a fresh process, which reads the JSON that it prints.

    python -m benchmarks.reach_worker index SIDE CORPUS FOLDER
    python -m benchmarks.reach_worker query SIDE FOLDER QUERIES
    python -m benchmarks.reach_worker phrases FOLDER QUERIES
    python -m benchmarks.reach_worker snippets FOLDER QUERIES
    python -m benchmarks.reach_worker clean FOLDER JOBS

SIDE is "cnsearch" (the public library), "words" (its engine with words only) or "tantivy", which is given tokens and
terms that are ready before the clock starts.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.adapters import load
from benchmarks.adapters.base import query_terms
from benchmarks.worker import WARM_QUERIES, folder_mb, memory_mb, percentile

SIDES = {"cnsearch": "cnsearch", "words": "cnsearch-words", "tantivy": "tantivy"}


def index_side(side: str, corpus: Path, folder: Path) -> dict[str, Any]:
    """From text in memory to the commit."""
    from benchmarks.corpora import load_articles

    articles = load_articles(corpus)
    call: Callable[[], Callable[[], None] | None]
    if side == "tantivy":
        from benchmarks.adapters.tantivy import Tantivy, joined_tokens

        tokens, ready = list(map(joined_tokens, articles)), Tantivy()
        call = lambda: ready.index_tokens(articles, tokens, folder)  # noqa: E731
    elif side == "cnsearch":
        call = _public(corpus, folder)
    else:
        engine = load(SIDES[side])
        engine.warm()
        call = lambda: engine.index(articles, folder)  # noqa: E731
    gc.collect()
    begin = time.perf_counter()
    settle = call()
    elapsed = time.perf_counter() - begin
    if settle is not None:
        settle()
    return {"docs_per_s": len(articles) / elapsed, "size_mb": folder_mb(folder), "peak_mb": memory_mb("VmHWM")}


def _public(corpus: Path, folder: Path) -> Callable[[], None]:
    """``Index.add`` in one process, of articles that are made: what its user holds in memory."""
    import cnsearch
    from benchmarks.adapters.cnsearch import public_article
    from benchmarks.corpora import load_articles

    articles = list(map(public_article, load_articles(corpus)))

    def add() -> None:
        with cnsearch.open_index(folder, create=True) as index:
            index.add(articles)

    load("cnsearch").warm()
    return add


def query_side(side: str, folder: Path, queries: Sequence[str]) -> dict[str, Any]:
    """Each query once on an index that was opened, then each again: to ids and titles of ten hits."""
    search: Callable[[Any], Any]
    asked: Sequence[Any] = queries
    warm: Sequence[Any] = WARM_QUERIES
    if side == "tantivy":
        from benchmarks.adapters.tantivy import Tantivy

        search, asked, warm = Tantivy().open_terms(folder), *(list(map(query_terms, some)) for some in (queries, warm))
    else:
        search = load(SIDES[side]).open(folder)
    for query in warm:
        search(query)
    return {**_timed("first", search, asked), **_timed("again", search, asked)}


def phrases(folder: Path, texts: Sequence[str]) -> dict[str, Any]:
    """Each quoted text for the first time: to ids and titles of ten hits."""
    search = load("cnsearch").open(folder)
    for query in WARM_QUERIES:
        search(query)
    return _timed("first", search, [f'"{text}"' for text in texts])


def snippets(folder: Path, queries: Sequence[str]) -> dict[str, Any]:
    """The snippets of ten hits, after the search that found them."""
    import cnsearch

    with cnsearch.open_index(folder) as index:
        for query in WARM_QUERIES:
            [hit.snippet.text() for hit in index.search(query)]
        found = [index.search(query) for query in queries]
        return _timed("first", lambda results: [hit.snippet.text() for hit in results], found)


def _timed(passage: str, call: Callable[[Any], Any], arguments: Sequence[Any]) -> dict[str, float]:
    times = []
    for argument in arguments:
        begin = time.perf_counter()
        call(argument)
        times.append((time.perf_counter() - begin) * 1e3)
    return {f"{passage}_p{percent}_ms": percentile(times, percent) for percent in (50, 95)}


def clean(folder: Path, jobs: int) -> dict[str, Any]:
    """Every post below ``folder`` read and cleaned to an article, and nothing else, by so many processes."""
    from cnsearch.corpus.posts import scan_posts

    begin = time.perf_counter()
    files = scan_posts(folder).files
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        count = sum(pool.imap_unordered(_cleaned, files, chunksize=256))
    return {"posts": count, "posts_per_s": count / (time.perf_counter() - begin)}


def _cleaned(file: Any) -> int:
    from cnsearch.corpus.reader import article_from_post, read_post

    article_from_post(read_post(file), id=file.id, path=file.path)
    return 1


def main(arguments: Sequence[str]) -> None:
    command, *rest = arguments
    result: dict[str, Any]
    if command == "index":
        result = index_side(rest[0], Path(rest[1]), Path(rest[2]))
    elif command == "clean":
        result = clean(Path(rest[0]), int(rest[1]))
    else:
        queries = json.loads(Path(rest[-1]).read_text(encoding="utf-8"))
        if command == "query":
            result = query_side(rest[0], Path(rest[1]), queries)
        else:
            result = {"phrases": phrases, "snippets": snippets}[command](Path(rest[0]), queries)
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])

"""Does a search find what its user has before his eyes? Titles and copied pieces as queries, over an index of articles.

    python -m benchmarks.known_items INDEX [--count N] [--half 0|1] [--show]

    titles        N titles: the first hit has this title
    short titles  every title of at most eight characters: the same
    pieces        30, 100, 500 characters out of N bodies, typed without quotes: the first hit has them in one piece
    keywords      N queries of two to four of the rarest words of a title: how many hits

For each kind: failures, the median of the totals, and milliseconds per query (median and slowest of a second run). An
article that has what was typed as well as the one it was taken from counts as right. ``--half`` takes every second
query, so that what was tuned on one half can be looked at on the other.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator
from statistics import median

import cnsearch
from benchmarks.adapters.cnsearch import searcher_of
from cnsearch.analysis.fold import fold

SEED = 7
SHORT = 8
PIECES = (30, 100, 500)

Right = Callable[[cnsearch.Article], bool]
Queries = list[tuple[str, Right]]


def title_queries(titles: list[str]) -> Queries:
    return [(title, lambda found, title=title: fold(found.title) == fold(title)) for title in titles]  # type: ignore[misc]


def piece_queries(articles: list[cnsearch.Article], size: int, draw: random.Random) -> Queries:
    """A piece of each body that is long enough; what joins paragraphs in it is a space, as in a terminal."""
    found: Queries = []
    for article in articles:
        if len(article.body) >= size:
            start = draw.randint(0, len(article.body) - size)
            piece = article.body[start : start + size]
            found.append((" ".join(piece.split()), lambda found, piece=piece: fold(piece) in fold(found.body)))  # type: ignore[misc]
    return found


def keyword_queries(index: cnsearch.Index, titles: list[str], draw: random.Random) -> Queries:
    snapshot = searcher_of(index).snapshot
    found: Queries = []
    tokenizer = snapshot.analyzer.tokenizer
    for title in titles:
        words = {token.position: token.text for token in tokenizer.tokens(fold(title)) if len(token.text) > 1}
        rarest = sorted(dict.fromkeys(words.values()), key=lambda word: snapshot.doc_freq("body", word))
        chosen = rarest[: draw.choice((2, 3, 4))]
        if len(chosen) > 1:
            found.append((" ".join(word for word in dict.fromkeys(words.values()) if word in chosen), _anything))
    return found


def _anything(found: cnsearch.Article) -> bool:
    return True


def kinds(index: cnsearch.Index, count: int) -> Iterator[tuple[str, Queries]]:
    draw = random.Random(SEED)
    numbers = range(searcher_of(index).snapshot.num_docs)
    abouts = [searcher_of(index).snapshot.about(number) for number in numbers]
    titles = sorted({about["title"] for about in abouts if about["title"]})
    yield "titles", title_queries(draw.sample(titles, min(count, len(titles))))
    yield "short titles", title_queries([title for title in titles if len(title) <= SHORT])
    articles = [index.get(about["id"]) for about in draw.sample(abouts, min(count, len(abouts)))]
    for size in PIECES:
        yield f"pieces of {size}", piece_queries(articles, size, draw)
    yield "keywords", keyword_queries(index, draw.sample(titles, min(count, len(titles))), draw)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", help="folder of an index")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--show", action="store_true", help="print the failures")
    options = parser.parse_args()
    with cnsearch.open_index(options.index) as index:
        for name, queries in kinds(index, options.count):
            if options.half is not None:
                queries = queries[options.half :: 2]
            failed, totals, times = 0, [], []
            for text, right in queries:
                index.search(text)
                started = time.perf_counter()
                results = index.search(text)
                times.append((time.perf_counter() - started) * 1000)
                totals.append(results.total)
                if not results or not right(index.get(results[0].id)):
                    failed += 1
                    if options.show:
                        first = results[0].title if results else "-"
                        print(f"  {text[:60]!r} -> {first!r} of {results.total}")
            print(
                f"{name:<14}{len(queries):>6} queries{failed:>5} failed{median(totals):>8.0f} hits"
                f"{median(times):>7.1f} ms{max(times):>7.1f} at most",
                flush=True,
            )


if __name__ == "__main__":
    main()

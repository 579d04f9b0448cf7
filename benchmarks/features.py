"""What the features cost beside a plain query, on any index: python -m benchmarks.features --index DIR [--queries N]

For each feature, N queries made from random articles of the index (a printed seed), each run in this process for its
first time and then again. Printed: milliseconds at the median and the 95th percentile, and the ratio of both to a plain
query of two words in the same run. Excerpts are not included but in the last row. "Phrase" rows are random stretches of
bodies: of Chinese characters, with anything but letters of English, and in English.

Caveats: the machine is shared, so compare within a run; the first queries of a process also check the checksums of
what they touch.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

import cnsearch
from cnsearch.analysis.scripts import CJK_RUN

SEED = 20261121
_MIXED = re.compile(r"[A-Za-z]+-?[0-9]+|[0-9]+[A-Za-z]+")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="index", metavar="DIR")
    parser.add_argument("--queries", type=int, default=100, metavar="N")
    options = parser.parse_args()
    with cnsearch.open_index(options.index) as index:
        print(
            f"{len(index):,} articles, {options.queries} queries a row, seed {SEED}; milliseconds, ratio to two words"
        )
        print(f"{'':24}{'first p50':>10}{'p95':>8}{'ratio':>7}{'again p50':>11}{'p95':>8}{'ratio':>7}")
        base: tuple[float, ...] = ()
        for name, calls in _rows(index, random.Random(SEED), options.queries):
            if not calls:
                print(f"{name:24}      none")
                continue
            first, again = _times(calls), _times(calls)
            figures = (*np.percentile(first, (50, 95)), *np.percentile(again, (50, 95)))
            base = base or figures
            ratios = [figure / plain for figure, plain in zip(figures, base, strict=True)]
            print(
                f"{name:24}{figures[0]:10.2f}{figures[1]:8.2f}{ratios[0]:7.2f}"
                f"{figures[2]:11.2f}{figures[3]:8.2f}{ratios[2]:7.2f}"
            )


def _times(calls: list[Callable[[], object]]) -> list[float]:
    times = []
    for call in calls:
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return times


def _rows(index: cnsearch.Index, rnd: random.Random, count: int) -> Iterator[tuple[str, list[Callable[[], object]]]]:
    """(name, calls) of each row, the plain query of two words first."""
    sample = index.search("*", limit=20_000)
    hits = rnd.sample(list(sample), min(len(sample), 5 * count))
    articles = [article for article in (index.get(hit.id) for hit in hits) if len(article.body) > 50 and article.title]
    words = [[text for text, *_ in index.analyze(article.title).words if len(text) > 1] for article in articles]
    pairs = [rnd.sample(some, 2) for some in words if len(some) > 1][:count]
    sources = list(index.stats()["sources"]) or [""]

    def each(make: Callable[[str, int], Callable[[], object]]) -> list[Callable[[], object]]:
        return [make(" ".join(pair), at) for at, pair in enumerate(pairs)]

    def phrases(pattern: str, lengths: tuple[int, ...]) -> list[Callable[[], object]]:
        found: list[str] = []
        for _ in range(2_000 * count):
            if len(found) == count:
                break
            body = rnd.choice(articles).body
            at, length = rnd.randrange(len(body)), rnd.choice(lengths)
            text = body[at : at + length]
            if len(text) == length and re.fullmatch(pattern, text) and text == text.strip():
                found.append(text)
        return [partial(index.search, f'"{text}"') for text in found]

    chinese = CJK_RUN.pattern.removesuffix("+")
    not_english = r"""[^\n"“”A-Za-z]"""
    yield "two words", each(lambda text, _: lambda: index.search(text))
    yield "source filter", each(lambda text, at: lambda: index.search(text, source=sources[at % len(sources)]))
    yield "date filter", each(lambda text, _: lambda: index.search(text, since="2019", until="2022"))
    yield "excluded word", each(lambda text, at: lambda: index.search(f"{text} -{pairs[at - 1][0]}"))
    for facet in ("source", "category", "year", "month"):
        yield f"facet {facet}", [partial(index.search, " ".join(pair), facets=[facet]) for pair in pairs]
    yield "sorted by date", each(lambda text, _: lambda: index.search(text, sort="date"))
    yield "collapsed", each(lambda text, _: lambda: index.search(text, collapse=True))
    yield "one character", phrases(f"{chinese}", (1,))
    yield "phrase, Chinese, 2", phrases(f"{chinese}+", (2,))
    yield "phrase, Chinese, 3-10", phrases(f"{chinese}+", (3, 4, 5, 6, 8, 10))
    yield "phrase, mixed, 3-10", phrases(f"{not_english}+", (3, 4, 5, 6, 8, 10))
    yield "phrase, English, 3-10", phrases("[A-Za-z]+", (3, 4, 5, 6, 8, 10))
    mixed = list(dict.fromkeys(match for article in articles for match in _MIXED.findall(article.body)))
    yield "mixed token", [partial(index.search, text) for text in rnd.sample(mixed, min(count, len(mixed)))]
    yield "prefix", each(lambda text, _: lambda: index.search(f"{text.split()[0]}*"))
    index.suggest("数"), index.suggest("sh"), index.suggest("shuz")  # makes the table, once per commit
    yield "suggest, characters", each(lambda text, at: lambda: index.suggest(text[: 1 + at % 3]))
    letters = [first + second for first in "bcdfghjlmnpqstwxyz" for second in "aeiou"]
    yield "suggest, pinyin", [partial(index.suggest, text) for text in letters[:count]]
    yield "similar", [partial(index.similar, article.id) for article in articles[:count]]
    yield "two words, ten snippets", each(lambda text, _: lambda: [hit.snippet.text() for hit in index.search(text)])


if __name__ == "__main__":
    main()

"""How well similar articles and copies are found: the figures behind the constants of similar.py and collapse.py.

    python -m benchmarks.alike FOLDER [--sample 400]

FOLDER holds posts, which are indexed into a temporary folder: some thousands at least, of several categories.

    similar   for each category (all its levels) a sample of its articles: how many of the first five have the same;
              and, without any titles in the index, how often an article is first, or among the first five, whose title
              has half of the words of the article's, by their idf. Both are only signs: a neighbour of another category
              may be as near, and a title says less than a text.
    copies    of a sample of articles by length, as other sources bring them: the share that is folded
    pairs     what is folded among the articles themselves, to be read by eye: there should be next to nothing
"""

from __future__ import annotations

import argparse
import math
import random
import re
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median

import cnsearch
from cnsearch.analysis.fold import fold
from cnsearch.analysis.tokenizer import WordTokenizer

SEED = 4
LENGTHS = (100, 330, 600, 1_500, 1 << 60)
"""Bounds of the classes of length, in characters of the body."""
COMMON_TITLE_WORD = 300
"""A word in more titles than this relates no two of them."""

Articles = Sequence[cnsearch.Article]
Change = Callable[[str, Callable[[int], str]], str]


# Copies


def sentences(body: str) -> list[str]:
    return re.findall(r"[^。！？!?\n]+[。！？!?\n]*", body)


def cut(body: str, other: Callable[[int], str]) -> str:
    """The first 80 %."""
    return body[: len(body) * 4 // 5]


def rewritten(body: str, other: Callable[[int], str]) -> str:
    """Every fifth sentence is another."""
    return "".join(other(len(line)) if at % 5 == 2 else line for at, line in enumerate(sentences(body)))


def in_front(body: str, other: Callable[[int], str]) -> str:
    """A paragraph of another article before it."""
    return f"{other(max(60, len(body) // 6))}\n{body}"


def around(body: str, other: Callable[[int], str]) -> str:
    """Another source's credits and notice around it."""
    notice = "声明：本文仅代表作者个人观点，与本站无关。其原创性以及文中陈述文字和内容未经本站证实，请读者仅作参考。"
    return f"本文来源：每日财经网 作者：张三 责任编辑：李四\n{body}\n{notice}扫码下载客户端，查看更多精彩内容"


CHANGES: dict[str, Change] = {"cut": cut, "rewritten": rewritten, "in front": in_front, "around": around}


def share_folded(articles: Articles, change: Change, others: Articles, rnd: random.Random) -> float:
    """How many of the articles have their changed copy folded with them."""

    def other(length: int) -> str:
        return rnd.choice(others).body[:length]

    copies = [
        replace(article, id=f"copy/{article.id}", title="", paragraphs=tuple(change(article.body, other).split("\n")))
        for article in articles
    ]
    with tempfile.TemporaryDirectory() as folder, cnsearch.open_index(folder, create=True) as index:
        index.add([*articles, *copies], jobs=None)
        results = index.search("*", collapse=True, limit=2 * len(articles))
    groups = [{hit.id, *(copy.id for copy in hit.duplicates)} for hit in results]
    place = {id: at for at, group in enumerate(groups) for id in group}
    return sum(place[article.id] == place[f"copy/{article.id}"] for article in articles) / len(articles)


# Similar


def share_of_own_category(index: cnsearch.Index, articles: Articles, sample: int, rnd: random.Random) -> float:
    """Mean over the categories: of the first five, how many are of the article's own."""
    by_category: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for article in articles:
        by_category[article.categories].append(article.id)
    home = {article.id: article.categories for article in articles}
    shares = []
    for ids in by_category.values():
        if len(ids) > 5:
            chosen = rnd.sample(ids, min(len(ids), max(1, sample // len(by_category))))
            hits = [home[hit.id] == home[id] for id in chosen for hit in index.similar(id, limit=5)]
            shares.append(sum(hits) / (5 * len(chosen)))
    return sum(shares) / max(1, len(shares))


def related_titles(articles: Articles, chosen: Articles) -> dict[str, set[str]]:
    """For each of ``chosen`` the articles whose titles have half of its title's words, by idf; left out where none."""
    tokenizer = WordTokenizer()
    words = {
        article.id: {word for word in tokenizer.terms(fold(article.title)) if len(word) > 1} for article in articles
    }
    having: defaultdict[str, list[str]] = defaultdict(list)
    for id, found in words.items():
        for word in found:
            having[word].append(id)
    related = {}
    for article in chosen:
        shared: Counter[str] = Counter()
        weights = {word: math.log(len(articles) / len(having[word])) for word in words[article.id]}
        for word, weight in weights.items():
            if len(having[word]) <= COMMON_TITLE_WORD:
                shared.update(dict.fromkeys(having[word], weight))
        least = sum(weights.values()) / 2
        found = {id for id, weight in shared.items() if weight >= least and id != article.id}
        if found:
            related[article.id] = found
    return related


def by_body_alone(articles: Articles, sample: int, rnd: random.Random) -> tuple[float, float, float, int]:
    """(related first, related in five, median milliseconds, how many were asked for)."""
    related = related_titles(articles, rnd.sample(list(articles), min(len(articles), 5 * sample)))
    first = in_five = 0
    took = []
    with tempfile.TemporaryDirectory() as folder, cnsearch.open_index(folder, create=True) as index:
        index.add((replace(article, title="") for article in articles), jobs=None)
        for id, found in related.items():
            started = time.perf_counter()
            hits = [hit.id for hit in index.similar(id, limit=5)]
            took.append((time.perf_counter() - started) * 1000)
            first += bool(hits) and hits[0] in found
            in_five += not found.isdisjoint(hits)
    size = max(1, len(related))
    return first / size, in_five / size, median(took or [0.0]), len(related)


def report(folder: Path, sample: int) -> Iterator[str]:
    """Lines of the report, as they are found."""
    rnd = random.Random(SEED)
    with tempfile.TemporaryDirectory() as place, cnsearch.open_index(place, create=True) as index:
        index.update(folder)
        articles = [index.get(hit.id) for hit in index.search("*", limit=len(index))]
        yield f"{len(articles):,} articles, seed {SEED}"
        own = share_of_own_category(index, articles, sample, rnd)
        yield f"similar: own category among the first five {own:.3f}"
        pairs = index.search("*", collapse=True, limit=len(index))
    first, in_five, took, asked = by_body_alone(articles, sample, rnd)
    yield f"by body alone: related first {first:.3f}, in five {in_five:.3f} ({asked} articles, {took:.1f} ms each)"
    for low, high in pairwise(LENGTHS):
        here = [article for article in articles if low <= len(article.body) < high]
        if here:
            chosen = rnd.sample(here, min(len(here), sample))
            shares = ", ".join(
                f"{name} {share_folded(chosen, change, articles, rnd):.3f}" for name, change in CHANGES.items()
            )
            yield f"copies of {low} characters and more: {shares} ({len(chosen)} articles)"
    yield f"pairs: {pairs.folded} folded"
    for hit in pairs:
        yield from (f"  {hit.title[:40]} | {copy.title[:40]}" for copy in hit.duplicates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of posts")
    parser.add_argument("--sample", type=int, default=400, help="articles of a sample")
    options = parser.parse_args()
    for line in report(options.folder, options.sample):
        print(line, flush=True)


if __name__ == "__main__":
    main()

"""Articles to measure with: from JSON Lines, or generated; and queries for them.

The generated corpus: words of jieba's dictionary, ranked by their frequency there, drawn with Zipf's law (G. K. Zipf,
Human Behavior and the Principle of Least Effort, 1949; here p ~ 1 / (rank + 2.7), the offset being Mandelbrot's).
Each article has one of ``NUM_TOPICS`` topics, whose own words make up a fifth of its body and most of its title, so
that the words of a title belong together as those of a real query do. Lengths are lognormal, as those of news are.
What it is not: text that reads, or text with words that no dictionary has. A document's content depends on the seed
and its number only.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import util
from itertools import chain, islice
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

SEED = 20_260_101

NUM_WORDS = 60_000
NUM_TOPICS = 200
TOPIC_WORDS = 120
TOPIC_SHARE = 0.2
MEDIAN_BODY_WORDS = 350
ZIPF_OFFSET = 2.7
TOPIC_OFFSET = 20.0  # within a topic words are closer to equally frequent
_FIRST_TOPIC_RANK = 300  # the words before it say nothing of a topic
_BLOCK = 256  # documents whose random numbers are drawn together

_HAN_WORD = re.compile("[\u4e00-\u9fff]{1,4}")


class Article(NamedTuple):
    """``body`` has a paragraph a line."""

    id: str
    title: str
    body: str


def read_corpus(path: Path, limit: int | None = None) -> Iterator[Article]:
    """The articles of JSON Lines, also ``.xz``, cleaned as cnsearch cleans them; those without an id get a number.

    limit : at most so many articles
    """
    return islice(_cleaned(path), limit)


def _cleaned(path: Path) -> Iterator[Article]:
    from cnsearch.corpus.records import article_from_record

    with open_lines(path) as lines:
        for number, line in enumerate(lines):
            record = json.loads(line)
            record.setdefault("id", f"{number:07d}")
            article = article_from_record(record, where=f"{path.name}:{number + 1}")
            yield Article(article.id, article.title, "\n".join(article.paragraphs))


def open_lines(path: Path) -> IO[str]:
    return lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8")


def write_articles(path: Path, articles: Iterable[Article]) -> int:
    """Write articles for the worker processes; returns how many."""
    number = 0
    with path.open("w", encoding="utf-8") as file:
        for number, article in enumerate(articles, start=1):  # noqa: B007
            file.write(json.dumps(article, ensure_ascii=False) + "\n")
    return number


def load_articles(path: Path, step: int = 1) -> list[Article]:
    """Every ``step``-th of what ``write_articles`` wrote: a sample from all over the corpus, which may be sorted."""
    with path.open(encoding="utf-8") as file:
        return [Article(*json.loads(line)) for line in islice(file, 0, None, step)]


def prepared(file: Path | None, limit: int | None, folder: Path) -> tuple[Path, str]:
    """The corpus as the worker processes read it, written into ``folder`` if it is not there yet; and a name for it
    that changes with its content.

    file  : JSON Lines, as for ``read_corpus``; None for a generated corpus
    limit : at most so many articles (generated: so many, 5,000 by default)
    """
    if file is not None:
        stat = file.stat()
        said = f"{file.name} {stat.st_size} {stat.st_mtime_ns} {limit}"
        articles = read_corpus(file, limit)
    else:
        count = limit or 5_000
        said = f"generated {count}"
        articles = generated_articles(count)
    key = hashlib.blake2b(said.encode(), digest_size=6).hexdigest()
    path = folder / f"corpus-{key}.jsonl"
    if not path.exists():
        write_articles(path.with_suffix(".part"), articles)
        path.with_suffix(".part").rename(path)
    return path, key


# Generated


@cache
def dictionary_words() -> list[str]:
    """The most frequent words of jieba's dictionary, the most frequent first. Without importing jieba."""
    found = util.find_spec("jieba")
    assert found is not None
    assert found.submodule_search_locations
    path = Path(found.submodule_search_locations[0]) / "dict.txt"
    counted = []
    for line in path.read_text(encoding="utf-8").splitlines():
        word, frequency, *_ = line.split()
        if _HAN_WORD.fullmatch(word):
            counted.append((-int(frequency), word))
    counted.sort()
    return [word for _, word in counted[:NUM_WORDS]]


def generated_articles(count: int, seed: int = SEED) -> Iterator[Article]:
    """``count`` articles, one at a time; the first ones are the same for every ``count``."""
    words = np.array(dictionary_words(), dtype=object)
    ranks = np.arange(len(words))
    cumulated = np.cumsum(1 / (ranks + ZIPF_OFFSET))
    cumulated /= cumulated[-1]
    choose = np.random.default_rng([seed, 0])
    topics = choose.integers(_FIRST_TOPIC_RANK, len(words), (NUM_TOPICS, TOPIC_WORDS))
    of_topic = np.cumsum(1 / (np.arange(TOPIC_WORDS) + TOPIC_OFFSET))
    of_topic /= of_topic[-1]
    for first in range(0, count, _BLOCK):
        rng = np.random.default_rng([seed, 1, first])
        lengths = np.clip(rng.lognormal(np.log(MEDIAN_BODY_WORDS), 0.8, _BLOCK), 20, 10_000).astype(int)
        title_lengths = rng.integers(5, 11, _BLOCK)
        of_doc = rng.integers(0, NUM_TOPICS, _BLOCK)
        for number in range(first, min(first + _BLOCK, count)):
            at = number - first
            size, title_size = int(lengths[at]), int(title_lengths[at])
            drawn = np.searchsorted(cumulated, rng.random(size + title_size))
            topical = rng.random(size + title_size) < TOPIC_SHARE
            topical[size:] = rng.random(title_size) < 0.7
            own = topics[of_doc[at]][np.searchsorted(of_topic, rng.random(int(topical.sum())))]
            drawn[topical] = own
            text = words[drawn].tolist()
            yield Article(f"g{number:08d}", "".join(text[size:]), _sentences(text[:size], rng))


def _sentences(words: Sequence[str], rng: np.random.Generator) -> str:
    """Words with commas after 4 to 9 of them, a stop after each third comma, a new paragraph after each fourth stop."""
    parts, at = [], 0
    for number, step in enumerate(chain(rng.integers(4, 10, len(words) // 4 + 1).tolist()), start=1):
        parts.append("".join(words[at : at + step]))
        at += step
        if at >= len(words):
            break
        parts.append("。\n" if number % 12 == 0 else "。" if number % 3 == 0 else "，")
    return "".join(parts) + "。"


# Queries


def make_queries(articles: Sequence[Article], count: int, seed: int = SEED) -> list[str]:
    """Queries of two or three different words of one title each, in its order, joined by a blank; no two are equal.

    A word here is a coarse one of at least two Chinese characters.
    """
    from cnsearch.analysis.fold import fold
    from cnsearch.analysis.tokenizer import WordTokenizer

    tokenizer, rng = WordTokenizer(), random.Random(seed)
    queries: dict[str, None] = {}
    for _ in range(count * 20):
        if len(queries) == count:
            break
        coarse = {token.position: token.text for token in tokenizer.tokens(fold(rng.choice(articles).title))}
        found = list(dict.fromkeys(word for word in coarse.values() if len(word) > 1 and _HAN_WORD.fullmatch(word)))
        if len(found) >= 2:
            chosen = sorted(rng.sample(range(len(found)), min(len(found), rng.choice((2, 3)))))
            queries[" ".join(found[at] for at in chosen)] = None
    return list(queries)

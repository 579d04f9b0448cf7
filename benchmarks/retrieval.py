"""How well cnsearch ranks, beside baselines on the same articles: a table, intervals, an ablation.

    python -m benchmarks.retrieval [--shared DIR] [--sets drcd,news_titles] [--json FILE] [--ablation]

DIR (else the environment's CNSEARCH_SHARED, else ../shared) holds ``retrieval/drcd_dev.json`` (questions on paragraphs
of the Delta Reading Comprehension Dataset, in traditional script) and ``corpus/news.jsonl.xz``. Without it only the set
over the project's own ``data/`` is run.

    drcd           question -> its paragraph, among the paragraphs and 10,000 bodies of news
    news_titles    2,000 titles -> the body, titles not indexed
    news_keywords  the two or three rarest words of these titles -> the article, title indexed
    data           judged queries over data/ (tests/data_judgements.json), which the tests guard too

Each has a variant in the other script: DRCD's questions simplified, the others' queries in traditional characters. News
articles with a title that an earlier one has are left out. One query has one relevant document but in ``data``; a near
copy of it counts as wrong, so no system reaches 1. Nothing here is timed, and no parameter depends on a set.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

import cnsearch
from benchmarks.retrieval_metrics import METRICS, interval
from benchmarks.retrieval_systems import (
    Bm25,
    Library,
    System,
    Tantivy,
    bigrams,
    stock_words,
    whoosh_idf,
    whoosh_length,
)
from cnsearch.analysis.fold import fold
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.corpus.records import article_from_record
from cnsearch.search.scoring import DEFAULT_RANKING, WORDS_ONLY, Ranking

ROOT = Path(__file__).parents[1]
SEED = 1
NUM_MIXED_IN = 10_000
NUM_KNOWN_ITEMS = 2_000

BASELINES: dict[str, Callable[[Sequence[cnsearch.Article]], System]] = {
    "whoosh": lambda articles: Bm25(articles, stock_words, whoosh_idf, whoosh_length),
    "bigrams": lambda articles: Bm25(articles, bigrams),
    "tantivy": Tantivy,
}
ABLATIONS: dict[str, Ranking] = {
    "words only": WORDS_ONLY,
    "without second pass": replace(DEFAULT_RANKING, depth=0),
    "without bigrams": replace(DEFAULT_RANKING, bigrams=0.0),
    "without closeness": replace(DEFAULT_RANKING, closeness=0.0),
    "without beginning": replace(DEFAULT_RANKING, lead=0.0),
}
"""Name -> the ranking without one of its parts."""

Query = tuple[str, dict[str, int]]
Articles = list[cnsearch.Article]
Values = dict[str, list[float]]


@dataclass(frozen=True)
class Judged:
    """Queries with the grades of their relevant articles; ``collection`` names what they search."""

    name: str
    collection: str
    queries: list[Query]


# Sets


def read_news(path: Path) -> Articles:
    """The articles of the corpus, each title once."""
    articles: Articles = []
    titles = set()
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            article = article_from_record({**json.loads(line), "id": f"news-{number}"}, where=f"{path}:{number + 1}")
            if article.body and fold(article.title) not in titles:
                titles.add(fold(article.title))
                articles.append(article)
    return articles


def rarest_words(title: str, tokenizer: WordTokenizer, doc_freqs: Counter[str], count: int) -> str:
    """The ``count`` rarest words of two characters or more, in order of the title; none contains another."""
    places = {token.text: token.start for token in reversed(tokenizer.tokens(fold(title))) if len(token.text) > 1}
    chosen: list[str] = []
    for word in sorted(places, key=lambda word: (doc_freqs[word], places[word])):
        if len(chosen) < count and doc_freqs[word] and not any(word in other or other in word for other in chosen):
            chosen.append(word)
    return " ".join(sorted(chosen, key=places.__getitem__))


def shared_sets(shared: Path) -> tuple[list[Judged], dict[str, Articles]]:
    news = read_news(shared / "corpus" / "news.jsonl.xz")
    draw = random.Random(SEED)
    mixed_in = draw.sample(news, NUM_MIXED_IN)
    known = draw.sample(news, NUM_KNOWN_ITEMS)
    drcd = json.loads((shared / "retrieval" / "drcd_dev.json").read_text(encoding="utf-8"))
    paragraphs = [
        cnsearch.Article(f"drcd-{entry['id']}", "", tuple(entry["text"].split("\n"))) for entry in drcd["paragraphs"]
    ]
    questions: list[Query] = [(entry["question"], {f"drcd-{entry['paragraph']}": 1}) for entry in drcd["questions"]]
    tokenizer = WordTokenizer()
    doc_freqs = Counter(term for article in news for term in set(tokenizer.terms(fold(article.body))))
    keywords: list[Query] = []
    for number, article in enumerate(known):
        text = rarest_words(article.title, tokenizer, doc_freqs, 2 + number % 2)
        if " " in text:
            keywords.append((text, {article.id: 1}))
    titles: list[Query] = [(article.title, {article.id: 1}) for article in known]
    sets = [
        Judged("drcd", "drcd", questions),
        Judged("drcd_simplified", "drcd", translated(questions, "t2s")),
        Judged("news_titles", "bodies", titles),
        Judged("news_titles_traditional", "bodies", translated(titles, "s2t")),
        Judged("news_keywords", "articles", keywords),
        Judged("news_keywords_traditional", "articles", translated(keywords, "s2t")),
    ]
    collections = {
        "drcd": paragraphs + [replace(article, title="") for article in mixed_in],
        "bodies": [replace(article, title="") for article in news],
        "articles": news,
    }
    return sets, collections


def data_sets() -> tuple[list[Judged], dict[str, Articles]]:
    """The judgements over data/."""
    with tempfile.TemporaryDirectory() as folder, cnsearch.open_index(folder, create=True) as index:
        index.update(ROOT / "data", jobs=1)
        articles = [index.get(hit.id) for hit in index.search("*", limit=len(index))]
    judgements = json.loads((ROOT / "tests" / "data_judgements.json").read_text(encoding="utf-8"))
    queries: list[Query] = [(entry["query"], entry["relevant"]) for entry in judgements["queries"]]
    sets = [Judged("data", "data", queries), Judged("data_traditional", "data", translated(queries, "s2t"))]
    return sets, {"data": articles}


def translated(queries: Sequence[Query], direction: str) -> list[Query]:
    """The queries in the other script: "t2s" simplifies, "s2t" is the other way."""
    change = _script(direction)
    return [(change(text), grades) for text, grades in queries]


@cache
def _script(direction: str) -> Callable[[str], str]:
    try:
        from opencc import OpenCC
    except ImportError:  # character by character, by the table of folding
        if direction == "t2s":
            return fold
        pairs = ((chr(code), fold(chr(code))) for code in range(0x4E00, 0xA000))
        table = {ord(simple): char for char, simple in pairs if char != simple}
        return lambda text: text.translate(table)
    convert: Callable[[str], str] = OpenCC(direction).convert
    return convert


# Runs


def measured(system: System, judged: Judged) -> Values:
    """Each metric, query by query."""
    ranked = [system.search(text) for text, _ in judged.queries]
    return {
        name: [metric(found, grades) for found, (_, grades) in zip(ranked, judged.queries, strict=True)]
        for name, metric in METRICS.items()
    }


def run_collection(sets: Sequence[Judged], articles: Articles, *, ablation: bool) -> dict[str, dict[str, Values]]:
    """Set -> system -> metric -> a value per query, for the sets over one collection."""
    found: dict[str, dict[str, Values]] = {judged.name: {} for judged in sets}
    library = Library(articles)
    for name, ranking in {"cnsearch": None, **(ABLATIONS if ablation else {})}.items():
        if ranking is not None:
            library.rank_with(ranking)
        for judged in sets:
            found[judged.name][name] = measured(library, judged)
    library.close()
    for name, make in BASELINES.items():
        try:
            system = make(articles)
        except ImportError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
            continue
        for judged in sets:
            found[judged.name][name] = measured(system, judged)
        system.close()
    return found


def summary(values: dict[str, Values]) -> dict[str, Any]:
    """Means with intervals, and per metric the differences of cnsearch to the best baseline on it and to ablations."""
    own = values["cnsearch"]
    report: dict[str, Any] = {
        "systems": {name: {metric: interval(v) for metric, v in of.items()} for name, of in values.items()},
        "to_best_baseline": {},
        "ablation": {},
    }
    for metric in METRICS:
        best = max((name for name in BASELINES if name in values), key=lambda name: np.mean(values[name][metric]))
        gain = interval(np.subtract(own[metric], values[best][metric]))
        report["to_best_baseline"][metric] = {"baseline": best, **gain}
    for name in values.keys() & ABLATIONS.keys():
        report["ablation"][name] = {
            metric: interval(np.subtract(own[metric], values[name][metric])) for metric in METRICS
        }
    return report


def table(name: str, num_queries: int, num_articles: int, report: dict[str, Any]) -> Iterator[str]:
    yield f"\n{name}: {num_queries} queries, {num_articles} articles"
    yield f"  {'':<28}" + "".join(f"{metric:>26}" for metric in METRICS)
    rows = [*report["systems"].items(), ("cnsearch - best baseline", report["to_best_baseline"])]
    rows += [(f"cnsearch - {other}", gains) for other, gains in report["ablation"].items()]
    for system, cells in rows:
        sign = "+" if " - " in system else ""
        shown = (f"{c['mean']:{sign}.4f} [{c['low']:{sign}.3f}, {c['high']:{sign}.3f}]" for c in cells.values())
        yield f"  {system:<28}" + "".join(f"{cell:>26}" for cell in shown)
    names = ", ".join(f"{metric} {gain['baseline']}" for metric, gain in report["to_best_baseline"].items())
    yield f"  best baseline: {names}"


def versions() -> dict[str, str]:
    found = {}
    for name in ("rjieba", "jieba", "whoosh3", "numpy", "tantivy", "opencc"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = ""
    return {"cnsearch": cnsearch.__version__, **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = os.environ.get("CNSEARCH_SHARED") or ROOT.parent / "shared"
    parser.add_argument("--shared", type=Path, default=Path(shared), help="folder of corpus/ and retrieval/")
    parser.add_argument("--sets", help="names of sets, with commas; all by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--ablation", action="store_true", help="run the ranking without each of its parts too")
    options = parser.parse_args()
    sets, collections = data_sets()
    if (options.shared / "retrieval" / "drcd_dev.json").exists():
        more, larger = shared_sets(options.shared)
        sets += more
        collections.update(larger)
    else:
        print(f"no drcd_dev.json in {options.shared / 'retrieval'}: only the sets over data/", file=sys.stderr)
    if options.sets:
        wanted = options.sets.split(",")
        unknown = set(wanted) - {judged.name for judged in sets}
        if unknown:
            parser.error(f"unknown sets {', '.join(sorted(unknown))}; there are {', '.join(j.name for j in sets)}")
        sets = [judged for judged in sets if judged.name in wanted]
    if options.ablation and not ABLATIONS:
        print("no ablation: the ranking has one part", file=sys.stderr)
    results: dict[str, Any] = {}
    for collection, articles in collections.items():
        here = [judged for judged in sets if judged.collection == collection]
        if not here:
            continue
        values = run_collection(here, articles, ablation=options.ablation)
        for judged in here:
            report = summary(values[judged.name])
            results[judged.name] = {"queries": len(judged.queries), "articles": len(articles), **report}
            print("\n".join(table(judged.name, len(judged.queries), len(articles), report)), flush=True)
    if options.json:
        written = {"version": 1, "seed": SEED, "versions": versions(), "sets": results}
        options.json.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

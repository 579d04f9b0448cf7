"""How far the product is from tantivy, and from what it wants to reach: a table of ratios.

    python -m benchmarks.reach [--corpus FILE.jsonl.xz] [--posts DIR] [--rows query,cold] [--runs 3]

The product is the public library as it comes (``Index.add`` in one process, ``Index.search`` with its default ranking);
tantivy is given tokens of jieba that are ready before the clock starts. Each row is measured alone if it is named in
``--rows``, says how it was measured, and has its medians from runs in which the two sides take turns; a ratio is made
within a run. Each measurement is a fresh process (reach_worker.py).

Not said here: what the product does besides (positions, deletions, filters, updates); how it ranks (retrieval.py); how
it grows (growth.py). On a machine that does other work as well only the ratios say something.
"""

from __future__ import annotations

import argparse
import html
import json
import random
import re
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.adapters import missing
from benchmarks.corpora import SEED, Article, load_articles, make_queries, prepared
from benchmarks.engines import emptied, python, say
from benchmarks.report import Figures, machine, table
from benchmarks.worker import folder_mb

PLAIN = {"CNSEARCH_KERNELS": "python"}


class Line(NamedTuple):
    """One line of the table.

    ours, other : of each run, in ``unit``; ``other`` is empty where the goal is one of time alone
    goal        : of the median of ours / other, or of ours
    at_least    : whether the goal is a least, not a most
    """

    name: str
    unit: str
    ours: Sequence[float]
    other: Sequence[float] = ()
    goal: float | None = None
    at_least: bool = False

    @property
    def ratios(self) -> list[float]:
        return [ours / other for ours, other in zip(self.ours, self.other, strict=True)] if self.other else []

    @property
    def reached(self) -> bool | None:
        if self.goal is None:
            return None
        found = statistics.median(self.ratios or self.ours)
        return found >= self.goal if self.at_least else found <= self.goal

    def cells(self) -> list[str]:
        ratios = self.ratios
        goal = "" if self.goal is None else f"{'>=' if self.at_least else '<='} {self.goal:g}"
        return [
            self.name,
            self.unit,
            f"{statistics.median(self.ours):,.2f}",
            f"{statistics.median(self.other):,.2f}" if self.other else "",
            f"{statistics.median(ratios):.2f}" if ratios else "",
            f"{min(ratios):.2f}..{max(ratios):.2f}" if ratios else "",
            goal if ratios or not goal else f"{goal} {self.unit}",
            {None: "", True: "reached", False: "MISSED"}[self.reached],
        ]


class Bench:
    """One sitting: corpus, queries, and the indexes, which are made when a row needs them."""

    def __init__(self, options: argparse.Namespace, work: Path) -> None:
        self.options = options
        self.work = work
        say("preparing the corpus ...")
        self.corpus, _ = prepared(options.corpus, options.articles, options.cache or work)
        self.articles = load_articles(self.corpus)
        self.queries = self._written("queries", make_queries(self.articles, options.queries))
        self._indexed: dict[str, list[Figures]] = {}

    def _written(self, name: str, queries: Sequence[str]) -> Path:
        path = self.work / f"{name}.json"
        path.write_text(json.dumps(queries, ensure_ascii=False), encoding="utf-8")
        return path

    def turns(self, *measures: Callable[[], Figures]) -> list[list[Figures]]:
        """What each of ``measures`` gave in each run; they take turns."""
        found: list[list[Figures]] = [[] for _ in measures]
        for _ in range(self.options.runs):
            for figures, measure in zip(found, measures, strict=True):
                figures.append(measure())
        return found

    def worker(self, *arguments: object, **environment: str) -> Figures:
        said, _ = python(["-m", "benchmarks.reach_worker", *map(str, arguments)], **environment)
        figures: Figures = json.loads(said)
        return figures

    def index(self, side: str, folder: str = "", **environment: str) -> Figures:
        return self.worker("index", side, self.corpus, emptied(self.work / (folder or side)), **environment)

    def indexes(self, *sides: str) -> list[list[Figures]]:
        """What indexing with each side gave, in each run; measured once, in turns, for all rows."""
        wanted = [side for side in sides if side not in self._indexed]
        measured = self.turns(*(lambda side=side: self.index(side) for side in wanted))
        self._indexed.update(zip(wanted, measured, strict=True))
        return [self._indexed[side] for side in sides]

    def folder(self, side: str) -> Path:
        """The index of a side, which is made if there is none yet."""
        folder = self.work / side
        if not folder.exists():
            self.index(side)
        return folder

    @cached_property
    def text_mb(self) -> float:
        """What the articles take in UTF-8."""
        return sum(len(text.encode()) for article in self.articles for text in (article.title, article.body)) / 1e6

    def pieces(self, pattern: str) -> list[str]:
        """Random stretches of 3 to 10 characters of bodies that ``pattern`` matches."""
        chosen, wanted, found = random.Random(SEED), re.compile(pattern), dict[str, None]()
        for _ in range(1_000 * self.options.queries):
            body, length = chosen.choice(self.articles).body, chosen.choice((3, 4, 5, 6, 8, 10))
            at = chosen.randrange(max(1, len(body)))
            text = body[at : at + length]
            if len(text) == length and wanted.fullmatch(text) and text == text.strip():
                found[text] = None
                if len(found) == self.options.queries:
                    break
        return list(found)

    @cached_property
    def posts(self) -> Path:
        """The folder of posts; without one the articles are written as posts of HTML."""
        if self.options.posts:
            return Path(self.options.posts)
        folder = emptied(self.work / "written posts")
        for number, article in enumerate(self.articles):
            (folder / f"{number:06d}.md").write_text(_post(article), encoding="utf-8")
        return folder


def _post(article: Article) -> str:
    paragraphs = "\n".join(f"<p>{html.escape(line)}</p>" for line in article.body.split("\n"))
    return f"---\ntitle: {json.dumps(article.title, ensure_ascii=False)}\n---\n<div>\n{paragraphs}\n</div>\n"


# The rows. Each docstring is the protocol that is printed


def indexing(bench: Bench) -> Iterator[Line]:
    """From articles in memory to the commit, one process: Index.add beside tantivy with ready tokens and its default
    threads (what tantivy merges after its commit is not counted)."""
    ours, other = bench.indexes("cnsearch", "tantivy")
    yield Line("indexing", "docs/s", _of(ours, "docs_per_s"), _of(other, "docs_per_s"), 1.5, at_least=True)


def query(bench: Bench) -> Iterator[Line]:
    """Queries of two or three words of a title, to id and title of ten hits: a fresh process, each query once (first)
    and all once more (again). Index.search beside tantivy with ready terms and no total."""
    yield from _queries(bench, "cnsearch", "query", 1.0)


def words(bench: Bench) -> Iterator[Line]:
    """As query, on an index of words only, without bigrams and the second pass; any word makes a hit, as in tantivy."""
    yield from _queries(bench, "words", "words only", 0.7)


def _queries(bench: Bench, side: str, name: str, goal: float) -> Iterator[Line]:
    folders = {one: bench.folder(one) for one in (side, "tantivy")}
    measured = [lambda one=one: bench.worker("query", one, folders[one], bench.queries) for one in folders]
    ours, other = bench.turns(*measured)
    for figure in ("first_p50_ms", "first_p95_ms", "again_p50_ms", "again_p95_ms"):
        passage, percentile, _ = figure.split("_")
        yield Line(f"{name}, {passage} {percentile}", "ms", _of(ours, figure), _of(other, figure), goal)


def size(bench: Bench) -> Iterator[Line]:
    """What the folders take when nothing is being merged: words only beside tantivy (words, frequencies), and the
    default index beside the titles and bodies in UTF-8."""
    folders = [bench.folder(side) for side in ("words", "tantivy", "cnsearch")]
    words_mb, tantivy_mb, default_mb = map(folder_mb, folders)
    yield Line("size, words only", "MB", [words_mb], [tantivy_mb], 0.75)
    yield Line("size, default, to text", "MB", [default_mb], [bench.text_mb], 1.3)


def posts(bench: Bench) -> Iterator[Line]:
    """cnsearch index --jobs 2 of post files into a new index, beside two processes that read and clean them with
    BeautifulSoup and do nothing else; seconds."""
    folder = bench.posts

    def index() -> Figures:
        into = emptied(bench.work / "posts index")
        said, elapsed = python(["-m", "cnsearch", "index", "--index", str(into), "--jobs", "2", "--json", str(folder)])
        return {"posts": json.loads(said)["added"], "seconds": elapsed / 1e3}

    def clean() -> Figures:
        found = bench.worker("clean", folder, 2)
        return {"posts": found["posts"], "seconds": found["posts"] / found["posts_per_s"]}

    ours, other = bench.turns(index, clean)
    if _of(ours, "posts") != _of(other, "posts"):
        raise SystemExit(f"{ours[0]['posts']} posts were indexed, but {other[0]['posts']} cleaned")
    yield Line("cnsearch index, two jobs", "s", _of(ours, "seconds"), _of(other, "seconds"), 1.3)


def cold(bench: Bench) -> Iterator[Line]:
    """The whole process, start of Python to exit, files in the system's cache: cnsearch search, and import and first
    query of the library beside tantivy's (which cuts its query with jieba, as a user must); the median of five."""
    folder, queries = bench.folder("cnsearch"), json.loads(bench.queries.read_text(encoding="utf-8"))
    other_folder = bench.folder("tantivy")

    def of(*arguments: str) -> Callable[[], Figures]:
        python(arguments)  # what is compiled once
        return lambda: {"s": statistics.median(python(arguments)[1] for _ in range(5)) / 1e3}

    command, library, other = bench.turns(
        of("-m", "cnsearch", "search", "--index", str(folder), queries[0]),
        of("-m", "benchmarks.worker", "cold", "cnsearch", str(folder), queries[0]),
        of("-m", "benchmarks.worker", "cold", "tantivy", str(other_folder), queries[0]),
    )
    yield Line("cold cnsearch search", "s", _of(command, "s"), goal=0.18)
    yield Line("cold import, first query", "s", _of(library, "s"), _of(other, "s"))


def phrases(bench: Bench) -> Iterator[Line]:
    """Quoted pieces of 3 to 10 characters out of bodies, each for the first time, to id and title of ten hits."""
    kinds = (("Chinese", "[\u4e00-\u9fff]+"), ("mixed", r"""[^\n"“”A-Za-z]+"""), ("English", "[A-Za-z]+"))
    for kind, pattern in kinds:
        pieces = bench.pieces(pattern)
        if len(pieces) < 2:
            continue  # the generated corpus has no English
        file = bench._written(f"phrases {kind}", pieces)
        (ours,) = bench.turns(lambda file=file: bench.worker("phrases", bench.folder("cnsearch"), file))  # type: ignore[misc]
        yield Line(f"phrases, {kind}, p50", "ms", _of(ours, "first_p50_ms"))
        yield Line(f"phrases, {kind}, p95", "ms", _of(ours, "first_p95_ms"), goal=5.0)


def snippets(bench: Bench) -> Iterator[Line]:
    """The snippets of ten hits as text, after the search that found them."""
    (ours,) = bench.turns(lambda: bench.worker("snippets", bench.folder("cnsearch"), bench.queries))
    yield Line("snippets of ten hits, p50", "ms", _of(ours, "first_p50_ms"), goal=0.5)
    yield Line("snippets of ten hits, p95", "ms", _of(ours, "first_p95_ms"))


def kernels(bench: Bench) -> Iterator[Line]:
    """The plain kernels (CNSEARCH_KERNELS=python) beside the compiled ones: indexing, and queries on the same index."""
    folder = bench.folder("cnsearch")
    plain, compiled = bench.turns(lambda: bench.index("cnsearch", "plain", **PLAIN), lambda: bench.index("cnsearch"))
    yield Line("plain kernels, indexing", "docs/s", _of(plain, "docs_per_s"), _of(compiled, "docs_per_s"))
    plain, compiled = bench.turns(
        lambda: bench.worker("query", "cnsearch", folder, bench.queries, **PLAIN),
        lambda: bench.worker("query", "cnsearch", folder, bench.queries),
    )
    for figure in ("first_p50_ms", "first_p95_ms", "again_p50_ms", "again_p95_ms"):
        passage, percentile, _ = figure.split("_")
        yield Line(f"plain kernels, {passage} {percentile}", "ms", _of(plain, figure), _of(compiled, figure))


def _of(runs: Sequence[Figures], figure: str) -> list[float]:
    return [run[figure] for run in runs]


ROWS: Mapping[str, Callable[[Bench], Iterator[Line]]] = {
    row.__name__: row for row in (indexing, query, words, size, posts, cold, phrases, snippets, kernels)
}
AGAINST_TANTIVY = {"indexing", "query", "words", "size", "cold"}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks.reach", description=(__doc__ or "").splitlines()[0])
    made.add_argument("--corpus", type=Path, metavar="FILE", help="JSON Lines, also .xz; default: a generated corpus")
    made.add_argument("--articles", type=int, metavar="N", help="how many (generated: 5000; of a file: all)")
    made.add_argument("--posts", type=Path, metavar="DIR", help="post files; default: the corpus written as posts")
    made.add_argument("--rows", default=",".join(ROWS), metavar="A,B", help="default: %(default)s")
    made.add_argument("--runs", type=int, default=3, metavar="N", help="default: 3")
    made.add_argument("--queries", type=int, default=200, metavar="N", help="default: 200")
    made.add_argument("--cache", type=Path, metavar="DIR", help="keep the prepared corpus here")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    return made


def run(options: argparse.Namespace, names: Sequence[str], work: Path) -> list[Line]:
    bench = Bench(options, work)
    system, about = machine(), f"{len(bench.articles):,} articles, {bench.text_mb:.1f} MB in UTF-8"
    print(f"{about}; {options.queries} queries; median of {options.runs} runs; {date.today().isoformat()}")
    print(f"{system['cpu']}, {system['cores']} cores, {system['system']}, Python {system['python']}\n")
    found: list[Line] = []
    for name in names:
        say(f"{name} ...")
        found += ROWS[name](bench)
    heads = ["", "unit", "ours", "other", "ratio", "of runs", "reach", ""]
    print("\n".join(table([heads, *(line.cells() for line in found)])))
    print()
    for name in names:
        print(f"{name}: {' '.join((ROWS[name].__doc__ or '').split())}")
    if options.json:
        told: dict[str, Any] = {line.name: {**line._asdict(), "reached": line.reached} for line in found}
        options.json.write_text(json.dumps({"machine": system, "lines": told}, indent=1) + "\n", encoding="utf-8")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    made = parser()
    options = made.parse_args(arguments)
    names = list(filter(None, options.rows.split(",")))
    for name in names:
        if name not in ROWS:
            made.error(f"no row {name!r}; there are {', '.join(ROWS)}")
    if options.runs < 1 or options.queries < 2:
        made.error("at least one run and two queries are needed")
    install = missing("tantivy")
    if install is not None and AGAINST_TANTIVY.intersection(names):
        say(f"rows beside tantivy are left out; to have them: pip install {install}")
        names = [name for name in names if name not in AGAINST_TANTIVY]
    if options.cache:
        options.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cnsearch-reach-") as work:
        run(options, names, Path(work))
    return 0


if __name__ == "__main__":
    sys.exit(main())

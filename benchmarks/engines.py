"""cnsearch beside stock Whoosh, tantivy, SQLite FTS5 and bm25s: indexing, queries, size, memory, cold start.

    python -m benchmarks.engines [--corpus FILE.jsonl.xz] [--runs 3] [--json OUT.json] [--cache DIR]

What is measured, on which corpus, and what the figures do not say: benchmarks/README.md. Each measurement is a fresh
process (worker.py). The engines take turns within a run, and a ratio is made within a run, so that what else the
machine does meets all alike. Exit code 1: the engines do not find the same, or a ratio is worse than the baseline's.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.adapters import ENGINES, MIN_OVERLAP_ACROSS, REFERENCES, STOCK, entry, missing
from benchmarks.corpora import load_articles, make_queries, prepared
from benchmarks.report import Figures, machine, ratios_of, show, summary, worse_than

ROOT = Path(__file__).parents[1]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def python(arguments: Sequence[str], **more: str) -> tuple[str, float]:
    """Run a fresh Python, with ``more`` in its environment; what it printed, and the wall time in ms. A failure ends
    the benchmark. Compiled modules are kept, as those of an installed package are."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", **more}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, encoding="utf-8")
    elapsed = (time.perf_counter() - begin) * 1e3
    if done.returncode:
        raise SystemExit(f"{done.stderr}\nfailed with exit code {done.returncode}: python {' '.join(arguments)}")
    return done.stdout, elapsed


def worker(*arguments: object) -> Any:
    return json.loads(python(["-m", "benchmarks.worker", *map(str, arguments)])[0])


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


# Overlap


def overlap(found: Sequence[Sequence[str]], reference: Sequence[Sequence[str]]) -> float:
    """Mean over the queries of the share of hits in common; queries without any hit in either do not count."""
    shares = [
        len(set(mine) & set(theirs)) / max(len(mine), len(theirs))
        for mine, theirs in zip(found, reference, strict=True)
        if mine or theirs
    ]
    return statistics.fmean(shares) if shares else 0.0


class Overlap(NamedTuple):
    reference: str
    share: float
    minimum: float


def reference_of(name: str, names: Sequence[str]) -> tuple[str | None, float]:
    """The engine to compare ``name`` with, and the least overlap; None if there is none but itself."""
    formula = entry(name).formula
    for other in REFERENCES[formula]:
        if other in names and other != name:
            return other, entry(name).min_overlap
        if other == name:
            break  # it is the reference of the others
    for across, candidates in REFERENCES.items():
        for other in candidates:
            if across != formula and other in names:
                return other, min(MIN_OVERLAP_ACROSS, entry(name).min_overlap)
    return None, 0.0


# Measuring


class Benchmark:
    """One session: a corpus, queries, and what the runs of the engines gave."""

    def __init__(self, options: argparse.Namespace, work: Path) -> None:
        self.options = options
        self.work = work
        self.cache: Path | None = options.cache
        if self.cache is not None:
            self.cache.mkdir(parents=True, exist_ok=True)
        say("preparing the corpus ...")
        self.corpus, self.corpus_key = prepared(options.corpus, options.articles, self.cache or self.work)
        articles = load_articles(self.corpus)
        self.about = {
            "name": options.corpus.name if options.corpus else "generated",
            "articles": len(articles),
            "characters": sum(len(article.title) + len(article.body) for article in articles),
        }
        self.queries = make_queries(articles, options.queries)
        if len(self.queries) < 2:
            raise SystemExit("the titles of this corpus give no queries")
        self.query_file = work / "queries.json"
        self.query_file.write_text(json.dumps(self.queries, ensure_ascii=False), encoding="utf-8")
        self.stock_step = max(1, len(articles) // options.stock_articles)
        self.stock_articles = len(range(0, len(articles), self.stock_step))
        self.runs: dict[str, list[Figures]] = {}
        self.versions: dict[str, str] = {}
        self.hits: dict[str, list[list[str]]] = {}
        self.stock_index: Path | None = None

    def measure(self, names: Sequence[str]) -> None:
        if STOCK in names and self.cache is not None:
            self.stock_index = self._whole_stock_index(self.cache)
        for run in range(self.options.runs):
            for name in names:
                say(f"run {run + 1} of {self.options.runs}: {name}")
                figures = self._index(name)
                found = self._query(name)
                self.hits[name] = found.pop("hits")
                self.versions[name] = found.pop("version")
                self.runs.setdefault(name, []).append({**figures, **found})
            for name in names:
                self.runs[name][run].update(self._cold(name, self.queries[run % len(self.queries)]))

    def folder(self, name: str) -> Path:
        return self.work / name.replace(":", "-")

    def _index(self, name: str) -> Figures:
        arguments = [self.stock_step] if name == STOCK else []
        found: Figures = worker("index", name, self.corpus, emptied(self.folder(name)), *arguments)
        return found

    def _searched(self, name: str) -> Path:
        return self.stock_index if name == STOCK and self.stock_index is not None else self.folder(name)

    def _query(self, name: str) -> Figures:
        found: Figures = worker("query", name, self._searched(name), self.query_file)
        return found

    def _cold(self, name: str, query: str) -> Figures:
        """Wall time of whole processes: start of Python, imports, open, one query."""
        arguments = ["-m", "benchmarks.worker", "cold", name, str(self._searched(name)), query]
        times = self.options.cold_starts
        found = {"cold_ms": repeated(arguments, times)}
        if name == "cnsearch":
            found["command_ms"] = repeated(
                ["-m", "cnsearch", "search", "--index", str(self.folder(name)), query], times
            )
        elif name == STOCK:
            found["command_ms"] = found["cold_ms"]  # its script is all the command there is
        return found

    def _whole_stock_index(self, cache: Path) -> Path:
        """Stock Whoosh's index of the whole corpus, made once: that takes minutes."""
        name = f"{STOCK}-{self.corpus_key}"
        done = cache / f"{name}.json"
        if not done.exists():
            say("indexing the whole corpus with stock Whoosh, once ...")
            done.write_text(json.dumps(worker("index", STOCK, self.corpus, emptied(cache / name))))
        return cache / name

    def overlaps(self, names: Sequence[str]) -> dict[str, Overlap]:
        """Of each engine with the reference of its formula; of a reference with tantivy."""
        found = {}
        for name in names:
            other, minimum = reference_of(name, names)
            if other is not None:
                found[name] = Overlap(other, overlap(self.hits[name], self._hits_beside(name, other)), minimum)
        return found

    def _hits_beside(self, name: str, reference: str) -> list[list[str]]:
        """What the reference finds in the articles that ``name`` had."""
        if name != STOCK or self.stock_index is not None or self.stock_step == 1:
            return self.hits[reference]
        folder = emptied(self.work / "sample")
        worker("index", reference, self.corpus, folder, self.stock_step)
        found: list[list[str]] = worker("query", reference, folder, self.query_file)["hits"]
        return found

    def posts(self, folder: Path) -> Figures:
        """``cnsearch index`` of post files with two processes, each time into a new index."""
        runs = []
        for _ in range(self.options.runs):
            index = self.work / "posts"
            shutil.rmtree(index, ignore_errors=True)
            said, elapsed = python(
                ["-m", "cnsearch", "index", "--index", str(index), "--jobs", "2", "--json", str(folder)]
            )
            report = json.loads(said)
            runs.append({"posts": report["added"], "posts_per_s": report["added"] / elapsed * 1e3})
        return summary(runs)


def repeated(arguments: Sequence[str], most: int) -> float:
    """Median wall time in ms of at most so many processes, fewer where one takes long."""
    times: list[float] = []
    while len(times) < most and sum(times) < 1500:
        times.append(python(arguments)[1])
    return statistics.median(times)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=(__doc__ or "").splitlines()[0])
    made.add_argument("--corpus", type=Path, metavar="FILE", help="JSON Lines, also .xz; default: a generated corpus")
    made.add_argument("--articles", type=int, metavar="N", help="how many (generated: 5000; of a file: all)")
    made.add_argument("--runs", type=int, default=3, metavar="N", help="default: 3")
    made.add_argument("--queries", type=int, default=100, metavar="N", help="default: 100")
    made.add_argument(
        "--engines",
        default=",".join(ENGINES),
        metavar="A,B",
        help="also module:Class of your own; default: %(default)s",
    )
    made.add_argument(
        "--stock-articles", type=int, default=1000, metavar="N", help="stock Whoosh indexes only so many; default: 1000"
    )
    made.add_argument("--cold-starts", type=int, default=3, metavar="N", help="processes per run; default: 3")
    made.add_argument("--cache", type=Path, metavar="DIR", help="keep the corpus and stock Whoosh's whole index here")
    made.add_argument("--posts", type=Path, metavar="DIR", help="also: cnsearch index of this folder of posts")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    made.add_argument("--compare", type=Path, metavar="FILE", help="figures of before; exit 1 if ratios got worse")
    made.add_argument("--tolerance", type=float, default=0.25, metavar="X", help="of --compare; default: 0.25")
    return made


def run(options: argparse.Namespace, work: Path) -> int:
    baseline = json.loads(options.compare.read_text(encoding="utf-8")) if options.compare else None
    names = []
    for name in filter(None, options.engines.split(",")):
        install = missing(name)
        if install is None:
            names.append(name)
        else:
            say(f"{name} is left out; to have it: pip install {install}")
    bench = Benchmark(options, work)
    bench.measure(names)
    overlaps = bench.overlaps(names)
    notes = []
    if STOCK in names and bench.stock_step > 1:
        whole = bench.stock_index is not None
        queried = "in the whole corpus" if whole else "in these only, which flatters it: use --cache for the whole"
        notes.append(f"stock Whoosh indexed a sample of {bench.stock_articles:,} articles, and was queried {queried}")
    report: Figures = {
        "date": date.today().isoformat(),
        "machine": machine(),
        "corpus": bench.about,
        "queries": len(bench.queries),
        "runs": options.runs,
        "stock_articles": bench.stock_articles,
        "notes": notes,
        "engines": {
            name: {
                "version": bench.versions[name],
                "note": entry(name).note,
                "figures": summary(bench.runs[name]),
                "overlap": overlaps[name]._asdict() if name in overlaps else None,
            }
            for name in names
        },
        "ratios": ratios_of(bench.runs),
    }
    if options.posts:
        report["posts"] = bench.posts(options.posts)
    show(report)
    if options.posts:
        row = report["posts"]["posts_per_s"]
        print(f"\ncnsearch index, {report['posts']['posts']['median']:,} posts, two processes: ", end="")
        print(f"{row['median']:,.0f} posts/s ({row['min']:,.0f} to {row['max']:,.0f})")
    if options.json:
        options.json.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    failures = [
        f"{name} finds something else than {found.reference}: overlap {found.share:.2f}, expected {found.minimum}"
        for name, found in overlaps.items()
        if found.share < found.minimum
    ]
    if baseline is not None:
        failures += worse_than(baseline, report, options.tolerance)
    for failure in failures:
        say(failure)
    return 1 if failures else 0


def main(arguments: Sequence[str] | None = None) -> int:
    made = parser()
    options = made.parse_args(arguments)
    for name in filter(None, options.engines.split(",")):
        if name not in ENGINES and ":" not in name:
            made.error(f"no engine {name!r}; there are {', '.join(ENGINES)}")
    if options.runs < 1 or options.queries < 2 or options.cold_starts < 1:
        made.error("at least one run, one cold start and two queries are needed")
    with tempfile.TemporaryDirectory(prefix="cnsearch-bench-") as work:
        return run(options, Path(work))


if __name__ == "__main__":
    sys.exit(main())

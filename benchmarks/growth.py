"""How cnsearch grows: a generated corpus streamed in, step by step, by words only or as ``Index.add`` does it.

    python -m benchmarks.growth [--articles 100000] [--path words|default] [--jobs 1] [--json OUT.json]

Per tenth of the corpus: docs/s, processor time, segments, size and peak memory of the one process that indexes; then,
in fresh processes, the time to open the index, to query it, and to commit one changed article. Articles are made as
they are needed, never all in memory; the time of making them is taken off. On a machine with other work the processor
time says more than docs/s (with --jobs 1: what workers take is not in it). The last lines are what growth is judged by.
Both paths commit every 10,000 articles, so the rate holds all merges.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.adapters.cnsearch import add_publicly, create_words_index, segment_count, words_writer
from benchmarks.corpora import Article, generated_articles, make_queries
from benchmarks.engines import ROOT, say, worker
from benchmarks.report import Figures, machine, table
from benchmarks.worker import folder_mb, memory_mb

STEPS = 10
COMMIT_EVERY = 10_000
QUERIES_FROM = 5_000
UPDATES = 5
ENGINE_OF = {"words": "cnsearch-words", "default": "cnsearch"}


class Stopwatch:
    """Gives articles on, and knows how long they took to make."""

    def __init__(self, articles: Iterable[Article]) -> None:
        self._articles = iter(articles)
        self.seconds = self.cpu_seconds = 0.0

    def __iter__(self) -> Iterator[Article]:
        return self

    def __next__(self) -> Article:
        begin, cpu_begin = time.perf_counter(), time.thread_time()
        try:
            return next(self._articles)
        finally:
            self.seconds += time.perf_counter() - begin
            self.cpu_seconds += time.thread_time() - cpu_begin


def add(path: str, folder: Path, articles: Iterable[Article], count: int, jobs: int) -> None:
    if path == "default":
        add_publicly(folder, islice(articles, count), jobs=jobs)
        return
    for first in range(0, count, COMMIT_EVERY):
        with words_writer(folder) as adder:
            adder(islice(articles, min(COMMIT_EVERY, count - first)))


def grow(path: str, folder: Path, count: int, jobs: int) -> Iterator[Figures]:
    """Index ``count`` articles; the figures of each step."""
    if path == "words":
        create_words_index(folder)
    articles, done = Stopwatch(generated_articles(count)), 0
    for step in range(1, STEPS + 1):
        size = count * step // STEPS - done
        made, begin = articles.seconds, time.perf_counter()
        cpu_begin = time.process_time() - articles.cpu_seconds
        add(path, folder, articles, size, jobs)
        elapsed = time.perf_counter() - begin - (articles.seconds - made)
        cpu = time.process_time() - articles.cpu_seconds - cpu_begin
        done += size
        yield {
            "articles": done,
            "docs_per_s": size / elapsed,
            "index_s": elapsed,
            "cpu_s": cpu,
            "segments": segment_count(folder),
            "size_mb": folder_mb(folder),
            "peak_mb": memory_mb("VmHWM"),
        }


def update(path: str, folder: Path) -> Figures:
    """Commits that replace one article each, in ms."""
    times = []
    for number, article in enumerate(generated_articles(UPDATES + 1)):
        changed = article._replace(title=f"新{article.title}")
        begin = time.perf_counter()
        if path == "words":
            with words_writer(folder) as adder:
                adder([changed])
        else:
            add_publicly(folder, [changed])
        if number:  # the first also loads the dictionary
            times.append((time.perf_counter() - begin) * 1e3)
    return {"update_one_ms": statistics.median(times), "update_one_max_ms": max(times)}


def fresh(*arguments: object) -> Iterator[Figures]:
    """The lines of JSON that a fresh process prints, as they come."""
    command = [sys.executable, "-m", "benchmarks.growth", "--in-process", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", cwd=ROOT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        raise SystemExit(f"failed with exit code {process.returncode}: {' '.join(command)}")


def in_process(arguments: Sequence[str]) -> None:
    command, path, folder, *rest = arguments
    steps = grow(path, Path(folder), int(rest[0]), int(rest[1])) if command == "grow" else [update(path, Path(folder))]
    for figures in steps:
        print(json.dumps(figures), flush=True)


def measure(options: argparse.Namespace, work: Path) -> Figures:
    folder = work / "index"
    folder.mkdir()
    steps = []
    for figures in fresh("grow", options.path, folder, options.articles, options.jobs):
        steps.append(figures)
        say(f"{figures['articles']:,} articles, {figures['docs_per_s']:,.0f} docs/s")
    queries = work / "queries.json"
    sample = list(generated_articles(min(options.articles, QUERIES_FROM)))
    queries.write_text(json.dumps(make_queries(sample, options.queries), ensure_ascii=False), encoding="utf-8")
    found: dict[str, Any] = worker("query", ENGINE_OF[options.path], folder, queries)
    del found["version"]
    if not all(found.pop("hits")):
        raise SystemExit("a query for words of a title found nothing")
    (updates,) = fresh("update", options.path, folder)
    return {
        "date": date.today().isoformat(),
        "machine": machine(),
        "path": options.path,
        "jobs": options.jobs,
        "steps": steps,
        "slowest_by_fastest_step": min(s["docs_per_s"] for s in steps) / max(s["docs_per_s"] for s in steps),
        "last_by_first_step": steps[-1]["docs_per_s"] / steps[0]["docs_per_s"],
        "last_by_first_step_cpu": _per_cpu_second(steps[-1]) / _per_cpu_second(steps[0]),
        "queries": {"count": options.queries, **found},
        **updates,
    }


def _per_cpu_second(step: Figures) -> float:
    """Articles per second of a processor: what a machine with other work tells as well."""
    return float(step["docs_per_s"] * step["index_s"] / step["cpu_s"])


def show(report: Figures) -> None:
    system = report["machine"]
    print(f"path: {report['path']}, {report['jobs']} process(es); generated corpus; {report['date']}")
    print(f"{system['cpu']}, {system['cores']} cores, {system['system']}, Python {system['python']}")
    print()
    rows = [["articles", "docs/s", "seconds", "CPU s", "segments", "MB on disk", "peak MB"]]
    for step in report["steps"]:
        numbers = [f"{step[key]:,.0f}" for key in ("docs_per_s", "index_s", "cpu_s", "segments", "size_mb", "peak_mb")]
        rows.append([f"{step['articles']:,}", *numbers])
    print("\n".join(table(rows)))
    times = report["queries"]
    print()
    print(f"open {times['open_ms']:.1f} ms; {times['count']} queries:", end=" ")
    print(f"first p50 {times['first_p50_ms']:.2f} p95 {times['first_p95_ms']:.2f} ms,", end=" ")
    print(f"again p50 {times['again_p50_ms']:.2f} p95 {times['again_p95_ms']:.2f} ms;", end=" ")
    print(f"one article changed: {report['update_one_ms']:.0f} ms (at most {report['update_one_max_ms']:.0f})")
    print()
    columns = [
        "docs/s of the last tenth to the first",
        "the same of CPU time",
        "query p50, p95 ms, first",
        "again",
        "open ms",
        "peak MB",
    ]
    first, again = ([f"{times[f'{which}_{p}_ms']:.1f}" for p in ("p50", "p95")] for which in ("first", "again"))
    peak = max(step["peak_mb"] for step in report["steps"])
    ratios = [f"{report[name]:.2f}" for name in ("last_by_first_step", "last_by_first_step_cpu")]
    row = [*ratios, ", ".join(first), ", ".join(again)]
    print("\n".join(table([columns, [*row, f"{times['open_ms']:.1f}", f"{peak:.0f}"]])))


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["--in-process"]:
        in_process(given[1:])
        return 0
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--articles", type=int, default=100_000, metavar="N", help="default: 100000")
    parser.add_argument("--path", choices=ENGINE_OF, default="words", help="default: words")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes of the default path; default: 1")
    parser.add_argument("--queries", type=int, default=100, metavar="N", help="default: 100")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where to put the index while it runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    options = parser.parse_args(given)
    if options.articles < STEPS:
        parser.error(f"at least {STEPS} articles are needed")
    where = options.folder.resolve() if options.folder else None
    with tempfile.TemporaryDirectory(prefix="cnsearch-growth-", dir=where) as work:
        report = measure(options, Path(work))
    show(report)
    if options.json:
        options.json.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

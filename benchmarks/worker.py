"""One measurement in a fresh process.

    python -m benchmarks.worker index ENGINE CORPUS FOLDER [STEP]
    python -m benchmarks.worker query ENGINE FOLDER QUERIES
    python -m benchmarks.worker cold ENGINE FOLDER QUERY

The driver reads the JSON that it prints.
"""

from __future__ import annotations

import contextlib
import gc
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.adapters import load
from benchmarks.adapters.base import Search, without_package_face

WARM_QUERIES = ("预热 开始", "今天 天气")


def folder_mb(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def memory_mb(what: str) -> float:
    """``VmRSS`` or its peak ``VmHWM``. Not ru_maxrss where it can be helped: a child inherits its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith(what + ":"))
        return int(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def forget_peak() -> None:
    """Let the peak of memory begin here, where the system can (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def percentile(times: Sequence[float], percent: int) -> float:
    """Of at least two values, interpolated."""
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


def index_articles(name: str, corpus: Path, folder: Path, step: int) -> dict[str, Any]:
    from benchmarks.corpora import load_articles

    engine, articles = load(name), load_articles(corpus, step)
    engine.warm()
    gc.collect()
    forget_peak()
    before = memory_mb("VmRSS")
    begin, cpu = time.perf_counter(), time.process_time()
    settle = engine.index(articles, folder)
    elapsed = time.perf_counter() - begin
    if settle is not None:
        settle()
    return {
        "articles": len(articles),
        "docs_per_s": len(articles) / elapsed,
        "index_s": elapsed,
        "settled_s": time.perf_counter() - begin,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": memory_mb("VmHWM"),
        "before_mb": before,
        "size_mb": folder_mb(folder),
    }


def run_queries(search: Search, queries: Sequence[str]) -> tuple[dict[str, float], list[list[str]]]:
    """p50 and p95 in ms of the first and of a second pass over the queries, and the ids that were found."""
    figures: dict[str, float] = {}
    hits: list[list[str]] = []
    for passage in ("first", "again"):
        times = []
        hits = []
        for query in queries:
            begin = time.perf_counter()
            found = search(query)
            times.append((time.perf_counter() - begin) * 1e3)
            hits.append([key for key, _ in found])
        for percent in (50, 95):
            figures[f"{passage}_p{percent}_ms"] = percentile(times, percent)
    return figures, hits


def query_engine(name: str, folder: Path, queries: Sequence[str]) -> dict[str, Any]:
    engine = load(name)
    engine.warm()
    begin = time.perf_counter()
    search = engine.open(folder)
    opened = (time.perf_counter() - begin) * 1e3
    for query in WARM_QUERIES:
        search(query)
    figures, hits = run_queries(search, queries)
    return {
        "version": engine.version(),
        "open_ms": opened,
        **figures,
        "query_peak_mb": memory_mb("VmHWM"),
        "hits": hits,
    }


def search_cold(name: str, folder: Path, query: str) -> list[str]:
    if not name.startswith("cnsearch"):
        without_package_face()
    return [title for _, title in load(name).open(folder)(query)]


def main(arguments: Sequence[str]) -> None:
    command, name, *rest = arguments
    result: Any
    if command == "index":
        result = index_articles(name, Path(rest[0]), Path(rest[1]), int(rest[2]) if rest[2:] else 1)
    elif command == "query":
        result = query_engine(name, Path(rest[0]), json.loads(Path(rest[1]).read_text(encoding="utf-8")))
    elif command == "cold":
        result = search_cold(name, Path(rest[0]), rest[1])
    else:
        raise SystemExit(f"no such command: {command}")
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])

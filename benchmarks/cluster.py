"""An index on an OpenSearch cluster beside the same articles in a folder: speed, size, and whether they find the same.

    python -m benchmarks.cluster [--url opensearch+http://host:port/name] [--corpus FILE.jsonl[.xz]] [--articles N]
                                 [--queries N] [--shards N] [--quality [--sets NAMES] --shared DIR] [--json FILE]

Without ``--url`` a node is started from tests/opensearch (Java and Maven), on this machine, with a heap of 512 MB: what
it shows is what cnsearch asks of a cluster, not what a cluster can do. Measured are

    articles/s     from articles in memory to the last refresh, words cut in ``--jobs`` processes
    bytes/article  of the primary shards, after their segments were merged
    p50, p95       of a search with its ten hits, without excerpts: queries of two or three words of a title
    in common      of the ten best hits, in the folder and on the cluster; at least 0.9 on average, else exit 1
    totals         of filters and of exact texts must be equal, else exit 1
    quality        with --quality: MRR@10 of the sets of benchmarks/retrieval.py on both; must agree within 0.01

Equal scores rank by age in the folder and by id on the cluster, which costs some of the hits in common. Articles that a
test machine holds say nothing of a cluster under load: docs/en/cluster.md has what follows for sizes.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import cnsearch
from benchmarks.corpora import SEED, generated_articles, make_queries, open_lines
from benchmarks.corpora import Article as Plain
from benchmarks.report import machine
from cnsearch.backends.opensearch.address import parse_address
from cnsearch.backends.opensearch.cluster import Cluster
from cnsearch.corpus.records import article_from_record

ROOT = Path(__file__).parents[1]
IN_COMMON, QUALITY = 0.9, 0.01
LEASE_S = 35
"""OpenSearch agrees every 30 seconds on what replicas may still ask for."""


def generated(count: int) -> Iterator[cnsearch.Article]:
    """Articles of nobody, with sources and dates."""
    first = datetime(2020, 1, 1, tzinfo=timezone.utc)
    for number, one in enumerate(generated_articles(count)):
        when = first + timedelta(days=number % 1_000)
        yield cnsearch.Article(one.id, one.title, tuple(one.body.split("\n")), source=f"来源{number % 7}", date=when)


def read(path: Path) -> Iterator[cnsearch.Article]:
    """The articles of JSON Lines."""
    with open_lines(path) as lines:
        for number, line in enumerate(lines):
            yield article_from_record({"id": f"{number:08d}", **json.loads(line)}, where=f"{path}:{number + 1}")


@contextmanager
def own_node() -> Iterator[str]:
    """host:port of a node that is started for this run."""
    path = ROOT / "tests" / "opensearch" / "node.py"
    spec = importlib.util.spec_from_file_location("cnsearch_test_node", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    with tempfile.TemporaryDirectory(prefix="cnsearch-node-") as home, module.Node("one", Path(home) / "home") as node:
        yield node.wait().host


def merged_size(url: str, index: cnsearch.Index, one: cnsearch.Article) -> int:
    """Bytes of the primary shards, after merging each to one segment. Until then a shard keeps each document as it came
    too, for replicas that were away: it lets go of that half a minute later at the earliest, when it merges again."""
    address = parse_address(url)
    cluster = Cluster(address)
    try:
        cluster.request("POST", f"/{address.name}/_flush", timeout=600)
        time.sleep(LEASE_S)
        index.delete(one.id)
        index.add(one, jobs=1)  # so that there is something to merge
        cluster.request("POST", f"/{address.name}/_flush", timeout=600)
        cluster.request("POST", f"/{address.name}/_forcemerge", max_num_segments=1, timeout=600)
        cluster.request("POST", f"/{address.name}/_flush", force="true", timeout=600)  # lets go of the old segments
        cluster.request("POST", f"/{address.name}/_refresh", timeout=600)
        said = cluster.request("GET", f"/{address.name}/_stats/store")
        size: int = said["_all"]["primaries"]["store"]["size_in_bytes"]
        return size
    finally:
        cluster.close()


def filled(path: str, articles: Sequence[cnsearch.Article], jobs: int | None) -> tuple[cnsearch.Index, float]:
    """The index with the articles, and the seconds that it took."""
    index = cnsearch.open_index(path, create=True)
    started = time.perf_counter()
    report = index.add(articles, jobs=jobs)
    if report.failed or report.articles < len({article.id for article in articles}):
        raise SystemExit(f"not all articles came in: {report.failed[:3]}")
    return index, time.perf_counter() - started


def timed(index: cnsearch.Index, queries: Sequence[str]) -> tuple[list[list[str]], list[float]]:
    """The ids of the ten best of each query, and its milliseconds."""
    found, times = [], []
    for query in queries:
        started = time.perf_counter()
        hits = index.search(query, limit=10)
        times.append((time.perf_counter() - started) * 1000)
        found.append([hit.id for hit in hits])
    return found, times


def exact_queries(articles: Sequence[cnsearch.Article], count: int) -> list[str]:
    """Exact texts, filters, and both."""
    draw = random.Random(SEED)
    made = []
    for article in draw.sample(articles, min(count, len(articles))):
        text = next((one for one in article.paragraphs if len(one) > 12), article.title)
        start = draw.randrange(max(1, len(text) - 6))
        piece = text[start : start + draw.randint(2, 6)].replace('"', "").strip()
        made.append(f'"{piece}"' if piece else "*")
        if article.source:
            made.append(f'source:"{article.source}"')
        if article.date is not None:
            made.append(f"date:{article.date:%Y-%m}")
    return made


def in_common(one: Sequence[Sequence[str]], other: Sequence[Sequence[str]]) -> float:
    """Mean share of the ten best that both have."""
    shares = [len(set(a) & set(b)) / max(len(a), len(b)) if a or b else 1.0 for a, b in zip(one, other, strict=True)]
    return float(np.mean(shares))


def mean_reciprocal_rank(index: cnsearch.Index, queries: Sequence[tuple[str, dict[str, int]]]) -> float:
    """MRR@10."""
    ranks = []
    for text, relevant in queries:
        places = [hit.rank for hit in index.search(text, limit=10) if hit.id in relevant]
        ranks.append(1 / places[0] if places else 0.0)
    return float(np.mean(ranks))


def compared(url: str, articles: Sequence[cnsearch.Article], options: argparse.Namespace) -> dict[str, Any]:
    """The figures of both."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="cnsearch-folder-"))
        local, local_s = filled(str(Path(folder) / "index"), articles, options.jobs)
        stack.enter_context(local)
        cluster, cluster_s = filled(url, articles, options.jobs)
        stack.enter_context(cluster)
        size = merged_size(url, cluster, articles[0])
        queries = make_queries([Plain(one.id, one.title, one.body) for one in articles], options.queries)
        timed(cluster, queries[:20])  # the node's code is compiled as it runs
        ours, our_ms = timed(local, queries)
        theirs, first_ms = timed(cluster, queries)
        _, again_ms = timed(cluster, queries)
        exact = exact_queries(articles, options.queries)
        totals = [(query, local.search(query).total, cluster.search(query).total) for query in exact]
        wrong = [entry for entry in totals if entry[1] != entry[2]]
        return {
            "articles": len(articles),
            "folder": {
                "articles_per_s": len(articles) / local_s,
                "bytes_per_article": local.stats()["size_bytes"] / len(articles),
                "p50_ms": float(np.percentile(our_ms, 50)),
                "p95_ms": float(np.percentile(our_ms, 95)),
            },
            "cluster": {
                "articles_per_s": len(articles) / cluster_s,
                "bytes_per_article": size / len(articles),
                "p50_ms": float(np.percentile(first_ms, 50)),
                "p95_ms": float(np.percentile(first_ms, 95)),
                "again_p50_ms": float(np.percentile(again_ms, 50)),
                "again_p95_ms": float(np.percentile(again_ms, 95)),
            },
            "in_common": in_common(ours, theirs),
            "totals_compared": len(totals),
            "totals_that_differ": wrong,
        }


def quality(base: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """MRR@10 of each set on both."""
    from benchmarks.retrieval import shared_sets  # brings all the systems that are compared there

    sets, collections = shared_sets(options.shared)
    for judged in sets:
        if judged.name not in options.sets.split(","):
            continue
        queries = judged.queries[:: max(1, len(judged.queries) // options.questions)]
        articles = collections[judged.collection]
        url = f"{base}-{judged.name.replace('_', '-')}?shards={options.shards}"
        with tempfile.TemporaryDirectory(prefix="cnsearch-folder-") as folder:
            ranks = {}
            for name, path in (("folder", str(Path(folder) / "index")), ("cluster", url)):
                index, _ = filled(path, articles, options.jobs)
                with index:
                    ranks[name] = mean_reciprocal_rank(index, queries)
        yield {"set": judged.name, "queries": len(queries), "articles": len(articles), "mrr": ranks}


def show(report: dict[str, Any]) -> None:
    print(f"{report['articles']:,} articles, one process asks; {report['machine']['cpu']}")
    for name in ("folder", "cluster"):
        figures = report[name]
        speed = f"{figures['articles_per_s']:8,.0f} articles/s"
        size = f"{figures['bytes_per_article']:8,.0f} bytes/article"
        print(f"  {name:8} {speed} {size}   p50 {figures['p50_ms']:6.1f} ms  p95 {figures['p95_ms']:6.1f} ms")
    again = report["cluster"]
    print(f"  {'again':8} {'':44}   p50 {again['again_p50_ms']:6.1f} ms  p95 {again['again_p95_ms']:6.1f} ms")
    print(f"  of the ten best in common: {report['in_common']:.3f} (at least {IN_COMMON})")
    print(f"  totals that differ: {len(report['totals_that_differ'])} of {report['totals_compared']}")
    for query, ours, theirs in report["totals_that_differ"][:5]:
        print(f"    {query}: {ours} in the folder, {theirs} on the cluster")
    for judged in report["quality"]:
        mrr = judged["mrr"]
        print(f"  {judged['set']}, {judged['queries']} queries: MRR@10 {mrr['folder']:.4f} and {mrr['cluster']:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="of an index that is not there yet; default: on a node of its own")
    parser.add_argument("--corpus", type=Path, metavar="FILE", help="JSON Lines; default: generated articles")
    parser.add_argument("--articles", type=int, default=5_000, metavar="N")
    parser.add_argument("--queries", type=int, default=100, metavar="N")
    parser.add_argument("--shards", type=int, default=1, metavar="N")
    parser.add_argument("--jobs", type=int, metavar="N")
    parser.add_argument("--quality", action="store_true", help="how well both rank, too")
    parser.add_argument("--sets", default="drcd,news_titles,news_keywords", help="of what; names with commas")
    parser.add_argument("--questions", type=int, default=1_000, metavar="N", help="of each set, evenly spaced")
    shared = os.environ.get("CNSEARCH_SHARED") or ROOT.parent / "shared"
    parser.add_argument("--shared", type=Path, default=Path(shared), help="folder of corpus/ and retrieval/")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    every = read(options.corpus) if options.corpus else generated(options.articles)
    articles = list(islice(every, options.articles))
    with ExitStack() as stack:
        base = options.url or f"opensearch+http://{stack.enter_context(own_node())}/benchmark"
        report = compared(f"{base}?shards={options.shards}", articles, options)
        report["machine"] = machine()
        report["quality"] = list(quality(base, options)) if options.quality else []
    show(report)
    if options.json:
        options.json.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    good = report["in_common"] >= IN_COMMON and not report["totals_that_differ"]
    good &= all(abs(one["mrr"]["folder"] - one["mrr"]["cluster"]) <= QUALITY for one in report["quality"])
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()

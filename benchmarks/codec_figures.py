"""Figures of the codec: indexing, size, opening, lookups, stored fields, merging; tantivy beside it if installed.

    python benchmarks/codec_figures.py CORPUS.jsonl.xz [--topic 新闻] [--limit N] [--limit-mb 128] [--keep DIR] [--json]

Corpus model: records with ``title`` and ``html``; tags are stripped crudely, the text is cut by rjieba in search mode
without HMM, one process. tantivy gets the same tokens, joined by spaces, in fields with the whitespace tokenizer and
frequencies, and title and body stored as bytes. Each figure is the median of its repetitions, with the spread.

Caveats: rjieba takes half of the time of both. Both use a second core where there is one (tantivy for everything after
the tokens, the codec for numpy and zlib); ``cpu`` is the processor time of all threads. With --keep, the index stays in
DIR/codec and DIR/tantivy for benchmarks/codec_scoring_sketch.py.
"""

from __future__ import annotations

import argparse
import html
import json
import lzma
import os
import platform
import random
import re
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rjieba
from whoosh import fields
from whoosh.filedb.filestore import FileStorage

from cnsearch.codec import open_writer, segment_arrays

SEED = 1
cut = rjieba.Jieba().cut_for_search


def load(path: Path, topic: str | None, limit: int | None) -> list[tuple[str, str]]:
    """(title, body) of the records."""
    articles = []
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if topic is None or record["topic"] == topic:
                body = html.unescape(re.sub(r"<[^>]+>", "", record["html"].replace("</p>", "\n"))).strip()
                articles.append((record["title"], body))
                if len(articles) == limit:
                    break
    return articles


def folder_size(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) / 1e6


def index_with_codec(articles: Sequence[tuple[str, str]], folder: Path, limit_mb: float) -> dict[str, float]:
    schema = fields.Schema(
        id=fields.ID(unique=True, stored=True),
        title=fields.TEXT(phrase=False, stored=True),
        body=fields.TEXT(phrase=False, stored=True),
    )
    ix = FileStorage(str(folder)).create_index(schema)
    begin, cpu = time.perf_counter(), time.process_time()
    writer = open_writer(ix, limit_mb=limit_mb)
    for number, (title, body) in enumerate(articles):
        key = str(number)
        tokens = {"id": [key], "title": cut(title, False), "body": cut(body, False)}
        writer.add_tokens(tokens, {"id": key, "title": title, "body": body})
    writer.commit()
    elapsed = time.perf_counter() - begin
    assert ix.doc_count() == len(articles)
    return {"docs_per_s": len(articles) / elapsed, "cpu_s": time.process_time() - cpu, "size_mb": folder_size(folder)}


def index_with_tantivy(articles: Sequence[tuple[str, str]], folder: Path) -> dict[str, float]:
    import tantivy

    builder = tantivy.SchemaBuilder()
    for name in ("title_text", "body_text"):
        builder.add_bytes_field(name, stored=True, indexed=False)
    for name in ("title", "body"):
        builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="freq")
    index = tantivy.Index(builder.build(), path=str(folder))
    begin, cpu = time.perf_counter(), time.process_time()
    writer = index.writer(128_000_000)
    for title, body in articles:
        document = tantivy.Document(
            title_text=title.encode(),
            body_text=body.encode(),
            title=" ".join(cut(title, False)),
            body=" ".join(cut(body, False)),
        )
        writer.add_document(document)
    writer.commit()
    elapsed = time.perf_counter() - begin
    writer.wait_merging_threads()
    return {"docs_per_s": len(articles) / elapsed, "cpu_s": time.process_time() - cpu, "size_mb": folder_size(folder)}


def microseconds(call: Callable[[Any], object], arguments: Sequence[Any], repeat: int = 5) -> float:
    """Best mean over the arguments."""
    best = float("inf")
    for _ in range(repeat):
        begin = time.perf_counter()
        for argument in arguments:
            call(argument)
        best = min(best, (time.perf_counter() - begin) / len(arguments))
    return best * 1e6


def reading_figures(folder: Path) -> dict[str, float]:
    rng = random.Random(SEED)
    begin = time.perf_counter()
    reader = FileStorage(str(folder)).open_index().reader()
    found = {"open_ms": (time.perf_counter() - begin) * 1e3}
    arrays = max((segment_arrays(leaf) for leaf, _ in reader.leaf_readers()), key=lambda a: a.doc_count_all)
    data = arrays.data
    dictionary, postings = data.terms("body"), data.postings("body")
    assert dictionary is not None
    pointers = dictionary.pointers(0, dictionary.count)
    counts = postings.counts(pointers)
    terms = [dictionary.term(rng.randrange(dictionary.count)) for _ in range(2000)]
    found["find_term_us"] = microseconds(dictionary.find, terms)
    for low, high in ((1, 1), (2, 10), (11, 100), (101, 1000), (1001, 5000), (5001, 10**9)):
        chosen = np.flatnonzero((counts >= low) & (counts <= high)).tolist()
        if chosen:
            sample = [int(pointers[i]) for i in rng.sample(chosen, min(200, len(chosen)))]
            found[f"decode_us_df_{low}_{min(high, arrays.doc_count_all)}"] = microseconds(postings.read, sample)
    found["postings_cached_us"] = microseconds(lambda term: arrays.postings("body", term), terms[:100])
    docs = [rng.randrange(arrays.doc_count_all) for _ in range(10)]
    found["ten_titles_and_ids_us"] = 10 * microseconds(lambda doc: arrays.stored(doc, ("id", "title")), docs)
    found["one_body_us"] = microseconds(lambda doc: arrays.stored(doc, ("body",)), docs)
    begin = time.perf_counter()
    data.verify()
    found["verify_all_ms"] = (time.perf_counter() - begin) * 1e3
    return found


def changing_figures(folder: Path) -> dict[str, float]:
    ix = FileStorage(str(folder)).open_index()
    times = []
    for number in range(5):
        begin = time.perf_counter()
        with open_writer(ix) as writer:
            key = str(number * 7)
            writer.add_tokens({"id": [key], "title": ["新"], "body": ["新闻"]}, {"id": key}, replace=True)
        times.append(time.perf_counter() - begin)
    begin = time.perf_counter()
    open_writer(ix).commit(optimize=True)
    return {"update_one_ms": statistics.median(times) * 1e3, "optimize_s": time.perf_counter() - begin}


def spread(results: list[dict[str, float]]) -> dict[str, str]:
    return {
        key: f"{statistics.median(r[key] for r in results):.2f} "
        f"({min(r[key] for r in results):.2f}..{max(r[key] for r in results):.2f})"
        for key in results[0]
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--topic")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--limit-mb", type=float, default=128)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    articles = load(options.corpus, options.topic, options.limit)
    report: dict[str, Any] = {
        "articles": len(articles),
        "characters": sum(len(body) for _, body in articles),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "cores": os.cpu_count(),
    }
    base = options.keep or Path(tempfile.mkdtemp())
    runs: dict[str, list[dict[str, float]]] = {"codec": [], "tantivy": []}
    begin = time.perf_counter()
    for title, body in articles:
        cut(title, False)
        cut(body, False)
    report["rjieba_docs_per_s"] = round(len(articles) / (time.perf_counter() - begin))
    for _ in range(options.repeat):  # in turn, so that both meet the same state of the machine
        for name in runs:
            folder = base / name
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            try:
                if name == "codec":
                    runs[name].append(index_with_codec(articles, folder, options.limit_mb))
                else:
                    runs[name].append(index_with_tantivy(articles, folder))
            except ImportError:
                shutil.rmtree(folder)
    for name, results in runs.items():
        if results:
            report[name] = spread(results)
    report["peak_rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    report["reading"] = {key: round(value, 2) for key, value in reading_figures(base / "codec").items()}
    if not options.keep:
        report["changing"] = {key: round(value, 2) for key, value in changing_figures(base / "codec").items()}
        shutil.rmtree(base)
    print(json.dumps(report, ensure_ascii=False, indent=None if options.json else 1))


if __name__ == "__main__":
    main()

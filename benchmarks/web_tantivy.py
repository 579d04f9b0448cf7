"""tantivy behind the same framework as ``cnsearch serve``: what ``benchmarks.web`` measures beside it.

A Starlette application with one address, ``/api/search?query=…``, that gives ten hits with a snippet each as JSON.
Title and body are indexed as jieba's words (search mode, as cnsearch cuts them), with BM25 as tantivy computes it; what
is shown of a hit is stored as JSON, and the body again as words joined by blanks, for tantivy marks snippets only in
what it has indexed. It has none of the rest: no exact texts, filters, counts, corrections, copies; no limits.

Not good for: being read by anybody but a benchmark.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import tantivy
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.adapters.base import HITS, query_terms, tokenizer
from cnsearch import Index

FOLDER: Final = "CNSEARCH_BENCHMARK_TANTIVY"
"""Where worker processes find the folder of the index."""
FIELDS: Final = (("title", 2.0), ("body", 1.0))
SNIPPET_CHARS: Final = 240
"""As many characters as cnsearch shows: three fragments of about 80."""
HEAP_BYTES: Final = 256_000_000


def build(index: Index, folder: Path) -> None:
    """Index all articles of ``index`` in an empty folder."""
    builder = tantivy.SchemaBuilder()
    builder.add_bytes_field("about", stored=True, indexed=False)
    builder.add_text_field("title", stored=True, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("body", stored=True, tokenizer_name="whitespace", index_option="freq")
    writer = tantivy.Index(builder.build(), path=str(folder)).writer(HEAP_BYTES)
    words = tokenizer()
    for article in index:
        shown = article.to_dict(index.time_zone)
        del shown["paragraphs"], shown["headings"]
        writer.add_document(
            tantivy.Document(
                about=json.dumps(shown, ensure_ascii=False).encode(),
                title=" ".join(words(article.title)),
                body=" ".join(words(article.body)),
            )
        )
    writer.commit()
    writer.wait_merging_threads()


def searching(folder: Path) -> Callable[[str], dict[str, Any]]:
    """What answers a query with the object of a search."""
    index = tantivy.Index.open(str(folder))
    schema, searcher = index.schema, index.searcher()

    def search(text: str) -> dict[str, Any]:
        clauses = []
        for term in query_terms(text):
            for name, weight in FIELDS:
                clause = tantivy.Query.term_query(schema, name, term, "freq")
                clauses.append((tantivy.Occur.Should, tantivy.Query.boost_query(clause, weight)))
        query = tantivy.Query.boolean_query(clauses)
        found = searcher.search(query, HITS, count=True)
        generator = tantivy.SnippetGenerator.create(searcher, query, schema, "body")
        generator.set_max_num_chars(SNIPPET_CHARS)
        hits = []
        for rank, (score, address) in enumerate(found.hits, start=1):
            document = searcher.doc(address)
            about = json.loads(bytes(document["about"][0]))
            snippet = generator.snippet_from_doc(document)
            hits.append({"rank": rank, **about, "score": score, "snippet": snippet.to_html().replace(" ", "")})
        return {"query": text, "total": found.count, "hits": hits}

    return search


def app() -> Starlette:
    """The application of a worker process."""
    search = searching(Path(os.environ[FOLDER]))

    def answer(request: Request) -> Response:
        found = search(request.query_params.get("query", ""))
        return Response(json.dumps(found, ensure_ascii=False).encode(), media_type="application/json")

    return Starlette(routes=[Route("/api/search", answer)])

"""tantivy by its Python package: tokens joined by blanks, frequencies without positions, its default threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import tantivy

from benchmarks.adapters.base import HITS, Hit, Search, SharedTokens, query_terms, tokenizer
from benchmarks.corpora import Article

FIELDS = (("title", 2.0), ("body", 1.0))
HEAP_BYTES = 256_000_000  # as much as cnsearch collects


class Tantivy(SharedTokens):
    def version(self) -> str:
        return str(tantivy.__version__)

    def index(self, articles: Sequence[Article], folder: Path) -> Callable[[], None]:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        for name, _ in FIELDS:
            builder.add_bytes_field(f"{name}_text", stored=True, indexed=False)
            builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="freq")
        writer = tantivy.Index(builder.build(), path=str(folder)).writer(HEAP_BYTES)
        terms = tokenizer()
        for article in articles:
            document = tantivy.Document(
                id=article.id,
                title_text=article.title.encode(),
                body_text=article.body.encode(),
                title=" ".join(terms(article.title)),
                body=" ".join(terms(article.body)),
            )
            writer.add_document(document)
        writer.commit()
        return lambda: writer.wait_merging_threads()

    def open(self, folder: Path) -> Search:
        index = tantivy.Index.open(str(folder))
        schema, searcher = index.schema, index.searcher()

        def search(query: str) -> list[Hit]:
            clauses = []
            for term in query_terms(query):
                for name, weight in FIELDS:
                    clause = tantivy.Query.term_query(schema, name, term, "freq")
                    clauses.append((tantivy.Occur.Should, tantivy.Query.boost_query(clause, weight)))
            found = searcher.search(tantivy.Query.boolean_query(clauses), HITS, count=False)
            documents = [searcher.doc(address) for _, address in found.hits]
            return [(doc["id"][0], bytes(doc["title_text"][0]).decode()) for doc in documents]

        return search

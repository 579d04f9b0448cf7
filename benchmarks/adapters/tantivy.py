"""tantivy by its Python package: tokens joined by blanks, frequencies without positions, its default threads.

Both indexing and searching are also to be had with tokens that are ready before the clock starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
        return self.index_tokens(articles, map(joined_tokens, articles), folder)

    def index_tokens(
        self, articles: Sequence[Article], tokens: Iterable[tuple[str, str]], folder: Path
    ) -> Callable[[], None]:
        """As ``index``, with what ``joined_tokens`` makes of each article."""
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        for name, _ in FIELDS:
            builder.add_bytes_field(f"{name}_text", stored=True, indexed=False)
            builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="freq")
        writer = tantivy.Index(builder.build(), path=str(folder)).writer(HEAP_BYTES)
        for article, (title, body) in zip(articles, tokens, strict=True):
            document = tantivy.Document(
                id=article.id,
                title_text=article.title.encode(),
                body_text=article.body.encode(),
                title=title,
                body=body,
            )
            writer.add_document(document)
        writer.commit()
        return lambda: writer.wait_merging_threads()

    def open(self, folder: Path) -> Search:
        search = self.open_terms(folder)
        return lambda query: search(query_terms(query))

    def open_terms(self, folder: Path) -> Callable[[Sequence[str]], list[Hit]]:
        """As ``open``, for queries that are cut into terms."""
        index = tantivy.Index.open(str(folder))
        schema, searcher = index.schema, index.searcher()

        def search(terms: Sequence[str]) -> list[Hit]:
            clauses = []
            for term in terms:
                for name, weight in FIELDS:
                    clause = tantivy.Query.term_query(schema, name, term, "freq")
                    clauses.append((tantivy.Occur.Should, tantivy.Query.boost_query(clause, weight)))
            found = searcher.search(tantivy.Query.boolean_query(clauses), HITS, count=False)
            documents = [searcher.doc(address) for _, address in found.hits]
            return [(doc["id"][0], bytes(doc["title_text"][0]).decode()) for doc in documents]

        return search


def joined_tokens(article: Article) -> tuple[str, str]:
    """The tokens of title and body, joined by blanks."""
    terms = tokenizer()
    return " ".join(terms(article.title)), " ".join(terms(article.body))

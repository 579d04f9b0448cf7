"""SQLite FTS5: tokens joined by blanks in a contentless table, the texts in a plain one.

The ``ascii`` tokenizer takes every character beyond ASCII for a part of a token, and so are made the signs that tokens
of cnsearch may have: what was joined comes apart at the blanks only. FTS5 keeps positions: without them
(``detail=column``) its bm25() has no frequencies. It ranks by one bm25() over both columns, with weights.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from benchmarks.adapters.base import HITS, Hit, Search, SharedTokens, query_terms, tokenizer
from benchmarks.corpora import Article

FILE = "articles.sqlite"
TOKENIZE = "ascii tokenchars '-._''&+#%'"
FIND = """
    SELECT article.id, article.title FROM words JOIN article ON article.number = words.rowid
    WHERE words MATCH ? AND rank MATCH 'bm25(2.0, 1.0)' ORDER BY rank LIMIT ?
"""


class Sqlite(SharedTokens):
    def version(self) -> str:
        return sqlite3.sqlite_version

    def index(self, articles: Sequence[Article], folder: Path) -> None:
        tokenize = TOKENIZE.replace("'", "''")
        terms = tokenizer()
        connection = sqlite3.connect(folder / FILE)
        connection.execute("CREATE TABLE article (number INTEGER PRIMARY KEY, id TEXT UNIQUE, title TEXT, body TEXT)")
        connection.execute(f"CREATE VIRTUAL TABLE words USING fts5 (title, body, content='', tokenize='{tokenize}')")
        for number, article in enumerate(articles, start=1):
            connection.execute("INSERT INTO article VALUES (?, ?, ?, ?)", (number, *article))
            joined = (number, " ".join(terms(article.title)), " ".join(terms(article.body)))
            connection.execute("INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)", joined)
        connection.commit()
        connection.close()

    def open(self, folder: Path) -> Search:
        connection = sqlite3.connect(folder / FILE)

        def search(query: str) -> list[Hit]:
            wanted = " OR ".join('"' + term.replace('"', '""') + '"' for term in query_terms(query))
            return connection.execute(FIND, (wanted, HITS)).fetchall()

        return search

"""Hashes of files and of articles: equal ones need not be cut again."""

from __future__ import annotations

import hashlib
import json

from cnsearch.model import Article
from cnsearch.store.dates import seconds_of
from cnsearch.store.document import stored_body
from cnsearch.store.fields import DIGEST_BYTES

_NOTHING_MORE = json.dumps([[], {}, {}])


def file_digest(data: bytes) -> bytes:
    """A hash of a file. DIGEST_BYTES long."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()


def article_digest(article: Article) -> bytes:
    """A hash of everything in the article, as the index gives it back: of the date the instant. DIGEST_BYTES long."""
    parts = (
        article.id,
        article.title,
        stored_body(article.paragraphs),
        article.source,
        "\n".join(article.categories),
        article.author,
        str(seconds_of(article.date)) if article.date else "",
        article.url,
        article.path,
        "\n".join(article.tags),
        "draft" if article.draft else "",
        json.dumps([article.headings, dict(article.labels), dict(article.extra)])
        if article.headings or article.labels or article.extra
        else _NOTHING_MORE,
    )
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()

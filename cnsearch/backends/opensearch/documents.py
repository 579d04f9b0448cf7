"""An article as a document of OpenSearch, and back."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from datetime import timezone
from typing import TYPE_CHECKING, Any

from cnsearch.analysis.ngrams import LINE, character_terms
from cnsearch.analysis.reading import read
from cnsearch.analysis.signature import signature
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.backends.opensearch.mapping import CHARS, EXACT, LENGTHS, OWN_WORDS, WORDS
from cnsearch.backends.opensearch.tokens import line_tokens, plain_tokens, sendable, weighed_tokens
from cnsearch.model import Article
from cnsearch.search.written import letters
from cnsearch.store.dates import date_of, seconds_of
from cnsearch.store.document import document_of, stored_body
from cnsearch.store.fields import CHARS_FIELD
from cnsearch.store.labels import MAX_PATH_LEVELS

if TYPE_CHECKING:
    from cnsearch.indexing.tasks import Origin

LONGEST_VALUE = 8_000
"""Characters of a value that filters and facets know whole; Lucene takes 32,766 bytes."""
MAX_ID_BYTES = 512
"""Of the cluster's ids; a longer id of ours is hashed."""


def key_of(article_id: str) -> str:
    """The cluster's id of an article: its own, where that is not too long."""
    encoded = article_id.encode("utf-8", "surrogatepass")
    if len(encoded) <= MAX_ID_BYTES and not article_id.startswith("~") and sendable(article_id) == article_id:
        return article_id
    return "~" + hashlib.blake2b(encoded, digest_size=24).hexdigest()


def value_term(value: str) -> str:
    """What stands in a keyword field for a value: itself, of a very long one its beginning and a hash."""
    value = sendable(value)
    if len(value) <= LONGEST_VALUE:
        return value
    return f"{value[:100]}~{hashlib.blake2b(value.encode(), digest_size=24).hexdigest()}"


def text_hash(text: str) -> str:
    """A short name of a text, by which equal ones are found."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def lengths_of(article: Article, tokenizer: WordTokenizer) -> dict[str, int]:
    """How many terms each field has, for the mean lengths of an index."""
    found = {}
    for name, text in _texts(article).items():
        reading = read(text)
        found[name] = len(tokenizer.terms(reading.text, reading.seams))
        found[CHARS_FIELD[name]] = sum(map(len, LINE.findall(reading.text)))
    return found


def _texts(article: Article) -> dict[str, str]:
    return {"title": article.title, "tags": "\n".join(article.tags), "body": stored_body(article.paragraphs)}


def source_of(
    article: Article, origin: Origin, tokenizer: WordTokenizer, averages: Mapping[str, float]
) -> dict[str, Any]:
    """Article to document; ``averages`` are those of the index."""
    values = {name: getattr(origin, name) for name in ("root", "size", "mtime_ns", "digest")}
    made = document_of(article, values)
    tokens, columns = made.tokens, made.columns
    readings = {name: read(text) for name, text in made.texts.items()}
    terms = {name: tokenizer.terms(reading.text, reading.seams) for name, reading in readings.items()}
    words = {name: Counter(found) for name, found in terms.items()}
    chars = {CHARS_FIELD[name]: _characters(reading.text) for name, reading in readings.items()}
    num_chars = {CHARS_FIELD[name]: sum(map(len, LINE.findall(reading.text))) for name, reading in readings.items()}
    num_words = {name: found.total() for name, found in words.items()}
    title = readings["title"].text
    source: dict[str, Any] = {
        "id": value_term(article.id),
        WORDS: weighed_tokens(words, num_words, averages),
        CHARS: weighed_tokens(chars, num_chars, averages),
        **{OWN_WORDS[name]: plain_tokens(terms[name]) for name in OWN_WORDS},
        **{EXACT[name]: line_tokens(reading.text) for name, reading in readings.items()},
        "title_letters": text_hash(letters(title)),
        "title_read": text_hash(title),
        "size": origin.size,
        "mtime_ns": origin.mtime_ns,
        "digest": origin.digest.hex(),
        "signature": base64.b64encode(signature(readings["title"].points(), readings["body"].points())).decode(),
        "num_words": num_words["title"] + num_words["body"],
        # A mean of tags is one over the articles that have any.
        LENGTHS: {
            name: length for name, length in (num_words | num_chars).items() if length or not name.startswith("tags")
        },
        "article": article_source(article),
    }
    if origin.root:
        source["root"] = sendable(origin.root)
    if article.date is not None:
        source["seconds"] = columns["date"]
        source["date"] = article.date.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
    for name in ("source", "category", "author", "tag", "label", "draft"):
        if name in tokens:
            source[name] = list(map(value_term, tokens[name]))
    for name in ("source", "category", "author", "tag", "label"):
        if name in columns:
            several = columns[name] if isinstance(columns[name], list) else [columns[name]]
            source[f"{name}_as"] = [value_term(value.decode("utf-8")) for value in several]
    if article.categories:
        levels = article.categories
        paths = ("/".join(levels[:depth]) for depth in range(1, min(len(levels), MAX_PATH_LEVELS) + 1))
        source["category_path_as"] = list(map(value_term, paths))
    if article.labels:
        source["label_name_as"] = list(map(value_term, article.labels))
    return source


def _characters(folded: str) -> Counter[str]:
    """How often each bigram stands in a text, and each character."""
    found = Counter(character_terms(folded))
    singles: Counter[str] = Counter()
    for pair, count in found.items():
        singles[pair[0]] += count
    return Counter({pair: count for pair, count in found.items() if len(pair) > 1}) + singles


def article_source(article: Article) -> dict[str, Any]:
    """What is shown of an article, fit for JSON."""
    shown = {
        "id": article.id,
        "title": article.title,
        "paragraphs": list(article.paragraphs),
        "source": article.source,
        "categories": list(article.categories),
        "author": article.author,
        "date": None if article.date is None else seconds_of(article.date),
        "url": article.url,
        "path": article.path,
        "tags": list(article.tags),
        "draft": article.draft,
        "headings": list(article.headings),
        "labels": {name: list(values) for name, values in article.labels.items()},
        "extra": dict(article.extra),
    }
    kept = {"id", "title"} if article.date is None else {"id", "title", "date"}  # the first second of 1970 is 0
    return {name: value for name, value in shown.items() if value or name in kept}


def article_of(source: Mapping[str, Any]) -> Article:
    """Inverse of ``article_source``."""
    return Article(
        paragraphs=tuple(source.get("paragraphs", ())), headings=tuple(source.get("headings", ())), **about_of(source)
    )


def about_of(source: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an article without its paragraphs, by the names of ``Article``."""
    date = source.get("date")
    return {
        "id": source["id"],
        "title": source["title"],
        "source": source.get("source", ""),
        "categories": tuple(source.get("categories", ())),
        "author": source.get("author", ""),
        "date": None if date is None else date_of(date),
        "url": source.get("url", ""),
        "path": source.get("path", ""),
        "tags": tuple(source.get("tags", ())),
        "draft": source.get("draft", False),
        "labels": {name: tuple(values) for name, values in source.get("labels", {}).items()},
        "extra": source.get("extra", {}),
    }


def as_json(value: Any) -> str:
    """One line of JSON, which UTF-8 can say."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return sendable(text)

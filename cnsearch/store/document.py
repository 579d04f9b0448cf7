"""An article as a document: the tokens of each field, the stored values, the values of the columns."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnsearch.analysis.fold import CodePoints
from cnsearch.analysis.ngrams import character_pairs
from cnsearch.analysis.reading import LINE_END, read
from cnsearch.analysis.signature import signature
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.model import Article
from cnsearch.store.dates import seconds_of
from cnsearch.store.fields import CHARS_FIELD, DRAFT, SHIFTED_FIELD
from cnsearch.store.labels import category_terms, label_term, own_label_term, tag_paths

ENCODERS = dict.fromkeys(CHARS_FIELD.values(), character_pairs)
"""Fields whose tokens are made for a batch of folded texts at once."""

_LINE_FEED = re.compile("\r?\n")


@dataclass(frozen=True, slots=True)
class Document:
    """An article ready to be written.

    tokens     : of each indexed field but those of characters
    characters : of each of those (``ENCODERS``) the code points of the text, folded, uint32, shape (characters,)
    readings   : the same texts, by the names of ``TEXT_FIELDS``
    stored, columns : values by field
    """

    tokens: dict[str, Sequence[str]]
    characters: dict[str, CodePoints]
    readings: dict[str, str]
    stored: dict[str, Any]
    columns: dict[str, Any]


def document_of(article: Article, tokenizer: WordTokenizer, origin: Mapping[str, Any]) -> Document:
    """Clean article to document. ``origin`` has the values of root (str), size, mtime_ns and digest."""
    tokens: dict[str, Sequence[str]] = {"id": [article.id]}
    stored: dict[str, Any] = {"id": article.id}
    shifted: list[str] = []
    characters: dict[str, CodePoints] = {}
    readings: dict[str, str] = {}
    texts = {"title": article.title, "tags": "\n".join(article.tags), "body": stored_body(article.paragraphs)}
    for name, text in texts.items():
        if name == "tags" and not text:
            continue  # most articles have none, and what they lack shall cost nothing
        reading = read(text)
        tokens[name] = tokenizer.terms(reading.text, reading.seams)
        characters[CHARS_FIELD[name]] = reading.points()
        readings[name] = reading.text
        stored[name] = text
        if reading.shifted:
            shifted.append(name)
    if shifted:
        tokens[SHIFTED_FIELD] = shifted
    stored.update({name: value for name, value in (("url", article.url), ("path", article.path)) if value})
    if article.headings and stored["body"]:  # paragraphs of nothing leave no line
        stored["headings"] = json.dumps(list(article.headings))  # a paragraph is a line of the body
    if article.extra:
        stored["extra"] = json.dumps(dict(article.extra), ensure_ascii=False, separators=(",", ":"))
    values: dict[str, Any] = {
        "size": origin["size"],
        "mtime_ns": origin["mtime_ns"],
        "digest": origin["digest"],
        "signature": signature(characters["title_chars"], characters["body_chars"]),
    }
    for name, label in (("source", article.source), ("author", article.author)):
        if label:
            tokens[name] = [label_term(name, label)]
            values[name] = _encoded(label)
    if article.categories:
        tokens["category"] = category_terms(article.categories)
        values["category"] = [_encoded(level) for level in article.categories]
    if article.tags:
        tokens["tag"] = sorted({path for tag in article.tags for path in tag_paths(tag)})
        values["tag"] = [_encoded(tag) for tag in article.tags]
    if article.labels:
        own = [(name, value) for name, several in article.labels.items() for value in several]
        tokens["label"] = sorted({own_label_term(name, value) for name, value in own})
        values["label"] = [_encoded(f"{name}={value}") for name, value in own]
    if article.draft:
        tokens["draft"] = [DRAFT]
        values["draft"] = _encoded(DRAFT)
    if article.date is not None:
        values["date"] = seconds_of(article.date)
    if origin["root"]:
        values["root"] = os.fsencode(origin["root"])
    return Document(tokens, characters, readings, stored, values)


_HALF = re.compile("[\ud800-\udfff]")


def _encoded(text: str) -> bytes:
    """In UTF-8, half a surrogate pair replaced by what it is folded to, so that the value finds itself as a filter."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return _HALF.sub("\ufffd", text).encode("utf-8")


def stored_body(paragraphs: Iterable[str]) -> str:
    """The body as one text: a line for each paragraph, in which its own line ends are LINE_END."""
    return "\n".join(
        _LINE_FEED.sub(LINE_END, paragraph) if "\n" in paragraph else paragraph for paragraph in paragraphs
    )


def paragraphs_of(body: str) -> tuple[str, ...]:
    """Inverse of ``stored_body``, but for the kind of the line ends."""
    return tuple(paragraph.replace(LINE_END, "\n") for paragraph in body.split("\n")) if body else ()

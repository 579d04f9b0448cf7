"""An article as a document: its texts, the tokens of its other fields, the stored values, the values of the columns."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnsearch.analysis.reading import LINE_END
from cnsearch.model import Article
from cnsearch.store.dates import seconds_of
from cnsearch.store.fields import DRAFT
from cnsearch.store.labels import category_terms, label_term, own_label_term, tag_paths

_LINE_FEED = re.compile("\r?\n")


@dataclass(frozen=True, slots=True)
class Document:
    """An article ready to be written: the searched texts, the tokens of the fields whose values are matched whole, and
    the stored and column values. What its texts give (postings, signature) is made for a batch at once."""

    texts: dict[str, str]
    tokens: dict[str, Sequence[str]]
    stored: dict[str, Any]
    columns: dict[str, Any]


def document_of(article: Article, origin: Mapping[str, Any]) -> Document:
    """Clean article to document. ``origin`` has the values of root (str), size, mtime_ns and digest."""
    texts = {"title": article.title, "tags": "\n".join(article.tags), "body": stored_body(article.paragraphs)}
    if not texts["tags"]:
        del texts["tags"]  # most articles have none
    tokens: dict[str, Sequence[str]] = {"id": [article.id]}
    stored: dict[str, Any] = {"id": article.id, **texts}
    stored.update({name: value for name, value in (("url", article.url), ("path", article.path)) if value})
    if article.headings and stored["body"]:  # paragraphs of nothing leave no line
        stored["headings"] = json.dumps(list(article.headings))  # a paragraph is a line of the body
    if article.extra:
        stored["extra"] = json.dumps(dict(article.extra), ensure_ascii=False, separators=(",", ":"))
    values: dict[str, Any] = {name: origin[name] for name in ("size", "mtime_ns", "digest")}
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
    return Document(texts, tokens, stored, values)


_HALF = re.compile("[\ud800-\udfff]")


def _encoded(text: str) -> bytes:
    """In UTF-8, half a surrogate pair replaced by what it is folded to, so that the value finds itself as a filter."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return _HALF.sub("\ufffd", text).encode("utf-8")


def stored_body(paragraphs: Sequence[str]) -> str:
    """The body as one text: a line for each paragraph, in which its own line ends are LINE_END."""
    body = "\n".join(paragraphs)
    if body.count("\n") < len(paragraphs):  # for most articles: no paragraph has a line end
        return body
    return "\n".join(_LINE_FEED.sub(LINE_END, paragraph) for paragraph in paragraphs)


def paragraphs_of(body: str) -> tuple[str, ...]:
    """Inverse of ``stored_body``, but for the kind of the line ends."""
    return tuple(paragraph.replace(LINE_END, "\n") for paragraph in body.split("\n")) if body else ()

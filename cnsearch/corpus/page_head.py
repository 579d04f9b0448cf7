"""What a page says about itself where only programs read: <meta>, <title>, JSON-LD, the canonical link."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from itertools import islice
from typing import Any

from cnsearch.corpus.dates import parse_date
from cnsearch.corpus.text import one_line

_META = re.compile(r"<(meta|link)\b([^<>]{1,4000})", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-z][\w:.-]{0,60})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^<>]{0,500}>([^<]{0,2000})", re.IGNORECASE)
_JSON_LD = re.compile(r"<script\b[^<>]{0,500}?\bld\+json[^<>]{0,500}>", re.IGNORECASE)
_MOST_METAS = 1000
_LONGEST_JSON = 200_000

#: Names of <meta> (name, property, itemprop, http-equiv, in lower case without spaces), the surest first.
_TITLE_NAMES = ("og:title", "twitter:title", "headline", "dc.title", "dcterms.title", "articletitle")
_DATE_NAMES = tuple(
    """
    article:published_time og:article:published_time datepublished publishdate publish_date publish-date publisheddate
    publish_time publishtime published_time published pubdate apub:time og:published_time og:release_date
    bytedance:published_time weibo:article:create_at releasedate dc.date.issued dcterms.issued dcterms.created dc.date
    dcterms.date datecreated article.published article:create_at og:time date
    """.split()
)
#: When it was changed, or when nobody says which: better than none.
_CHANGE_NAMES = tuple(
    """
    dateupdate datemodified article:modified_time og:updated_time bytedance:updated_time weibo:article:update_at
    lastmodified
    """.split()
)
_AUTHOR_NAMES = (
    "author",
    "article:author",
    "og:article:author",
    "dc.creator",
    "og:author",
    "byl",
    "weibo:article:author",
)
_SITE_NAMES = ("og:site_name", "sitename", "application-name", "apple-mobile-web-app-title")
_SOURCE_NAMES = ("source", "contentsource", "mediaid", "og:source", "dc.source", "article:source", "publisher")
_ARTICLE_TYPES = re.compile("Article|Posting|Report|WebPage|Blog")


@dataclass
class PageHead:
    """What the head says, "" or None where it does not.

    title     : the content of <title> as it is
    headline  : the article's title alone
    date      : of publication, aware, UTC
    changed   : of the last change
    site      : the site's name
    source    : who wrote or published it first
    refreshes : the page sends its reader on
    kind      : og:type
    """

    title: str = ""
    headline: str = ""
    date: datetime | None = None
    changed: datetime | None = None
    author: str = ""
    site: str = ""
    source: str = ""
    url: str = ""
    kind: str = ""
    refreshes: bool = False


def page_head(html: str) -> PageHead:
    """Read the head of ``html``. Time is linear in its length; nothing is raised."""
    html = without_comments(html)
    head = PageHead()
    said: dict[str, str] = {}
    for found in islice(_META.finditer(html), _MOST_METAS):
        attributes = {key.lower(): a or b or c for key, a, b, c in _ATTRIBUTE.findall(found[2])}
        if found[1].lower() == "link":
            if attributes.get("rel", "").lower() == "canonical":
                said.setdefault("canonical", attributes.get("href", ""))
            continue
        for key in ("property", "name", "itemprop"):
            name = re.sub(r"\s", "", attributes.get(key, "")).lower()
            if name and attributes.get("content"):
                said.setdefault(name, one_line(unescape(attributes["content"])))
        if attributes.get("http-equiv", "").lower() == "refresh" and "url" in attributes.get("content", "").lower():
            head.refreshes = True
    title = _TITLE.search(html)
    head.title = one_line(unescape(title[1])) if title is not None else ""
    head.headline = _first(said, _TITLE_NAMES)
    head.date = _first_date(said, _DATE_NAMES)
    head.changed = _first_date(said, _CHANGE_NAMES)
    head.author = _first(said, _AUTHOR_NAMES)
    head.site = _first(said, _SITE_NAMES)
    head.source = _first(said, _SOURCE_NAMES)
    head.kind = said.get("og:type", "").lower()
    head.url = next((url for url in (said.get("canonical", ""), said.get("og:url", "")) if _is_address(url)), "")
    _read_json_ld(html, head)
    return head


def without_comments(html: str) -> str:
    """``html`` without its comments; one that never ends stays."""
    pieces: list[str] = []
    at = 0
    while (start := html.find("<!--", at)) >= 0:
        end = html.find("-->", start + 4)
        if end < 0:
            break
        pieces.append(html[at:start])
        at = end + 3
    pieces.append(html[at:])
    return "".join(pieces)


def _first(said: dict[str, str], names: tuple[str, ...]) -> str:
    return next((said[name] for name in names if said.get(name)), "")


def _first_date(said: dict[str, str], names: tuple[str, ...]) -> datetime | None:
    return next((date for name in names if name in said and (date := parse_date(said[name])) is not None), None)


def _is_address(url: str) -> bool:
    return url.startswith(("http://", "https://")) and len(url) < 2000


def _read_json_ld(html: str, head: PageHead) -> None:
    for start in islice(_JSON_LD.finditer(html), 20):
        end = html.find("</", start.end())
        source = html[start.end() : max(end, start.end())]
        if not source or len(source) > _LONGEST_JSON:
            continue
        try:
            value = json.loads(source, strict=False)
        except (ValueError, RecursionError):
            continue
        for thing in _things(value):
            _read_thing(thing, head)


def _things(value: Any) -> list[dict[str, Any]]:
    things = value if isinstance(value, list) else [value]
    things = [thing for thing in things[:50] if isinstance(thing, dict)]
    graphs = [thing["@graph"] for thing in things if isinstance(thing.get("@graph"), list)]
    return things + [thing for graph in graphs for thing in graph[:50] if isinstance(thing, dict)]


def _read_thing(thing: dict[str, Any], head: PageHead) -> None:
    kind = str(thing.get("@type", ""))
    # 百度's own form has no type: {"@context": "https://ziyuan.baidu.com/...", "title": ..., "pubDate": ...}
    if kind and not _ARTICLE_TYPES.search(kind):
        return
    if kind != "WebPage":
        head.headline = head.headline or _text(thing.get("headline") or thing.get("title"))
        head.author = head.author or _text(thing.get("author"))
    head.date = head.date or parse_date(_text(thing.get("datePublished") or thing.get("pubDate")))
    head.changed = head.changed or parse_date(_text(thing.get("dateModified") or thing.get("upDate")))
    head.site = head.site or _text(thing.get("publisher"))
    url = _text(thing.get("url") or thing.get("mainEntityOfPage"))
    if not head.url and kind != "WebPage" and _is_address(url):
        head.url = url


def _text(value: Any) -> str:
    """The text or the name of a value of JSON-LD."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("name") or value.get("@id") or ""
    return one_line(unescape(value)) if isinstance(value, str) else ""

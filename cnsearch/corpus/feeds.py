"""Articles from XML: RSS and Atom feeds, and exports of WordPress (WXR)."""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from cnsearch.corpus.clean import clean_html, clean_title
from cnsearch.corpus.dates import parse_date
from cnsearch.corpus.entries import Entry, EntryIds, Reading, Warn
from cnsearch.corpus.posts import PostFile
from cnsearch.corpus.text import one_line
from cnsearch.errors import CorpusError, NoArticlesError
from cnsearch.model import Article, Failure

#: What may stand before the root element, and the root element's name.
_PROLOG = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_ROOT = re.compile(r"<(?:[A-Za-z0-9_]+:)?([A-Za-z]+)[\s>/]")
_FEED_ROOTS = {"rss": "RSS", "feed": "Atom", "rdf": "RSS 1.0"}
_DOCTYPE_CHARS = 100_000

_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_EXCERPT = re.compile(r"\{http://wordpress\.org/export/[0-9.]+/excerpt/\}encoded")
_WP = re.compile(r"\{http://wordpress\.org/export/[0-9.]+/\}(.*)")
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"

#: Types of posts of WordPress that are no texts, and states of posts that nobody means to keep.
_NO_TEXTS = re.compile(
    r"attachment|nav_menu_item|revision|custom_css|customize_changeset|oembed_cache|user_request|wp_.*"
)
_DISCARDED = frozenset({"trash", "auto-draft", "inherit"})


def feed_kind(text: str, path: str) -> str:
    """ "RSS", "Atom", "WordPress" ... for the beginning of an XML file that is one of these, else empty.

    Raises : CorpusError if it declares entities of its own: expanding them can take all memory, or read other files
    """
    at = 1 if text.startswith("\ufeff") else 0
    doctype = False
    while True:
        if found := _PROLOG.match(text, at):
            at = found.end()
        elif text[at : at + 9].upper() == "<!DOCTYPE" and not doctype:
            doctype = True
            end = text.find(">", at)
            inner = text.find("[", at, at + _DOCTYPE_CHARS)
            if 0 <= inner < end:
                raise CorpusError(path, "declares XML entities or a DTD of its own, which are refused")
            at = end + 1 if end >= 0 else len(text)
        else:
            break
    root = _ROOT.match(text, at)
    kind = _FEED_ROOTS.get(root[1].lower(), "") if root is not None else ""
    if kind == "RSS" and "http://wordpress.org/export/" in text[at : at + 4000]:
        return "WordPress"
    return kind


def read_feed(data: bytes, file: PostFile, warn: Warn) -> Reading:
    """The entries of a feed, or the posts and pages of an export of WordPress.

    Raises : NoArticlesError for other XML, CorpusError for what cannot be read
    """
    kind = feed_kind(_beginning(data), file.path)
    if kind == "WordPress":
        return Reading("export of WordPress", _wordpress(data, file))
    if kind:
        return Reading(f"feed ({kind})", _feed(data, file))
    raise NoArticlesError(file.path, "XML that is no feed: expected <rss>, <feed> or <rdf:RDF>")


def _beginning(data: bytes) -> str:
    """Enough of the file to know its root element; every sign of markup is ASCII, whatever the encoding."""
    return data[: 4 * _DOCTYPE_CHARS].replace(b"\0", b"").decode("ascii", "ignore")


# Feeds


def _feed(data: bytes, file: PostFile) -> Iterator[Entry]:
    import feedparser  # 0.1 s

    # As a stream: a string would be taken for an address or the name of a file.
    parsed = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    if not parsed.entries and parsed.bozo:
        raise CorpusError(file.path, f"not a feed that can be read: {parsed.bozo_exception}")
    ids = EntryIds(file.id)
    source = clean_title(parsed.feed.get("title", ""))
    for entry in parsed.entries:
        url = one_line(entry.get("link", ""))
        bodies = [part.value for part in entry.get("content", []) if part.get("value")]
        body = max(bodies, key=len, default="")
        abstract = entry.get("summary", "")
        title = _plain(entry.get("title", ""))
        paragraphs, headings = _text(body, abstract, title)
        raw = {name: value for name, value in entry.items() if not name.endswith(("_parsed", "_detail"))}
        if not paragraphs and not title:
            yield Entry(Failure(f"{file.path}{'#' + url if url else ''}", "an entry without title and text"), raw)
            continue
        key = entry.get("id") or url or f"{title} {entry.get('published', '')}"
        article = Article(
            id=ids.of(key),
            title=title or paragraphs[0][:80],
            paragraphs=paragraphs,
            headings=headings,
            source=_plain(entry.get("source", {}).get("title", "")) or source,
            author=one_line(entry.get("author_detail", {}).get("name") or entry.get("author", "")),
            categories=_unique(tag.get("label") or tag.get("term") or "" for tag in entry.get("tags", [])),
            date=_feed_date(entry),
            url=url,
            path=file.path,
        )
        yield Entry(article, raw)


def _text(body: str, abstract: str, title: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Paragraphs and headings of a body, the abstract before it where it says what the body does not."""
    clean = clean_html(body, title=title)
    if not abstract or abstract == body:
        return clean.paragraphs, clean.headings
    said = "".join("".join(clean.paragraphs).split())
    first = tuple(
        paragraph
        for paragraph in clean_html(abstract, title=title).paragraphs
        if "".join(paragraph.split()).rstrip("….[]") not in said
    )
    return first + clean.paragraphs, tuple(at + len(first) for at in clean.headings)


def _feed_date(entry: Any) -> datetime | None:
    for name in ("published", "created", "updated"):
        date = parse_date(one_line(entry.get(name, "")))
        if date is None and entry.get(f"{name}_parsed"):
            try:
                date = datetime.fromtimestamp(calendar.timegm(entry[f"{name}_parsed"]), timezone.utc)
            except (ValueError, OverflowError, OSError):
                date = None
            if date is not None and not 1970 < date.year < 9999:
                date = None
        if date is not None:
            return date
    return None


def _plain(title: str) -> str:
    return " ".join(clean_html(title).paragraphs) if "<" in title else clean_title(title)


def _unique(names: Iterator[str] | Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in map(clean_title, names) if name))


# WordPress


def _wordpress(data: bytes, file: PostFile) -> Iterator[Entry]:
    """Posts and pages in the order of the file; ``content:encoded`` is the text, ``wp:post_date_gmt`` the date."""
    from lxml import etree

    ids = EntryIds(file.id)
    source = ""
    known = ("item", "title")
    try:
        parsing = etree.iterparse(
            io.BytesIO(data), tag=known, resolve_entities=False, no_network=True, recover=True, huge_tree=True
        )
        for _, element in parsing:
            parent = element.getparent()
            if element.tag == "title":
                if parent is not None and parent.tag == "channel":
                    source = clean_title(element.text or "")
                continue
            entry = _wordpress_item(element, ids, source, file)
            if entry is not None:
                yield entry
            element.clear()
            while element.getprevious() is not None:  # or the whole export is in memory
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise CorpusError(file.path, f"not XML that can be read: {error.msg}") from error


def _wordpress_item(item: Any, ids: EntryIds, source: str, file: PostFile) -> Entry | None:
    facts: dict[str, str] = {}
    categories: list[str] = []
    tags: list[str] = []
    body = abstract = ""
    for child in item:
        if not isinstance(child.tag, str):
            continue
        text = child.text or ""
        if child.tag == "category":
            (tags if child.get("domain") == "post_tag" else categories).append(text)
        elif child.tag == _CONTENT:
            body = text
        elif _EXCERPT.fullmatch(child.tag):
            abstract = text
        elif found := _WP.fullmatch(child.tag):
            facts.setdefault(found[1], text)
        else:
            facts.setdefault("creator" if child.tag == _CREATOR else child.tag, text)
    if _NO_TEXTS.fullmatch(facts.get("post_type", "post")) or facts.get("status") in _DISCARDED:
        return None
    raw = {**facts, "content": body, "excerpt": abstract, "categories": categories, "tags": tags}
    title = _plain(facts.get("title", ""))
    paragraphs, headings = _text(_autoparagraphs(body), abstract, title)
    url = one_line(facts.get("link", ""))
    where = f"{file.path}: post {facts.get('post_id', '') or url}"
    if not paragraphs and not title:
        return Entry(Failure(where, "a post without title and text"), raw)
    article = Article(
        id=ids.of(facts.get("post_id") or facts.get("guid") or url or title),
        title=title or paragraphs[0][:80],
        paragraphs=paragraphs,
        headings=headings,
        source=source,
        author=one_line(facts.get("creator", "")),
        categories=_unique(categories),
        tags=_unique(tags),
        draft=facts.get("status", "publish") != "publish",
        date=_wordpress_date(facts),
        url=url,
        path=file.path,
    )
    return Entry(article, raw)


#: Blocks and shortcodes of WordPress's editors that are no text.
_SHORTCODE = re.compile(
    r"\[/?(?:caption|gallery|embed|audio|video|playlist|code|more|vc_[a-z_]{1,40})(?: [^\]\n]{0,500})?\]"
)
_PARAGRAPH = re.compile("<(?:p|div|br|blockquote|ul|ol|table|pre|h[1-6])[\\s>/]", re.IGNORECASE)


def _autoparagraphs(body: str) -> str:
    """WordPress's old editor writes a paragraph as a line, and makes the tags when it shows the post (``wpautop``)."""
    body = _SHORTCODE.sub("", body)
    if _PARAGRAPH.search(body):
        return re.sub(r"\n[ \t\r]*\n", "\n<p>", body)
    return re.sub(r"\n", "<br>\n", body)


def _wordpress_date(facts: dict[str, str]) -> datetime | None:
    """``post_date_gmt`` is empty (``0000-00-00``) in drafts; ``post_date`` is in the blog's own time."""
    gmt = facts.get("post_date_gmt", "")
    if gmt and not gmt.startswith("0000"):
        return parse_date(gmt + " +0000")
    return parse_date(facts.get("post_date", "")) or parse_date(facts.get("pubDate", ""))

"""What the front matter says about an article, under all the names that blogs and notes give its keys."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cnsearch.corpus.dates import parse_date
from cnsearch.corpus.keys import FrontMatter, bare
from cnsearch.corpus.text import one_line

# The names of keys as `bare` writes them, the surest first. Records of JSON use the same.
TITLE_KEYS = ("title", "标题", "標題", "题目", "headline")
DATE_KEYS = tuple(
    """
    date published publishdate publisheddate publishedat publishtime publishedtime pubdate datepublished created
    createdat datecreated createddate createdtime creationdate createtime createdate posted postedat postdate posttime
    datetime time timestamp 日期 发布时间 发布日期 发表时间 发表日期 创建时间 创建日期 时间 發布時間 創建時間
    """.split()
)
#: When it was changed: better than no date.
CHANGE_KEYS = tuple(
    "lastmod updated updatedat datemodified modified modifiedat lastmodified lastupdated update updatetime updatedtime "
    "更新时间 更新日期 修改时间 更新 mtime".split()
)
AUTHOR_KEYS = ("author", "authors", "作者", "byline", "creator")
SOURCE_KEYS = ("source", "来源", "來源")
SITE_KEYS = ("site", "sitename", "publisher", "网站", "站点")
CATEGORY_KEYS = ("categories", "category", "分类", "分類", "类别", "目录")
TAG_KEYS = ("tags", "tag", "keywords", "keyword", "标签", "標籤", "关键词", "关键字", "關鍵詞")
URL_KEYS = ("url", "link", "permalink", "链接", "网址", "網址", "原文链接")
#: What is told about the article, in the order in which it is put before it.
DESCRIPTION_KEYS = tuple(
    "subtitle 副标题 description summary excerpt abstract desc digest 摘要 描述 简介 导语 intro".split()
)

_PLACES = {
    name: (what, rank)
    for what, names in {
        "title": TITLE_KEYS,
        "date": DATE_KEYS,
        "changed": CHANGE_KEYS,
        "author": AUTHOR_KEYS,
        "source": SOURCE_KEYS,
        "site": SITE_KEYS,
        "categories": CATEGORY_KEYS,
        "tags": TAG_KEYS,
        "url": URL_KEYS,
        "description": DESCRIPTION_KEYS,
        "draft": ("draft", "草稿"),
        "status": ("status",),
        "password": ("password", "passwd", "encrypt", "encrypted", "密码"),
    }.items()
    for rank, name in enumerate(names)
}

_NO = frozenset("false no off 0 n 否".split())
_YES = frozenset("true yes on 1 y 是".split())
#: ``[[note|shown]]``: what is shown
_WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|\n]{0,200}\|)?([^\[\]|\n]{1,200})\]\]")
_CHINESE_NAME = re.compile(r"[\u3400-\u9fff][\w\u3400-\u9fff]{0,20}")
_WEB_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,20}:", re.IGNORECASE)

#: What stands before the channel's name in some posts: ``— 资讯``, ``-  资讯``.
_DASHES = " -–—―"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the front matter says; everything that it does not say is empty.

    date         : of writing or publishing; aware, UTC
    changed      : of the last change
    descriptions : texts about the article, none twice
    locked       : it has a password: what is encrypted in its body is no text
    """

    title: str = ""
    date: datetime | None = None
    changed: datetime | None = None
    author: str = ""
    source: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    url: str = ""
    draft: bool = False
    descriptions: tuple[str, ...] = ()
    locked: bool = False


def metadata_of(matter: FrontMatter) -> Metadata:
    """Read the front matter. Raises : nothing"""
    keys: dict[str, list[tuple[int, str]]] = {}  # of what is told; the surest first
    for key in matter:
        place = _PLACES.get(bare(key[:60]))
        if place is not None:
            keys.setdefault(place[0], []).append((place[1], key))
    for several in keys.values():
        several.sort()

    def values(what: str) -> list[str]:
        return [value for _, key in keys[what] for value in matter[key]] if what in keys else []

    def text(what: str) -> str:
        return next(filter(None, map(one_line, values(what))), "") if what in keys else ""

    jekyll = "layout" in matter

    def labels(what: str, separators: str) -> list[str]:
        found: list[str] = []
        for _, key in keys.get(what, ()):
            several = split_labels(matter[key], "" if key in matter.lists else separators)
            if len(several) == 1 and separators and key not in matter.lists:
                several = _split_at_spaces(several[0], key, jekyll)
            found += several
        return found

    def date(what: str) -> datetime | None:
        return next(filter(None, map(parse_date, values(what))), None)

    author = "、".join(dict.fromkeys(labels("author", "")))
    categories, source = split_categories(labels("categories", ",，;；"), author)
    return Metadata(
        title=text("title"),
        date=date("date"),
        changed=date("changed"),
        author=author,
        source=text("source") or source or text("site"),
        categories=categories,
        tags=distinct_tags(labels("tags", ",，;；、")),
        url=next(filter(_WEB_ADDRESS.match, map(one_line, values("url"))), matter.text("url") or matter.text("link")),
        draft=text("draft").lower() in _YES
        or text("status").lower() == "draft"
        or any(value.lower() in _NO for key in ("published", "publish") for value in matter.get(key, ())),
        descriptions=tuple(dict.fromkeys(filter(None, values("description")))),
        locked=bool(text("password")),
    )


def split_labels(values: Iterable[str], separators: str) -> list[str]:
    """Names in ``values``, cut at any of the ``separators``, each on one line and without the marks of wiki links.

    >>> split_labels(["技术, 后端", "[[海边|海]]"], ",")
    ['技术', '后端', '海']
    """
    labels: list[str] = []
    for value in values:
        if "[[" in value:
            value = _WIKI_LINK.sub(r"\1", value)
        parts = re.split(f"[{separators}]", value) if separators else [value]
        labels += [label for label in map(one_line, parts) if label]
    return labels


def _split_at_spaces(labels: str, key: str, jekyll: bool) -> list[str]:
    """Labels on one line without commas: Jekyll (which has a ``layout``) splits ``tags`` and ``categories`` at spaces,
    others take them for one name, ``machine learning``. Chinese names have no spaces in them."""
    words = labels.split()
    if (jekyll and key in ("tags", "categories")) or all(map(_CHINESE_NAME.fullmatch, words)):
        return words
    return [labels]


def distinct_tags(labels: Iterable[str]) -> tuple[str, ...]:
    """Tags without the ``#`` before them, each once, in order. A value of nothing but ``#a #b`` is several.

    >>> distinct_tags(["#旅行 #海/沙滩", "旅行", "C#"])
    ('旅行', '海/沙滩', 'C#')
    """
    tags: dict[str, None] = {}
    for label in labels:
        words = label.split()
        several = len(words) > 1 and all(word.startswith("#") for word in words)
        for tag in words if several else [label]:
            tag = tag.lstrip("#").strip()
            if tag:
                tags.setdefault(tag)
    return tuple(tags)


def split_categories(raw: Sequence[str], author: str) -> tuple[tuple[str, ...], str]:
    """Topic, source and channel as written, and the source: the second one, where ``author`` repeats it. Of lines.

    The oldest posts have two items, ``topic`` and ``source - channel``. Elsewhere they are a path of labels, each once.
    """
    items = [name for name in (item.lstrip(_DASHES) for item in raw) if name]
    source = _before_dash(items[1]) if len(items) > 1 else ""
    if not source or _before_dash(author) != source:
        return tuple(dict.fromkeys(items)), ""
    if len(items) == 2 and source != items[1]:
        channel = items[1].partition(" - ")[2].lstrip(_DASHES)
        items[1:] = [source, channel] if channel else [source]
    return tuple(items), source


def _before_dash(name: str) -> str:
    return name.partition(" - ")[0].strip()


def bare_text(text: str) -> str:
    """``text`` without white space and punctuation, in one width and case: to see whether two say the same."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).lower()))

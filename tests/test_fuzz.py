"""Anything as query, post and record, through the whole program: only our errors come out, and only what is safe.

``make fuzz`` runs the same with thousands of inputs each.
"""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnsearch
from cnsearch import Article, CnsearchError
from cnsearch.corpus.reader import article_from_post
from cnsearch.corpus.records import read_jsonl
from cnsearch.faces import terminal
from cnsearch.faces.csv import csv_text
from cnsearch.faces.html import results_html
from cnsearch.index import Index
from cnsearch.model import Failure, escaped

MANY = settings().max_examples > 1_000
FEW = settings(max_examples=settings().max_examples // 50 if MANY else 8)

#: What steers a terminal or reorders a line; in text for one only line feeds are allowed, and our own colours.
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
COLOUR = re.compile(r"\x1b\[(?:0|1|2|1;31)m")

anything = st.text(st.characters(exclude_categories=()), max_size=60)
EVIL = "\x1b[31m\x1b]0;x\x07\x9b1m\u202e\u2066\u061c\r\x08\0\uffff\ud800<script>alert(1)</script>&\"'="
words = st.sampled_from(["江豚", "中国", "s-300", "a", "ab", "的", "\U00020000", "🇨🇳", "é", EVIL, "=1+1", "&#9;", "ﬁ"])
signs = st.sampled_from(
    [
        *'*?"“”()|+-/ \n\t：（',
        *(" AND ", " OR ", " NOT ", "-甲", "x:", "http://x/?a=*", "..", "title:", "source:", "date:", "category:"),
        *("2021", "2021-10", "9999-12-31", "0001"),
    ]
)
queries = anything | st.lists(words | signs | anything, max_size=12).map("".join)
texts = st.lists(words | anything, max_size=6).map("".join)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with cnsearch.open_index(tmp_path_factory.mktemp("fuzz") / "index", create=True) as index:
        index.add(
            [
                Article("江豚", "江豚 s-300 ab", ("中国的江豚。", "a é 🇨🇳 \U00020000"), "甲", ("金融", "乙"), "丙"),
                Article(
                    "x" + EVIL.replace("\uffff", ""),
                    "江豚" + EVIL,
                    ("中国" + EVIL, EVIL),
                    EVIL,
                    (EVIL, "乙"),
                    EVIL,
                    None,
                    EVIL,
                    EVIL,
                ),
                Article(
                    "long", "江豚" * 400, ("江豚" * 3_000,), "源" * 900, tuple("abcdefghij" * 90), url="https://x/"
                ),
                Article("=1+1", "", ("=HYPERLINK(1)",), url="javascript:alert(1)"),
            ]
        )
        yield index


class _Tags(html.parser.HTMLParser):
    """The tags of HTML, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"id", "class", "href", "data-total"}
        self.links += [value or "" for name, value in attrs if name == "href"]


@given(
    query=queries,
    match=st.sampled_from(["most", "any", "all"]),
    raw=st.booleans(),
    labels=st.lists(texts, max_size=2),
    since=st.none() | anything | st.sampled_from(["2021", "9999-12-31T23:59", "0001-01-01T00:00", "2021-10-27T25:00"]),
    sort=st.sampled_from(["score", "date"]),
    page=st.tuples(st.integers(0, 10**30), st.integers(0, 10**30)) | st.just((10, 0)),
    half_life=st.none() | st.floats(min_value=0, exclude_min=True),
    shape=st.tuples(st.integers(0, 10**400), st.integers(1, 10**400)) | st.just((3, 80)),
)
def test_any_query_in_any_form(
    index: Index,
    query,
    match,
    raw,
    labels,
    since,
    sort,
    page,
    half_life,
    shape,  # type: ignore[no-untyped-def]
) -> None:
    try:
        results = index.search(
            query, match=match, raw=raw, category=labels, since=since, sort=sort, limit=page[0], offset=page[1],
            half_life_days=half_life, num_fragments=shape[0], fragment_chars=shape[1], facets=["category", "year"],
        )  # fmt: skip
    except CnsearchError:
        assert since is not None or "date" in query or "日期" in query
        return
    zone = index.time_zone
    value = results.to_dict(zone, explain=True)
    printed = escaped(json.dumps(value, ensure_ascii=False))
    assert json.loads(printed) == json.loads(json.dumps(value))
    assert UNSAFE.search(printed) is None
    for color in (False, True):
        text = terminal.results_text(results, zone=zone, color=color, explain=True)
        assert UNSAFE.search(COLOUR.sub("", text) if color else text) is None
    page_html = results_html(results, zone=zone)
    assert UNSAFE.search(page_html) is None
    found = _Tags(page_html)
    assert found.tags <= {"section", "h1", "article", "h2", "a", "p", "mark"}
    assert all(link.startswith(("http://", "https://")) for link in found.links)
    table = csv_text(results, zone=zone, header=True)
    assert UNSAFE.search(table) is None
    assert len(list(csv.reader(io.StringIO(table)))) == len(results) + 1
    for hit in results:
        assert _Tags(hit.title_fragment.html() + hit.snippet.html()).tags <= {"mark"}


posts = st.binary(max_size=200) | st.lists(
    st.sampled_from(
        [b"---\n", b"title: ", b"date: ", b"categories: [a,", b" - ", b"\n", b"<p>", b"<script>", b"&#x", b"&#"]
    )
    | st.sampled_from(
        [b"9" * 5_000, b"\xff\xfe", b"\x81\x30", b"\xed\xa0\x80", b"\xf0\x9f", b"\0", b"\x1b[2J", b"</p>"]
    )
    | texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
    | texts.map(lambda text: text.encode("gb18030", "ignore")),
    max_size=12,
).map(b"".join)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.integers(10**300, 10**400)
    | st.integers(-(10**12), 0),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
KEYS = ("id", "title", "html", "text", "source", "categories", "author", "date", "url", "path")
records = st.dictionaries(st.sampled_from(KEYS), values, max_size=8).map(json.dumps).map(str.encode) | st.binary(
    max_size=60
)


@given(st.lists(records, max_size=8))
def test_any_record_is_an_article_or_one_clear_line(lines: list[bytes]) -> None:
    for found in read_jsonl(io.BytesIO(b"\n".join(lines)), name="f"):
        if isinstance(found, Failure):
            assert re.fullmatch(r"f:[0-9]+", found.path)
            assert found.reason
            assert "\n" not in found.reason


@FEW
@given(st.lists(posts, max_size=6), st.lists(records, max_size=6), st.lists(texts, max_size=3))
def test_anything_indexed_is_found_shown_and_sound(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes], lines: list[bytes], titles: list[str]
) -> None:
    articles = []
    for number, body in enumerate(bodies):
        with suppress(CnsearchError):
            articles.append(article_from_post(body, id=f"{number}.md"))
    articles += [
        Article(f"t{n}{title}".replace("\uffff", ""), title, (title,), title, (title,), title)
        for n, title in enumerate(titles)
    ]
    path: Path = tmp_path_factory.mktemp("one") / "index"
    with cnsearch.open_index(path, create=True) as index:
        index.add(articles)
        report = index.add_jsonl(io.BytesIO(b"\n".join(lines)), name="f", jobs=1)
        assert len(index) == report.articles == len(articles) + report.added
        assert index.verify(deep=True).ok
        for article in articles:
            assert index.get(article.id).id == article.id
            shown = terminal.article_text(index.get(article.id), zone=index.time_zone, color=False)
            assert UNSAFE.search(shown) is None
        for hit in index.search("*", limit=99):
            json.dumps(hit.to_dict(index.time_zone))
        assert UNSAFE.search(terminal.stats_text(index.stats())) is None


@given(
    st.lists(words | anything | st.sampled_from([" ", "  ", "字" * 300, "x" * 900, "e" + "\u0301" * 900]), max_size=12)
)
def test_wrapped_lines_fit_and_lose_nothing(parts: list[str]) -> None:
    text = cnsearch.model.printable("".join(parts))
    lines = terminal.wrapped(text, 40)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(len(line) <= 40 or not line.isascii() for line in lines)

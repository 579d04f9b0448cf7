"""Whole pages: their facts, their text, and nothing of what surrounds it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from cnsearch.corpus.dates import BEIJING
from cnsearch.corpus.decoding import decode
from cnsearch.corpus.page import Page, is_page, read_page
from cnsearch.corpus.page_facts import cut_title
from cnsearch.corpus.reader import article_from_post
from cnsearch.errors import NoArticlesError

PAGES = Path(__file__).parent / "pages"
EXPECTED: dict[str, dict[str, Any]] = json.loads((PAGES / "expectations.json").read_text("utf-8"))
SHARED = Path(os.environ.get("CNSEARCH_SHARED", Path(__file__).parents[3] / "shared")) / "pages"


def read(path: Path) -> Page:
    text = decode(path.read_bytes(), path.name).text
    assert is_page(text)
    return read_page(text, name=path.name)


def day(page: Page) -> str | None:
    return page.date.astimezone(BEIJING).date().isoformat() if page.date else None


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("name", [name for name in EXPECTED if "passed" not in EXPECTED[name]])
def test_a_page_in_the_layout_of_a_publisher(name: str) -> None:
    expected = EXPECTED[name]
    page = read(PAGES / name)
    assert not page.passed
    assert page.clean is not None
    text = "\n".join(page.clean.paragraphs)
    assert (page.title, day(page)) == (expected["title"], expected["date"])
    assert [part for part in expected["has"] if bare(part) not in bare(text)] == []
    assert [part for part in expected["lacks"] if part in text] == []
    for fact in ("source", "author", "url"):
        if expected.get(fact) is not None:
            assert getattr(page, fact) == expected[fact]
    if "headings" in expected:
        assert [page.clean.paragraphs[index] for index in page.clean.headings] == expected["headings"]
    own = sum(len(bare(part)) for part in expected["has"])
    if len(expected["has"]) > 3 and "blog" not in name:  # the whole article is given
        assert len(bare(text)) <= 1.05 * own + 40


@pytest.mark.parametrize("name", [name for name in EXPECTED if "passed" in EXPECTED[name]])
def test_a_page_that_is_no_article_is_passed_over(name: str) -> None:
    assert read(PAGES / name).passed == EXPECTED[name]["passed"]
    with pytest.raises(NoArticlesError) as caught:
        article_from_post((PAGES / name).read_bytes(), id=name)
    assert caught.value.reason == EXPECTED[name]["passed"]


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no saved pages in {SHARED} (set CNSEARCH_SHARED)")
def test_saved_pages_of_publishers() -> None:
    expected = json.loads((SHARED / "expectations.json").read_text("utf-8"))
    titles = dates = wrong_dates = sentences = kept = 0
    for name, facts in expected.items():
        page = read(SHARED / name)
        assert page.clean is not None
        text = bare("".join(page.clean.paragraphs))
        titles += bare(page.title).startswith(bare(facts["title_begins"]))
        if facts["date"]:
            dates += day(page) == facts["date"]
            wrong_dates += day(page) not in (None, facts["date"])
        sentences += len(facts["must_contain"])
        kept += sum(bare(sentence) in text for sentence in facts["must_contain"])
        assert len(text) <= 1.05 * facts["article_chars"], name
    assert titles == len(expected)
    assert (dates, wrong_dates) == (sum(facts["date"] is not None for facts in expected.values()), 0)
    assert kept >= 0.97 * sentences


@pytest.mark.parametrize(
    ("title", "cut"),
    [
        ("老榕树被台风吹倒|台风_岛报新闻", "老榕树被台风吹倒"),
        ("渔港今日复航--岛报网", "渔港今日复航"),
        ("码头钟楼修复 - 岛报", "码头钟楼修复"),
        ("码头钟楼修复-岛报网", "码头钟楼修复"),
        ("码头钟楼修复 — 岛报", "码头钟楼修复"),
        ("守塔人之家——一座岛的故事", "守塔人之家——一座岛的故事"),
        ("COVID-19 疫情中的海岛", "COVID-19 疫情中的海岛"),
        ("歼-20 飞过海岛", "歼-20 飞过海岛"),
        ("独家|台风过后的渔村_岛报网", "独家|台风过后的渔村"),
        ("灯塔", "灯塔"),
        ("", ""),
        ("___", "___"),
    ],
)
def test_a_title_is_cut_at_the_site_s_name(title: str, cut: str) -> None:
    assert cut_title(title) == cut


def test_fragments_are_no_pages() -> None:
    for text in ("<div><p>正文</p></div>", "正文 <html>", "<p>a</p><html><body>", "<!-- c --><p>正文</p>", ""):
        assert not is_page(text)
    for text in ("<!DOCTYPE html><html><body>x", "\n<html>\n<p>x", "<?xml version='1.0'?><!DOCTYPE html><html>"):
        assert is_page(text)


def test_what_the_front_matter_says_goes_before_what_the_page_says() -> None:
    text = "---\ntitle: 甲\ndate: 2001-02-03\n---\n" + (PAGES / "hexo-theme.html").read_text("utf-8")
    article = article_from_post(text.encode(), id="a.html")
    assert article.title == "甲"
    assert article.date is not None
    assert article.date.astimezone(BEIJING).date().isoformat() == "2001-02-03"
    assert article.url == "https://puppet.example/2020/02/29/manual/"


def test_a_page_that_calls_all_of_itself_furniture_is_read_all_the_same() -> None:
    page = read_page('<html><body><div class="sidebar comment">守塔人每天傍晚点灯，天亮熄灯。</div></body></html>')
    assert page.clean is not None
    assert page.clean.paragraphs == ("守塔人每天傍晚点灯，天亮熄灯。",)


@pytest.mark.parametrize(
    ("body", "paragraphs"),
    [
        ("<p>床前明月光</p><p>疑是地上霜</p>", ["床前明月光", "疑是地上霜"]),
        ("<p>船到了。</p><p>人齐了。</p>", ["船到了。", "人齐了。"]),
        (
            "<table><tr><th>问</th><th>答</th></tr><tr><td>几点开门？</td><td>早上八点开门，下午五点关门。</td></tr></table>",
            ["问", "答", "几点开门？", "早上八点开门，下午五点关门。"],
        ),
        (
            '<section id="comments"><h2>写注释</h2><p>注释写为什么，不写做什么。</p></section>'
            '<section id="share"><h2>分享</h2><p>给别人看，别人才懂。</p></section>',
            ["写注释", "注释写为什么，不写做什么。", "分享", "给别人看，别人才懂。"],
        ),
        (
            "<p>渔港今天复航，渔船凌晨离港。</p><p>相关负责人表示，明天还会再来看一看。</p><p>责任编辑：张三</p>",
            ["渔港今天复航，渔船凌晨离港。", "相关负责人表示，明天还会再来看一看。"],
        ),
        ("<video></video>", []),
    ],
    ids=["verse", "short", "table", "anchors", "last", "video"],
)
def test_small_pages_lose_nothing(body: str, paragraphs: list[str]) -> None:
    head = "<html><head><title>题目在此 - 海岛网</title></head><body><h1>题目在此</h1>"
    html = f"{head}<article>{body}</article></body></html>"
    for page in (read_page(html), read_page(html.replace("article>", "div>"))):
        assert page.title == "题目在此"
        assert page.clean is not None
        assert list(page.clean.paragraphs) == paragraphs


_START = "<html><head><title>灯塔</title></head><body>"


@pytest.mark.parametrize(
    "html",
    [
        _START + "<div>" * 100_000 + "守塔人点灯，熄灯。",
        _START + "</div>" * 100_000 + "守塔人点灯，熄灯。",
        _START + f'<div class="{"nav " * 300_000}">守塔人点灯，熄灯。</div>',
        _START + "<!--" * 300_000,
        "<html>" + "<meta " * 200_000,
        "<html>" + "<title>" * 100_000,
        "<html>" + '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
        _START + ("<h1>" * 50 + "灯塔，塔。" + "</h1>" * 50) * 300,
        _START + "<p>灯塔，守塔人每天傍晚点灯。</p>" * 20_000,
        "<html><body>\ud800\x00\ufdd0",
    ],
    ids=["nested", "unopened", "attribute", "comments", "metas", "titles", "json", "headings", "paragraphs", "odd"],
)
def test_hostile_pages_are_read(html: str) -> None:
    read_page(html)


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["责任编辑：张三"], 0),
        (["（责任编辑：张三）", "【打印】【关闭】"], 0),
        (["本文为作者原创，未经授权不得转载。"], 0),
        (["网友评论", "支持守塔人！", "我家那边也有一座。"], 0),
        (["责任编辑制度在灯塔上也有，每夜一人。"], 1),
        (["法院认为，船主未经许可转载照片，应当赔偿。"], 1),
        (["他说：“评论由别人去写。”"], 1),
    ],
)
def test_lines_after_an_article_go_and_sentences_of_it_stay(lines: list[str], kept: int) -> None:
    text = [f"守塔人第{index}天傍晚点灯，天亮熄灯，夜里听见海浪拍打石阶。" for index in range(12)]
    body = "".join(f"<p>{line}</p>" for line in [*text, *lines])
    page = read_page(f"<html><head><title>守塔人</title></head><body><h1>守塔人</h1><div>{body}</div></body></html>")
    assert page.clean is not None
    assert list(page.clean.paragraphs) == text + lines[:kept]


@pytest.mark.parametrize(
    ("after", "day"),
    [
        ("<p>更新时间：2023-05-05 发布时间：2020-02-02</p>", "2020-02-02"),
        ("<p>更新时间：2023-05-05</p>", "2023-05-05"),
        ("<p>Posted on March 3, 2016 by He</p>", "2016-03-03"),
        ('<p><a href="/x"><time datetime="2019-05-06T20:30:00+08:00">五月六日</time></a></p>', "2019-05-06"),
        (
            '<p><time class="updated" datetime="2021-01-01">改</time><time datetime="2019-05-06">写</time></p>',
            "2019-05-06",
        ),
        ("<p>05-06 10:00</p>", None),
        ("<p>今天是2024年5月6日 星期一</p>", None),
        ("<p>时间：2023年5月6日</p><p>地点：灯塔</p>", None),
    ],
)
def test_the_date_by_the_headline(after: str, day: str | None) -> None:
    body = "<p>守塔人每天傍晚点灯，天亮熄灯，夜里听见海浪拍打石阶，一年到头都是这样。</p>" * 3
    text = (
        f"<html><head><title>守塔人上岛</title></head><body><h1>守塔人上岛</h1>{after}<div>{body}</div></body></html>"
    )
    page = read_page(text)
    assert (page.date.astimezone(BEIJING).date().isoformat() if page.date else None) == day

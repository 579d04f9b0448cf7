"""Bytes and records to articles."""

import codecs
import io
import json
import os
import sys
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from cnsearch.corpus.posts import PostFile, scan_posts
from cnsearch.corpus.reader import article_from_post, read_post
from cnsearch.corpus.records import article_from_record, read_jsonl
from cnsearch.errors import CorpusError
from cnsearch.model import Article, Failure


def post(text: str, id: str = "金融/每经网/文.md") -> Article:
    return article_from_post(text.encode(), id=id)


WHOLE = """
---
title: '上海_数字化_转型'
categories:\x20
 - 金融
 - 每经网
 - 重磅原创
headimg: 'https://picsum.photos/400/300?random=2385'
author: 每经网
comments: false
date: Wed, 27 Oct 2021 02:08:49 GMT
thumbnail: ''
---

<div>\x20\x20\x20
<p>　　第一段。</p>
<p>第二段&#123;x&#125;。</p>
</div>
            """


def test_a_whole_post() -> None:
    article = article_from_post(WHOLE.encode(), id="金融/每经网/重磅原创/文.md", path="/data/文.md")
    assert article == Article(
        id="金融/每经网/重磅原创/文.md",
        title="上海_数字化_转型",
        paragraphs=("第一段。", "第二段{x}。"),
        source="每经网",
        categories=("金融", "每经网", "重磅原创"),
        author="每经网",
        date=datetime(2021, 10, 27, 2, 8, 49, tzinfo=timezone.utc),
        path="/data/文.md",
    )


@pytest.mark.parametrize(
    ("encoded", "name"),
    [
        (WHOLE.encode("utf-8"), "UTF-8"),
        (WHOLE.encode("utf-8-sig"), "UTF-8 with a mark"),
        (WHOLE.replace("\n", "\r\n").encode("utf-8"), "CRLF"),
        (WHOLE.encode("gb18030"), "GB18030"),
        (codecs.BOM_UTF16_LE + WHOLE.encode("utf-16-le"), "UTF-16 LE"),
        (codecs.BOM_UTF16_BE + WHOLE.encode("utf-16-be"), "UTF-16 BE"),
        (codecs.BOM_UTF32_LE + WHOLE.encode("utf-32-le"), "UTF-32 LE"),
    ],
)
def test_each_encoding_gives_the_same_article(encoded: bytes, name: str) -> None:
    assert article_from_post(encoded, id="a.md") == article_from_post(WHOLE.encode(), id="a.md"), name


def test_gb18030_without_a_byte_order_mark_and_without_front_matter() -> None:
    article = article_from_post("人民币中间价上调50点，报6.3907。".encode("gbk"), id="a/人民币.txt")
    assert (article.title, article.paragraphs) == ("人民币", ("人民币中间价上调50点，报6.3907。",))


def test_a_post_cut_inside_a_character() -> None:
    assert article_from_post("<p>正文完整</p>尾巴".encode()[:-1], id="a.md").paragraphs == ("正文完整", "尾")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a text with more such bytes than can have strayed in: \0\0\0\0", "not text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xfe", "not text"),
        (bytes(range(1, 32)), "not text"),
        (b"\xff\xfe\x00\xd8", "undecodable: byte 0x00 at offset 2 is not utf-16-le"),
        (b"\xff\xff\xff", "undecodable: byte 0xff at offset 0 is not utf-8"),
        ("有".encode("gbk") + b"\xff\xff\xff", "undecodable: byte 0xd3 at offset 0 is not utf-8"),
    ],
)
def test_what_is_no_text_is_one_clear_line(data: bytes, reason: str) -> None:
    with pytest.raises(CorpusError) as caught:
        article_from_post(data, id="a.md", path="/x/a.md")
    assert caught.value.reason == reason
    assert caught.value.path == "/x/a.md"
    with pytest.raises(CorpusError) as caught:
        article_from_post(data, id="a.md")
    assert caught.value.path == "a.md"


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE + "　\n".encode("utf-16-le")])
def test_an_empty_note_is_an_article_that_has_its_name(data: bytes) -> None:
    assert article_from_post(data, id="笔记/沉浸式翻译.md") == Article("笔记/沉浸式翻译.md", "沉浸式翻译")


@pytest.mark.parametrize(
    ("id_", "title"),
    [
        ("a/一篇文章.md", "一篇文章"),
        ("a/一篇.v2.markdown", "一篇.v2"),
        ("X.HTML", "X"),
        ("a/没有后缀", "没有后缀"),
        ("a/ 空  格 .txt", "空 格"),
        ("a/.md", ".md"),
        ("a/\u200b.md", ".md"),
    ],
)
def test_without_a_title_the_file_name_is_one(id_: str, title: str) -> None:
    assert post("<p>正文</p>", id_).title == title
    assert post("---\ntitle: ''\n---\n正文", id_).title == title


def test_a_title_is_plain_text_on_one_line() -> None:
    assert post("---\ntitle: '  A &lt;b&gt;　B\u200bC\x07 &amp;amp; '\n---\n").title == "A <b> BC &amp;"


def test_an_article_may_have_no_body() -> None:
    article = post("---\ntitle: 视频\n---\n\n<div>   \n<iframe src='x'></iframe><img src='y'>\n</div>")
    assert (article.title, article.paragraphs) == ("视频", ())


@pytest.mark.parametrize(
    ("items", "categories", "source"),
    [
        (["金融", "每经网", "重磅原创"], ("金融", "每经网", "重磅原创"), "每经网"),
        (["传统媒体", "Solidot - 最新消息"], ("传统媒体", "Solidot", "最新消息"), "Solidot"),
        (["新媒体", "PMCAFF - 今日推荐 / 精选"], ("新媒体", "PMCAFF", "今日推荐 / 精选"), "PMCAFF"),
        (["编程", "A - B - C"], ("编程", "A", "B - C"), "A"),
        (["编程", "掘金", "— 分类"], ("编程", "掘金", "分类"), "掘金"),
        (["编程", "掘金", "-  资讯"], ("编程", "掘金", "资讯"), "掘金"),
        (["编程", "掘金 - — 资讯"], ("编程", "掘金", "资讯"), "掘金"),
        (["编程", "A-B"], ("编程", "A-B"), "A-B"),
        (["编程", "A - B", "C"], ("编程", "A - B", "C"), "A"),
        (["编程", "掘金", "—"], ("编程", "掘金"), "掘金"),
    ],
)
def test_the_second_category_is_the_source_where_the_author_repeats_it(
    items: list[str], categories: tuple[str, ...], source: str
) -> None:
    lines = "".join(f" - {item}\n" for item in items)
    for author in (source, f"{source} - 频道"):
        article = post(f"---\ntitle: a\ncategories: \n{lines}author: {author}\n---\n正文")
        assert (article.categories, article.source, article.author) == (categories, source, author)


@pytest.mark.parametrize("items", [["运维", "Docker"], ["编程", "A - B"], ["编程"], []])
def test_the_categories_of_a_blog_are_a_path_and_its_author_no_source(items: list[str]) -> None:
    lines = "".join(f" - {item}\n" for item in items)
    article = post(f"---\ntitle: a\ncategories: \n{lines}author: 张三\n---\n正文")
    assert (article.categories, article.source, article.author) == (tuple(items), "", "张三")


@pytest.mark.parametrize(
    ("written", "body", "expected"),
    [
        ("Invalid Date", '<span class="time">\n 2021-10-27 20:11:47\n</span><p>文</p>', "2021-10-27T12:11:47+00:00"),
        (
            "Mon, 19 Jan 1970 10:51:32 GMT",
            "<p>发布时间：2021年10月27日 20:11</p><p>文</p>",
            "2021-10-27T12:11:00+00:00",
        ),
        ("2021-07-01 15:07:37", '<span class="time">2021-10-27 20:11:47</span><p>文</p>', "2021-07-01T07:07:37+00:00"),
        ("Invalid Date", "<p>2021年10月27日，上海发布规划。</p>", None),
        ("Invalid Date", f'<div class="date">2021年10月27日，{"文章" * 30}</div>', None),
        ("Invalid Date", '<p>会议于<span class="date">2021年</span>举行。</p>', None),
        ("", "<p>文</p>", None),
    ],
)
def test_the_date_comes_from_the_body_only_if_it_must(written: str, body: str, expected: str | None) -> None:
    article = post(f"---\ntitle: a\ndate: {written}\n---\n<div>{body}</div>")
    assert (article.date.isoformat() if article.date else None) == expected


def test_a_time_stamp_is_no_paragraph_and_a_day_in_a_sentence_is() -> None:
    stamp = '<p><span class="time">2021-10-27 20:11</span></p>'
    assert post(f"---\ntitle: a\ndate: Invalid Date\n---\n{stamp}<p>文</p>").paragraphs == ("文",)
    sentence = '<p>会议于<time class="time">2021年10月27日</time>举行。</p>'
    assert post(f"---\ntitle: a\ndate: x\n---\n{sentence}").paragraphs == ("会议于2021年10月27日举行。",)


# Files


def test_read_post(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes("正文".encode())
    assert read_post(scan_posts(tmp_path).files[0]) == "正文".encode()


def failure_of(path: Path) -> str:
    with pytest.raises(CorpusError) as caught:
        read_post(PostFile("a.md", str(path), 0, 0))
    assert caught.value.path == str(path)
    return caught.value.reason


def test_a_post_that_vanished_or_is_none(tmp_path: Path) -> None:
    assert failure_of(tmp_path / "gone.md") == "vanished since it was found"
    assert failure_of(tmp_path / "nul\0.md").startswith("cannot be read")
    (tmp_path / "folder.md").mkdir()
    assert failure_of(tmp_path / "folder.md") in ("not a file any more", "permission denied")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX files only")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.md")
    assert failure_of(tmp_path / "a.md") == "not a file any more"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_post_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x", encoding="utf-8")
    (tmp_path / "a.md").chmod(0)
    assert failure_of(tmp_path / "a.md") == "permission denied"


def test_a_post_that_may_not_be_read_even_by_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    assert failure_of(tmp_path / "a.md") == "permission denied"


def test_a_post_that_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"x" * 2**20)
    (file,) = scan_posts(tmp_path).files
    assert len(read_post(file, max_bytes=2**20)) == 2**20
    (tmp_path / "a.md").write_bytes(b"x" * (2**20 + 2**19))
    with pytest.raises(CorpusError) as caught:
        read_post(file, max_bytes=2**20)
    assert caught.value.reason == "too large: 1.5 MiB, the limit is 1 MiB (post_bytes)"


def test_a_post_of_20_megabytes() -> None:
    body = "<p>" + "数字化转型，" * 400_000 + "</p>" + "<p>短</p>" * 200_000
    article = post(f"---\ntitle: 长\n---\n{body}<p>完</p>")
    assert [len(text) for text in article.paragraphs[:1]] == [6 * 400_000]
    assert article.paragraphs[-1] == "完"


# Records


def test_a_whole_record() -> None:
    record = {
        "id": "n1",
        "title": "标题 &amp; 副题",
        "html": "<p>一</p><p>二</p>",
        "source": "央视网",
        "categories": ["新闻", "央视网"],
        "author": "记者",
        "date": "2021-10-27T20:11:47+08:00",
        "url": "https://example.com/1",
        "path": "/x",
        "extra": {"price": 5},
        "unknown": {"ignored": True},
    }
    assert article_from_record(record, where="f:1") == Article(
        id="n1",
        title="标题 & 副题",
        paragraphs=("一", "二"),
        source="央视网",
        categories=("新闻", "央视网"),
        author="记者",
        date=datetime(2021, 10, 27, 12, 11, 47, tzinfo=timezone.utc),
        url="https://example.com/1",
        path="/x",
        extra={"price": 5},
    )


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"id": 7}, Article("7", "7")),
        ({"id": "a", "title": None, "text": None, "date": None, "categories": None}, Article("a", "a")),
        ({"id": "a", "text": "一\n\n  二 三\r\n四<b>"}, Article("a", "一", ("一", "二 三", "四<b>"))),
        (
            {"id": "a", "title": "t", "categories": "金融/每经网/ 重磅 "},
            Article("a", "t", categories=("金融", "每经网", "重磅")),
        ),
        ({"id": "a", "title": "t", "author": "源 - 频道"}, Article("a", "t", author="源 - 频道")),
        (
            {"id": "a", "title": "t", "date": 1635307729},
            Article("a", "t", date=datetime(2021, 10, 27, 4, 8, 49, tzinfo=timezone.utc)),
        ),
        (
            {"id": "a", "title": "t", "date": "2021-07-01 15:07:37"},
            Article("a", "t", date=datetime(2021, 7, 1, 7, 7, 37, tzinfo=timezone.utc)),
        ),
        ({"id": "a", "title": "t", "date": "Invalid Date"}, Article("a", "t")),
        *(
            ({"id": "a", "title": "t", "date": seconds}, Article("a", "t"))
            for seconds in (
                0,
                -1,
                -(10**11) + 1,
                10**11,
                10**14,
                10**400,
                -(10**400),
                1e308,
                float("inf"),
                float("nan"),
            )
        ),
    ],
)
def test_records(record: object, expected: Article) -> None:
    assert article_from_record(record, where="f:1") == expected


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ([], "not an object but a list: []"),
        ("x", 'not an object but a string: "x"'),
        (None, "not an object but null"),
        ({}, 'neither "id" nor an address, a title or a text'),
        ({"tags": ["a"], "text": " "}, 'neither "id" nor an address, a title or a text'),
        ({"id": ""}, '"id" must be a non-empty string, not a string: ""'),
        ({"id": "  "}, '"id" must be a non-empty string, not a string: "  "'),
        ({"id": True}, '"id" must be a non-empty string, not true or false: true'),
        ({"id": 1.5}, '"id" must be a non-empty string, not a number: 1.5'),
        ({"id": "\ud800"}, '"id" has a lone surrogate'),
        ({"id": "a\uffff"}, '"id" has U+FFFF in it, which is no character'),
        ({"id": "a", "title": 5}, '"title" must be a string, not a number: 5'),
        ({"id": "a", "html": ["<p>"]}, '"html" must be a string, not a list: ["<p>"]'),
        ({"id": "a", "text": {}}, '"text" must be a string, not an object: {}'),
        ({"id": "a", "source": False}, '"source" must be a string, not true or false: false'),
        ({"id": "a", "categories": 3}, '"categories" must be a list of strings or a string, not a number: 3'),
        (
            {"id": "a", "categories": ["b", 3]},
            '"categories" must be a list of strings or a string, not a list: ["b", 3]',
        ),
        ({"id": "a", "date": [1]}, '"date" must be a string or seconds since 1970, not a list: [1]'),
        ({"id": "a", "date": True}, '"date" must be a string or seconds since 1970, not true or false: true'),
        ({"id": "a", "url": ["x" * 100]}, '"url" must be a string, not a list: ["' + "x" * 35 + "..."),
    ],
)
def test_a_wrong_record_is_named_with_its_key(record: object, reason: str) -> None:
    with pytest.raises(CorpusError) as caught:
        article_from_record(record, where="stdin:12")
    assert caught.value.reason == reason
    assert caught.value.path == "stdin:12"


def read(lines: Iterable[bytes]) -> list[Article | Failure]:
    return list(read_jsonl(lines, name="f.jsonl"))


def test_one_bad_line_ends_nothing() -> None:
    lines = [
        codecs.BOM_UTF8 + b'{"id": "a", "title": "t"}\r\n',
        b"\n",
        b"  \t\r\n",
        b'{"id": "b", "title": \n',
        b"[" * 100_000 + b"\n",
        b'{"id": "c"}{"id": "d"}\n',
        b'{"id": "\xff"}\n',
        b'{"id": 1, "date": ' + b"9" * 10_000 + b"}\n",
        b'{"id": "z", "title": "\\ud800x", "date": NaN}',
    ]
    found = read(lines)
    assert found[0] == Article("a", "t")
    assert found[-1] == Article("z", "x")
    failures = [item for item in found if isinstance(item, Failure)]
    assert [failure.path for failure in failures][:4] == ["f.jsonl:4", "f.jsonl:5", "f.jsonl:6", "f.jsonl:7"]
    assert failures[0].reason.startswith("not JSON: Expecting value at column 2")
    assert failures[1].reason.startswith("not JSON")
    assert failures[2].reason == "not JSON: Extra data at column 12"
    assert failures[3].reason == "undecodable: byte 0xff at offset 8 is not utf-8"
    assert all("\n" not in failure.reason for failure in failures)


def test_a_line_that_is_too_long_is_not_read() -> None:
    lines = [b'{"id": "a", "text": "' + b"x" * 2**21 + b'"}\n', b'{"id": "b"}\n', b'{"id": "' + b"c" * 2**21]
    reason = "too large: 2.0 MiB, the limit is 1 MiB (post_bytes)"
    for stream in (lines, io.BytesIO(b"".join(lines))):
        found = list(read_jsonl(stream, name="f.jsonl", max_bytes=2**20))
        assert found == [Failure("f.jsonl:1", reason), Article("b", "b"), Failure("f.jsonl:3", reason)]


@pytest.mark.parametrize("length", [2**10, 2**10 + 1, 2**10 + 2, 2**10 + 3, 2**11 + 4])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_line_of_about_the_longest_length(length: int, end: bytes) -> None:
    head, tail = b'{"id": "', b'"}'
    line = head + b"x" * (length - len(head) - len(tail) - len(end)) + tail + end
    found = list(read_jsonl(io.BytesIO(line + b'{"id": "b"}'), name="f", max_bytes=2**10 + 2))
    assert len(line) == length
    assert isinstance(found[0], Article) == (length <= 2**10 + 2)
    assert found[1:] == [Article("b", "b")]


def test_a_record_with_html_is_cleaned_as_a_post_is() -> None:
    html = "<h1>标题</h1><p>一</p><!-- 别的 --><p>责任编辑：甲乙</p><p>一段重复的话。</p><p>一段重复的话。</p>"
    line = json.dumps({"id": "a", "title": "标题", "html": html}).encode()
    assert read([line]) == [Article("a", "标题", ("一", "一段重复的话。", "一段重复的话。"))]

"""Records under the names that other programs give their keys."""

import datetime as dates
import io
import json
from typing import Any

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.corpus.records import article_from_record, read_jsonl

NEW_YEAR = dates.datetime(2021, 12, 31, 16, tzinfo=dates.timezone.utc)


def read(record: object, **options: Any) -> Article:
    return article_from_record(record, where="f:1", **options)


@pytest.mark.parametrize(
    "record",
    [
        {
            "标题": "灯塔",
            "正文": "<p>一</p><p>二</p>",
            "链接": "https://a/1",
            "日期": "2022-01-01",
            "分类": ["新闻"],
            "标签": "海",
        },
        {
            "Title": "灯塔",
            "content": "一\n二",
            "link": "https://a/1",
            "pubDate": "2022-01-01",
            "category": "新闻",
            "tags": ["海"],
        },
        {
            "headline": "灯塔",
            "body": "一\n二",
            "permalink": "https://a/1",
            "created_at": 1640966400,
            "category": ["新闻"],
            "keywords": "海",
        },
        {
            "name": "灯塔",
            "content_text": "一\n二",
            "href": "https://a/1",
            "publishDate": "1640966400000",
            "category": "新闻",
            "tag": "#海",
        },
        {
            "title": {"rendered": "灯塔"},
            "content": {"rendered": "<p>一</p><p>二</p>"},
            "link": "https://a/1",
            "date": "2022-01-01T00:00:00",
            "categories": [{"id": 3, "name": "新闻"}],
            "tags": [{"name": "海"}],
        },  # WordPress
        {
            "title": "灯塔",
            "markdown": "一\n\n二",
            "url": "https://a/1",
            "createdAt": {"$date": "2022-01-01"},
            "categories": "新闻",
            "tags": "海,海",
        },
        {
            "title": "灯塔",
            "content": ["一", "二"],
            "url": "https://a/1",
            "updated_at": "2022-01-01",
            "categories": "新闻",
            "tags": ["海"],
        },
    ],
)
def test_the_usual_other_names_of_keys(record: dict[str, object]) -> None:
    expected = Article(
        "https://a/1", "灯塔", ("一", "二"), categories=("新闻",), tags=("海",), date=NEW_YEAR, url="https://a/1"
    )
    assert read(record) == expected
    assert read({**record, "id": 5}).id == "5"


def test_a_record_without_id_keeps_its_made_one() -> None:
    one = {"title": "灯塔", "text": "一"}
    assert read(one).id == read({**one, "tags": ["海"]}).id != read({**one, "text": "二"}).id
    assert len(read(one).id) == 24
    assert read({"_id": {"$oid": "61"}, "title": "a"}).id == "61"


def test_our_own_names_come_first_and_what_is_no_text_is_passed_over() -> None:
    assert read({"name": "甲", "title": "乙", "guid": 1, "id": "2"}) == Article("2", "乙")
    assert read({"id": 1, "title": "甲", "body": None, "content": "", "text": "文"}).paragraphs == ("文",)
    assert read({"id": 1, "title": "甲", "created_at": [], "date": ""}).date is None


def test_source_and_authors() -> None:
    def of(**record: object) -> tuple[str, str]:
        article = read({"id": 1, "title": "甲", **record}, default_source="站")
        return article.source, article.author

    assert of(author={"name": "张三"}) == ("站", "张三")
    assert of(authors=["张三", {"name": "李四"}]) == ("站", "张三、李四")
    assert of(source={"id": None, "name": "晨报"}, site_name="网") == ("晨报", "")
    assert of(site_name="网") == ("网", "")
    assert of(author="每经网", categories="金融/每经网/要闻") == ("每经网", "每经网")
    assert list(read_jsonl([b'{"id": 1}'], name="f", default_source="s")) == [Article("1", "1", source="s")]


def test_a_summary_is_text_unless_the_text_says_it() -> None:
    assert read({"id": 1, "title": "甲", "text": "木屋很老。", "summary": "说海。"}).paragraphs == (
        "说海。",
        "木屋很老。",
    )
    assert read({"id": 1, "title": "甲", "text": "木屋，很老。二", "summary": "木屋 很老……"}).paragraphs == (
        "木屋，很老。二",
    )
    assert read({"id": 1, "title": "甲", "description": "<p>全文</p>"}).paragraphs == ("全文",)
    assert read({"id": 1, "description": "全文"}) == Article("1", "全文", ("全文",))


def test_what_an_article_shows_can_be_read_again() -> None:
    article = Article(
        "a",
        "题",
        ("标题", "文"),
        "源",
        ("一", "二"),
        "张三",
        NEW_YEAR,
        "https://a",
        "/p",
        ("海",),
        True,
        (0,),
        {"language": ("zh",)},
        {"price": 5},
    )
    stream = io.BytesIO(json.dumps(article.to_dict()).encode())
    assert list(read_jsonl(stream, name="f")) == [article]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"id": 1, "labels": []}, '"labels" must be an object, not a list: []'),
        ({"id": 1, "labels": {"a b": "c"}}, "the name 'a b' in Article.labels must be letters and digits"),
        ({"id": 1, "extra": 5}, '"extra" must be an object, not a number: 5'),
        ({"id": 1, "paragraphs": "文"}, '"paragraphs" must be a list of strings, not a string: "\\u6587"'),
        ({"id": 1, "paragraphs": ["文"], "headings": [3]}, None),
        ({"id": 1, "author": True}, '"author" must be a string, not true or false: true'),
    ],
)
def test_a_wrong_record_is_one_clear_line(record: object, reason: str | None) -> None:
    with pytest.raises(cnsearch.CorpusError) as caught:
        read(record)
    assert caught.value.reason == reason or reason is None


# Articles made by a program

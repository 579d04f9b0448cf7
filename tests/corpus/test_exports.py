"""JSON in all its shapes, and tables."""

from __future__ import annotations

import json

import pytest

from cnsearch.corpus.entries import ReadOptions
from cnsearch.corpus.posts import PostFile
from cnsearch.corpus.readers import read_file
from cnsearch.errors import CorpusError, NoArticlesError
from cnsearch.model import Article, Failure


def made(text: str, name: str = "a.json") -> list[Article | Failure]:
    data = text.encode()
    reading = read_file(data, PostFile(name, f"/x/{name}", len(data), 0), ReadOptions())
    return [entry.made for entry in reading.entries]


def articles(text: str, name: str = "a.json") -> list[Article]:
    found = made(text, name)
    assert all(isinstance(one, Article) for one in found), found
    return [one for one in found if isinstance(one, Article)]


def failures(text: str, name: str = "a.json") -> list[Failure]:
    return [one for one in made(text, name) if isinstance(one, Failure)]


def test_a_list_of_records() -> None:
    first, second = articles(
        '\ufeff[\n {"id": 12, "title": "甲", "content": "甲文。"},\n {"标题": "乙", "正文": "乙文。"} ]\n'
    )
    assert (first.id, first.title, first.paragraphs, first.path) == ("a.json#12", "甲", ("甲文。",), "/x/a.json")
    assert (second.title, second.paragraphs) == ("乙", ("乙文。",))


def test_the_id_of_a_record_is_its_own_its_address_or_a_hash() -> None:
    records = [{"title": "甲", "text": "文", "url": "https://example.org/1"}, {"title": "乙", "text": "文"}]
    by_url, by_hash = articles(json.dumps(records))
    assert by_url.id == "a.json#https://example.org/1"
    assert articles(json.dumps(records[1:]))[0].id == by_hash.id  # wherever it stands
    twice = articles(json.dumps([{"id": 1, "text": "甲"}, {"id": 1, "text": "乙"}]))
    assert [one.id for one in twice] == ["a.json#1", "a.json#1~2"]


def test_one_record_is_an_article_with_the_id_of_the_file() -> None:
    (article,) = articles('{"title": "甲", "content": "甲文。"}')
    assert (article.id, article.title) == ("a.json", "甲")


def test_json_lines_under_each_name() -> None:
    lines = '{"id": "a", "text": "甲"}\n\n{"id": "b", "text": "乙"}\n'
    for name in ("a.jsonl", "a.ndjson", "a.json"):
        assert [one.id for one in articles(lines, name)] == [f"{name}#a", f"{name}#b"]


def test_json_feed() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "渡口",
        "authors": [{"name": "阿舟"}],
        "items": [
            {"id": "1", "url": "https://example.org/1", "content_html": "<p>灯<b>在</b>对岸。</p>", "tags": ["船"]},
            {"id": "2", "content_text": "雾。", "date_published": "2022-03-04T05:06:07+08:00", "title": "雾"},
        ],
    }
    first, second = articles(json.dumps(feed))
    assert (first.id, first.paragraphs, first.source) == ("a.json#1", ("灯在对岸。",), "渡口")
    assert (first.author, first.tags) == ("阿舟", ("船",))
    assert second.date is not None
    assert second.date.isoformat() == "2022-03-03T21:06:07+00:00"


def test_records_inside_an_export() -> None:
    ghost = {"db": [{"meta": {}, "data": {"posts": [{"id": "5", "title": "甲", "html": "<p>文。</p>"}], "tags": [{}]}}]}
    (article,) = articles(json.dumps(ghost))
    assert (article.id, article.title, article.paragraphs) == ("a.json#5", "甲", ("文。",))


@pytest.mark.parametrize("text", ['{"name": "no article"}', '{"a": {"b": [1]}}', "{}", "12", '"x"', '{"scripts": {,}}'])
def test_settings_are_no_articles(text: str) -> None:
    with pytest.raises(NoArticlesError):
        made(text)


def test_a_list_of_something_else_says_what_was_expected_and_where() -> None:
    (failure,) = failures('[\n  {"text": "甲"},\n  17\n]')
    assert failure.path == "/x/a.json:3:3"
    assert "expected an object with a text or title" in failure.reason
    (failure,) = failures('[{"name": "首页", "path": "/"}]')
    assert failure.path == "/x/a.json:1:2"
    assert 'found "name", "path"' in failure.reason


def test_what_stands_before_the_damage_is_read() -> None:
    reading = read_file(b'[{"id": 1, "text": "x"},\n {"id": 2, "te', PostFile("a.json", "a.json", 1, 0), ReadOptions())
    entries = iter(reading.entries)
    assert isinstance(next(entries).made, Article)
    with pytest.raises(CorpusError, match="line 2, column 1"):
        next(entries)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '[{"text": "x"}' + "[" * 100_000, '[{"id": ' + "9" * 10_000 + "}]", "[1 2]"]
)
def test_hostile_lists(text: str) -> None:
    with pytest.raises(CorpusError, match="not JSON"):
        made(text)


def test_ten_megabytes() -> None:
    assert len(made("[" + ",".join(['{"id":1,"text":"甲乙丙"}'] * 20_000) + "]")) == 20_000
    with pytest.raises(NoArticlesError):
        made(json.dumps({"name": "x" * 10_000_000}))


def test_bad_lines_end_nothing() -> None:
    found = made(
        '{"id": 1, "text": "甲"}\n{"id": 2,\n[3]\n{"id": 4, "text": "丁"} x\n{"id": 5, "text": "戊"}\n', "a.jsonl"
    )
    assert [isinstance(one, Article) for one in found] == [True, False, False, False, True]
    assert [one.path for one in found if isinstance(one, Failure)] == ["/x/a.jsonl:2", "/x/a.jsonl:3", "/x/a.jsonl:4"]


# Tables


def test_tables_with_each_delimiter() -> None:
    for delimiter in ",;\t|":
        table = (
            delimiter.join(["id", "标题", "正文"]) + "\n" + delimiter.join(["7", "甲", '"第一行\n第""二""行"']) + "\r\n"
        )
        (article,) = articles(table, "a.csv")
        assert (article.id, article.title) == ("a.csv#7", "甲")
        assert "".join(article.paragraphs) == '第一行第"二"行'
    assert articles("title\ttext\n甲,乙\t文\n", "a.tsv")[0].title == "甲,乙"


@pytest.mark.parametrize("table", ["甲,乙\n丙,丁\n", "", "2021,3\n", "a" * 1000])
def test_a_table_without_a_header(table: str) -> None:
    with pytest.raises(CorpusError, match="line 1 does not name the columns: expected a name such as"):
        made(table, "a.csv")


def test_rows_that_do_not_fit() -> None:
    found = made("title,text\n甲,文\n乙,文,多,余\n\n,,\n丙\n", "a.csv")
    assert [isinstance(one, Article) for one in found] == [True, False, True]
    assert isinstance(found[1], Failure)
    assert found[1].path == "/x/a.csv:3"
    assert "4 values for 2 columns" in found[1].reason


def test_nul_and_long_fields() -> None:
    (article,) = articles("title,text\n甲\0乙," + "长" * 200_000 + "\n", "a.csv")
    assert article.title == "甲乙"
    assert len(article.body) == 200_000

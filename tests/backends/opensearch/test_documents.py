"""An article as a document of the cluster, and what its tokens are."""

import json
from collections import Counter
from datetime import datetime, timezone

import pytest

from cnsearch import Article
from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.backends.opensearch.address import Address
from cnsearch.backends.opensearch.documents import article_of, as_json, key_of, source_of, value_term
from cnsearch.backends.opensearch.mapping import AVERAGES, Facts, index_body
from cnsearch.backends.opensearch.tokens import escaped, line_tokens, sendable, weighed_tokens
from cnsearch.indexing.tasks import Origin

WHOLE = Article(
    "甲/乙.md",
    "数字化转型",
    ("第一段 Wi-Fi。", "第二段"),
    source="每经网",
    categories=("金融", "每经网"),
    author="甲",
    date=datetime(1969, 12, 31, 23, 59, 59, tzinfo=timezone.utc),
    url="https://example.org",
    path="/x",
    tags=("编程/python",),
    draft=True,
    headings=(1,),
    labels={"language": ("zh", "en")},
    extra={"a": [1, None]},
)


@pytest.fixture(scope="module")
def tokenizer() -> WordTokenizer:
    return WordTokenizer(None, UserDictionary())


def frequencies(tokens: str) -> dict[str, int]:
    return {term: int(number) for term, number in (token.split("\x01") for token in tokens.split(" "))}


@pytest.mark.parametrize("article", [WHOLE, Article("1", ""), Article("2", "甲", ("一\n二",))])
def test_an_article_comes_back_as_it_was(article: Article, tokenizer: WordTokenizer) -> None:
    source = json.loads(as_json(source_of(article, Origin("/r", 1, 2, b"x" * 16), tokenizer, AVERAGES)))
    assert article_of(source["article"]) == article
    assert (source["root"], source["size"], source["mtime_ns"], source["digest"]) == ("/r", 1, 2, (b"x" * 16).hex())


def test_the_first_second_of_1970_is_a_date(tokenizer: WordTokenizer) -> None:
    article = Article("1", "甲", date=datetime(1970, 1, 1, tzinfo=timezone.utc))
    source = source_of(article, Origin(), tokenizer, AVERAGES)
    assert (source["seconds"], source["date"]) == (0, "1970-01-01T00:00:00Z")
    assert article_of(source["article"]) == article


def test_every_field_is_in_the_mapping(tokenizer: WordTokenizer) -> None:
    body = index_body(Address((("h", 1),), "n"), Facts(ChineseAnalyzer()))
    assert set(source_of(WHOLE, Origin("/r"), tokenizer, AVERAGES)) == set(body["mappings"]["properties"])


def test_frequencies_are_those_of_bm25f() -> None:
    # In a body of average length one occurrence counts 1, in such a title 2, times SCALE.
    averages = {"title": 2.0, "body": 4.0}
    counts = {"title": Counter("甲乙"), "body": Counter("甲甲丙丙")}
    found = frequencies(weighed_tokens(counts, {"title": 2, "body": 4}, averages))
    assert found == {"甲": 400, "乙": 200, "丙": 200}
    longer = frequencies(weighed_tokens({"body": Counter("甲甲丙丙")}, {"body": 8}, averages))
    assert longer == {"甲": round(200 / (0.1 + 0.9 * 2)), "丙": round(200 / (0.1 + 0.9 * 2))}


def test_characters_are_counted_alone_and_in_pairs(tokenizer: WordTokenizer) -> None:
    source = source_of(Article("1", "", ("甲乙甲",)), Origin(), tokenizer, {**AVERAGES, "body_chars": 3.0})
    assert frequencies(source["chars"]) == {"甲乙": 100, "乙甲": 100, "甲": 200, "乙": 100}
    assert source["body_exact"] == "甲乙 乙甲 甲"


def test_white_space_is_escaped_and_lines_are_apart() -> None:
    tokens = line_tokens("甲 乙\n丙\u3000丁").split(" ")
    assert tokens == ["甲\U000f0020", "\U000f0020乙", "乙", "\x02", "丙\U000f3000", "\U000f3000丁", "丁"]
    for char in "\t\n\v\f\r\x1c\x1f \u1680\u2000\u2028\u205f\u3000\x01\x02":
        assert escaped(char) == chr(0xF0000 + ord(char))
    assert escaped("数字") == "数字"
    assert sendable("a\ud800b") == "a\ufffdb"


def test_long_ids_and_values_are_hashed() -> None:
    assert key_of("甲/乙.md") == "甲/乙.md"
    long = "长" * 600
    assert len(key_of(long)) < 100
    assert key_of(long) != key_of(long + "x")
    assert key_of(key_of(long)) != key_of(long)  # an id that looks like a hash is none
    assert value_term("短") == "短"
    assert len(value_term("长" * 10_000).encode()) < 1_000

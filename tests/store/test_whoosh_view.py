"""An index of articles as Whoosh reads it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from whoosh import query as queries
from whoosh.qparser import MultifieldParser, QueryParser
from whoosh.searching import Searcher
from whoosh.writing import IndexingError

import cnsearch
from cnsearch import Article, ChineseAnalyzer
from cnsearch.codec import SchemaFields
from cnsearch.store.schema import FIELDS, ArticleSchema
from cnsearch.store.whoosh_view import whoosh_index, whoosh_schema


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(
            [
                Article(id="a", title="上海的数字化转型", paragraphs=("企业上云。",), source="新浪财经", tags=("云",)),
                Article(id="b", title="江豚", paragraphs=("长江里的江豚与数字化监测", "第二段")),
                Article(id="c", title="旧", paragraphs=("数字化",)),
            ]
        )
        index.delete("c")
        index.add(Article(id="d", title="白鲟", paragraphs=("长江",)))  # a second segment
    return tmp_path / "index"


@pytest.fixture
def reader(path: Path) -> Iterator[Any]:
    with cnsearch.whoosh_reader(path) as found:
        yield found


def ids(reader: Any, query: Any) -> set[str]:
    return {hit["id"] for hit in Searcher(reader).search(query, limit=None)}


def test_the_fields_are_those_that_the_engine_knows() -> None:
    assert dict(SchemaFields(whoosh_schema(ArticleSchema(ChineseAnalyzer())))) == FIELDS


def test_whooshs_parser_and_queries_find_articles(reader: Any) -> None:
    assert reader.doc_count() == 3
    body = QueryParser("body", reader.schema)
    assert ids(reader, body.parse("数字化")) == {"b"}  # the deleted one is not found
    assert ids(reader, body.parse("长江 NOT 江豚")) == {"d"}
    both = MultifieldParser(["title", "body"], reader.schema)
    assert ids(reader, both.parse("数字化")) == {"a", "b"}
    assert ids(reader, both.parse("数字化 OR 白鲟")) == {"a", "b", "d"}
    assert ids(reader, queries.Prefix("body", "长")) == {"b", "d"}
    assert ids(reader, queries.Term("source", "新浪财经")) == {"a"}
    assert ids(reader, queries.Term("body_chars", "江豚")) == {"b"}
    assert ids(reader, queries.Every()) == {"a", "b", "d"}


def test_hits_have_stored_values_and_columns(reader: Any) -> None:
    (hit,) = Searcher(reader).search(queries.Term("tag", "云"))
    assert (hit["id"], hit["title"], hit["body"]) == ("a", "上海的数字化转型", "企业上云。")
    source = reader.column_reader("source")
    assert source[hit.docnum] == "新浪财经"


def test_a_reader_stays_with_its_commit(path: Path, reader: Any) -> None:
    with cnsearch.open_index(path) as index:
        index.add(Article(id="e", title="新", paragraphs=("长江",)))
    assert ids(reader, queries.Term("body", "长江")) == {"b", "d"}
    with cnsearch.whoosh_reader(path) as later:
        assert ids(later, queries.Term("body", "长江")) == {"b", "d", "e"}


def test_an_index_without_articles(tmp_path: Path) -> None:
    cnsearch.open_index(tmp_path, create=True).close()
    with cnsearch.whoosh_reader(tmp_path) as reader:
        assert reader.doc_count() == 0
        assert ids(reader, queries.Every()) == set()


def test_it_cannot_be_written(path: Path) -> None:
    """Whoosh's writer would put a table of contents beside ours, and remove our segments."""
    before = sorted(file.name for file in path.iterdir())
    with pytest.raises(IndexingError, match="table of contents"):
        whoosh_index(path).writer()
    assert sorted(file.name for file in path.iterdir()) == before


def test_what_is_no_index_is_said_as_open_index_says_it(tmp_path: Path, path: Path) -> None:
    with pytest.raises(cnsearch.IndexNotFoundError):
        cnsearch.whoosh_reader(tmp_path / "nowhere")
    (segment, *_) = path.glob("*.cnp")
    segment.write_bytes(b"x")
    with pytest.raises(cnsearch.IndexFormatError, match="not a segment"):
        cnsearch.whoosh_reader(path)


def test_searching_and_indexing_load_nothing_of_whooshs_index(path: Path) -> None:
    code = f"""
import sys, cnsearch
with cnsearch.open_index({str(path)!r}) as index:
    index.add(cnsearch.Article(id="f", title="长江"))
    assert index.search("长江").total == 3
print(*sorted(name for name in sys.modules if name.startswith(("whoosh.", "cnsearch.codec"))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[1] for name in done.stdout.split()}
    assert loaded <= {"analysis", "lang", "support", "util"}

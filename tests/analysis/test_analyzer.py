"""ChineseAnalyzer in somebody else's Whoosh schema."""

import pickle
import warnings
from typing import Any

import pytest
from whoosh import highlight
from whoosh.analysis import StopFilter
from whoosh.fields import TEXT, Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.qparser import QueryParser

import cnsearch
from cnsearch.analysis import tokenizer
from cnsearch.analysis.userdict import UserDictionary

TEXTS = ["上海全面推进城市數字化轉型，打造国际数字之都", "转型的数字：Ｓ－３００ 与 C++"]


def searched(analyzer: Any, query: str) -> list[str]:
    """The highlighted texts that a query finds in an index of Whoosh's own."""
    index = RamStorage().create_index(Schema(text=TEXT(analyzer=analyzer, stored=True, chars=True)))
    writer = index.writer()
    for text in TEXTS:
        writer.add_document(text=text)
    writer.commit()
    with index.searcher() as searcher:
        results = searcher.search(QueryParser("text", index.schema).parse(query))
        results.formatter = highlight.HtmlFormatter(tagname="b", classname="", termclass="")
        results.fragmenter = highlight.WholeFragmenter()
        marked = [hit.highlights("text") for hit in results]
    return [text.replace(' class=" "', "").replace(' class=""', "") for text in marked]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('"城市数字化转型"', 1),
        ('"全面推进城市"', 1),
        ('"国际数字之都"', 1),
        ('"转型数字"', 0),  # both words, not side by side
        ("数字", 2),  # also as a part of 数字化
        ("s-300", 1),
        ("300", 1),
        ("c++", 1),
    ],
)
def test_words_and_phrases(query: str, found: int) -> None:
    assert len(searched(cnsearch.ChineseAnalyzer(), query)) == found


def test_highlights_fall_on_the_right_characters() -> None:
    assert ">數字化轉型</" in searched(cnsearch.ChineseAnalyzer(), '"数字化 转型"')[0]
    assert ">Ｓ－３００</" in searched(cnsearch.ChineseAnalyzer(), "s-300")[0]


def test_jiebas_own_analyzer_finds_no_phrase() -> None:
    """Why ours exists: its positions are character offsets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        analyse = pytest.importorskip("jieba.analyse", exc_type=ImportError)
        stock = analyse.ChineseAnalyzer()
        assert searched(stock, '"全面推进"') == []
    assert len(searched(cnsearch.ChineseAnalyzer(), '"全面推进"')) == 1


def test_pickling_keeps_the_identity_and_the_words() -> None:
    analyzer = cnsearch.ChineseAnalyzer(user_dictionary=UserDictionary.parse("数字化转型"))
    copy = pickle.loads(pickle.dumps(analyzer))
    assert copy == analyzer
    assert [token.text for token in copy("城市数字化转型", mode="query")] == ["城市", "数字化转型"]


def test_another_version_is_refused_at_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    pickled = pickle.dumps(cnsearch.ChineseAnalyzer(engine="rjieba"))
    monkeypatch.setattr(tokenizer, "_version_of", lambda name: "99.0")
    copy = pickle.loads(pickled)
    with pytest.raises(cnsearch.AnalyzerMismatchError) as caught:
        list(copy("上海"))
    assert caught.value.found == "rjieba 99.0"
    assert (caught.value.path, str(caught.value).startswith("built with rjieba ")) == ("", True)
    assert "rebuild_index" in caught.value.hint


def test_a_missing_engine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pickled = pickle.dumps(cnsearch.ChineseAnalyzer(engine="rjieba"))
    monkeypatch.setattr(tokenizer.util, "find_spec", lambda name: None)
    with pytest.raises(cnsearch.AnalyzerMismatchError, match="not installed"):
        list(pickle.loads(pickled)("上海"))


def test_only_text_is_taken() -> None:
    with pytest.raises(TypeError, match="takes a str"):
        list(cnsearch.ChineseAnalyzer()(b"bytes"))  # type: ignore[arg-type]


STOPS = {
    "a filter": lambda: cnsearch.ChineseAnalyzer() | StopFilter(stoplist=["的", "与", "之"], minsize=1),
    "options": lambda: cnsearch.ChineseAnalyzer(stopwords=["的", "與", "之"]),
}


@pytest.mark.parametrize("made", STOPS)
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('"城市数字化转型"', 1),
        ('"国际数字之都"', 1),  # a stop word inside
        ('"数字都"', 1),  # and left out
        ('"转型的数字"', 1),
        ('"转型国际"', 0),
        ("之", 0),
    ],
)
def test_phrases_match_without_stop_words(made: str, query: str, found: int) -> None:
    assert len(searched(STOPS[made](), query)) == found


def test_whooshs_own_stop_words_take_single_characters_and_break_no_phrase() -> None:
    chain = cnsearch.ChineseAnalyzer() | StopFilter()
    assert [len(searched(chain, query)) for query in ('"城市数字化转型"', '"全面推进"', "都")] == [1, 1, 0]
    assert pickle.loads(pickle.dumps(chain)) == chain
    tokens = [(token.text, token.pos) for token in chain("之数字化的城市", positions=True)]
    assert tokens == [("数字", 1), ("数字化", 1), ("城市", 2)]


def test_the_least_length_and_stems() -> None:
    analyzer = cnsearch.ChineseAnalyzer(minsize=2, stem=True)
    assert [token.text for token in analyzer("用 Databases 和 database 的人们")] == ["databas", "databas", "人们"]
    assert pickle.loads(pickle.dumps(analyzer)) == analyzer != cnsearch.ChineseAnalyzer()
    with pytest.raises(TypeError, match="several words"):
        cnsearch.ChineseAnalyzer(stopwords="的")
    with pytest.raises(ValueError, match="other schemas"):
        analyzer.to_dict()


def test_highlights_of_what_is_read_otherwise() -> None:
    analyzer = cnsearch.ChineseAnalyzer()
    text = "e\u0301tude 北\u200b京 o\ufb03ce userName"
    places = [(token.text, text[token.startchar : token.endchar]) for token in analyzer(text, chars=True)]
    assert places == [
        ("etude", "e\u0301tude"),
        ("北京", "北\u200b京"),
        ("office", "o\ufb03ce"),
        ("user", "user"),
        ("name", "Name"),
        ("username", "userName"),
    ]

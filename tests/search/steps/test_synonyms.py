"""Searching with synonyms: the hits, their scores, what is marked and explained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnsearch
from cnsearch import Article
from cnsearch.query.filters import Filters
from cnsearch.query.synonyms import Synonyms
from cnsearch.query.syntax import parse_query
from cnsearch.search.closeness import as_written
from cnsearch.search.planning.planner import make_plan
from cnsearch.search.rule_of_hits import MOST
from cnsearch.search.scoring import Ranking
from cnsearch.search.searcher import Searcher
from cnsearch.store.opening import Store

ARTICLES = {
    "whole": ("人工智能进工厂", "工厂里的人工智能在检查。"),
    "short": ("ＡＩ进工厂", "工厂里的AI在检查。"),
    "both": ("人工智能，也叫AI", "AI就是人工智能。"),
    "parts": ("人工和智能", "人工的智能"),
    "phrase": ("機器智能", "谈机器智能。"),
    "chips": ("芯片", "芯片的消息"),
    "two": ("芯片和AI", "芯片"),
    "learning": ("Machine Learning 课程", "A course of machine learning."),
    "chinese": ("机器学习课程", "机器学习入门。"),
    "apart": ("学习机器", "学习一台机器。"),
    "other": ("足球比赛", "比赛很精彩。"),
    "more": ("天气预报", "明天下雨。"),
}
GROUPS = '人工智能 AI 机器智能\n"machine learning" 机器学习 ML\n'


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An index, and a file of synonyms."""
    folder = tmp_path_factory.mktemp("synonyms")
    (folder / "synonyms.txt").write_text(GROUPS, encoding="utf-8")
    with cnsearch.open_index(folder / "index", create=True) as index:
        index.add(Article(id=name, title=title, paragraphs=(body,)) for name, (title, body) in ARTICLES.items())
        index.add(Article(id="gone", title="AI 芯片"))
        index.delete("gone")
    return folder / "index", folder / "synonyms.txt"


@pytest.fixture
def index(paths: tuple[Path, Path]) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(paths[0], synonyms=paths[1]) as index:
        yield index


@pytest.fixture
def plain(paths: tuple[Path, Path]) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(paths[0]) as index:
        yield index


def ids(results: cnsearch.SearchResults) -> set[str]:
    assert len(results) == results.total
    return {hit.id for hit in results}


def found(index: cnsearch.Index, query: str, match: str = "most") -> set[str]:
    return ids(index.search(query, limit=100, match=match))  # type: ignore[arg-type]


ABOUT_AI = {"whole", "short", "both", "phrase", "two"}


def test_a_word_finds_the_others(index: cnsearch.Index, plain: cnsearch.Index) -> None:
    for query in ("人工智能", "AI", "機器智能", "ＡＩ"):
        assert found(index, query) >= ABOUT_AI
        assert found(index, f"+{query}") - {"parts"} == ABOUT_AI
        assert found(index, query, "all") - {"parts"} == ABOUT_AI
        assert found(index, query, "any") >= ABOUT_AI
    assert found(plain, "AI") == {"short", "both", "two"}
    assert found(index, "+ML") == found(index, "+机器学习") - {"apart"} == {"learning", "chinese"}


def test_not_in_phrases_and_filters(index: cnsearch.Index, plain: cnsearch.Index) -> None:
    for query in ('"人工智能"', '"AI"', "source:AI", "AI*", "人工"):
        assert found(index, query) == found(plain, query)


def test_all_members_are_excluded(index: cnsearch.Index) -> None:
    assert found(index, "芯片 -人工智能") == {"chips"}
    assert found(index, "课程 -机器学习") == found(index, "课程 -ML") == set()
    assert found(index, "* -机器智能") == set(ARTICLES) - ABOUT_AI


def test_what_is_required_loses_nothing(index: cnsearch.Index, plain: cnsearch.Index) -> None:
    for query in ("+人工智能", "+机器学习", "人工智能 AND 工厂", "+机器智能", "+machine +learning", "机器学习 OR 芯片"):
        assert found(plain, query) <= found(index, query)


def test_it_counts_as_one_word(index: cnsearch.Index) -> None:
    """A document with two of one group has one word of the query, however the group is written in it."""
    for query in ("人工智能 AI 芯片 天气", "AI 人工智能 芯片 天气", "机器智能 AI 芯片 天气"):
        assert found(index, query) == {"two"}
    scores = {hit.id: hit.score for hit in index.search("人工智能 芯片", match="any", limit=100)}
    assert scores["two"] == max(scores.values())
    assert scores["two"] > scores["both"]


def test_what_matched_is_marked(index: cnsearch.Index) -> None:
    marked = {}
    for hit in index.search("+人工智能", limit=100):
        part = hit.title_fragment
        marked[hit.id] = [part.text[start:end] for start, end in part.highlights]
    assert marked["short"] == ["ＡＩ"]
    assert marked["both"] == ["人工智能", "AI"]
    assert marked["phrase"] == ["機器智能"]
    snippets = {hit.id: hit.snippet.html() for hit in index.search("+ML", limit=100)}
    assert "machine learning</mark>" in snippets["learning"]
    assert "机器学习</mark>" in snippets["chinese"]


@pytest.mark.parametrize("query", ["人工智能 芯片", "+AI 工厂", "机器学习 课程", "AI OR 课程", "+机器学习", "人工智能"])
@pytest.mark.parametrize("match", ["most", "any", "all"])
def test_the_parts_of_a_score_add_up(index: cnsearch.Index, query: str, match: str) -> None:
    results = index.search(query, match=match)  # type: ignore[arg-type]
    for hit in results:
        parts = hit.explain()
        assert sum(part.score for part in parts) == pytest.approx(hit.score, rel=1e-5)
    assert any(part.name == "synonyms" for hit in results for part in hit.explain())


def test_a_synonym_is_worth_what_the_word_is(tmp_path: Path) -> None:
    """Of two articles that differ in nothing else, the one with the word as written has no great advantage: not by
    the bigrams of the word, and not by its characters standing close together."""
    (tmp_path / "synonyms.txt").write_text("人工智能 机器学习 AI\n", encoding="utf-8")
    with cnsearch.open_index(tmp_path / "index", create=True, synonyms=tmp_path / "synonyms.txt") as index:
        text = "工厂里的{}在检查每一块芯片，检查得很快，也很准。" * 3
        for word in ("人工智能", "机器学习", "AI"):
            index.add(Article(id=word, title=f"{word}进工厂", paragraphs=(text.replace("{}", word),)))
        index.add([Article(id=str(number), title="别的事", paragraphs=("比赛很精彩。",)) for number in range(20)])
        for query in ("人工智能 芯片", "AI 芯片", "机器学习 芯片", "+AI +芯片"):
            scores = [hit.score for hit in index.search(query)]
            assert len(scores) == 3
            assert scores[0] < 1.1 * scores[-1]


def test_as_written() -> None:
    synonyms = [("人工智能", ("ai", "机器智能")), ("ml", ("机器学习", "machine learning"))]
    text = "ＡＩ和AI，said、mail, 機器智能; 机器学习了machine learning，machine learnings"
    expected = "人工智能和人工智能,said、mail, 人工智能;  ml 了 ml ,machine learnings"
    assert as_written(text, synonyms) == expected


def test_new_words_of_the_dictionary_count_at_once(tmp_path: Path) -> None:
    (tmp_path / "synonyms.txt").write_text("机器学习 ML\n", encoding="utf-8")
    with cnsearch.open_index(tmp_path / "index", create=True, synonyms=tmp_path / "synonyms.txt") as index:
        index.add(Article(id="1", title="机器学习"))
        assert index.search("ML").understood == '(ml OR "机器学习")'
        index.add_words("机器学习")
        results = index.search("ML")
        assert (results.understood, results.total) == ("(ml OR 机器学习)", 1)


# One word for all: an index in which every member is written as the first is the twin

MEMBERS = ["alpha", "beta", "gamma delta", "eps-1"]
OTHERS = ["sun", "moon", "star"]
TEXTS = st.lists(st.sampled_from(MEMBERS + OTHERS * 2), max_size=8).map(" . ".join)
QUERIES = [
    "alpha",
    "alpha sun",
    "sun alpha moon star",
    "+alpha sun",
    "sun -alpha",
    "sun AND alpha",
    "alpha OR moon",
    "title:alpha sun",
    "alpha alpha",
]
WORDS_ONE = Ranking(bigrams=0.0, depth=0, written=0.0)


def run(path: str, query: str, synonyms: Synonyms, need: float) -> dict[str, float]:
    with closing(Store.open(path).snapshot()) as snapshot:
        tokenizer = snapshot.analyzer.tokenizer
        root = synonyms.expand(parse_query(query).root, tokenizer)
        plan = make_plan(root, Filters(), tokenizer, timezone.utc, need=need)
        ranked = Searcher(snapshot, WORDS_ONE).rank(plan, order="score", limit=100, offset=0)
        return {
            snapshot.about(number)["id"]: score for number, score in zip(ranked.doc_numbers, ranked.scores, strict=True)
        }


@settings(max_examples=10, database=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6), st.sampled_from([0.0, MOST]))
def test_members_are_as_one_word(texts: list[tuple[str, str]], need: float) -> None:
    def one_word(text: str) -> str:
        for member in MEMBERS[1:]:
            text = text.replace(member, MEMBERS[0])
        return text

    synonyms = Synonyms((tuple(MEMBERS),))
    # A member of several tokens is longer than the word that stands for it: the lengths are made equal.
    filler = {"gamma delta": 1, "eps-1": 3}
    with TemporaryDirectory() as folder:
        for name in ("some", "one"):
            with cnsearch.open_index(f"{folder}/{name}", create=True) as index:
                for number, both in enumerate(texts):
                    longer = [
                        "".join(" xx" * (n * text.count(member)) for member, n in filler.items()) for text in both
                    ]
                    title, body = (
                        one_word(text) + more if name == "one" else text
                        for text, more in zip(both, longer, strict=True)
                    )
                    index.add(Article(id=str(number), title=title, paragraphs=(body,) if body else ()))
        for query in QUERIES:
            expected = run(f"{folder}/one", query, Synonyms(), need)
            for member in ("alpha", "beta"):
                found = run(f"{folder}/some", query.replace("alpha", member), synonyms, need)
                assert found == pytest.approx(expected, rel=1e-5), (query, member)


# Members of several words are looked up as substrings

LATIN = st.lists(st.sampled_from(["gamma", "delta", "deltas", "xgamma", "a", "-", ".", "🔥", " ", " ", "公司", "b1"]))


@settings(max_examples=12, database=None)
@given(
    st.lists(LATIN.map("".join), min_size=1, max_size=6),
    st.lists(
        st.sampled_from(["gamma delta", "a delta", "gamma .delta", "b1 b1", "delta 🔥", "a-a a", "公司 a", "a b"])
    ),
)
def test_substrings_with_spaces(texts: list[str], wanted: list[str]) -> None:
    with TemporaryDirectory() as folder, cnsearch.open_index(f"{folder}/index", create=True) as index:
        index.add([Article(id=str(number), title=text) for number, text in enumerate(texts)])
        for phrase in wanted:
            expected = {str(number) for number, text in enumerate(texts) if phrase in text}
            assert found(index, f'"{phrase}"') == expected


# The command line


def test_command_line(
    paths: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from cnsearch.faces.cli.program import main

    def call(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["cnsearch", "search", *args, "--index", str(paths[0])])
        with pytest.raises(SystemExit) as caught:
            main()
        shown = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return caught.value.code, shown.out, shown.err

    monkeypatch.delenv("CNSEARCH_SYNONYMS", raising=False)
    assert call("+AI", "--count")[1] == "3\n"
    assert call("+AI", "--count", "--synonyms", str(paths[1]))[1] == "5\n"
    assert '"understood": "+(ai OR 人工智能 OR' in call("+AI", "--json", "--synonyms", str(paths[1]))[1].replace(
        "\\", ""
    )
    assert "synonyms ai OR 人工智能 OR 机器智能" in call("+AI", "--explain", "--synonyms", str(paths[1]))[1]
    monkeypatch.setenv("CNSEARCH_SYNONYMS", str(paths[1]))
    assert call("+AI", "--count")[1] == "5\n"
    bad = tmp_path / "bad.txt"
    bad.write_text("好 良\n人工智能\n", encoding="utf-8")
    code, out, err = call("AI", "--synonyms", str(bad))
    assert (code, out) == (2, "")
    assert f"{bad}:2: found '人工智能'" in err
    code, out, err = call("AI", "--synonyms", str(tmp_path / "nowhere"))
    assert (code, out) == (2, "")
    assert "nowhere" in err

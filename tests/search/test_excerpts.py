"""Excerpts of any text for any query: what is marked is what was asked, and the rest is left as it is."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnsearch
from cnsearch import Article, QuerySyntaxError
from cnsearch.analysis.compounds import joined
from cnsearch.analysis.reading import read
from cnsearch.analysis.scripts import JOINED_WORD
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.model import ELLIPSIS, Fragment, Snippet
from cnsearch.query.filters import Filters
from cnsearch.query.syntax import parse_query
from cnsearch.search.matches import MAX_CLAUSE_CHARS, MAX_MATCHES, Match, merge
from cnsearch.search.planning.planner import make_plan
from cnsearch.search.snippet import FRAGMENT_CHARS, NUM_FRAGMENTS, Highlighter
from cnsearch.search.steps.leaf import Term
from cnsearch.search.steps.pattern import TermPattern
from cnsearch.search.steps.texts import Substring

TOKENIZER = WordTokenizer()
ZONE = timezone(timedelta(hours=8))
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def highlighter_of(query: str) -> Highlighter:
    """The highlighter of a query, every word equally telling."""
    leaves = make_plan(parse_query(query).root, Filters(), TOKENIZER, ZONE).leaves
    return Highlighter(
        TOKENIZER,
        {leaf.text: 1.0 for leaf in leaves if isinstance(leaf, Term)},
        {leaf.text: 1.0 for leaf in leaves if isinstance(leaf, Substring)},
        {leaf.regex: 1.0 for leaf in leaves if isinstance(leaf, TermPattern)},
    )


def marked(fragment: Fragment) -> list[str]:
    return [fragment.text[start:end] for start, end in fragment.highlights]


def all_marked(query: str, body: str) -> list[str]:
    return [text for fragment in highlighter_of(query).snippet(body).fragments for text in marked(fragment)]


ALPHABET = (
    *"上海数字化转型的和服产品务，。！？、：；“”「」（） \n",
    *("數字", "产品和服务", "S-300", "５Ｇ", "C++", ".NET", "e\u0301", "é", "İ", "½", "ﬁ", "A", "b", "3.5%", "'"),
    *("🐼", "👩‍👩‍👧", "𠮷", "\x1b[31m", "\x00", "\u2028", "\u202e", "\ud800", "<b>", "&amp;", "\t", "ئە", "ꆈ"),
)
QUERY = (*ALPHABET, '"', "*", "?", "+", "-", " AND ", " OR ", " ", " ", "(", ")", "title:")
bodies = st.lists(st.sampled_from(ALPHABET), max_size=150).map("".join) | st.text(st.characters())
queries = st.lists(st.sampled_from(QUERY), max_size=8).map("".join) | st.text(st.characters(), max_size=10)


@given(bodies, queries)
def test_any_query_over_any_text(body: str, query: str) -> None:
    try:
        highlighter = highlighter_of(query)
    except QuerySyntaxError:
        return
    found = highlighter.snippet(body)
    matches = highlighter.matches(body)
    check(found, body, matches)
    title = highlighter.title(body)
    assert title.text == body
    assert title.highlights == merge(matches)


def check(found: Snippet, body: str, matches: list[Match]) -> None:
    assert len(found.fragments) <= NUM_FRAGMENTS
    assert found.body_chars == len(body)
    at = 0
    for fragment in found.fragments:
        assert fragment.field == "body"
        assert fragment.start >= at
        at = fragment.start + len(fragment.text)
        assert fragment.text == body[fragment.start : at].replace("\u2028", " ")
        assert "\n" not in fragment.text
        # Exactly the matches that are whole in the fragment are marked.
        whole = [match for match in matches if fragment.start <= match.start and match.end <= at]
        wanted = {place for match in whole for place in range(match.start, match.end)}
        places = {place for start, end in fragment.highlights for place in range(start, end)}
        assert {fragment.start + place for place in places} == wanted
        assert all(start < end for start, end in fragment.highlights)
        assert all(
            before[1] < after[0] for before, after in zip(fragment.highlights, fragment.highlights[1:], strict=False)
        )
        assert html.unescape(re.sub("</?mark>", "", fragment.html())) == html.unescape(html.escape(fragment.text))
        assert not CONTROLS.search(re.sub("\x1b\\[(1;31|0)m", "", fragment.ansi()))
    if matches:
        assert any(fragment.highlights for fragment in found.fragments)
    assert found.text().replace(ELLIPSIS, "").replace(" ", "") == "".join(
        fragment.text for fragment in found.fragments
    ).replace(ELLIPSIS, "").replace(" ", "")


LATIN = ("Node.js", "SELinux", "Linux", "S-300", "C++", "1,000", "3.5%", "iPhone15", "AT&T", "é", "ＡＢ")
mixed = st.lists(
    st.sampled_from([*"人工智能数字化转型交给上海的，。", *LATIN, *LATIN, " ", "\n", "一二三四五六七八九"]),
    max_size=120,
)


@given(mixed.map("".join), st.sampled_from(["Linux", "人工智能", '"inu"', "数字化转型 300", '"上海的"', "没有"]))
def test_no_edge_is_in_the_middle_of_a_word_or_a_match(body: str, query: str) -> None:
    """Words of up to the reach of an edge, that is; where nothing of a match stands before it in the same fragment."""
    highlighter = highlighter_of(query)
    matches = highlighter.matches(body)
    words = [found.span() for found in re.finditer(JOINED_WORD, body) if len(found[0]) <= 12]
    for fragment in highlighter.snippet(body).fragments:
        assert len(fragment.text) <= FRAGMENT_CHARS + 12
        for edge in (fragment.start, fragment.start + len(fragment.text)):
            assert not any(start < edge < end for start, end in words)
            assert not any(match.start < edge < match.end for match in matches)


@given(bodies, queries)
def test_what_matches_is_what_was_asked(body: str, query: str) -> None:
    try:
        leaves = make_plan(parse_query(query).root, Filters(), TOKENIZER, ZONE).leaves
    except QuerySyntaxError:
        return
    words = {leaf.text for leaf in leaves if isinstance(leaf, (Term, Substring))}
    patterns = [leaf.regex for leaf in leaves if isinstance(leaf, TermPattern)]
    for match in highlighter_of(query).matches(body):
        text = read(body[match.start : match.end]).text
        # Of a token too long to be indexed whole, the beginning is the term.
        assert (
            text in words
            or text[:64] in words
            or joined(text) in words
            or any(pattern.fullmatch(text[:64]) for pattern in patterns)
        )


@given(bodies, st.lists(st.sampled_from(["上海", "数字", "数字化", "和服", "s-300", "5g", "a", "b", "é", "🐼", "的"])))
def test_words_are_marked_where_the_whole_text_has_them(body: str, words: list[str]) -> None:
    """Only the clauses with a candidate are cut; the twin cuts everything."""
    reading = read(body)
    tokens = TOKENIZER.tokens(reading.text, reading.seams)
    expected = {reading.span(token.start, token.end) for token in tokens if token.text in words}
    highlighter = Highlighter(TOKENIZER, dict.fromkeys(words, 1.0), {}, {}, parts=False)
    assert {(match.start, match.end) for match in highlighter.matches(body)} == expected


@pytest.mark.parametrize(
    ("query", "body", "expected"),
    [
        ("和服", "产品和服务，以及和服", ["和服"]),
        ('"和服"', "产品和服务", ["和服"]),
        ("数字化转型", "推進數字化轉型。", ["數字化轉型"]),
        ("數字", "数字化与数字", ["数字", "数字"]),
        ("s-300", "Ｓ－３００与S300、300", ["Ｓ－３００", "S300", "300"]),
        ("5g", "🐼５Ｇ🐼", ["５Ｇ"]),
        ("熊猫", "👩‍👩‍👧熊貓🐼", ["熊貓"]),
        ("野家", "𠮷野家", ["野家"]),
        ("城", "江城与城市", ["城", "城"]),
        ("数*", "数字与数码，代数", ["数字", "数码"]),
        ("c++", "C++与c", ["C++", "c"]),
        ("上海 -北京", "上海与北京", ["上海"]),
        ("来源:上海", "上海", []),
        ("", "上海", []),
    ],
)
def test_marks(query: str, body: str, expected: list[str]) -> None:
    assert all_marked(query, body) == expected


def test_a_substring_does_not_reach_from_one_paragraph_into_the_next() -> None:
    assert all_marked('"数字 化"', "数字\n化") == []
    assert all_marked('"数字化"', "数字\n化") == []


def test_fragments_are_about_eighty_characters_in_order_and_apart() -> None:
    filler = "这里写的是与问题没有关系的内容，读者可以略过不看。" * 8
    body = "\n".join([filler + "上海" + filler, filler + "高铁" + filler, filler, filler + "龙井茶" + filler] * 3)
    found = highlighter_of("上海 高铁 龙井茶").snippet(body)
    assert sorted(text for fragment in found.fragments for text in set(marked(fragment))) == ["上海", "高铁", "龙井茶"]
    for fragment in found.fragments:
        assert FRAGMENT_CHARS - 15 <= len(fragment.text) <= FRAGMENT_CHARS + 8
        (first, *_) = fragment.highlights
        assert 10 < first[0] < FRAGMENT_CHARS - 10  # with words before and behind
    assert found.text().startswith(ELLIPSIS)
    assert found.text().endswith(ELLIPSIS)
    assert found.text().count(ELLIPSIS) == len(found.fragments) + 1
    check(found, body, highlighter_of("上海 高铁 龙井茶").matches(body))


def test_a_fragment_begins_with_a_sentence_where_one_is_near() -> None:
    filler = "与此无关的一句话说了很久很久很久很久很久很久很久很久很久。" * 3
    body = filler + "第二天，我们去了上海。" + filler
    (fragment,) = highlighter_of("上海").snippet(body).fragments
    assert 0 < fragment.start < body.index("上海")
    assert body[fragment.start - 1] == "。"


def test_a_latin_word_is_not_cut_in_its_middle() -> None:
    body = " ".join(["international"] * 30) + " 上海 " + " ".join(["organisation"] * 30)
    (fragment,) = highlighter_of("上海").snippet(body).fragments
    assert fragment.text.split()[0] == "international"


def test_a_short_text_is_shown_whole() -> None:
    found = highlighter_of("上海").snippet("短短一句话，说的是上海。")
    assert found.text() == "短短一句话，说的是上海。"


def test_the_lead_stands_in_where_only_the_title_matches() -> None:
    body = "第一段的话。" * 30 + "\n第二段"
    (fragment,) = highlighter_of("没有").snippet(body).fragments
    assert fragment.start == 0
    assert fragment.highlights == ()
    assert fragment.text.endswith("。")
    assert FRAGMENT_CHARS - 12 <= len(fragment.text) <= FRAGMENT_CHARS + 8
    assert highlighter_of("没有").snippet("").fragments == ()


@pytest.mark.parametrize("distinct", [False, True])
def test_the_rarer_word_is_shown_before_the_common_one(distinct: bool) -> None:
    filler = "，与此无关的话很多很多" * 20
    body = filler.join(["", *["的确"] * 6, "龙井茶", *(["高铁"] if distinct else [])]) + filler
    found = Highlighter(TOKENIZER, {"的确": 0.2, "龙井茶": 5.0, "高铁": 4.0}, {}, {}).snippet(body)
    shown = {text for fragment in found.fragments for text in marked(fragment)}
    assert "龙井茶" in shown
    assert ("高铁" in shown) == distinct


MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    ("query", "piece"),
    [
        ("数字", "数字化，"),
        ("数字", "与此无关的话很多，"),
        ("数字化转型 的 上海", "上海的数字化转型"),  # never a mark of punctuation
        ("和服", "产品和服务，"),  # the characters everywhere, the word nowhere
        ("数*", "数字化，"),
        ("数*", "数字化"),
        ('"字"', "数字化"),
        ('"的，"', "的，"),
        ("x", "x" * 100 + " "),
        ("a", "a,"),
        ("上海", "\n上海"),
    ],
)
def test_the_work_for_a_long_text_is_bounded(monkeypatch: pytest.MonkeyPatch, query: str, piece: str) -> None:
    body = piece * (MEGABYTE // len(piece))
    highlighter = highlighter_of(query)
    cut: list[int] = []
    tokens = TOKENIZER.tokens
    monkeypatch.setattr(TOKENIZER, "tokens", lambda text, *seams: cut.append(len(text)) or tokens(text, *seams))
    weighed: list[int] = []
    worth = highlighter._worth
    monkeypatch.setattr(highlighter, "_worth", lambda found, shown: weighed.append(len(found)) or worth(found, shown))
    found = highlighter.snippet(body)
    assert len(cut) <= MAX_MATCHES
    assert sum(cut) <= len(body)  # nothing is cut twice
    assert sum(cut) <= MAX_MATCHES * (MAX_CLAUSE_CHARS * 2 + 10)
    assert sum(weighed) <= NUM_FRAGMENTS * MAX_MATCHES * FRAGMENT_CHARS
    assert len(highlighter.matches(body)) <= 4 * MAX_MATCHES
    assert 1 <= len(found.fragments) <= NUM_FRAGMENTS
    assert all(len(fragment.text) <= FRAGMENT_CHARS + 8 for fragment in found.fragments)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cnsearch.Index]:
    articles = [
        Article(
            id="1",
            title="<script>alert('數字化')</script> & Ｓ－３００\x1b[31m",
            paragraphs=("🐼 推進數字化轉型 <b>x</b> \x1b]0;x\x07。", "第二段：产品和服务"),
        ),
        Article(id="2", title="只有标题提到龙井茶", paragraphs=("正文从头说起。" * 20,)),
    ]
    with cnsearch.open_index(tmp_path_factory.mktemp("excerpts") / "index", create=True) as index:
        index.add(articles)
        yield index


def test_html_of_a_hit_is_escaped(index: cnsearch.Index) -> None:
    (hit,) = index.search("数字化 s-300")
    assert hit.title_fragment.html() == (
        "&lt;script&gt;alert(&#x27;<mark>數字化</mark>&#x27;)&lt;/script&gt; &amp; <mark>Ｓ－３００</mark>\x1b[31m"
    )
    assert "🐼 推進<mark>數字化</mark>轉型 &lt;b&gt;x&lt;/b&gt;" in hit.snippet.html()
    assert "<script" not in hit.snippet.html() + hit.title_fragment.html()


def test_ansi_of_a_hit_has_no_control_characters_but_its_own(index: cnsearch.Index) -> None:
    (hit,) = index.search("数字化")
    for text in (hit.title_fragment.ansi(), hit.snippet.ansi()):
        assert "\x1b[1;31m數字化\x1b[0m" in text
        assert not CONTROLS.search(re.sub("\x1b\\[(1;31|0)m", "", text))


def test_fragments_of_a_hit_begin_with_the_title_where_it_matches(index: cnsearch.Index) -> None:
    (both,) = index.search("数字化")
    assert [fragment.field for fragment in both.fragments] == ["title", "body"]
    (title_only,) = index.search("龙井茶")
    assert [marked(fragment) for fragment in title_only.fragments] == [["龙井茶"], []]
    (body_only,) = index.search("服务")
    assert [fragment.field for fragment in body_only.fragments] == ["body"]
    body = index.get("1").body
    for fragment in body_only.fragments:
        assert fragment.text == body[fragment.start : fragment.start + len(fragment.text)]


def test_filters_alone_show_the_lead(index: cnsearch.Index) -> None:
    hit = index.search("*")[0]
    assert hit.title_fragment.highlights == ()
    assert all(fragment.start == 0 and fragment.highlights == () for fragment in hit.fragments)


def test_a_marked_article_is_the_whole_article(data_index: cnsearch.Index) -> None:
    query = "咖啡 云南"
    for hit in data_index.search(query):
        article = data_index.get(hit.id)
        title, *paragraphs = data_index.marked(hit.id, query)
        assert title == hit.title_fragment
        assert [fragment.text.replace("\u2028", "\n") for fragment in paragraphs] == list(article.paragraphs)
        starts = [fragment.start for fragment in paragraphs]
        assert starts == [sum(len(text) + 1 for text in article.paragraphs[:at]) for at in range(len(starts))]
        marked = {fragment.start + start for fragment in paragraphs for start, _ in fragment.highlights}
        assert {part.start + start for part in hit.snippet.fragments for start, _ in part.highlights} <= marked


def test_a_match_over_two_paragraphs_is_marked_in_both(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(cnsearch.Article("a", "标题", ("江豚", "入轨", "")))
        fragments = index.marked("a", "江豚 入轨")
    assert [fragment.html() for fragment in fragments] == ["标题", "<mark>江豚</mark>", "<mark>入轨</mark>", ""]


def test_an_article_that_a_query_does_not_find_has_no_marks(data_index: cnsearch.Index) -> None:
    article_id = next(iter(data_index.ids()))
    assert not any(fragment.highlights for fragment in data_index.marked(article_id, "zzzz qqqq"))
    with pytest.raises(cnsearch.ArticleNotFoundError):
        data_index.marked("nirgends", "咖啡")

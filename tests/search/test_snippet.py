"""Snippets show the matches, mark what matched and nothing else, and keep to their length."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.analysis.reading import read
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.model import Fragment, printable
from cnsearch.search.matches import MAX_MATCHES
from cnsearch.search.snippet import FRAGMENT_CHARS, NUM_FRAGMENTS, Highlighter

TOKENIZER = WordTokenizer()


def highlighter(*terms: str, substrings: tuple[str, ...] = (), patterns: tuple[str, ...] = ()) -> Highlighter:
    return Highlighter(
        TOKENIZER,
        dict.fromkeys(terms, 1.0),
        dict.fromkeys(substrings, 2.0),
        {re.compile(pattern): 1.0 for pattern in patterns},
    )


def marked(found: Fragment) -> list[str]:
    return [found.text[start:end] for start, end in found.highlights]


def test_lead_where_nothing_matches() -> None:
    found = highlighter("没有").snippet("第一段。\n第二段")
    assert found.text() == "第一段。…"
    assert found.fragments[0].highlights == ()
    assert highlighter("没有").snippet("").text() == ""


def test_fragments_prefer_what_is_not_shown_yet() -> None:
    filler = "无关的话。" * 40
    body = "苹果在这里。" + filler + "苹果又来了。" + filler + "香蕉在那里。" + filler
    texts = [fragment.text for fragment in highlighter("苹果", "香蕉").snippet(body).fragments]
    assert any("香蕉" in text for text in texts)
    assert any("苹果" in text for text in texts)


def test_escaped_in_html_and_clean_in_a_terminal() -> None:
    found = highlighter("数字").title("<script>alert(1)</script>数字\x1b[31m\x07")
    assert found.html() == html.escape("<script>alert(1)</script>") + "<mark>数字</mark>\x1b[31m\x07"
    assert found.ansi() == "<script>alert(1)</script>\x1b[1;31m数字\x1b[0m [31m "


def test_printable_keeps_lengths() -> None:
    text = "a\x00b\x1b\u202e\u2028c\ud800"
    assert len(printable(text)) == len(text)
    assert printable(text) == "a b   c "


def test_a_long_body_costs_a_bounded_number_of_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    tokens = TOKENIZER.tokens
    monkeypatch.setattr(TOKENIZER, "tokens", lambda text, *seams: calls.append(len(text)) or tokens(text, *seams))
    highlighter("数字").snippet("数字化，" * 50_000)
    assert len(calls) <= MAX_MATCHES
    calls.clear()
    highlighter("数字").snippet("数字化" * 50_000)
    assert sum(calls) <= MAX_MATCHES * 1000


pieces = st.sampled_from(
    [*"上海数字化转型的，。！ \n", "产品和服务", "S-300", "5G", "🐼", "\x1b", "數字", "e\u0301", "\u2028"]
)
bodies = st.lists(pieces, max_size=200).map("".join)
queries = st.lists(st.sampled_from(["上海", "数字", "数字化", "转型", "和服", "s-300", "5g", "的"]), max_size=4)


@given(bodies, queries, st.lists(st.sampled_from(["化转", "海", "，", "-3"]), max_size=2))
def test_what_holds_for_every_snippet(body: str, terms: list[str], substrings: list[str]) -> None:
    found = highlighter(*terms, substrings=tuple(substrings)).snippet(body)
    assert len(found.fragments) <= NUM_FRAGMENTS
    end_of_last = 0
    for fragment in found.fragments:
        assert fragment.start >= end_of_last
        end_of_last = fragment.start + len(fragment.text)
        assert fragment.text == body[fragment.start : end_of_last].replace("\u2028", " ")
        assert "\n" not in fragment.text
        assert len(fragment.text) <= FRAGMENT_CHARS + 12
        at = -1
        for start, end in fragment.highlights:
            assert at < start < end <= len(fragment.text)
            at = end
            text = read(body[fragment.start + start : fragment.start + end]).text
            parts = {word[at : at + 2] for word in terms if len(word) > 2 for at in range(len(word) - 1)}
            assert any(word in text for word in [*terms, *substrings, *parts])
        assert re.sub("</?mark>", "", fragment.html()) == html.escape(fragment.text)
        assert not re.search("[\x00-\x08\x0b-\x1a\x1c-\x1f]", fragment.ansi())
    if any(TOKENIZER.terms(read(body).text).count(term) for term in terms):
        assert any(fragment.highlights for fragment in found.fragments)


@pytest.mark.parametrize(
    ("body", "headings", "expected", "heading"),
    [
        ("引言\n灯塔在海边。", [0], "灯塔在海边。…", "引言"),
        ("引言\n缘起\n灯塔在海边。\n后记", [0, 1, 3], "灯塔在海边。", "缘起"),
        ("灯塔在海边。\n后记", [1], "灯塔在海边。", ""),
        ("引言\n缘起", [0, 1], "引言", "引言"),
    ],
)
def test_where_nothing_matches_the_first_line_that_is_no_heading_is_shown(
    body: str, headings: list[int], expected: str, heading: str
) -> None:
    found = highlighter("无").snippet(body, headings)
    assert found.fragments[0].text == expected.strip("…")
    assert found.fragments[0].heading == heading

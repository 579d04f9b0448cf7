"""Snippets show what a hit was found by: parts of words, every word that the text has, and the heading above."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.faces.terminal import columns, hit_lines
from cnsearch.model import Snippet
from cnsearch.search.matches import MAX_PART_CHARS
from cnsearch.search.snippet import Highlighter
from cnsearch.store.segment import Segment

TOKENIZER = WordTokenizer()
LONG = "天气很好，大家都出门去了，路上的人也渐渐多了起来，热闹得很。" * 4


def snippet(body: str, *terms: str, headings: tuple[int, ...] = (), num_fragments: int = 3) -> Snippet:
    weights = dict.fromkeys(terms, 1.0)
    return Highlighter(TOKENIZER, weights, {}, {}, num_fragments=num_fragments).snippet(body, headings)


def marked(found: Snippet) -> list[str]:
    return [fragment.text[start:end] for fragment in found.fragments for start, end in fragment.highlights]


def test_a_hit_by_a_part_of_a_word_marks_it_and_shows_its_passage(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(cnsearch.Article(id="1", title="三国", paragraphs=(LONG, f"后来，孔明借箭的故事人人皆知。{LONG}")))
        (hit,) = index.search("草船借箭")
        assert "孔明借箭" in hit.snippet.text()
        assert marked(hit.snippet) == ["借箭"]
        assert hit.title_fragment.highlights == ()
        assert index.search("借箭草船")[0].snippet.html().count("<mark>借箭</mark>") == 1


def test_parts_are_marked_only_where_the_word_is_not() -> None:
    assert marked(snippet("草船借箭，孔明借箭", "草船借箭")) == ["草船借箭"]
    assert marked(snippet("孔明借箭，草船上", "草船借箭")) == ["借箭", "草船"]
    assert marked(snippet("草船借，借箭", "草船借箭")) == ["草船借", "借箭"]
    assert marked(snippet("上面的海", "上海")) == []  # a word of two characters has no parts
    long = "甲乙丙丁戊己庚辛壬癸子丑寅卯"
    assert len(long) > MAX_PART_CHARS
    assert marked(snippet(f"前{long[3:9]}后", long)) == [long[3:9]]  # by pairs, which touch


def test_a_word_in_the_next_short_paragraph_is_shown() -> None:
    found = snippet(f"{LONG}\n江豚回来了。\n白鲟没有。\n{LONG}", "江豚", "白鲟")
    assert marked(found) == ["江豚", "白鲟"]
    found = snippet(f"{LONG}江豚。{'去' * 65}白鲟{LONG}", "江豚", "白鲟")
    assert set(marked(found)) == {"江豚", "白鲟"}
    assert marked(snippet("江豚。\n白鲟。", "江豚", "白鲟", num_fragments=1)) == ["江豚"]


@pytest.mark.parametrize("num_fragments", [1, 2, 3, 5])
def test_every_word_is_shown_while_there_is_room(num_fragments: int) -> None:
    words = ["江豚", "白鲟", "长江", "保护", "船只"]
    found = snippet("\n".join(f"这里有{word}。" for word in words), *words, num_fragments=num_fragments)
    assert len(marked(found)) == num_fragments
    starts = [fragment.start for fragment in found.fragments]
    assert starts == sorted(starts)


def test_a_fragment_names_the_heading_that_it_stands_under(tmp_path: Path) -> None:
    body = "引子有江豚\n第一章\n这一章讲长江\n第二章 白鲟\n" + LONG
    found = snippet(body, "江豚", "长江", "白鲟", headings=(1, 3))
    assert [(fragment.heading, fragment.text[:5]) for fragment in found.fragments] == [
        ("", "引子有江豚"),
        ("第一章", "这一章讲长"),
        ("第二章 白鲟", "第二章 白"),
    ]
    assert {fragment.heading for fragment in snippet(body, "江豚").fragments} == {""}
    article = cnsearch.Article(id="1", title="题", paragraphs=tuple(body.split("\n")), headings=(1, 3))
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(article)
        hit = index.search("热闹")[0]
        assert hit.title_fragment.heading == ""
        assert {part["heading"] for part in hit.to_dict()["fragments"]} == {"第二章 白鲟"}
        lines = "\n".join(hit_lines(hit, zone=index.time_zone, color=False, width=columns()))
        assert "第二章 白鲟 › " in lines
        colored = "\n".join(hit_lines(hit, zone=index.time_zone, color=True, width=columns()))
        assert "\x1b[2m第二章 白鲟 › \x1b[0m" in colored
        (shown,) = index.search("白鲟", num_fragments=1)
        assert "›" not in "".join(hit_lines(shown, zone=index.time_zone, color=False, width=80))


def test_a_long_query_of_long_words_takes_linear_time() -> None:
    words = [chr(0x4E00 + at) * 3 + "数字化转型之路" for at in range(200)]
    assert snippet("转型" * 20_000, *words).fragments


@pytest.mark.parametrize("lines", [[7], [-1], ["1"], [True]])
def test_headings_that_are_no_lines_are_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[Any]
) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(cnsearch.Article(id="1", title="题", paragraphs=("江豚", "白鲟"), headings=(0,)))
        hit = index.search("白鲟")[0]
        monkeypatch.setattr(Segment, "stored_json", lambda self, name, *rest: lines if name == "headings" else None)
        for asked in (lambda: hit.snippet, lambda: index.get("1")):
            with pytest.raises(cnsearch.CorruptIndexError, match="headings"):
                asked()

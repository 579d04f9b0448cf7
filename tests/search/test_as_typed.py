"""What was typed stands first where it stands as it was typed: titles, pieces; and what a hit lacks."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnsearch
from cnsearch import Article
from cnsearch.analysis.reading import read
from cnsearch.search.written import _may_have_letters, letters, pieces, title_pairs


def found(folder: Path, articles: dict[str, tuple[str, str]], query: str, **options: Any) -> cnsearch.SearchResults:
    with cnsearch.open_index(folder / "index", create=True) as index:
        index.add(Article(id, title, (body,)) for id, (title, body) in articles.items())
        results = index.search(query, **options)
        assert all(
            sum(part.score for part in hit.explain()) == pytest.approx(hit.score, rel=1e-4) for hit in results.hits
        )
        copy: cnsearch.SearchResults = pickle.loads(pickle.dumps(results))  # which needs no index
        return copy


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("任建新同志逝世", "任建新同志逝世"),
        ("HTTP 简史", "http简史"),  # spaces and punctuation aside
        ("“奋斗者”号归来", "“奋斗者”号归来"),
        ("引用", "引用"),
        ("例", "例"),
        ("C++", "C++"),
        ("搭个 Web 服务器（三）", "搭个 Web 服务器（三）"),
    ],
)
def test_the_article_whose_title_is_the_query_stands_first(tmp_path: Path, query: str, title: str) -> None:
    more = {f"more{n}": (f"{query}，{query}续{n}", f"{query}。" * (n + 2)) for n in range(12)}
    results = found(tmp_path, {**more, "own": (title, "正文说的是别的事。" * 50)}, query)
    assert results[0].id == "own"
    assert "title" in {part.name for part in results[0].explain()} or query == "例"


def test_of_two_titles_the_one_to_the_dot_stands_first(tmp_path: Path) -> None:
    articles = {
        "a": ("上海，北京", "北京上海。" * 9),
        "b": ("上海 北京", "别的。"),
        "c": ("上海北京", "上海北京。" * 9),
    }
    assert found(tmp_path, articles, "上海 北京")[0].id == "b"
    assert letters("c++") != letters("c#") != letters("c")


@pytest.mark.parametrize("title", ["㍿", "ﬃ，", "怎么ﬃ", "５㎏"])
def test_a_title_that_is_read_as_more_letters_is_the_query(tmp_path: Path, title: str) -> None:
    (hit,) = found(tmp_path, {"own": (title, "别的。")}, title)
    assert "title" in {part.name for part in hit.explain()}


def test_a_word_is_no_title_of_the_query_beside_another(tmp_path: Path) -> None:
    articles = {"part": ("上海", "别的。"), "both": ("说说上海和北京的事", "上海和北京。")}
    assert found(tmp_path, articles, '上海 "北京"')[0].id == "both"


def test_what_stands_in_one_piece_stands_above_its_words_apart(tmp_path: Path) -> None:
    articles = {
        "part": ("电子", "电子产品与榨菜"),
        "exact": ("网友新词", "电子榨菜是年轻人吃饭时看的视频。"),
        "part2": ("榨菜 电子", "榨菜，电子。榨菜，电子。"),
    }
    results = found(tmp_path, articles, "电子榨菜")
    assert results[0].id == "exact"
    assert "in one piece" in {part.name for part in results[0].explain()}
    assert found(tmp_path / "2", articles, "网友 电子榨菜")[0].id == "exact"


def test_a_copied_piece_finds_its_article_behind_the_part_that_the_second_pass_reads(tmp_path: Path) -> None:
    piece = "今天（6月27日）出版的人民日报发表评论员文章，题目是《坚持稳"
    near = {f"near{n}": (piece.replace("27", str(n)), piece.replace("27", str(n)) * 3) for n in range(10, 22)}
    results = found(tmp_path, {**near, "own": ("要闻", "别的事。" * 400 + piece)}, piece)
    assert results[0].id == "own"


def test_a_long_query_has_few_hits(tmp_path: Path) -> None:
    words = "经济 文化 教育 科技 交通 旅游 农业 工业 医疗 体育 金融 能源 环境 贸易 就业 住房".split()
    articles = {f"{n:02}": ("新闻", "，".join(words[n : n + 3])) for n in range(13)}
    articles["all"] = ("新闻", "，".join(words))
    assert found(tmp_path, articles, " ".join(words)).total == 1
    assert found(tmp_path / "2", articles, "，".join(words), match="any").total == 14


def test_a_question_shows_the_best_whichever_words_they_have(tmp_path: Path) -> None:
    articles = {"answer": ("狄托", "狄托去世。"), "other": ("年表", "西元年表的编法，过世的人在西元几年入表。")}
    articles |= {f"{n}": ("别的", "什么也没有说。") for n in range(20)}
    assert "answer" in {hit.id for hit in found(tmp_path, articles, "狄托於西元幾年的時候過世？")}


def test_a_hit_says_which_words_it_lacks(tmp_path: Path) -> None:
    articles = {"one": ("华为的手机", "华为发布手机。"), "two": ("华为", "华为的消息。"), "c": ("芯片", "芯片不够。")}
    results = found(tmp_path, articles, "华为 芯片", match="any")
    assert results.notes == ("no article has all of 华为, 芯片",)
    lacking = {hit.id: hit.missing for hit in results}
    assert lacking == {"one": ("芯片",), "two": ("芯片",), "c": ("华为",)}
    assert results[0].to_dict()["missing"] == list(results[0].missing)


def test_nothing_is_missed_where_nothing_is(tmp_path: Path) -> None:
    articles = {"both": ("华为", "华为的芯片。"), "one": ("华为手机", "华为手机。"), "in": ("上", "以上海拔为准")}
    results = found(tmp_path, articles, "华为 的 芯片", match="any")
    assert results.notes == ()
    assert {hit.id: hit.missing for hit in results} == {"both": (), "one": ("芯片",)}
    assert [hit.missing for hit in found(tmp_path / "2", articles, "+华为 +芯片")] == [()]
    assert [hit.missing for hit in found(tmp_path / "3", articles, "上海", match="any")] in ([], [()])


def test_pieces_are_taken_apart_at_spaces_then_sentences_then_clauses() -> None:
    asked: list[str] = []

    def stands(piece: str) -> bool:
        asked.append(piece)
        return piece in {"新能源汽车政策", "后一句也很长，但是有逗号", "open source"}

    text = "华为 新能源汽车政策 open source 前一句很长很长很长很长。后一句也很长，但是有逗号"
    assert list(pieces(text, {"华为"}, stands)) == ["新能源汽车政策", "open source", "后一句也很长，但是有逗号"]
    asked.clear()
    assert list(pieces("，".join(f"第{n}句话没有的" for n in range(99)), (), stands)) == []
    assert len(asked) == 12


def test_titles_are_looked_up_by_a_few_bigrams() -> None:
    assert title_pairs(["上海"]) == ["上海"]
    assert title_pairs(["例"]) == ["例"]
    assert len(title_pairs(["任建新同志逝世，他是谁"])) == 4
    assert title_pairs(["，。"]) == ["，。"]


COPIED = [
    '下面的命令： # find /var -name test.file 会打印 -f "linuxtechi" 的行',
    "sudo -i | grep -v NOT (a OR b) AND title:linux *.txt",
    'vcpus = "4" disk = "0" flavor_id = "3"',
    "习近平总书记在全会上发表重要讲话强调，要一体推进",
    "数字化转型的方法。 第二段从这里开始，说的是别的事",  # over the end of a paragraph
]


@pytest.mark.parametrize("query", COPIED)
@pytest.mark.parametrize("match", ["most", "any"])
def test_what_was_copied_with_its_signs_finds_its_article_first(tmp_path: Path, query: str, match: str) -> None:
    words = " ".join(letters(part) for part in query.split())
    others = {f"other{n}": (words, f"{words}。{words}，" * (n + 2)) for n in range(12)}
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(Article(id, f"{title} 等", (body,)) for id, (title, body) in others.items())
        first, *rest = f"一些别的话。{query}。后面还有很长的文章。".replace("。 ", "。\n").split("\n")
        index.add([Article("own", "无关", (first, *rest, "别的" * 500))])
        results = index.search(query, match=match)
        assert results[0].id == "own"
        assert any("as typed" in note for note in results.notes) == (query not in COPIED[3:])
        hit = results[0]
        assert sum(part.score for part in hit.explain()) == pytest.approx(hit.score, rel=1e-4)


def test_operators_that_stand_nowhere_stay_operators_and_so_do_short_ones(tmp_path: Path) -> None:
    articles = {"a": ("甲", "linux -windows 的比较"), "b": ("乙", "linux 的介绍")}
    results = found(tmp_path, articles, "linux -windows")
    assert [hit.id for hit in results.hits] == ["b"]
    assert not results.notes


def test_short_operators_that_find_nothing_and_stand_somewhere_are_text(tmp_path: Path) -> None:
    results = found(tmp_path, {"a": ("甲", "用 rm -rf 删除"), "b": ("乙", "别的")}, "rm -rf")
    assert [hit.id for hit in results.hits] == ["a"]
    assert results.notes == ("an article has this text as typed: its signs are no operators",)


def test_a_title_with_a_sign_is_found_among_many_without_it(tmp_path: Path) -> None:
    articles = {f"{n:03d}": ("国内联播快讯", "快讯国内联播" * 3) for n in range(250)}
    assert found(tmp_path, {**articles, "own": ("]国内联播快讯", "别的。")}, "]国内联播快讯")[0].id == "own"


TITLES = st.lists(
    st.sampled_from([*"数字化，。 aB+C_1·", "數", "著", "ﬁ", "e\u0301", "\u200b", "𝐀", "🐼", "Ⅷ"]), max_size=8
).map("".join)


@given(st.lists(TITLES, max_size=8), st.data())
def test_no_title_with_the_letters_is_passed_over(titles: list[str], data: st.DataObject) -> None:
    typed = letters(read(data.draw(st.sampled_from(titles) if titles else TITLES)).text)
    counts = np.array([len(title.encode("utf-16-le")) // 2 for title in titles], dtype=np.int64)
    ends = np.cumsum(counts)
    may_be = _may_have_letters(typed, np.frombuffer("".join(titles).encode("utf-16-le"), "<u2"), ends - counts, ends)
    for title, is_kept in zip(titles, may_be.tolist(), strict=True):
        assert is_kept or letters(read(title).text) != typed
        if is_kept and title.isascii():
            assert letters(read(title).text) == typed

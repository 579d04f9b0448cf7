"""Synonyms: what a file may say, and which words of a query find more."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.errors import CorpusError
from cnsearch.query.synonyms import MAX_MEMBER_CHARS, Synonyms
from cnsearch.query.syntax import parse_query

TOKENIZER = WordTokenizer()
GROUPS = Synonyms.parse(
    """# 注
人工智能 AI 机器智能
新能源汽车，电动车、EV
"machine learning" 机器学习 ML
AI 爱
沪 上海
"""
)


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("甲 乙\n", (("甲", "乙"),)),
        ("甲,乙，丙、丁\t戊\u3000己\n", (("甲", "乙", "丙", "丁", "戊", "己"),)),
        ("，甲,, 乙 ,\r\n", (("甲", "乙"),)),
        ("電腦 ＰＣ 电脑", (("电脑", "pc"),)),
        ("# 甲 乙\n\n  ＃ 丙\n丁 C++", (("丁", "c++"),)),
        ('"machine  learning" ML', (("machine learning", "ml"),)),
        ("“机器 学习”ML", (("机器 学习", "ml"),)),
        ("甲 #乙", (("甲", "#乙"),)),
        ("", ()),
    ],
)
def test_parse(text: str, groups: tuple[tuple[str, ...], ...]) -> None:
    assert Synonyms.parse(text).groups == groups


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("人工智能", "two or more"),
        ("電腦 电脑", "two or more"),
        ("甲,", "two or more"),
        ("甲 ——", "no letter"),
        ('甲 ""', "no letter"),
        ('甲 "乙 丙', "not closed"),
        ("甲 " + "乙" * (MAX_MEMBER_CHARS + 1), str(MAX_MEMBER_CHARS)),
        (",", "two or more"),
    ],
)
def test_a_bad_line_is_named(line: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_text(f"# 注\n好 良\n{line}\n", encoding="utf-8")
    with pytest.raises(CorpusError) as caught:
        Synonyms.load(path)
    assert caught.value.path == f"{path}:3"
    assert reason in caught.value.reason


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CorpusError):
        Synonyms.load(tmp_path)
    with pytest.raises(CorpusError):
        Synonyms.load(tmp_path / "nowhere")
    path = tmp_path / "synonyms.txt"
    path.write_bytes("好 良\n".encode() + "甲 乙".encode("gb18030"))
    with pytest.raises(CorpusError) as caught:
        Synonyms.load(path)
    assert (caught.value.path, caught.value.reason) == (f"{path}:2", "not UTF-8")
    path.write_text("甲 乙", encoding="utf-8-sig")
    assert Synonyms.load(path).groups == (("甲", "乙"),)


def understood(query: str, *, require_all: bool = False, raw: bool = False) -> str:
    return str(GROUPS.expand(parse_query(query, require_all=require_all, raw=raw).root, TOKENIZER))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("人工智能", '(人工智能 OR ai OR "机器智能")'),
        ("ＡＩ", '(ai OR 人工智能 OR "机器智能" OR 爱)'),  # of both groups
        ("人工智能发展", '(人工智能 OR ai OR "机器智能") 发展'),
        ("发展 人工智能 芯片", '发展 (人工智能 OR ai OR "机器智能") 芯片'),
        ("新能源汽车补贴", "(新能源汽车 OR 电动车 OR ev) 补贴"),  # of two words
        ("新能源 汽车", "新能源 汽车"),
        ("machine learning 论文", '("machine learning" OR "机器学习" OR ml) 论文'),
        ("machine", "machine"),
        ("沪", "(沪 OR 上海)"),
        ("爱国", "爱国"),  # inside a longer word
        ("+ML 论文", '+(ml OR "machine learning" OR "机器学习") 论文'),
        ("+ml论文", '+((ml OR "machine learning" OR "机器学习") 论文)'),
        ("论文 -ML", '论文 -(ml OR "machine learning" OR "机器学习")'),
        ("EV AND 补贴", '(ev OR "新能源汽车" OR 电动车) AND 补贴'),
        ("(EV 补贴) OR 论文", '((ev OR "新能源汽车" OR 电动车) 补贴) OR 论文'),
        ("title:EV", '(title:ev OR title:"新能源汽车" OR title:电动车)'),
        ('"人工智能" 论文', '"人工智能" 论文'),
        ("source:EV AI*", "source:ev ai*"),
        ("论文", "论文"),
        ("", "None"),
    ],
)
def test_what_is_understood(query: str, shown: str) -> None:
    assert understood(query) == shown


def test_all_and_raw() -> None:
    assert understood("EV 补贴", require_all=True) == '+(ev OR "新能源汽车" OR 电动车) +补贴'
    assert understood(' "EV"  补贴 ', raw=True) == '" (ev OR "新能源汽车" OR 电动车) " 补贴'


@given(st.lists(st.sampled_from(["人工智能", "AI", "新能源汽车", "machine", "learning", "发展", "，", " ", "-", "沪"])))
def test_a_query_without_its_synonyms_is_the_query(pieces: list[str]) -> None:
    """What is marked as having synonyms is a member; in the end the text is still the same."""
    node = parse_query("".join(pieces), raw=True).root
    found = GROUPS.expand(node, TOKENIZER)
    assert Synonyms().expand(node, TOKENIZER) == node
    if node is None or found is None:
        return
    assert found.text == node.text  # type: ignore[union-attr]
    members = {member for group in GROUPS.groups for member in group}
    after = 0
    for synonym in found.synonyms:  # type: ignore[union-attr]
        assert synonym.start >= after
        after = synonym.end
        own = " ".join(node.text[synonym.start : synonym.end].split())  # type: ignore[union-attr]
        assert own in members
        assert {other.text for other in synonym.others} <= members - {own}

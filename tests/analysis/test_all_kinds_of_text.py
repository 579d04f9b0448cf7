"""What holds for the tokens of any text, whatever its scripts: only punctuation is lost, nothing is misplaced."""

import unicodedata
from collections import Counter
from itertools import filterfalse, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.analysis import compounds
from cnsearch.analysis.analyzer import coarse_tokens
from cnsearch.analysis.compounds import MAX_COMPOUND_CHARS, joined
from cnsearch.analysis.fold import fold
from cnsearch.analysis.inflection import is_marked
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.analysis.userdict import UserDictionary

RUST, PYTHON = WordTokenizer("rjieba"), WordTokenizer("jieba")

ALPHABETS = (
    "产品和服务数字化转型上海全面推进龍井茶與虎跑泉的了",
    "𠮷𪚥㐀䶵々〇豈",  # rare Chinese characters: no word of a dictionary has them
    "aBcXyz0159",
    ".-_+#%&'/:@ \n\t\u3000",
    "，。！？；：、（）《》“”‘’「」…——·",
    "éßΣжאبەअกកⵣꆈ〡ㄅ",
    "さよなラリー한국ｶﾅ",
    "🐼👩‍❤ⅣⅧ①㎡\u0301",
    "\x00\x1b\ud800\udfff\ufeff\u200b\u2028",
)
any_kind = st.lists(st.sampled_from(ALPHABETS).flatmap(st.sampled_from), max_size=60).map("".join).map(fold)
WORDS_OF_CHINA = ("汉字", "كىتاب", "ئۇيغۇرچە", "ꆈꌠꉙ", "བོད་ཡིག", "ᠮᠣᠩᠭᠣᠯ", "ㄅㄆㄇ", "〡〢〣", "𠮷野家")
"""Chinese, Uyghur, Yi, Tibetan, Mongolian, phonetic symbols, numerals of Suzhou, a name outside the basic plane."""


@given(any_kind)
def test_both_engines_give_the_same_tokens(text: str) -> None:
    assert RUST.tokens(text) == PYTHON.tokens(text)
    assert Counter(RUST.terms(text)) == Counter(PYTHON.terms(text))


@given(any_kind | st.text("ab1-.", min_size=50, max_size=200))
def test_terms_and_offsets(text: str) -> None:
    tokens = RUST.tokens(text)
    assert Counter(token.text for token in tokens) == Counter(filterfalse(is_marked, RUST.terms(text)))
    for token in tokens:
        written = text[token.start : token.end][:MAX_COMPOUND_CHARS]
        assert token.text in (written, joined(written))


@given(any_kind)
def test_parts_stand_before_their_whole_and_inside_it(text: str) -> None:
    tokens = RUST.tokens(text)
    coarse = coarse_tokens(tokens)
    assert [token.position for token in coarse] == list(range(len(coarse)))
    assert [token.start for token in coarse] == sorted(token.start for token in coarse)
    assert all(before.end <= after.start for before, after in pairwise(coarse))
    for token in tokens:
        whole = coarse[token.position]
        assert whole.start <= token.start < token.end <= whole.end


@given(any_kind)
def test_every_letter_and_digit_is_in_a_token(text: str) -> None:
    covered = {at for token in RUST.tokens(text) for at in range(token.start, token.end)}
    lost = {char for at, char in enumerate(text) if unicodedata.category(char)[0] in "LN" and at not in covered}
    assert lost == set()


@given(any_kind)
def test_no_token_begins_or_ends_with_white_space_or_a_bracket(text: str) -> None:
    for token in RUST.tokens(text):
        assert not (set(token.text[0] + token.text[-1]) & set(' \n\t\x00,!?;:()<>"…·|'))


@pytest.mark.parametrize("word", WORDS_OF_CHINA)
def test_a_word_is_not_broken_by_the_script_that_it_is_written_in(word: str) -> None:
    tokens = RUST.tokens(fold(f"，{word}。"))
    assert (tokens[0].start, tokens[-1].end) == (1, 1 + len(word))
    assert all(before.end == after.start for before, after in pairwise(tokens)) or "་" in word


def test_the_scripts_without_a_dictionary_keep_their_words_whole() -> None:
    for word in ("ئۇيغۇرچە", "ꆈꌠꉙ", "ㄅㄆㄇ", "привет", "カタカナ"):
        assert RUST.terms(fold(word)) == [fold(word)]


@given(st.text("abc019.-_'&+#%", max_size=80))
def test_compounds_do_not_overlap_and_their_parts_lie_inside(text: str) -> None:
    at = 0
    for compound, start, end in compounds.find_compounds(text):
        assert at <= start < end
        assert text[start:end] == compound
        at = end
        parts = compounds.parts(compound)
        assert len(parts) <= compounds.MAX_PARTS
        assert len(set(parts)) == len(parts)
        for part, part_start, part_end in parts:
            written = compound[part_start:part_end]
            assert part != compound
            assert part == written or (part == joined(written) and 1 < len(part) < len(written))
            assert part.strip("-_'&+#%") == part or part == joined(compound)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("数字化转型", ["数字", "数字化", "转型"]),
        ("产品和服务", ["产品", "和", "服务"]),
        ("国产s-300导弹", ["国产", "s", "s300", "300", "s-300", "导弹"]),
        ("t恤和卡拉ok", ["t", "恤", "和", "卡拉", "ok"]),
        ("用c++、.net写", ["用", "c", "c++", "net", ".net", "写"]),
        ("涨3.5%到6.3907", ["涨", "3.5", "3.5%", "到", "6.3907"]),
        ("2021-10-27发布", ["2021", "10", "27", "2021-10-27", "发布"]),
        ("😀你好", ["😀", "你好"]),
        ("ai🔥🔥iphone15👍", ["ai", "🔥", "🔥", "iphone", "15", "iphone15", "👍"]),
        ("🇨🇳🇯🇵5g", ["🇨🇳", "🇯🇵", "5", "g", "5g"]),
        ("😀.net", ["😀", "net", ".net"]),
        ("，。！", []),
        ("", []),
    ],
)
def test_examples(text: str, terms: list[str]) -> None:
    for tokenizer in (RUST, PYTHON):
        assert [token.text for token in tokenizer.tokens(text)] == terms


def test_the_longest_compound_and_one_character_more() -> None:
    for length in (MAX_COMPOUND_CHARS - 1, MAX_COMPOUND_CHARS, MAX_COMPOUND_CHARS + 1):
        text = "a" * (length - 2) + "-b"
        (*parts, whole) = RUST.tokens(text)
        assert whole.text == text[:MAX_COMPOUND_CHARS]
        assert (whole.start, whole.end) == (0, length)
        assert [part.text for part in parts] == (
            [] if length > MAX_COMPOUND_CHARS else [text[:-2], text[:-2] + "b", "b"]
        )


OWN = [
    WordTokenizer(engine, UserDictionary.parse("品和\n服务数字化转型\n化转 1000000\n上海a3\na3产\n和服 0\n转型上海全"))
    for engine in ("rjieba", "jieba")
]


@given(st.sampled_from(OWN), st.text("产品和服务数字化转型上海全a3，", max_size=20))
def test_a_user_dictionary_keeps_what_holds_for_tokens(own: WordTokenizer, text: str) -> None:
    tokens = own.tokens(text)
    assert Counter(token.text for token in tokens) == Counter(own.terms(text))
    assert all(text[token.start : token.end] == token.text for token in tokens)
    covered = {at for token in tokens for at in range(token.start, token.end)}
    assert all(at in covered for at, char in enumerate(text) if char != "，")

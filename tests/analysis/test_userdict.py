"""User dictionaries: what a file may say, and that one tokenizer's words are nobody else's."""

from functools import cache
from pathlib import Path
from typing import Any

import jieba
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from jieba import finalseg

from cnsearch.analysis.fold import fold
from cnsearch.analysis.tokenizer import ENGINES, WordTokenizer
from cnsearch.analysis.userdict import (
    MAX_FREQUENCY_DIGITS,
    MAX_WORD_CHARS,
    UserDictionary,
    checked_frequency,
    checked_word,
)
from cnsearch.errors import CorpusError

ROOT = Path(__file__).parents[2]


@given(st.text(st.sampled_from("云数字化#＃0１ \u3000\t\n\r\x0b\u2028\ufeff龍A")))
def test_what_was_read_is_read_back_from_the_dump(text: str) -> None:
    try:
        dictionary = UserDictionary.parse(text)
    except CorpusError:
        return
    again = UserDictionary.parse(dictionary.dump())
    assert again == dictionary
    assert again.digest == dictionary.digest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("云计算\n", (("云计算", None),)),
        ("雲計算 5 n\r\n", (("云计算", 5),)),
        ("云计算 n", (("云计算", None),)),
        ("云计算　１０", (("云计算", 10),)),
        ("# 注\n＃ 全角的注\n\n  云计算", (("云计算", None),)),
        ("云计算 1\n雲計算 2", (("云计算", 2),)),
        ("乙\n甲", (("乙", None), ("甲", None))),
        ("甲\n乙", (("乙", None), ("甲", None))),
        ("", ()),
    ],
)
def test_parse(text: str, words: tuple[tuple[str, int | None], ...]) -> None:
    assert UserDictionary.parse(text).words == words


@pytest.mark.parametrize("line", ["云 计 算", "云计算 3 n n", "云计算 n 3", "云计算 " + "9" * 5000, "云计算 3 4"])
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(CorpusError) as caught:
        UserDictionary.parse(f"好词\n{line}\n", name="词典.txt")
    assert caught.value.path == "词典.txt:2"
    assert "word [frequency] [tag]" in caught.value.reason


def test_the_greatest_frequency_is_taken_by_both_engines() -> None:
    words = UserDictionary.parse("字化转 " + "9" * MAX_FREQUENCY_DIGITS)
    for engine in ENGINES:
        assert "字化转" in WordTokenizer(engine, words).terms("数字化转型")


def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("云计算", encoding="utf-8-sig")
    assert UserDictionary.load(path).words == (("云计算", None),)


def test_the_digest_tells_dictionaries_apart() -> None:
    texts = ["", "甲乙", "甲乙 1", "甲乙 2", "甲乙\n丙丁"]
    assert len({UserDictionary.parse(text).digest for text in texts}) == len(texts)
    assert UserDictionary().digest == ""
    assert UserDictionary.parse("乙\n甲").digest == UserDictionary.parse("甲\n乙").digest


def test_words_stay_out_of_the_dictionaries_of_the_process() -> None:
    words = UserDictionary.parse("上海全面\n和服务 0")
    before = set(finalseg.Force_Split_Words)
    own = [WordTokenizer(engine, words) for engine in ENGINES]
    assert all("上海全面" in tokenizer.terms("上海全面推进产品和服务") for tokenizer in own)
    assert "上海全面" not in jieba.lcut("上海全面推进", HMM=False)
    assert "上海全面" not in jieba.dt.FREQ
    assert before == finalseg.Force_Split_Words
    for engine in ENGINES:
        assert WordTokenizer(engine).terms("上海全面推进") == ["上海", "全面", "推进"]


@pytest.mark.parametrize(
    ("text", "word"),
    [("雲計算", "云计算"), ("ＡＩ＋", "ai+"), ("C#", "c#"), ("·云", "·云"), ("云" * MAX_WORD_CHARS,) * 2],
)
def test_a_word_is_folded(text: str, word: str) -> None:
    assert checked_word(text) == word


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \u3000", "empty"),
        ("云 计算", "white space"),
        ("云计算\n", "white space"),
        ("\x1b[31m云", "shows nothing"),
        ("——", "no letter"),
        ("，。", "no letter"),
        ("#云", "comment"),
        ("＃云", "comment"),
        ("云" * (MAX_WORD_CHARS + 1), str(MAX_WORD_CHARS)),
    ],
)
def test_what_is_no_word_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        checked_word(text)


def test_what_is_no_frequency_is_refused() -> None:
    greatest = 10**MAX_FREQUENCY_DIGITS - 1
    assert [checked_frequency(number) for number in (None, 0, greatest)] == [None, 0, greatest]
    for number in (-1, greatest + 1):
        with pytest.raises(ValueError, match=str(greatest)):
            checked_frequency(number)


def test_changes_of_a_dictionary() -> None:
    old = UserDictionary.parse("甲乙\n丙丁 5")
    new = old.with_words({"丙丁": 6, "戊己": None})
    assert new.words == (("丙丁", 6), ("戊己", None), ("甲乙", None))
    assert old.changed_words(new) == new.changed_words(old) == ["丙丁", "戊己"]
    assert new.without_words(["戊己", "庚辛"]).words == (("丙丁", 6), ("甲乙", None))
    assert old.changed_words(old) == []


# A word changes nothing where it does not stand


@cache
def sentences() -> list[str]:
    """The sentences of the sample posts, folded."""
    text = "\n".join(
        path.read_text(encoding="utf-8", errors="replace") for path in sorted((ROOT / "data").rglob("*.md"))
    )
    return sorted({part for line in fold(text).splitlines() for part in line.split("。") if len(part) > 5})


@pytest.fixture(scope="module")
def main_dictionary() -> tuple[dict[str, int], int]:
    with jieba.Tokenizer().get_dict_file() as file:
        return jieba.Tokenizer.gen_pfdict(file)  # type: ignore[no-any-return]


@pytest.fixture
def quick_jieba(monkeypatch: pytest.MonkeyPatch, main_dictionary: tuple[dict[str, int], int]) -> None:
    """Its dictionary is parsed once: that takes most of a second."""

    def copied(file: Any) -> tuple[dict[str, int], int]:
        return main_dictionary[0].copy(), main_dictionary[1]

    monkeypatch.setattr(jieba.Tokenizer, "gen_pfdict", staticmethod(copied))


SENTENCES = st.sampled_from(range(10**6)).map(lambda number: sentences()[number % len(sentences())])


@st.composite
def dictionaries(draw: st.DrawFn) -> UserDictionary:
    """Pieces of the sentences: what is in the main dictionary, what is not, and what overlaps with both."""
    words: dict[str, int | None] = {}
    for _ in range(draw(st.integers(1, 6))):
        sentence = draw(SENTENCES)
        start = draw(st.integers(0, len(sentence) - 2))
        word = sentence[start : start + draw(st.integers(1, 6))]
        frequency = draw(st.one_of(st.none(), st.sampled_from([0, 1, 50, 10**5, 10**8, 10**15 - 1])))
        for piece in (word, word[: draw(st.integers(1, len(word)))]):
            if not any(char.isspace() for char in piece):
                words[piece] = frequency
    return UserDictionary().with_words(words)


@pytest.mark.parametrize("engine", ENGINES)
def test_only_texts_that_contain_a_changed_word_are_cut_otherwise(engine: str, quick_jieba: None) -> None:
    same = 0

    @settings(max_examples=10, database=None, phases=[Phase.generate])  # to shrink takes minutes
    @given(dictionaries(), dictionaries())
    def check(some: UserDictionary, more: UserDictionary) -> None:
        nonlocal same
        old = some.with_words(dict(more.words[::2]))
        before, after = WordTokenizer(engine, old), WordTokenizer(engine, more)
        changed = before.changed_words(after)
        for text in sentences():
            if not any(word in text for word in changed):
                same += 1
                assert before.terms(text) == after.terms(text), (text, changed)

    check()
    assert same > 1000


@pytest.mark.parametrize("engine", ENGINES)
def test_a_word_without_a_frequency_is_kept_whole(engine: str, quick_jieba: None) -> None:
    words = UserDictionary.parse("数字化转\n产品和服\n服务 0\n的发展是")
    tokenizer = WordTokenizer(engine, words)
    for word in ("数字化转", "产品和服", "的发展是"):
        assert word in tokenizer.terms(word)
    assert tokenizer.terms("服务") == ["服", "务"]


@pytest.mark.parametrize("engine", ENGINES)
def test_which_words_change_anything(engine: str, quick_jieba: None) -> None:
    def changed(before: str, after: str) -> list[str]:
        some, more = (WordTokenizer(engine, UserDictionary.parse(text)) for text in (before, after))
        assert some.changed_words(more) == more.changed_words(some)
        return some.changed_words(more)

    assert changed("", "数字\n人工智能 n") == []  # they have as much
    assert changed("", "数字 3\n澜舟\n人工智能 0") == ["人工智能", "数字", "澜舟"]
    assert changed("数字\n澜舟 1", "澜舟 1\n数字化 9") == ["数字化"]
    # What is suggested for a word rises with the words in it.
    assert changed("鹿澜舟", "鹿澜舟\n鹿 60000000\n澜舟 60000000") == ["澜舟", "鹿", "鹿澜舟"]

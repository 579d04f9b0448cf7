"""The compiled kernels give what those in Python give, and no input harms them."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh.lang import porter2

from cnsearch.analysis import compounds, inflection
from cnsearch.analysis.fold import code_points, fold
from cnsearch.analysis.inflection import marked_stem
from cnsearch.analysis.reading import read, spelt
from cnsearch.analysis.tokenizer import WordTokenizer, _load_rjieba
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.engine.postings.inversion import TermPostings
from cnsearch.kernels import Analysed, Counts, chosen, native
from cnsearch.kernels.plain import PlainTexts
from cnsearch.store.batch import rules

if chosen().extension is None:
    pytest.skip("there are no compiled kernels here", allow_module_level=True)

PIECES = """
数字化 转型 上海 的 企业 人工智能 中华人民共和国 北京大学生 乒乓球拍卖完了 看著 著作 瞭解 藉著 數位 々 〇 𠀀
\U0002ebf0 ㍿ 龍 s-300 C++ c# node.js userName getUserByID iPhone15 3,500.00 1，000 1,5 3.5% .NET AT&T user_name
192.168.1.10 2021-10-27 4S店 T恤 江南style 阿Q databases running Ｗｉｎｄｏｗｓ é e\u0301 ﬁ Ⅷ ⑩ ½ 🔥 🇨🇳
👨\u200d👩 カタカナ 한글 привет สวัสดี 数\u0020字\u0020化 \u2028 \u3000 \u00a0 \u200b \ufeff \ud800
\udfff \0 \uffff \ufffd \x01 \x7f \U0010ffff \r\n \t , ， 。 “ ” - _ . + # & %
""".split(" ")
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=30).map("".join)
documents = st.lists(st.tuples(texts, st.one_of(st.just(""), texts), texts), max_size=5)
words = st.lists(
    st.tuples(
        st.one_of(texts, st.sampled_from(["数字化转型", "的企业", "海的", "上海", "转型c++", "a-中b", "中国-abc公司"])),
        st.one_of(st.none(), st.integers(0, 10**15 - 1)),
    ),
    max_size=4,
)


@cache
def tokenizers(dictionary: UserDictionary = UserDictionary()) -> tuple[WordTokenizer, WordTokenizer]:  # noqa: B008
    """Compiled, and in Python."""
    compiled, plain = WordTokenizer("rjieba", dictionary), WordTokenizer("rjieba", dictionary)
    plain._loaded = _load_rjieba(dictionary)
    assert compiled.compiled is not None
    assert plain.compiled is None
    return compiled, plain


def dictionary_of(entries: Sequence[tuple[str, int | None]]) -> UserDictionary:
    lines = [f"{word} {'' if frequency is None else frequency}" for word, frequency in entries if word.strip()]
    single = [line for line in lines if len(spelt(line).split()) == 1 + line[-1].isdecimal() and "#" not in line[:1]]
    return UserDictionary.parse("\n".join(line for line in single if "\n" not in line and "\0" not in line))


def listed(counts: Counts | None) -> Any:
    if counts is None:
        return None
    assert [part.dtype for part in (counts.keys, *counts[2:])] == [np.uint64, np.int64, np.int32, np.int32]
    postings, at, found = TermPostings(*counts), 0, {}
    for term, count in zip(postings.terms(), counts.counts.tolist(), strict=True):
        found[term] = list(zip(counts.doc_ids[at : at + count], counts.freqs[at : at + count], strict=True))
        at += count
    assert len(found) == len(counts.keys)
    return found


def comparable(analysed: Analysed) -> Any:
    fields = [
        (listed(field.words), field.word_counts.tolist(), listed(field.characters), field.character_counts.tolist())
        for field in analysed.fields
    ]
    return fields, analysed.signatures, analysed.shifted


def analysed(given: Any, documents: Sequence[Sequence[str]]) -> Any:
    for document in documents:
        given.add(list(document))
    return comparable(given.finish())


# Words


@given(texts)
def test_cutting(text: str) -> None:
    folded = fold(text)
    compiled, plain = (tokenizer._engine() for tokenizer in tokenizers())
    assert compiled.cut_coarse(folded) == plain.cut_coarse(folded)
    assert compiled.cut(folded) == plain.cut(folded)
    assert list(compiled.tokenize(folded)) == list(plain.tokenize(folded))


@given(st.text(alphabet="上海的数字化转型人工智能大学生活动物", max_size=60))
def test_cutting_what_may_be_cut_in_many_ways(text: str) -> None:
    compiled, plain = (tokenizer._engine() for tokenizer in tokenizers())
    assert compiled.cut(text) == plain.cut(text)


@settings(max_examples=25)  # each loads a dictionary, which takes a tenth of a second
@given(words, texts)
def test_words_of_a_user(entries: list[tuple[str, int | None]], text: str) -> None:
    dictionary = dictionary_of(entries)
    compiled, plain = WordTokenizer("rjieba", dictionary), _load_rjieba(dictionary)
    folded = fold(text + "".join(word for word, _ in entries))
    assert compiled._engine().entries == plain.entries
    assert compiled._engine().cut(folded) == plain.cut(folded)
    assert compiled._engine().cut_coarse(folded) == plain.cut_coarse(folded)


def test_each_word_of_the_dictionary_has_its_frequency() -> None:
    """A word's frequency shows in what is suggested for it twice in a row."""
    import jieba

    with jieba.Tokenizer().get_dict_file() as file:
        every = [line.decode().split()[0] for line in file]
    sample = random.Random(1).sample(every, 3_000)
    dictionary = UserDictionary(tuple(sorted({(spelt(word), None) for word in sample if "#" not in word})))
    compiled, plain = WordTokenizer("rjieba", dictionary), _load_rjieba(dictionary)
    assert compiled._engine().entries == plain.entries
    text = "".join(sample)
    assert compiled._engine().cut(text) == plain.cut(text)


def test_another_dictionary_is_not_used() -> None:
    assert native.segmenter([], dictionary=1) is None


# Texts


@given(documents, st.integers(1, 3))
def test_documents(documents: list[tuple[str, str, str]], threads: int) -> None:
    compiled, plain = tokenizers()
    assert compiled.compiled is not None
    expected = analysed(PlainTexts(rules(), plain.terms_of_reading), documents)
    assert analysed(native.NativeTexts(rules(), compiled.compiled, threads=threads), documents) == expected


def test_documents_in_several_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "GROUP_CHARS", 100)
    rng = random.Random(2)
    documents = [["".join(rng.choices(PIECES, k=rng.randrange(20))) for _ in range(3)] for _ in range(60)]
    compiled, plain = tokenizers()
    assert compiled.compiled is not None
    expected = analysed(PlainTexts(rules(), plain.terms_of_reading), documents)
    assert analysed(native.NativeTexts(rules(), compiled.compiled, threads=3), documents) == expected


@given(st.text(alphabet="abz09AB-._'&+#%,.，中é🔥🇨 \n", max_size=80))
def test_compounds(text: str) -> None:
    compiled, plain = tokenizers()
    assert compiled.compiled is not None
    documents = [(text, "", "")]
    expected = analysed(PlainTexts(rules(), plain.terms_of_reading), documents)
    assert analysed(native.NativeTexts(rules(), compiled.compiled), documents) == expected


@given(st.lists(st.text(alphabet="aby19.-_'&+#%,", min_size=1, max_size=14), max_size=30))
def test_parts_of_compounds(words: list[str]) -> None:
    compiled, plain = tokenizers()
    assert compiled.compiled is not None
    documents = [(" ".join(f"a{word}" for word in words), "", " ".join(f"1{word}" for word in words))]
    expected = analysed(PlainTexts(rules(), plain.terms_of_reading), documents)
    assert analysed(native.NativeTexts(rules(), compiled.compiled), documents) == expected


def test_inflected_words() -> None:
    """Each ending, behind each kind of beginning, and every word that is an exception."""
    beginnings = "run stop univers a ba gener commun skis dy l agre happ databas box bu pand rail tomat fe".split()
    endings = " s es ed ing eed eedly edly ingly ies ied y ly l ll e us ss sses ee er est".split(" ")
    exceptions = [*inflection._NAMES, *inflection._UNINFLECTED, *inflection._IRREGULAR, *porter2.exceptional_forms]
    words = [beginning + ending for beginning in beginnings for ending in endings] + exceptions
    compiled, plain = tokenizers()
    assert compiled.compiled is not None
    documents = [(" ".join(words), "", " ".join(f"{word}-{word}s {word}.js" for word in words))]
    expected = analysed(PlainTexts(rules(), plain.terms_of_reading), documents)
    assert analysed(native.NativeTexts(rules(), compiled.compiled), documents) == expected


def test_long_texts() -> None:
    documents = [("a" * 200_000, "，", "数字" * 50_000), ("1,000" * 5_000, "", "aB" * 20_000), ("", "", "。" * 9)]
    compiled, plain = tokenizers()
    assert compiled.compiled is not None
    expected = analysed(PlainTexts(rules(), plain.terms_of_reading), documents)
    assert analysed(native.NativeTexts(rules(), compiled.compiled, threads=2), documents) == expected


def test_no_documents() -> None:
    compiled, _ = tokenizers()
    assert compiled.compiled is not None
    assert native.NativeTexts(rules(), compiled.compiled).finish() == Analysed([], [], [])


def test_every_code_point() -> None:
    """Alone, and between letters: classes and folding are those of the tables."""
    points = [chr(point) for point in (*range(0x20000), *range(0x20000, 0x110000, 61))]
    documents = [(points[at], "", "".join(points[at : at + 0x1000])) for at in range(0, len(points), 0x1000)]
    documents += [("".join(f"a{char}b" for char in points[:0x3000]), "", "")]
    compiled, plain = tokenizers()
    assert compiled.compiled is not None
    expected = analysed(PlainTexts(rules(), plain.terms_of_reading), documents)
    assert analysed(native.NativeTexts(rules(), compiled.compiled), documents) == expected


@given(texts)
def test_folding(text: str) -> None:
    folded = native._analyser(rules()).fold(text.encode("utf-32-le", "surrogatepass"))
    assert folded.decode("utf-32-le") == fold(text)


# Hostile input

numbers = st.integers(-1, 12)


@given(
    st.binary(max_size=40),
    st.lists(numbers, max_size=6),
    st.dictionaries(numbers, st.tuples(st.binary(), st.lists(numbers))),
)
def test_damaged_buffers_are_refused_or_analysed(
    text: bytes, ends: list[int], readings: dict[int, tuple[bytes, list[int]]]
) -> None:
    compiled, _ = tokenizers()
    documents = chosen().extension.Documents(native._analyser(rules()), compiled.compiled, 2)
    for method, arguments in (("odd", (text, ends)), ("add", (text, ends, readings, 2)), ("add", (text, ends, {}, 0))):
        try:
            getattr(documents, method)(*arguments)
        except (ValueError, OverflowError):
            continue
        assert len(text) == 4 * (ends[-1] if ends else 0)
    fields, signatures = documents.finish()
    assert len(fields) == 2
    assert len(signatures) % 64 == 0
    with pytest.raises(RuntimeError):
        documents.finish()
    with pytest.raises(RuntimeError):
        documents.add(b"", [], {}, 1)


@given(st.binary(max_size=64))
def test_damaged_tables_are_refused(table: bytes) -> None:
    with pytest.raises(ValueError, match="one entry per code point"):
        chosen().extension.Analyser(table, table, table, compounds.terms, compounds.hump_terms, marked_stem, "s")


def test_an_error_of_the_rules_comes_through() -> None:
    def no_terms(compound: str) -> list[str]:
        raise LookupError(compound)

    made = native._analyser(rules())
    tables = (rules().fold.tobytes(), rules().classes.tobytes(), rules().kinds.tobytes())
    compiled, _ = tokenizers()
    own = chosen().extension.Analyser(*tables, no_terms, no_terms, no_terms, "")
    documents = chosen().extension.Documents(own, compiled.compiled, 1)
    text = "привет-1".encode("utf-32-le")
    with pytest.raises(LookupError):
        documents.add(text, [8], {}, 1)
    assert made is native._analyser(rules())


def test_half_a_pair_is_no_text_for_a_segmenter() -> None:
    compiled, _ = tokenizers()
    assert compiled.compiled is not None
    with pytest.raises(UnicodeEncodeError):
        compiled.compiled.cut("\ud800")


def test_threads_share_rules_and_segmenter() -> None:
    compiled, plain = tokenizers()
    assert compiled.compiled is not None
    documents = [("数字化转型" * 20, "", f"C++ userName{number} 上海" * 50) for number in range(20)]
    expected = analysed(PlainTexts(rules(), plain.terms_of_reading), documents)
    found: list[Any] = []

    def run() -> None:
        assert compiled.compiled is not None
        found.append(analysed(native.NativeTexts(rules(), compiled.compiled, threads=2), documents))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


def test_total_stays() -> None:
    """A user word changes no cut of a text that does not contain it, however frequent it is."""
    compiled = WordTokenizer("rjieba", UserDictionary((("数字化转型", 10**15 - 1),)))
    assert math.isfinite(compiled._engine().entries["数字化转型"])
    text = "上海的企业和人工智能北京大学生" * 10
    assert compiled._engine().cut(text) == tokenizers()[1]._engine().cut(text)
    assert read(text).points().tolist() == code_points(text).tolist()

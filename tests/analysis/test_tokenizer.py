"""Words, mixed tokens and characters: the same by both engines, with true offsets."""

import subprocess
import sys
from collections import Counter
from itertools import filterfalse
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.analysis import compounds
from cnsearch.analysis.fold import code_points, fold
from cnsearch.analysis.inflection import is_marked
from cnsearch.analysis.ngrams import character_pairs, character_terms, character_tokens
from cnsearch.analysis.reading import spelt
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.corpus.reader import article_from_post
from cnsearch.errors import CorpusError

RUST, PYTHON = WordTokenizer("rjieba"), WordTokenizer("jieba")
mixed_text = st.text(
    st.sampled_from("中华人民共和国数字化转型的城市。，！ \naBcXyz0159.-_+#%&'/:“”さよなら한국🐼é"), max_size=40
).map(fold)


@pytest.mark.parametrize(
    ("compound", "parts"),
    [
        ("s-300", ["s", "s300", "300"]),
        ("iphone15", ["iphone", "15"]),
        ("5.12-rc1", ["5.12", "5.12rc", "5.12rc1", "rc", "rc1", "1"]),
        ("python3.10", ["python", "python3", "3.10"]),
        ("2.0t", ["2.0", "t"]),
        ("node.js", ["node", "nodejs", "js"]),
        ("wi-fi-6", ["wi", "wifi", "wifi6", "fi", "fi6", "6"]),
        ("u.s.a", ["u", "usa", "s", "a"]),
        ("3500.00", ["3500"]),
        ("6.3907", []),
        ("3.5%", ["3.5"]),
        ("c++", ["c"]),
        (".net", ["net"]),
        ("2021-10-27", ["2021", "10", "27"]),
        ("v300r002", ["v", "300", "r", "002"]),
        ("h5n1", ["h", "5", "n", "1"]),
        ("192.168.1.1", ["192.168", "192.168.1"]),
        ("linux", []),
        ("x" * 65, []),
        ("1a" * 20, []),  # too many parts
    ],
)
def test_parts(compound: str, parts: list[str]) -> None:
    assert [text for text, _, _ in compounds.parts(compound)] == parts
    for text, start, end in compounds.parts(compound):
        assert text in (compound[start:end], compounds.joined(compound[start:end]))


def test_point_before_a_name() -> None:
    found = [text for text, _, _ in compounds.find_compounds("使用.net 8.0 与asp.net。完成.")]
    assert found == [".net", "8.0", "asp.net"]


@given(mixed_text)
def test_both_engines_give_the_same_tokens(text: str) -> None:
    assert RUST.tokens(text) == PYTHON.tokens(text)


@given(mixed_text)
def test_terms_are_the_texts_of_tokens(text: str) -> None:
    assert Counter(filterfalse(is_marked, RUST.terms(text))) == Counter(token.text for token in RUST.tokens(text))


@given(mixed_text)
def test_offsets_and_positions(text: str) -> None:
    tokens = RUST.tokens(text)
    for token in tokens:
        assert token.text in (text[token.start : token.end], compounds.joined(text[token.start : token.end]))
    positions = [token.position for token in tokens]
    assert sorted(set(positions)) == list(range(len(set(positions))))
    assert positions == sorted(positions)


@given(mixed_text)
def test_only_punctuation_is_dropped(text: str) -> None:
    covered = {at for token in RUST.tokens(text) for at in range(token.start, token.end)}
    assert all(at in covered for at, char in enumerate(text) if char.isalnum())


def test_engines_agree_on_real_posts(data: Path) -> None:
    for path in sorted(path for path in data.rglob("*") if path.is_file()):
        text = fold(article_from_post(path.read_bytes(), id=path.name).body)
        assert RUST.tokens(text) == PYTHON.tokens(text), path.name
        assert Counter(filterfalse(is_marked, RUST.terms(text))) == Counter(token.text for token in RUST.tokens(text))


def test_hmm_is_off() -> None:
    assert RUST.terms("他来到了网易杭研大厦") == ["他", "来到", "了", "网易", "杭", "研", "大厦"]


def test_user_dictionary_belongs_to_one_tokenizer() -> None:
    words = UserDictionary.parse("数字化转型\nＣ羅 5")
    for engine in ("rjieba", "jieba"):
        own = WordTokenizer(engine, words)
        assert "数字化转型" in own.terms("城市数字化转型")
        assert "c罗" in own.terms(fold("C羅进球"))
        assert "数字化转型" not in WordTokenizer(engine).terms("城市数字化转型")
        assert own.identity != WordTokenizer(engine).identity


@given(
    st.dictionaries(
        st.text(st.characters(categories=["Lo", "Ll"]), min_size=1).map(spelt), st.none() | st.integers(0, 9)
    )
)
def test_user_dictionary_round_trip(words: dict[str, int | None]) -> None:
    dictionary = UserDictionary(tuple(sorted(words.items())))
    assert UserDictionary.parse(dictionary.dump()) == dictionary


def test_bad_user_dictionary_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("好词 3 n\n坏 词 行 了\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"words\.txt:2"):
        UserDictionary.load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CorpusError, match="not UTF-8"):
        UserDictionary.load(path)
    with pytest.raises(CorpusError):
        UserDictionary.load(tmp_path / "absent.txt")


@given(mixed_text)
def test_characters_against_an_obvious_twin(text: str) -> None:
    expected = []
    for line in text.split("\n"):
        for at, char in enumerate(line):
            expected.append(char + line[at + 1] if at + 1 < len(line) else char)
    assert character_terms(text) == expected == [token.text for token in character_tokens(text)]
    assert all(text[token.start : token.end] == token.text for token in character_tokens(text))


@given(st.lists(mixed_text | st.text("𠮷上𪚥海 a\n\0\uffff。", max_size=8), max_size=6))
def test_the_pairs_of_many_texts_are_the_terms_of_each(texts: list[str]) -> None:
    pairs, counts = character_pairs([code_points(text) for text in texts])
    terms = [chr(first) + (chr(second) if second else "") for first, second in pairs.tolist()]
    assert terms == [term for text in texts for term in character_terms(text)]
    assert counts.tolist() == [len(character_terms(text)) for text in texts]


@given(mixed_text)
@pytest.mark.parametrize("tokenizer", [RUST, PYTHON], ids=["rjieba", "jieba"])
def test_coarse_tokens_are_the_last_of_each_position(tokenizer: WordTokenizer, text: str) -> None:
    texts, starts, ends = tokenizer.coarse(text)
    last = {token.position: token for token in tokenizer.tokens(text)}.values()
    assert list(zip(texts, starts.tolist(), ends.tolist(), strict=True)) == [token[:3] for token in last]


@given(mixed_text | st.text("ab.1 中", max_size=20))
def test_compounds_without_their_places(text: str) -> None:
    assert compounds.find_texts(text) == [compound for compound, _, _ in compounds.find_compounds(text)]


@given(mixed_text, st.data())
def test_every_substring_is_findable_by_its_characters(text: str, data: st.DataObject) -> None:
    terms = set(character_terms(text))
    lines = [line for line in text.split("\n") if line]
    if lines:
        line = data.draw(st.sampled_from(lines))
        start = data.draw(st.integers(0, len(line) - 1))
        end = data.draw(st.integers(start + 1, len(line)))
        part = line[start:end]
        if len(part) == 1:
            assert any(term.startswith(part) for term in terms)
        else:
            assert {part[at : at + 2] for at in range(len(part) - 1)} <= terms


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_rjieba_can_be_imported_beside_ours(first: str) -> None:
    """Ours loads its compiled module without running the package, which would build a dictionary that nobody uses."""
    load = "from cnsearch.analysis.tokenizer import WordTokenizer"
    ours = load + "; assert WordTokenizer('rjieba').terms('上海') == ['上海']"
    unused = "import sys; assert 'rjieba' not in sys.modules"
    theirs = "import rjieba; assert rjieba.cut('上海') == ['上海']"
    lines = [ours, unused, theirs] if first == "ours" else [theirs, ours]
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)

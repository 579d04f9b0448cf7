"""What Whoosh asks of an analyzer, and that phrases of real text match wherever they are cut out."""

import pickle
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh import query
from whoosh.fields import TEXT, Schema
from whoosh.filedb.filestore import RamStorage

import cnsearch
from cnsearch.analysis import tokenizer
from cnsearch.analysis.analyzer import CharacterAnalyzer, ChineseAnalyzer, coarse_tokens, require_tokenizer
from cnsearch.analysis.fold import fold
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.errors import AnalyzerMismatchError

ANALYZER = ChineseAnalyzer()
mixed = st.text(st.sampled_from("数字化轉型產品和服务，。 \n５Ｇs-300c++🐼"), max_size=40)


def copied(tokens: Iterator[Any]) -> list[dict[str, Any]]:
    """Whoosh's tokens are one object, used again and again."""
    return [dict(vars(token)) for token in tokens]


@given(mixed, st.integers(0, 9), st.integers(0, 99))
def test_the_tokens_are_those_of_the_tokenizer(text: str, start_pos: int, start_char: int) -> None:
    found = copied(
        ANALYZER(text, positions=True, chars=True, keeporiginal=True, start_pos=start_pos, start_char=start_char)
    )
    assert [
        (token["text"], token["startchar"] - start_char, token["endchar"] - start_char, token["pos"] - start_pos)
        for token in found
    ] == ANALYZER.tokenizer.tokens(fold(text))
    for token in found:
        assert token["original"] == text[token["startchar"] - start_char : token["endchar"] - start_char]
        assert not token["stopped"]


@given(mixed)
def test_a_query_is_cut_into_coarse_tokens_one_position_apart(text: str) -> None:
    found = copied(ANALYZER(text, positions=True, mode="query"))
    assert [token["text"] for token in found] == [
        token.text for token in coarse_tokens(ANALYZER.tokenizer.tokens(fold(text)))
    ]
    assert [token["pos"] for token in found] == list(range(len(found)))


def test_without_cutting_the_value_is_one_folded_token() -> None:
    (token,) = copied(ANALYZER("數字 化", tokenize=False, chars=True))
    assert (token["text"], token["startchar"], token["endchar"]) == ("数字 化", 0, 4)


def test_characters_are_bigrams_with_offsets() -> None:
    found = copied(CharacterAnalyzer()("數字化A\n城", positions=True, chars=True))
    assert [(token["text"], token["startchar"], token["endchar"], token["pos"]) for token in found] == [
        ("数字", 0, 2, 0),
        ("字化", 1, 3, 1),
        ("化a", 2, 4, 2),
        ("a", 3, 4, 3),
        ("城", 5, 6, 4),
    ]


def test_any_three_words_in_a_row_are_a_phrase(data_index: cnsearch.Index) -> None:
    ids = [hit.id for hit in data_index.search("*", limit=20)]
    texts = [data_index.get(article_id).body for article_id in ids]
    index = RamStorage().create_index(Schema(text=TEXT(analyzer=ANALYZER, phrase=True)))
    writer = index.writer()
    for text in texts:
        writer.add_document(text=text)
    writer.commit()
    rnd = random.Random(3)
    with index.searcher() as searcher:
        for _ in range(60):
            number = rnd.randrange(len(texts))
            coarse = [token.text for token in coarse_tokens(ANALYZER.tokenizer.tokens(fold(texts[number])))]
            at = rnd.randrange(len(coarse) - 2)
            found = searcher.search(query.Phrase("text", coarse[at : at + 3]), limit=None)
            assert number in found.docs(), coarse[at : at + 3]


def test_equality_is_that_of_identities() -> None:
    words = UserDictionary.parse("数字化转型")
    plain, own = ChineseAnalyzer(engine="rjieba"), ChineseAnalyzer(engine="rjieba", user_dictionary=words)
    assert plain == ChineseAnalyzer(engine="rjieba")
    assert hash(plain) == hash(ChineseAnalyzer(engine="rjieba"))
    assert len({plain, own, ChineseAnalyzer(engine="jieba")}) == 3
    assert pickle.loads(pickle.dumps(own)) == own
    assert plain != object()


def test_a_pickle_holds_no_dictionary() -> None:
    list(ANALYZER("上海"))
    assert len(pickle.dumps(ANALYZER)) < 1_000


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"version": "0.0.1"}, "another version"),
        ({"analysis": tokenizer.ANALYSIS_VERSION + 1}, "another analysis"),
        ({"user_dictionary": "0" * 16}, "another user dictionary"),
        ({"dictionary": "0" * 16}, "another dictionary"),
    ],
)
def test_a_mismatch_says_what_was_wanted_and_what_is_here(changes: dict[str, Any], found: str) -> None:
    here = ANALYZER.identity
    wanted = tokenizer.TokenizerIdentity(**(here.to_dict() | changes))
    with pytest.raises(AnalyzerMismatchError) as caught:
        require_tokenizer(wanted, UserDictionary(), path="somewhere/index")
    assert caught.value.path == "somewhere/index"
    assert caught.value.expected == str(wanted)
    assert caught.value.found == str(here)
    both_sides = caught.value.reason.split(", but here is ")
    assert both_sides[0] != f"built with {both_sides[1]}", found
    assert "rebuild_index" in caught.value.hint


def test_an_unknown_engine_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="rjieba, jieba"):
        ChineseAnalyzer(engine="pkuseg")

"""Other forms of words of letters."""

import doctest

import pytest

from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.search.planning import cutting, forms
from cnsearch.store.fields import TEXT_FIELDS

TOKENIZER = WordTokenizer()


def test_examples_of_the_docstrings() -> None:
    assert doctest.testmod(forms).failed == 0


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("wi fi", {"wi": "wi wifi", "fi": "fi wifi"}),
        ("tcp/ip", {"tcp": "=tcp^0.25 tcp tcpip", "ip": "ip tcpip"}),
        ("wi  fi", {}),
        ("u s a", {"u": "u usa", "s": "s usa", "a": "a usa"}),
        ("databases", {"databases": "=databas^0.25 databas^0.25 databases"}),
        ("数字 化", {}),
        ("s300 x", {}),
    ],
)
def test_members(text: str, members: dict[str, str]) -> None:
    found = forms.word_forms(text, cutting.grouped(text, TOKENIZER), TEXT_FIELDS)
    shown = {
        word: " ".join(str(one) for one in several.members if "apart" not in str(one))
        for word, several in found.items()
    }
    assert {word: text for word, text in shown.items() if " " in text} == members

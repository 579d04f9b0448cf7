"""Trees of queries: walking through them, changing their words, and which clauses select only."""

import doctest

from cnsearch.query import tree
from cnsearch.query.syntax import parse_query
from cnsearch.query.tree import Pattern, Phrase, Words


def test_examples_of_the_docstrings() -> None:
    assert doctest.testmod(tree).failed == 0


def test_what_is_excluded_is_not_among_the_words_to_show() -> None:
    root = parse_query('甲 +乙 "丙" d* -丁 NOT (戊 OR 己) (庚 AND NOT 辛) 来源:壬').root
    assert root is not None
    found = {node.text for node in root.walk(excluded=False) if isinstance(node, (Words, Phrase, Pattern))}
    assert found == {"甲", "乙", "丙", "d*", "庚"}
    every = {node.text for node in root.walk() if isinstance(node, (Words, Phrase, Pattern))}
    assert every - found == set("丁戊己辛")


def test_all_words_are_rewritten_and_nothing_else() -> None:
    root = parse_query('甲 +title:乙 "丙" d* -丁 NOT (戊 OR 己) (庚 AND NOT 辛) 来源:壬').root
    assert root is not None
    found = root.rewritten(lambda words: Words(words.text + "x", words.field))
    assert found == parse_query('甲x +title:乙x "丙" d* -丁x NOT (戊x OR 己x) (庚x AND NOT 辛x) 来源:壬').root
    assert root.rewritten(lambda words: words) == root


def test_conditions_are_clauses_of_filters_alone() -> None:
    for text in ("来源:甲", "来源:甲 OR 来源:乙", "来源:甲 -date:2021", "(NOT 来源:甲) AND date:2021"):
        root = parse_query(text).root
        assert root is not None
        assert root.is_condition, text
    for text in ("甲", '"甲"', "来源:甲 乙", "来源:甲 OR 乙", "*", "title:甲", "来源:甲 -乙"):
        root = parse_query(text).root
        assert root is not None
        assert not root.is_condition, text

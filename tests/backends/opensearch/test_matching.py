"""Steps of plans as queries of the cluster, written out."""

import re

import pytest

from cnsearch.backends.opensearch.matching import NOTHING, matching, pattern_regex
from cnsearch.search.steps.conditions import DateRange, Label
from cnsearch.search.steps.joined import AllOf, Without
from cnsearch.search.steps.leaf import Term
from cnsearch.search.steps.pattern import TermPattern, wildcard_regex
from cnsearch.search.steps.texts import Substring

TITLE = ("title",)


def test_terms_and_substrings() -> None:
    assert matching(Term("数字"), {}) == {"term": {"words": {"value": "数字"}}}
    assert matching(Term("数字", TITLE), {}) == {"term": {"title_words": {"value": "数字"}}}
    chars = ("title_chars", "tags_chars", "body_chars")
    assert matching(Term("数字", chars), {}) == {"term": {"chars": {"value": "数字"}}}
    assert matching(Term("数字", chars[:1]), {}) == {"term": {"title_exact": {"value": "数字"}}}
    assert matching(Substring("数"), {}) == {"term": {"chars": {"value": "数"}}}
    assert matching(Substring("数", TITLE), {}) == {"prefix": {"title_exact": {"value": "数"}}}
    assert matching(Substring("数 字", TITLE), {}) == {
        "match_phrase": {"title_exact": {"query": "数\U000f0020 \U000f0020字"}}
    }
    assert matching(Substring("数\n字"), {}) == NOTHING


def test_filters() -> None:
    assert matching(Label("source", "每经网"), {}) == {"term": {"source": {"value": "每经网"}}}
    assert matching(DateRange(1, None), {}) == {"range": {"seconds": {"gte": 1}}}
    assert matching(DateRange(None, None), {}) == {"exists": {"field": "seconds"}}
    both = AllOf((Term("甲"), Without(Term("乙"), Term("丙"))))
    assert matching(both, {})["bool"]["filter"][1]["bool"]["must_not"] == [{"term": {"words": {"value": "丙"}}}]


@pytest.mark.parametrize("typed", ["w?rd", "*base", "?ord", "a*b?c", "a.b+c[d]*", "**", "x#y*", '"<a>"*', "a\\*"])
def test_patterns_match_the_same_words(typed: str) -> None:
    # What we escape, Python's regular expressions read as Lucene's do.
    theirs, ours = re.compile(pattern_regex(typed), re.DOTALL), wildcard_regex(typed)
    words = (
        "word ward database base b =databas =word a.b+c[d]e a*b acbxc axxbxc abxc x#y xxy <a> <a>b a\\ a\\b 甲 甲base"
    )
    for word in [*words.split(), '"<a>"', ""]:
        assert bool(theirs.fullmatch(word)) == bool(ours.fullmatch(word)), word


def test_a_prefix_is_one() -> None:
    pattern = TermPattern("wor", wildcard_regex("wor*"), TITLE, "wor*")
    assert matching(pattern, {}) == {"prefix": {"title_words": {"value": "wor"}}}

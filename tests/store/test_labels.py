"""What stands in the index for a label, and in a filter."""

import pytest

from cnsearch.store.labels import label_term


@pytest.mark.parametrize("level", ["新闻", "新闻" * 100])  # the second is too long to be remembered
def test_a_label_is_folded_whatever_its_length(level: str) -> None:
    assert label_term("category", f" Ａ / {level} ") == f"a/{level}"
    assert label_term("tag", f"#{level}") == level
    assert label_term("source", f"Ａ / {level}") == f"a / {level}"

"""HTML: nothing of an article is markup, and no link leads to a script."""

from __future__ import annotations

from datetime import timezone
from pathlib import Path

import pytest

import cnsearch
from cnsearch.faces.html import results_html


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://example.com/?a=1&b=2", '<a href="https://example.com/?a=1&amp;b=2">'),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//[", ""),
        ("", ""),
    ],
)
def test_only_addresses_of_the_web_are_links(tmp_path: Path, url: str, linked: str) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(cnsearch.Article('"><b', "<script>江豚</script>", ("<img src=x>江豚",), url=url))
        text = results_html(index.search("江豚"), zone=timezone.utc)
    assert linked in text
    assert text.count("<a ") == bool(linked)
    assert "<script" not in text
    assert "<img" not in text
    assert '<article id="&quot;&gt;&lt;b">' in text
    assert "<mark>江豚</mark>" in text

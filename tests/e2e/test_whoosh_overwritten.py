"""``pip install`` of what asks for "Whoosh" overwrites whoosh3: both have the folder ``whoosh``."""

from __future__ import annotations

from pathlib import Path

import pytest
import whoosh
from whoosh.writing import SegmentWriter

import cnsearch
from cnsearch import Article
from cnsearch.engine.commit.commits import Commits
from cnsearch.faces.advice import in_commands


def test_an_overwritten_whoosh_is_said_when_an_index_is_opened(
    tmp_path: Path, data_index_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whoosh, "__version__", (2, 7, 4))
    for path, create in ((data_index_path, False), (tmp_path / "new", True)):
        with pytest.raises(cnsearch.IndexUnusableError, match=r"overwritten by Whoosh 2\.7\.4") as caught:
            cnsearch.open_index(path, create=create)
        assert "pip uninstall --yes Whoosh whoosh3 && pip install whoosh3" in in_commands(caught.value)
    assert not (tmp_path / "new").exists()


def test_a_failed_commit_needs_nothing_that_only_whoosh3_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It raised AttributeError, and the lock stayed."""
    monkeypatch.delattr(SegmentWriter, "_cleanup_on_error")

    def fails(*arguments: object) -> None:
        raise OSError("full")

    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        with monkeypatch.context() as patch:
            patch.setattr(Commits, "write", fails)
            with pytest.raises(OSError, match="full"):
                index.add(Article(id="a", title="江豚"))
        assert index.add(Article(id="a", title="江豚"), wait=0).added == 1


def test_a_rebuild_keeps_what_came_from_no_file(tmp_path: Path) -> None:
    """User words, records of JSON Lines, articles of a program; the page in index/ does not say otherwise."""
    records = tmp_path / "records.jsonl"
    records.write_text('{"id": "r", "title": "白鲟记录", "text": "长江"}\n', encoding="utf-8")
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(Article(id="a", title="江豚", extra={"price": 5}, labels={"language": ("zh",)}))
        with records.open("rb") as stream:
            index.add_jsonl(stream)
        index.add_words("白鲟记录")
        before = [index.get(article_id) for article_id in "ar"]
    rebuilt, report = cnsearch.rebuild_index(tmp_path / "index")
    with rebuilt:
        assert [rebuilt.get(article_id) for article_id in "ar"] == before
        assert rebuilt.user_words == {"白鲟记录": None}
        assert report.articles == 2
    page = (Path(__file__).parents[2] / "index/README.md").read_text(encoding="utf-8")
    assert "may be deleted" not in page
    assert "--rebuild" in page

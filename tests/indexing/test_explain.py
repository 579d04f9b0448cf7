"""How each file is taken, in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cnsearch
from cnsearch import Limits


@pytest.mark.parametrize(("count", "said"), [(1, "1 entry"), (2, "2 entries")])
@pytest.mark.parametrize("large", [False, True])
def test_counts_of_one_are_said_in_the_singular(tmp_path: Path, count: int, said: str, large: bool) -> None:
    (tmp_path / "posts").mkdir()
    lines = [json.dumps({"id": n, "title": "江豚", "draft": n == 0, "text": "长" * 99}) for n in range(count)]
    (tmp_path / "posts/a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    limits = Limits(post_bytes=50) if large else Limits()
    with cnsearch.open_index(tmp_path / "index", create=True, limits=limits) as index:
        how = dict(index.explain_files(tmp_path / "posts"))["a.jsonl"]
    if large:  # no line is short enough
        assert how == f"JSON Lines, read record by record, 0 entries, {count} failed"
        return
    assert how == f"JSON Lines, {said}, 1 draft"


def test_a_large_file_of_one_record(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    record = json.dumps({"id": 1, "title": "江豚", "draft": True})
    (tmp_path / "posts/a.jsonl").write_text(record + "\n" * 300, encoding="utf-8")
    with cnsearch.open_index(tmp_path / "index", create=True, limits=Limits(post_bytes=200)) as index:
        how = dict(index.explain_files(tmp_path / "posts", drafts=False))["a.jsonl"]
    assert how == "JSON Lines, read record by record, 1 entry, 1 draft (left out)"

"""The instrument that measures similar articles and copies."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

import cnsearch
from benchmarks import alike


def test_report(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "CHANGES", {"cut": alike.cut})
    monkeypatch.setattr(alike, "LENGTHS", (330, 600))
    lines = list(alike.report(data, 4))
    assert lines[0].startswith("48 articles")
    assert lines[-2].startswith("pairs: 1 folded")
    shares = [float(share) for line in lines for share in re.findall(r"\d\.\d{3}", line)]
    assert len(shares) == 4
    assert all(0 <= share <= 1 for share in shares)


def test_shares_of_what_is_no_copy_and_of_what_is_one(data_index: cnsearch.Index) -> None:
    articles = [data_index.get(hit.id) for hit in data_index.search("科技", limit=10)]
    rnd = random.Random(alike.SEED)
    assert alike.share_folded(articles, lambda body, other: body, articles, rnd) == 1
    strange = [data_index.get(data_index.search("云南 咖啡")[0].id)]
    assert alike.share_folded(articles, lambda body, other: other(len(body)), strange, rnd) == 0


def test_related_titles() -> None:
    titles = ["江豚观察", "江豚的观察", "咖啡", "江豚", "高铁 通车"]
    articles = [cnsearch.Article(id=str(at), title=title) for at, title in enumerate(titles)]
    assert alike.related_titles(articles, articles) == {"0": {"1"}, "1": {"0"}, "3": {"0", "1"}}


def test_changes() -> None:
    body = "".join(f"这是第{number}句话。" for number in range(10))
    assert alike.cut(body, str) == body[:56]
    assert alike.rewritten(body, lambda length: "另" * length).count("另" * 7) == 2
    assert alike.in_front(body, lambda length: "前" * length) == "前" * 60 + "\n" + body
    assert body in alike.around(body, str)

"""Formats of results: each keeps the contract, whatever the results."""

from __future__ import annotations

import csv
import io
import json
from datetime import timezone

import pytest

import cnsearch
from cnsearch.faces.formats import COUNT, FORMATS, IDS, Shown, chosen

ALL = {**FORMATS, "ids": IDS, "count": COUNT, "count in JSON": chosen("json", count=True)}
SHOWN = Shown(timezone.utc)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("query", ["数字化转型", "zzqqxx"])
def test_a_format_gives_text_without_the_last_line_end(data_index: cnsearch.Index, name: str, query: str) -> None:
    results = data_index.search(query, limit=3)
    for shown in (SHOWN, Shown(timezone.utc, color=True, explain=True, heading=True, is_first=False)):
        text = ALL[name].text(results, shown)
        assert not text.endswith("\n")
        assert "\x1b" not in text or (name == "text" and shown.color)
        if shown.heading and results and name != "count in JSON":
            assert query in text


def test_only_what_people_read_has_a_message(data_index: cnsearch.Index) -> None:
    assert [name for name, one in ALL.items() if one.message] == ["text"]
    message = FORMATS["text"].message
    assert message is not None
    assert message(data_index.search("zzqqxx")) == "no article matches"


def test_all_formats_tell_the_same_hits(data_index: cnsearch.Index) -> None:
    results = data_index.search("数字化转型", limit=3)
    ids = [hit.id for hit in results]
    assert IDS.text(results, SHOWN).split("\n") == ids
    assert [hit["id"] for hit in json.loads(FORMATS["json"].text(results, SHOWN))["hits"]] == ids
    assert [json.loads(line)["id"] for line in FORMATS["jsonl"].text(results, SHOWN).split("\n")] == ids
    assert [row["id"] for row in csv.DictReader(io.StringIO(FORMATS["csv"].text(results, SHOWN)))] == ids
    for name in ("text", "html"):
        text = FORMATS[name].text(results, SHOWN)
        assert sorted(ids, key=text.index) == ids


def test_a_count_goes_before_ids() -> None:
    assert chosen("csv", count=True, ids=True) is COUNT
    assert chosen("csv", ids=True) is IDS
    assert chosen("csv") is FORMATS["csv"]

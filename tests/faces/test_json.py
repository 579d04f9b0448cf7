"""JSON for a terminal: one line, and nothing in it steers the terminal; any reader gets all characters back."""

from __future__ import annotations

import json
from datetime import timezone

import pytest

import cnsearch
from cnsearch.faces.json import count_json, hits_json, json_line, results_json


@pytest.mark.parametrize("text", ["江豚", "\x1b[31m", "\u202e", "\u2028", "a\nb", "\x9b1m"])
def test_a_line_is_safe_and_complete(text: str) -> None:
    line = json_line({"text": text})
    assert json.loads(line) == {"text": text}
    assert line == "".join(char for char in line if char.isprintable())


def test_objects_and_lines_have_the_same_hits(data_index: cnsearch.Index) -> None:
    results = data_index.search("数字化转型", limit=2)
    whole = json.loads(results_json(results, zone=timezone.utc))
    lines = [json.loads(line) for line in hits_json(results, zone=timezone.utc, query="问").split("\n")]
    assert [{"query": "问", **hit} for hit in whole["hits"]] == lines
    assert json.loads(count_json(results)) == {"version": 1, "query": "数字化转型", "total": whole["total"]}

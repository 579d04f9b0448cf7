"""CSV: what a spreadsheet reads is what the hits have."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta, timezone
from typing import Any

from cnsearch.faces.csv import CSV_COLUMNS, csv_text
from cnsearch.model import Fragment, Hit, Snippet

BEIJING = timezone(timedelta(hours=8))


class Made:
    def fields(self) -> Any:
        raise NotImplementedError

    def excerpts(self) -> tuple[Fragment, Snippet]:
        return Fragment("title", "标题", ()), Snippet((Fragment("body", "一行\x1b[31m", ()),), 10)

    def explain(self) -> tuple[()]:
        return ()

    def missing(self) -> tuple[()]:
        return ()


def hit(**more: object) -> Hit:
    given: dict[str, object] = {
        "rank": 1,
        "id": "a",
        "title": '逗号, "引号"',
        "source": "每经网",
        "categories": ("金融", "每经网"),
        "author": "",
        "date": datetime(2021, 10, 26, 16, tzinfo=timezone.utc),
        "url": "",
        "path": "",
        "score": 1.5,
        "_later": Made(),
        "tags": ("旅行", "美食"),
    }
    return Hit(**{**given, **more})  # type: ignore[arg-type]


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_a_row_has_what_the_hit_has() -> None:
    head, row = rows(csv_text([hit()], zone=BEIJING, header=True))
    assert tuple(head) == CSV_COLUMNS
    found = dict(zip(head, row, strict=True))
    assert found["title"] == '逗号, "引号"'
    assert (found["categories"], found["tags"]) == ("金融/每经网", "旅行, 美食")
    assert found["date"] == "2021-10-27T00:00:00+08:00"
    assert "\x1b" not in found["snippet"]


def test_a_query_stands_in_a_column_before_the_others() -> None:
    head, row = rows(csv_text([hit()], zone=BEIJING, header=True, query="江豚"))
    assert (head[0], row[0]) == ("query", "江豚")
    assert tuple(head[1:]) == CSV_COLUMNS


def test_no_hits_are_a_head_or_nothing() -> None:
    assert rows(csv_text([], zone=BEIJING, header=True)) == [list(CSV_COLUMNS)]
    assert csv_text([], zone=BEIJING, header=False) == ""


def test_what_is_not_known_is_empty() -> None:
    (row,) = rows(csv_text([hit(date=None)], zone=BEIJING, header=False))
    assert row[CSV_COLUMNS.index("date")] == ""

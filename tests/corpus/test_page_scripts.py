"""What pages keep in scripts and hidden fields: the article, and when it was published."""

from __future__ import annotations

import json

import pytest

from cnsearch.corpus.dates import BEIJING
from cnsearch.corpus.page import read_page
from cnsearch.corpus.page_scripts import date_in_scripts, packed_article

PARAGRAPHS = [f"守塔人第{index}天傍晚点灯，天亮熄灯，夜里听见海浪拍打石阶。" for index in range(1, 15)]
BODY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
HEAD = "<html><head><title>守塔人_海岛网</title></head><body>"


@pytest.mark.parametrize("ascii_only", [False, True], ids=["as written", "escaped"])
def test_a_page_that_scripts_fill_is_read_from_their_json(ascii_only: bool) -> None:
    data = {"doc": {"title": "守塔人", "body": BODY}, "other": [{"body": "<p>别的文章。</p>"}]}
    page = read_page(
        f"{HEAD}<div id=root></div><script>var all = {json.dumps(data, ensure_ascii=ascii_only)};</script>"
    )
    assert page.title == "守塔人"
    assert page.clean is not None
    assert list(page.clean.paragraphs) == PARAGRAPHS


def test_what_is_shown_goes_before_what_scripts_hold() -> None:
    data = json.dumps({"next": BODY.replace("守塔人", "摆渡人")}, ensure_ascii=False)
    page = read_page(f"{HEAD}<h1>守塔人</h1><div>{BODY}</div><script>var next = {data};</script>")
    assert page.clean is not None
    assert list(page.clean.paragraphs) == PARAGRAPHS


def test_a_script_s_program_is_no_article() -> None:
    program = 'var template = "' + "<p>{{ name }}</p> function () { return name; } " * 20 + '";'
    assert packed_article(f"<script>{program.replace('<p>', 'x')}</script>") == ""
    assert packed_article("<script>var a = " + '"' * 100_000) == ""
    assert packed_article("<textarea>" * 50_000) == ""


@pytest.mark.parametrize(
    ("script", "day"),
    [
        ('var ct = "1618046400";', "2021-04-10"),
        ("info = {pubtime:'2015年04月02日06:45'}", "2015-04-02"),
        ('{"publishTime":1600000000000}', "2020-09-13"),
        ('var publishDate ="20201220101533 ";', "2020-12-20"),
        ('{"publishTime":1600000000000,"publish_time":"2020-09-13 20:26"}', "2020-09-13"),
        ('{"pubtime":"2020-09-13"},{"pubtime":"2020-09-14"}', None),  # those of other articles are among them
        ('{"copyright":2020,"build":"2020-09-13"}', None),
        ('{"product":1600000000,"act":"1618046400"}', None),
    ],
)
def test_a_script_s_date_is_taken_if_there_is_only_one(script: str, day: str | None) -> None:
    date = date_in_scripts(f"<script>{script}</script>")
    assert (date.astimezone(BEIJING).date().isoformat() if date else None) == day

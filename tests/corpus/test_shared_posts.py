"""Real posts with what a right reading of each yields. They are no part of the project: skipped where absent."""

import json
import os
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from cnsearch.corpus.posts import scan_posts
from cnsearch.corpus.reader import article_from_post, read_post
from cnsearch.model import Article

SHARED = Path(os.environ.get("CNSEARCH_SHARED") or Path(__file__).parents[3] / "shared")
EXPECTATIONS = SHARED / "posts" / "expectations.json"

pytestmark = pytest.mark.skipif(
    not EXPECTATIONS.is_file(), reason=f"no example posts in {SHARED} (set CNSEARCH_SHARED)"
)

EXPECTED: dict[str, dict[str, Any]] = (
    json.loads(EXPECTATIONS.read_text(encoding="utf-8")) if EXPECTATIONS.is_file() else {"absent": {}}
)


def article(folder: str, name: str) -> Article:
    (file,) = scan_posts(SHARED / folder, below=name).files
    return article_from_post(read_post(file), id=file.id, path=file.path)


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_post_meets_its_expectations(name: str) -> None:
    found, expected = article("posts", name), EXPECTED[name]
    assert found.title == expected["title"]
    assert found.source == expected["source"]
    assert found.categories == (expected["topic"], expected["source"], expected["channel"])
    date = datetime.fromisoformat(expected["date"].replace("Z", "+00:00"))
    if date.tzinfo is None:
        date = date.replace(tzinfo=timezone(timedelta(hours=8)))
    assert found.date == (date if date.year > 1970 else None)
    body = bare(found.body)
    assert [phrase for phrase in expected["must_contain"] if bare(phrase) not in body] == []
    assert [phrase for phrase in expected["must_not_contain"] if bare(phrase) in body] == []


def test_the_first_seed_has_its_date_from_the_body() -> None:
    found = article("seeds", "000_a42f5b54cc77f79b.txt")
    assert found.title == "上海2035年建成具有世界影响力的国际数字之都"
    assert (found.source, found.categories) == ("每经网", ("金融", "每经网", "重磅原创"))
    assert found.date == datetime.fromisoformat("2021-10-27T20:11:47+08:00")
    assert found.paragraphs[0] == "上海明确城市数字化转型目标 2035年建成具有世界影响力的国际数字之都"
    assert "到2035年，规模以上制造业企业数字化转型比例达到80%" in found.paragraphs
    assert found.body.count("根据《规划》，“十四五”时期，上海将围绕经济数字化转型") == 1
    for gone in ("乐视", "影视", "每经记者", "每经编辑", "封面图片来源", "每日经济新闻\n", "2021-10-27"):
        assert gone not in found.body


def test_the_second_seed() -> None:
    found = article("seeds", "001_f8e4576559c5e967.txt")
    assert found.title == "上海全面推进城市数字化转型_十四五_规划出炉 包括3大领域20项重点任务"
    assert (found.source, found.categories) == ("新浪财经", ("金融", "新浪财经", "新浪财经－国內"))
    assert found.date == datetime.fromisoformat("2021-10-27T02:08:49+00:00")
    assert len(found.paragraphs) == 4
    assert found.paragraphs[0].startswith("上证报中国证券网讯 据上海发布微信公众号10月27日消息")
    assert found.paragraphs[-1].endswith("为城市全面数字化转型提供坚实的支撑。")
    for gone in ("原标题", "海量资讯", "责任编辑", "邓健", "appendQr", "缩小文字", "{", "二维码"):
        assert gone not in found.body

"""Write the golden index of the present format: ``make golden``, which is python tests/golden/make.py --again.

One of a released format is never written again; ``--again`` is for a format that is not released yet.
"""

from __future__ import annotations

import json
import shutil
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import cnsearch
from cnsearch.store.schema import SCHEMA_VERSION

FOLDER = Path(__file__).parent
QUERIES_3 = [
    "数字化 转型",
    '"字化转"',
    "S300",
    "江豚 -白鲟",
    "source:每经网",
    "date:2021-10",
    "数*",
    "豚",
    "title:江豚",
]
QUERIES_4 = ["旅行", '"长江大保护"', "tag:编程", "标签:旅行", "language:zh", "江豚 -tag:旅行"]


def queries(version: int) -> list[str]:
    return QUERIES_3 + (QUERIES_4 if version >= 4 else [])


def articles(version: int) -> list[cnsearch.Article]:
    """What the index of a format has."""
    return articles_3() + (articles_4() if version >= 4 else [])


def articles_4() -> list[cnsearch.Article]:
    """Tags, drafts, headings, own labels and values."""
    return [
        cnsearch.Article(
            id="笔记/1.md",
            title="江边三日",
            paragraphs=("出发", "早上坐船去看江豚。", "归来", "长江大保护的故事。"),
            tags=("旅行", "编程/Python"),
            headings=(0, 2),
            labels={"language": ("zh",), "mood": ("calm", "happy")},
            extra={"price": 3, "nested": [1, None, {"键": "值"}]},
        ),
        cnsearch.Article(
            id="笔记/2.md", title="草稿一则", paragraphs=("还没有写完。",), tags=("长江大保护",), draft=True
        ),
    ]


def articles_3() -> list[cnsearch.Article]:
    """A few of every kind: scripts, labels, dates, a long one, copies, nothing but a title."""
    texts = [
        ("数字化转型的路径", "企业要把数字化转型落到实处。\n乒乓球拍卖完了。"),
        ("數位轉型在臺灣", "臺灣的網路業者談數位轉型，軟體與資訊安全。"),
        ("S-300与C919", "俄制S-300V导弹、国产大飞机C919、５Ｇ基站和iPhone 15都在；代码用C++写成。"),
        ("江豚🐬回来了", "😀江豚在長江中跳躍，白鲟不见了。"),
        ("江豚观察", "今天看到三头江豚。" * 60),
        ("江豚观察（转载）", "今天看到三头江豚。" * 60),
        ("", "没有标题的一篇。"),
        ("只有标题", ""),
    ]
    return [
        cnsearch.Article(
            id=f"甲/{number}.md",
            title=title,
            paragraphs=tuple(body.split("\n")) if body else (),
            source="每经网" if number % 2 else "",
            categories=("金融", "每经网") if number % 2 else (),
            author="张三" if number == 3 else "",
            date=datetime(2021, 9 + number % 3, 1, tzinfo=timezone.utc) if number % 4 else None,
            url=f"https://example.com/{number}",
        )
        for number, (title, body) in enumerate(texts)
    ]


def answers(index: cnsearch.Index, version: int) -> dict[str, Any]:
    """What the index says: the hits of each query with their snippets, and every article."""
    shown: dict[str, Any] = {}
    for query in queries(version):
        found = index.search(query, collapse=True).to_dict(index.time_zone)
        hits = [{key: value for key, value in hit.items() if key != "score"} for hit in found["hits"]]
        shown[query] = {"total": found["total"], "hits": hits}
    shown["articles"] = [index.get(article.id).to_dict() for article in articles(version) if article.id != "甲/6.md"]
    shown["words"] = index.user_words
    return shown


def main() -> None:
    folder = FOLDER / f"v{SCHEMA_VERSION}"
    if folder.exists() and "--again" in sys.argv[1:]:
        shutil.rmtree(folder)
    if folder.exists():
        sys.exit(f"{folder} is there already")
    with cnsearch.open_index(folder / "index", create=True, engine="jieba") as index:
        index.add(articles(SCHEMA_VERSION)[:5])
        index.add_words("大飞机")
        index.add(articles(SCHEMA_VERSION)[5:])  # a segment more
        index.delete("甲/6.md")
        text = json.dumps(answers(index, SCHEMA_VERSION), ensure_ascii=False, indent=1)
    (folder / "answers.json").write_text(text + "\n", encoding="utf-8")
    (folder / "index" / "MAIN_WRITELOCK").unlink(missing_ok=True)


if __name__ == "__main__":
    main()

"""Small files as people keep them, and what a right reading of each gives.

Each folder of ``collection/`` is a subject; its ``expected.json`` has for each file the fields that its article must
have (the date as in Asia/Shanghai), and what its text ``has`` and ``lacks``.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cnsearch.corpus.reader import article_from_post

COLLECTION = Path(__file__).parent / "collection"
CASES = [
    pytest.param(folder.parent, name, expected, id=f"{folder.parent.name}/{name}")
    for folder in sorted(COLLECTION.glob("*/expected.json"))
    for name, expected in json.loads(folder.read_text(encoding="utf-8")).items()
]


@pytest.mark.parametrize(("folder", "name", "expected"), CASES)
def test_each_file_is_read_rightly(folder: Path, name: str, expected: dict[str, Any]) -> None:
    article = article_from_post((folder / name).read_bytes(), id=name)
    found = article.to_dict(ZoneInfo("Asia/Shanghai"))
    fields = {key: value for key, value in expected.items() if key not in ("has", "lacks")}
    assert {key: found[key] for key in fields} == fields
    assert [text for text in expected.get("has", ()) if text not in article.body] == []
    assert [text for text in expected.get("lacks", ()) if text in article.body] == []


def test_each_file_is_expected() -> None:
    for folder in COLLECTION.iterdir():
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert files == {*json.loads((folder / "expected.json").read_text(encoding="utf-8")), "expected.json"}


#: Of the runs of Chinese characters in the files of a kind, at least so many survive; the others stand in addresses,
#: comments and names of tags, which the expectations of these files say in full.
SURVIVING = {"markdown": 0.92, "text": 0.98, "html": 0.9}
_CHINESE_RUN = re.compile("[\u4e00-\u9fff]+")


@pytest.mark.parametrize("kind", SURVIVING)
def test_chinese_text_survives(kind: str) -> None:
    survived, num_runs = surviving_runs(COLLECTION / kind)
    print(f"{kind}: {survived} of {num_runs} runs of Chinese characters survive ({survived / num_runs:.1%})")
    assert survived / num_runs >= SURVIVING[kind]


def surviving_runs(folder: Path) -> tuple[int, int]:
    """How many of the runs of Chinese characters in the bodies of a folder's files are in what is read, and all."""
    survived = num_runs = 0
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix == ".json":
            continue
        article = article_from_post(path.read_bytes(), id=path.name)
        read = Counter(_CHINESE_RUN.findall("\n".join((article.title, *article.paragraphs))))
        text = "".join(("\n".join((article.title, *article.paragraphs))).split())
        body = path.read_text(encoding="utf-8").removeprefix("---\ntitle: 茶园手记\n---\n")
        for run, count in Counter(_CHINESE_RUN.findall(body)).items():
            num_runs += count
            survived += min(count, max(read[run], text.count(run)))
    return survived, num_runs

"""Small corpora and indexes that the codec's tests share."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from whoosh import columns, fields
from whoosh.filedb.filestore import FileStorage, RamStorage

from cnsearch.codec import ColumnarCodec, OrdinalListColumn, open_writer

WORDS = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "omicron",
    "pi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
    "alphabet",
    "betamax",
    "gammaray",
    "deltas",
    "render",
    "renders",
    "rendering",
    "shade",
    "shaded",
    "shades",
    "shading",
    "shader",
]
CHINESE = [
    "北京",
    "上海",
    "天气",
    "经济",
    "发展",
    "数字化",
    "转型",
    "新闻",
    "市场",
    "价格",
    "上涨",
    "下跌",
    "中国",
    "银行",
    "利率",
    "科技",
    "公司",
    "汽车",
    "能源",
    "教育",
]


def foreign_schema() -> fields.Schema:
    """A schema that uses what Whoosh has, as an application that knows nothing of this codec would."""
    return fields.Schema(
        key=fields.ID(unique=True, stored=True),
        body=fields.TEXT(phrase=True, stored=True),
        chars=fields.TEXT(chars=True),
        plain=fields.TEXT(phrase=False, stored=True, vector=True),
        boosted=fields.TEXT(phrase=False, field_boost=1.5),
        tags=fields.KEYWORD(stored=True, lowercase=True, commas=True, scorable=True, sortable=True),
        grams=fields.NGRAM(minsize=2, maxsize=3),
        count=fields.NUMERIC(stored=True, sortable=True),
        price=fields.NUMERIC(float, stored=True, sortable=True),
        when=fields.DATETIME(stored=True, sortable=True),
        flag=fields.BOOLEAN(stored=True),
        note=fields.STORED,
    )


def foreign_document(rng: random.Random, number: int) -> dict[str, Any]:
    """A document for ``foreign_schema``; not every field is there every time."""
    words = rng.choices(WORDS, weights=[1 / (i + 1) for i in range(len(WORDS))], k=rng.randint(1, 30))
    document: dict[str, Any] = {
        "key": f"doc-{number:04d}",
        "body": " ".join(words),
        "chars": " ".join(words[:10]),
        "plain": " ".join(rng.choices(CHINESE, k=rng.randint(0, 12))),
        "boosted": " ".join(words[5:12]),
        "flag": rng.random() < 0.3,
    }
    if rng.random() < 0.8:
        document["tags"] = ",".join(rng.sample(["red", "green", "blue", "Grey Blue", "violet"], rng.randint(1, 3)))
        document["count"] = rng.randint(-50, 200)
    if rng.random() < 0.7:
        document["price"] = round(rng.uniform(-5, 50), 2)
        document["when"] = datetime.datetime(2021, 1, 1) + datetime.timedelta(hours=rng.randint(0, 5000))
    if rng.random() < 0.5:
        document["grams"] = rng.choice(WORDS)
        document["note"] = {"list": [1, 2.5, None, "三"], "nested": {"number": number}}
    if rng.random() < 0.1:
        document["_body_boost"] = rng.choice([2.0, 1.25])
    return document


def whoosh_writer(ix: Any) -> Any:
    """Whoosh's own writer and codec."""
    return ix.writer()


def codec_writer(ix: Any) -> Any:
    """Whoosh's writer with the columnar codec."""
    return ix.writer(codec=ColumnarCodec())


@pytest.fixture(scope="session")
def corpora() -> SimpleNamespace:
    """The schema, documents and writers above."""
    return SimpleNamespace(
        words=WORDS,
        chinese=CHINESE,
        schema=foreign_schema,
        document=foreign_document,
        writers={"whoosh": whoosh_writer, "codec": codec_writer, "columnar": open_writer},
    )


def simple_schema() -> fields.Schema:
    """What cnsearch needs: a key, words, columns."""
    return fields.Schema(
        id=fields.ID(unique=True, stored=True),
        body=fields.TEXT(phrase=False, stored=True),
        date=fields.COLUMN(columns.NumericColumn("q", default=0)),
        source=fields.COLUMN(columns.RefBytesColumn()),
        categories=fields.COLUMN(OrdinalListColumn()),
        extra=fields.STORED,
    )


@pytest.fixture(params=["ram", "file"])
def make_index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Make an empty index, in memory and on disk."""

    def make(schema: fields.Schema | None = None) -> Any:
        storage = RamStorage() if request.param == "ram" else FileStorage(str(tmp_path_factory.mktemp("index")))
        return storage.create_index(schema or simple_schema())

    return make


@pytest.fixture
def file_index(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Make an empty index on disk."""

    def make(schema: fields.Schema | None = None) -> Any:
        return FileStorage(str(tmp_path_factory.mktemp("index"))).create_index(schema or simple_schema())

    return make

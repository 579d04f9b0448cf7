"""Articles as a batch: the same from both kernels, to the last byte on disk, and never out of step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnsearch
from cnsearch import Article, kernels
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.store.batch import DocumentBatchBuilder
from cnsearch.store.document import document_of

ORIGIN = {"root": "", "size": 0, "mtime_ns": 0, "digest": bytes(16)}
ARTICLES = [
    Article("1", "数字化转型", ("上海的企业", "C++ userName 3,500.00"), tags=("科技",)),
    Article("2", "", ()),
    Article("3", "看著 数 字 化", ("e\u0301 ﬁ\n第二行", "\ud800𠀀🔥"), categories=("a", "b"), draft=True),
    Article("4", "，", ("running databases " * 50,), labels={"x": ("y",)}),
]


@pytest.fixture(params=["compiled", "python"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "python":
        monkeypatch.setattr(WordTokenizer, "compiled", None)
    elif kernels.chosen().extension is None:
        pytest.skip("there are no compiled kernels here")
    return str(request.param)


def test_fields_that_no_document_has_are_left_out(kernel: str) -> None:
    builder = DocumentBatchBuilder(WordTokenizer())
    for article in ARTICLES[1:2] + ARTICLES[3:]:
        builder.add(document_of(article, ORIGIN))
    batch = builder.build()
    assert sorted(batch.fields) == ["body", "body_chars", "id", "label", "title_chars"]
    assert batch.lengths["title_chars"].tolist() == [0, 1]
    assert batch.lengths["body"].tolist() == [0, 200]  # two words and their stems, fifty times
    assert [len(value) for value in batch.columns["signature"]] == [64, 64]


def test_shifted_texts_are_noted(kernel: str) -> None:
    builder = DocumentBatchBuilder(WordTokenizer())
    for article in ARTICLES:
        builder.add(document_of(article, ORIGIN))
    found = builder.build().fields["shifted"]
    assert (found.terms(), found.counts.tolist(), found.doc_ids.tolist()) == ([b"title", b"body"], [1, 1], [2, 2])


def test_no_documents(kernel: str) -> None:
    batch = DocumentBatchBuilder(WordTokenizer()).build()
    assert (batch.doc_count, batch.fields, batch.columns) == (0, {}, {})


def test_a_document_that_was_added_in_part_spoils_the_batch(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = DocumentBatchBuilder(WordTokenizer())

    def no_memory(*arguments: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(builder._builder, "add", no_memory)
    with pytest.raises(MemoryError):
        builder.add(document_of(ARTICLES[0], ORIGIN))
    with pytest.raises(MemoryError):
        builder.build()


def test_the_index_is_the_same_from_both_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if kernels.chosen().extension is None:
        pytest.skip("there are no compiled kernels here")

    def files(name: str) -> list[bytes]:
        with cnsearch.open_index(tmp_path / name, create=True) as index:
            index.update(Path(__file__).parents[2] / "data", jobs=1)
            index.add(ARTICLES, jobs=1)
        return sorted(path.read_bytes() for path in (tmp_path / name).glob("*.cnp"))

    compiled = files("compiled")
    monkeypatch.setattr(WordTokenizer, "compiled", None)
    assert files("python") == compiled
    assert len(compiled) == 2
    assert np.frombuffer(compiled[0], np.uint8).size > 1_000

"""An article as a document: each of its texts is folded once, and made code points once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from cnsearch import Article
from cnsearch.analysis import fold, ngrams, reading, signature
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.store import batch, document
from cnsearch.store.document import document_of, paragraphs_of, stored_body

ORIGIN = {"root": "", "size": 0, "mtime_ns": 0, "digest": bytes(16)}
ARTICLE = Article(id="1", title="数字化轉型", paragraphs=("上海的企业，" * 40, "第一行\n第二行"), tags=("科技",))


@pytest.mark.parametrize("paragraphs", [(), ("一",), ("一", "二\n三"), ("一\r\n二", "", "三")])
def test_paragraphs_come_back(paragraphs: tuple[str, ...]) -> None:
    assert paragraphs_of(stored_body(paragraphs)) == tuple(text.replace("\r\n", "\n") for text in paragraphs)


def test_each_text_is_joined_folded_and_made_code_points_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()

    def count(module: Any, name: str) -> None:
        function: Callable[..., Any] = getattr(module, name)

        def counted(*args: Any, **more: Any) -> Any:
            calls[name] += 1
            return function(*args, **more)

        monkeypatch.setattr(module, name, counted)

    monkeypatch.setattr(WordTokenizer, "compiled", None)
    tokenizer = WordTokenizer()
    plain = Article(id="1", title="数字化轉型", paragraphs=("上海的企业，" * 40, "第一段"), tags=("科技",))
    document_of(plain, ORIGIN)  # what is remembered of labels
    count(document, "stored_body")
    for module in (fold, reading, ngrams, signature):
        for name in ("code_points", "fold_points", "fold"):
            if hasattr(module, name):
                count(module, name)
    builder = batch.DocumentBatchBuilder(tokenizer)
    builder.add(document_of(plain, ORIGIN))
    builder.build()
    # Title, tags, body: the short ones are folded one by one, which is not done by arrays.
    assert calls == {"stored_body": 1, "code_points": 3, "fold": 2, "fold_points": 1}

"""Errors: they survive pickling and copying, compare by what they say."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timezone
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import cnsearch

ROOT = Path(__file__).parents[1]
NOW = datetime(2021, 10, 27, tzinfo=timezone.utc)

MADE: dict[type[cnsearch.CnsearchError], cnsearch.CnsearchError] = {
    type(error): error
    for error in (
        cnsearch.CnsearchError("what", hint="do", code="own"),
        cnsearch.CorpusError("a.md", "not UTF-8", hint="Save it as UTF-8"),
        cnsearch.QuerySyntaxError("no date", hint="2021"),
        cnsearch.ArticleNotFoundError("id", hint="look"),
        cnsearch.UnsupportedError("no such index", hint="Give a folder"),
        cnsearch.IndexUnusableError("index", "no", hint="yes", code="folder"),
        cnsearch.IndexNotFoundError("index", "none"),
        cnsearch.IndexReplacedError("index", "another"),
        cnsearch.IndexLockedError("index", "locked", pid=1, host="h", command="c", since=NOW, hint="wait"),
        cnsearch.IndexFormatError("index", "new", found=9, expected=1, hint="update", code="index_newer"),
        cnsearch.AnalyzerMismatchError("index", "other", found="a", expected="b", hint="c"),
        cnsearch.CorruptIndexError("f", "bad", section="s", offset=4, found=b"x", expected=(1, 2), hint="again"),
    )
}
ERRORS = [
    kind
    for kind in map(vars(cnsearch).get, cnsearch.__all__)
    if isinstance(kind, type) and issubclass(kind, BaseException)
]


def fail(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_pickles_copies_and_compares(kind: type[cnsearch.CnsearchError]) -> None:
    error = MADE[kind]
    for again in (
        *(pickle.loads(pickle.dumps(error, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)),
        copy.copy(error),
        copy.deepcopy(error),
    ):
        assert type(again) is kind
        assert again == error
        assert hash(again) == hash(error)
        assert vars(again) == vars(error)
        assert (str(again), again.code) == (str(error), error.code)
    assert error != cnsearch.CorpusError("b.md", "other")
    assert error != str(error)


def test_errors_that_differ_in_a_fact_only_are_not_equal() -> None:
    one, two = (cnsearch.CorruptIndexError("f", "bad", offset=offset) for offset in (1, 2))
    assert str(one) == str(two)
    assert one != two


def test_an_error_of_a_process_pool_arrives() -> None:
    """The pool broke: "cannot be unpickled"."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for error in MADE.values():
            with pytest.raises(type(error)) as caught:
                pool.submit(fail, error).result(timeout=60)
            assert caught.value == error


def test_an_error_of_a_multiprocessing_pool_arrives() -> None:
    """``get`` never returned."""
    with get_context("spawn").Pool(1) as pool:
        for error in MADE.values():
            with pytest.raises(type(error)) as caught:
                pool.apply_async(fail, (error,)).get(timeout=60)
            assert caught.value == error
        pool.close()
        pool.join()


# Misuse


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda index: index.get(5), TypeError, "article_id must be a str, not 5"),
        (lambda index: index.get(None), TypeError, "article_id must be a str, not None"),
        (lambda index: index.similar(5), TypeError, "article_id must be a str, not 5"),
        (lambda index: index.delete([5]), TypeError, "each of article_ids must be a str, not 5"),
        (lambda index: index.delete(5), TypeError, "article_ids must be a str or several, not 5"),
        (lambda index: index.delete([b"a"]), TypeError, "each of article_ids must be a str, not b'a'"),
        (lambda index: index.search("x", limit="5"), TypeError, "limit must be an int, not '5'"),
        (lambda index: index.search("x", limit=1.5), TypeError, "limit must be an int, not 1.5"),
        (lambda index: index.search("x", offset=None), TypeError, "offset must be an int, not None"),
        (lambda index: index.search("x", limit=-1), ValueError, "limit must not be negative: -1"),
        (lambda index: index.similar("x", limit="5"), TypeError, "limit must be an int"),
        (lambda index: index.suggest("x", limit="5"), TypeError, "limit must be an int"),
        (lambda index: index.search("x", num_fragments="2"), TypeError, "num_fragments must be an int"),
        (lambda index: index.search("x", fragment_chars=0), ValueError, "fragment_chars must be at least 1: 0"),
        (lambda index: index.search("x", facets="source"), TypeError, "facets must be a list of names"),
        (lambda index: index.search("x", facets=5), TypeError, "facets must be"),
        (lambda index: index.add_jsonl("a.jsonl"), TypeError, r'open\(path, "rb"\)'),
        (lambda index: index.add_jsonl(Path("a.jsonl")), TypeError, r'open\(path, "rb"\)'),
        (lambda index: index.add_jsonl(__import__("io").StringIO("{}")), TypeError, 'mode "rb"'),
        (lambda index: index.update(ROOT / "data", jobs=0), ValueError, "jobs must be at least 1: 0"),
        (lambda index: index.add([], jobs=-1), ValueError, "jobs must be at least 1: -1"),
        (lambda index: index.add([], jobs="2"), TypeError, "jobs must be an int, not '2'"),
        (lambda index: index.add_words("江豚", jobs=0), ValueError, "jobs must be at least 1: 0"),
        (lambda index: index.remove_words("江豚", wait=-1), ValueError, "wait must not be negative: -1"),
        (lambda index: index.update(ROOT / "data", wait=-1), ValueError, "wait must not be negative: -1"),
        (lambda index: index.add([], wait=float("nan")), ValueError, "wait must not be negative: nan"),
        (lambda index: index.delete("x", wait="1"), TypeError, "wait must be a number of seconds, not '1'"),
        (lambda index: cnsearch.rebuild_index(index.path, jobs=0), ValueError, "jobs must be at least 1: 0"),
        (lambda index: cnsearch.rebuild_index(index.path, wait=-1), ValueError, "wait must not be negative: -1"),
    ],
)
def test_misuse_is_named(tmp_path: Path, call: Any, kind: type[Exception], said: str) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        before = sorted((tmp_path / "index").iterdir())
        with pytest.raises(kind, match=said) as caught:
            call(index)
        assert type(caught.value) is kind
        assert sorted((tmp_path / "index").iterdir()) == before or kind is ValueError

"""What ``Index`` asks of a back end, and that the one on disk has all of it."""

from __future__ import annotations

import inspect
import threading
import warnings
from datetime import timezone
from typing import Any

import pytest

import cnsearch
from cnsearch.backends.base import Backend, Options
from cnsearch.backends.local.backend import LocalBackend
from cnsearch.backends.writing import Writing
from cnsearch.index import Index
from cnsearch.request import SearchRequest
from cnsearch.settings import PathSettings

ARTICLE = cnsearch.Article(id="a", title="江豚")
REPORT = cnsearch.UpdateReport(added=1, articles=1)
RESULTS = cnsearch.SearchResults("江豚", "江豚", (), 0, 0.0, ())
METHODS = {name: one for name, one in vars(Backend).items() if inspect.isfunction(one) and not name.startswith("_")}
PROPERTIES = [name for name, one in vars(Backend).items() if isinstance(one, property)]


class Recorder:
    """A back end that notes what it is asked and gives what it was made with."""

    def __init__(self, **answers: Any) -> None:
        self.path, self.options, self.closed = "address", Options(timezone.utc), False
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        if name not in METHODS:
            raise AttributeError(name)

        def answer(*args: Any, **kwargs: Any) -> Any:
            inspect.signature(METHODS[name]).bind(self, *args, **kwargs)
            self.asked.append((name, args, kwargs))
            return self._answers.get(name)

        return answer


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(
        search=RESULTS,
        scan=iter(()),
        similar=RESULTS,
        suggest=[],
        get={"a": ARTICLE},
        update=REPORT,
        add=REPORT,
        delete=2,
    )


WORDS = SearchRequest("江豚", source="甲", limit=3)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda index: index.search("江豚", source="甲", limit=3), ("search", (WORDS,))),
        (lambda index: index.search(WORDS), ("search", (WORDS,))),
        (lambda index: index.scan("江豚", sort="date"), ("scan", (SearchRequest("江豚", sort="date"),))),
        (lambda index: index.similar("a", tag="乙"), ("similar", ("a", SearchRequest(tag="乙")))),
        (lambda index: index.similar("a", WORDS), ("similar", ("a", WORDS))),
        (lambda index: index.suggest("jiang", limit=2), ("suggest", ("jiang", 2))),
        (lambda index: index.get("a"), ("get", (["a"],))),
        (lambda index: index.get_many("a"), ("get", (["a"],))),
        (lambda index: index.ids(), ("ids", ())),
        (lambda index: "a" in index, ("has", ("a",))),
        (lambda index: ARTICLE in index, ("has", ("a",))),
        (lambda index: index.analyze("江"), ("analyze", ("江",))),
        (lambda index: index.stats(), ("stats", ())),
        (lambda index: index.refresh(), ("refresh", ())),
        (lambda index: index.raw("a"), ("raw", ("a",))),
        (lambda index: index.snapshot("b"), ("snapshot", ("b",))),
        (lambda index: index.facet_names, ("facet_names", ())),
        (lambda index: index.user_words, ("user_words", ())),
        (lambda index: index.delete("a"), ("delete", (["a"], None, Writing()))),
        (
            lambda index: index.delete(query="江豚", dry_run=True),
            ("delete", (None, SearchRequest("江豚", match="all"), Writing(dry_run=True))),
        ),
        (
            lambda index: index.delete(["a"], source=[]),
            ("delete", (["a"], SearchRequest(source=[], match="all"), Writing())),
        ),
        (lambda index: index.add(ARTICLE, jobs=2), ("add", ([ARTICLE], None, Writing(jobs=2)))),
        (
            lambda index: index.update("posts", wait=1, source=" 丙 ", exclude="*.tmp"),
            ("update", (["posts"], PathSettings(("*.tmp",), source="丙"), None, Writing(wait=1.0))),
        ),
        (
            lambda index: index.explain_files(drafts=False),
            ("explain_files", ([], PathSettings(drafts=False))),
        ),
    ],
)
def test_one_call_with_checked_values(recorder: Recorder, call: Any, expected: tuple[str, tuple[Any, ...]]) -> None:
    index = Index(recorder)  # type: ignore[arg-type]
    call(index)
    recorder.closed = True
    assert recorder.asked == [(*expected, {})]


def test_what_is_wrong_does_not_reach_the_back_end(recorder: Recorder) -> None:
    index = Index(recorder)  # type: ignore[arg-type]
    for call, kind in [
        (lambda: index.search("江豚", limit=-1), ValueError),
        (lambda: index.search(5), TypeError),  # type: ignore[arg-type]
        (lambda: index.similar("a", sort="date"), TypeError),  # type: ignore[call-arg]
        (lambda: index.similar(5), TypeError),  # type: ignore[arg-type]
        (lambda: index.suggest("a", limit=-1), ValueError),
        (lambda: index.get(5), TypeError),  # type: ignore[call-overload]
        (lambda: index.delete(), TypeError),
        (lambda: index.delete(since="2021-13"), cnsearch.QuerySyntaxError),
        (lambda: index.update("posts", jobs=0), ValueError),
        (lambda: index.update("posts", split="page"), ValueError),  # type: ignore[arg-type]
        (lambda: index.add([], stop=True), TypeError),  # type: ignore[arg-type]
    ]:
        with pytest.raises(kind):
            call()
    recorder.closed = True
    assert recorder.asked == []


def test_what_there_is_not(recorder: Recorder) -> None:
    index = Index(recorder)  # type: ignore[arg-type]
    assert index.get("a") == ARTICLE
    recorder._answers["get"] = {}
    assert index.get("a", None) is None
    with pytest.raises(cnsearch.ArticleNotFoundError):
        index.get("a")
    recorder.closed = True


def test_an_index_that_is_not_closed_is_said(recorder: Recorder) -> None:
    recorder._answers["state"] = "3 articles"
    index = Index(recorder)  # type: ignore[arg-type]
    assert repr(index) == "<cnsearch.Index 'address': 3 articles>"
    with pytest.warns(ResourceWarning, match="'address': 3 articles> was not closed"):
        del index
    recorder.closed = True
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Index(recorder)  # type: ignore[arg-type]


def test_a_back_end_has_every_method_with_the_same_arguments() -> None:
    for name, method in METHODS.items():
        own = inspect.signature(vars(LocalBackend)[name])
        assert list(own.parameters) == list(inspect.signature(method).parameters), name
        assert [one.kind for one in own.parameters.values()] == [
            one.kind for one in inspect.signature(method).parameters.values()
        ]
    for name in PROPERTIES:
        assert isinstance(vars(LocalBackend)[name], property)


def test_how_to_write_is_checked() -> None:
    assert Writing(jobs=1, wait=2, stop=threading.Event()).wait == 2.0
    for arguments, kind in [
        ({"jobs": 0}, ValueError),
        ({"jobs": "2"}, TypeError),
        ({"wait": -1}, ValueError),
        ({"wait": "1"}, TypeError),
        ({"stop": True}, TypeError),
    ]:
        with pytest.raises(kind):
            Writing(**arguments)  # type: ignore[arg-type]

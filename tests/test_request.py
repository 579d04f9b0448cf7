"""A request is checked when it is made, and is the same in JSON and in an address."""

from __future__ import annotations

import copy
import dataclasses
import doctest
import inspect
import json
import pickle
import re
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnsearch
from cnsearch.request import ARGUMENTS, Kind, SearchRequest

ROOT = Path(__file__).parents[1]

TEXTS = st.one_of(st.none(), st.text(max_size=9), st.lists(st.text(max_size=9), max_size=3))
NAMES = st.from_regex(r"own_[a-z]{1,5}", fullmatch=True)
MOMENTS = st.one_of(
    st.none(),
    st.sampled_from(["2021", "2021-10", "2021年10月27日", "2021-10-27T20:11", "2021-10-27T20:11:00Z"]),
    st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from([None, timezone.utc])),
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "query": st.text(max_size=20),
    **dict.fromkeys(("source", "category", "author", "tag"), TEXTS),
    "labels": st.one_of(st.none(), st.dictionaries(NAMES, TEXTS, max_size=3)),
    "draft": st.sampled_from([None, True, False]),
    "since": MOMENTS,
    "until": MOMENTS,
    "sort": st.sampled_from(ARGUMENTS["sort"].choices),
    "match": st.sampled_from(ARGUMENTS["match"].choices),
    **dict.fromkeys(("limit", "offset", "num_fragments"), st.integers(0, 10**12)),
    "fragment_chars": st.integers(1, 10**6),
    **dict.fromkeys(("raw", "collapse"), st.booleans()),
    "facets": st.lists(st.text(max_size=9), max_size=3),
    "half_life_days": st.one_of(st.none(), st.floats(0, 10**6, exclude_min=True)),
}
REQUESTS = st.fixed_dictionaries({}, optional=VALUES).map(lambda given: SearchRequest(**given))


def test_every_field_is_tried() -> None:
    assert set(VALUES) == set(ARGUMENTS)


@given(REQUESTS)
def test_json_both_ways(request_: SearchRequest) -> None:
    written = json.loads(json.dumps(request_.to_dict()))
    assert SearchRequest.from_dict(written) == request_
    assert set(written) <= set(ARGUMENTS)
    assert "query" in written


@given(REQUESTS)
def test_a_request_is_not_changed_by_being_made_again(request_: SearchRequest) -> None:
    again = dataclasses.replace(request_)
    assert again == request_
    assert hash(again) == hash(request_)
    assert repr(again) == repr(request_)
    assert copy.copy(request_) == request_
    assert pickle.loads(pickle.dumps(request_)) == request_


@given(REQUESTS)
def test_parameters_both_ways(request_: SearchRequest) -> None:
    lists = [request_.source, request_.category, request_.author, request_.tag, request_.facets or None]
    lists += (request_.labels or {}).values()
    if any(values is not None and not (values and all(values)) for values in lists):
        with pytest.raises(ValueError, match="without a value cannot be written"):
            request_.to_params()
        return
    params = request_.to_params()
    assert all(isinstance(text, str) for texts in params.values() for text in texts)
    assert SearchRequest.from_params(params) == request_


def test_only_what_is_not_as_by_default_is_written() -> None:
    assert SearchRequest().to_dict() == {"query": ""}
    assert SearchRequest("江豚", limit=10, source=None, labels={}, facets=[]).to_dict() == {"query": "江豚"}
    assert SearchRequest("江豚", source=[], draft=False).to_dict() == {"query": "江豚", "source": [], "draft": False}


def test_what_is_kept_cannot_be_changed() -> None:
    sources, labels = ["甲"], {"language": ["zh"]}
    request = SearchRequest("江豚", source=sources, labels=labels, since=date(2021, 10, 27), facets=["source"])
    sources.append("乙")
    labels["language"].append("en")
    assert request.source == ("甲",)
    assert request.labels == {"language": ("zh",)}
    assert request.since == "2021-10-27"
    assert request.facets == ("source",)
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.limit = 3  # type: ignore[misc]


def test_a_time_is_kept_with_its_offset() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert SearchRequest(since=datetime(2021, 10, 27, 20, 11, tzinfo=tokyo)).since == "2021-10-27T20:11:00+09:00"
    assert SearchRequest(until=datetime(2021, 10, 27, 20, 11, 5, 7)).until == "2021-10-27T20:11:05.000007"


def test_filters_in_the_order_of_the_fields() -> None:
    request = SearchRequest(
        tag="丙", source=["甲", "乙"], labels={"language": "zh", "none": None}, draft=True, until="2021"
    )
    assert request.filters.labels == (("source", ("甲", "乙")), ("tag", ("丙",)), ("language", ("zh",)))
    assert (request.filters.draft, request.filters.since, request.filters.until) == (True, None, "2021")
    assert not SearchRequest("江豚").filters
    assert SearchRequest("江豚", source=()).filters


# What is refused, with the words that it always had

WRONG = [
    ({"query": 5}, TypeError, "query must be a str, not 5"),
    ({"query": None}, TypeError, "query must be a str, not None"),
    ({"source": 5}, TypeError, "source must be a str or several, not 5"),
    ({"category": [5]}, TypeError, "each of category must be a str, not 5"),
    ({"author": b"a"}, TypeError, "each of author must be a str, not 97"),
    ({"tag": {"a": 1}.values()}, TypeError, "each of tag must be a str, not 1"),
    ({"labels": ["a"]}, TypeError, "labels must map names of own fields to values, not ['a']"),
    ({"labels": {5: "a"}}, TypeError, "a name in labels must be a string, not 5"),
    ({"labels": {"a": 5}}, TypeError, "labels['a'] must be a string or several, not 5"),
    ({"labels": {"a": [5]}}, TypeError, "labels['a'] must be strings, not 5"),
    ({"labels": {"source": "a"}}, ValueError, "the name 'source' in labels is the name of another field"),
    ({"labels": {"a b": "a"}}, ValueError, "the name 'a b' in labels must be letters and digits"),
    ({"draft": 1}, TypeError, "draft must be True, False or None, not 1"),
    ({"since": 2021}, TypeError, "since must be a str, a date or a datetime, not 2021"),
    ({"until": []}, TypeError, "until must be a str, a date or a datetime, not []"),
    ({"since": "2021-13"}, cnsearch.QuerySyntaxError, 'there is no date "2021-13". Accepted: a year 2021,'),
    ({"until": ""}, cnsearch.QuerySyntaxError, 'there is no date "". Accepted: '),
    ({"sort": "best"}, ValueError, 'sort must be "score", "date" or "oldest", not \'best\''),
    ({"sort": []}, ValueError, 'sort must be "score", "date" or "oldest", not []'),
    ({"limit": "5"}, TypeError, "limit must be an int, not '5'"),
    ({"limit": 1.5}, TypeError, "limit must be an int, not 1.5"),
    ({"limit": -1}, ValueError, "limit must not be negative: -1"),
    ({"offset": None}, TypeError, "offset must be an int, not None"),
    ({"match": "some"}, ValueError, 'match must be "most", "any" or "all", not \'some\''),
    ({"facets": "source"}, TypeError, "facets must be a list of names, such as ['source'], not 'source'"),
    ({"facets": 5}, TypeError, "facets must be a list of names, such as ['source'], not 5"),
    ({"facets": [5]}, ValueError, "facets must be a list of names, such as ['source'], with no 5 in it"),
    ({"half_life_days": 0}, ValueError, "half_life_days must be above 0, not 0"),
    ({"half_life_days": float("nan")}, ValueError, "half_life_days must be above 0, not nan"),
    ({"half_life_days": "30"}, TypeError, "half_life_days must be a number, not '30'"),
    ({"half_life_days": []}, TypeError, "half_life_days must be a number, not []"),
    ({"half_life_days": 10**400}, TypeError, "half_life_days must be a number, not 1000"),
    ({"num_fragments": "2"}, TypeError, "num_fragments must be an int, not '2'"),
    ({"fragment_chars": 0}, ValueError, "fragment_chars must be at least 1: 0"),
    ({"raw": "false"}, TypeError, "raw must be True or False, not 'false'"),
    ({"collapse": "no"}, TypeError, "collapse must be True or False, not 'no'"),
]


@pytest.mark.parametrize(("arguments", "kind", "said"), WRONG)
def test_what_is_wrong_is_named(
    arguments: dict[str, Any], kind: type[Exception], said: str, data_index: cnsearch.Index
) -> None:
    for make in (
        lambda: SearchRequest(**arguments),
        lambda: SearchRequest.from_dict(arguments),
        lambda: data_index.search(**{"query": "", **arguments}),
    ):
        with pytest.raises(kind, match="^" + re.escape(said)) as caught:
            make()
        assert type(caught.value) is kind


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"argument .sorce.; did you mean .source.[?]"):
        SearchRequest.from_dict({"query": "江豚", "sorce": "甲"})
    with pytest.raises(ValueError, match="there is no argument 'xyz'; known: query, source, "):
        SearchRequest.from_params({"xyz": ["1"]})
    with pytest.raises(ValueError, match="there is no argument 'filters'"):
        SearchRequest.from_dict({"filters": []})
    with pytest.raises(TypeError, match="a request must map names to values, not 'a'"):
        SearchRequest.from_dict("a")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"limit": ["x"]}, "limit must be a whole number, not 'x'"),
        ({"limit": ["1.5"]}, "limit must be a whole number, not '1.5'"),
        ({"limit": ["１０"]}, "limit must be a whole number, not '１０'"),
        ({"limit": ["9" * 5000]}, "limit must be a whole number, not '999"),
        ({"limit": ["-1"]}, "limit must not be negative: -1"),
        ({"limit": ["1", "2"]}, "limit must be given once, not 2 times"),
        ({"half_life_days": ["long"]}, "half_life_days must be a number, not 'long'"),
        ({"half_life_days": ["nan"]}, "half_life_days must be a number, not 'nan'"),
        ({"half_life_days": ["1e999"]}, "half_life_days must be a number, not '1e999'"),
        ({"draft": ["maybe"]}, "draft must be true or false, not 'maybe'"),
        ({"labels": ["language"]}, "labels must be of the form NAME=VALUE, not 'language'"),
        ({"labels": ["=zh"]}, "labels must be of the form NAME=VALUE, not '=zh'"),
        ({"labels": ["a b=zh"]}, "the name 'a b' in labels must be letters and digits"),
        ({"sort": ["best"]}, 'sort must be "score", "date" or "oldest", not \'best\''),
    ],
)
def test_what_is_wrong_in_an_address_is_named(params: dict[str, list[str]], said: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(said)) as caught:
        SearchRequest.from_params(params)
    assert len(str(caught.value)) < 300


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.dates(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=3), inside, max_size=3),
    max_leaves=5,
)
HOSTILE_TEXTS = st.sampled_from(["9" * 999, *"- --1 1_0 ٣ inf 1e999 = a= \x00 2021-02-30 true".split()])


@given(st.dictionaries(st.sampled_from([*ARGUMENTS, "q", ""]), ANYTHING))
def test_nothing_but_what_is_said_comes_of_hostile_json(given_: dict[str, Any]) -> None:
    try:
        request = SearchRequest.from_dict(given_)
    except (TypeError, ValueError, cnsearch.QuerySyntaxError):
        return
    json.dumps(request.to_dict())
    hash(request)


@given(st.dictionaries(st.sampled_from([*ARGUMENTS, "q"]), st.lists(HOSTILE_TEXTS | st.text(max_size=9), max_size=2)))
def test_nothing_but_what_is_said_comes_of_a_hostile_address(params: dict[str, list[str]]) -> None:
    try:
        request = SearchRequest.from_params(params)
    except (ValueError, cnsearch.QuerySyntaxError):
        return
    json.dumps(request.to_dict(), allow_nan=False)
    assert SearchRequest.from_params(request.to_params()) == request


def test_a_field_of_a_form_that_was_left_empty_was_not_given() -> None:
    empty = {name: [""] for name in ARGUMENTS}
    assert SearchRequest.from_params(empty) == SearchRequest()
    params = {"query": ["江豚"], "source": ["", "甲"], "limit": ["20"], "collapse": ["ON"], "labels": ["a=b=c", "d="]}
    assert SearchRequest.from_params(params) == SearchRequest(
        "江豚", source="甲", limit=20, collapse=True, labels={"a": "b=c"}
    )
    for request in (SearchRequest(source=[]), SearchRequest(source=["甲", ""]), SearchRequest(labels={"a": []})):
        with pytest.raises(ValueError, match="without a value cannot be written as a parameter"):
            request.to_params()


# One place for all

METHODS = {"search": {}, "scan": {}, "similar": {}, "delete": {"query": None, "match": "all"}}
"""Each method of ``Index`` that takes a request, with what it has otherwise by default."""


@pytest.mark.parametrize("name", METHODS)
def test_a_method_has_the_defaults_of_the_request(name: str) -> None:
    parameters = inspect.signature(getattr(cnsearch.Index, name)).parameters
    defaults = {name: one.default for name, one in parameters.items() if name in ARGUMENTS}
    for argument, default in defaults.items():
        if default is not inspect.Parameter.empty:
            assert default == METHODS[name].get(argument, ARGUMENTS[argument].default), argument


def test_search_takes_every_argument() -> None:
    parameters = inspect.signature(cnsearch.Index.search).parameters
    assert [name for name in parameters if name != "self"] == list(ARGUMENTS)
    filters = {name for name, one in ARGUMENTS.items() if one.filters}
    for name in METHODS:
        assert filters <= set(inspect.signature(getattr(cnsearch.Index, name)).parameters)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_of_the_docs_has_every_argument(language: str) -> None:
    page = (ROOT / f"docs/{language}/library.md").read_text(encoding="utf-8")
    table = re.search(r"^\| \w+ \| \w+ \|\n\|---\|---\|\n((?:\|.*\n)+)", page, re.MULTILINE)
    assert table is not None
    named = [name for line in table[1].splitlines() for name in re.findall(r"`(\w+)`", line.split("|")[1])]
    assert sorted(named) == sorted(ARGUMENTS)
    assert (doc := SearchRequest.__doc__)
    for name in ARGUMENTS:
        assert re.search(rf"^    [\w, ]*\b{name}\b[\w, ]* *: ", doc, re.MULTILINE), name


def test_what_faces_are_told_is_whole() -> None:
    for name, argument in ARGUMENTS.items():
        assert argument.name == name
        assert argument.kind in get_args(Kind)
        assert argument.help.endswith(".")
        assert bool(argument.choices) == (argument.kind == "choice")
        assert argument.checked(argument.default) == argument.default


def test_methods_take_a_request_and_nothing_beside_it(data_index: cnsearch.Index) -> None:
    request = SearchRequest("数字化", limit=3, category="金融")
    found = data_index.search("数字化", limit=3, category="金融")
    assert found.total
    assert data_index.search(request).hits == found.hits
    every = [hit.id for hit in data_index.scan("数字化", category="金融")]
    assert [hit.id for hit in data_index.scan(request)] == every
    like = data_index.similar(every[0], category="金融", limit=3)
    assert data_index.similar(every[0], request).hits == like.hits
    with pytest.raises(TypeError, match="limit must be in the request that is given, not beside it"):
        data_index.search(request, limit=5)
    strict = dataclasses.replace(request, match="all")
    assert data_index.delete(query=strict, dry_run=True) == data_index.search(strict).total
    assert data_index.delete(query=request, dry_run=True) == found.total
    with pytest.raises(TypeError, match="match must be in the request"):
        data_index.delete(query=request, match="any", dry_run=True)


def test_the_example_is_true() -> None:
    assert doctest.testmod(cnsearch.request).failed == 0

"""The model is one room of several modules, and its names are found in it."""

from __future__ import annotations

import copy
import doctest
import importlib
import pkgutil
from typing import Any

import pytest

import cnsearch
from cnsearch import Hit, model

MODULES = [importlib.import_module(f"cnsearch.model.{one.name}") for one in pkgutil.iter_modules(model.__path__)]


def test_every_name_is_found_in_the_room() -> None:
    assert model.__all__ == sorted(model.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name))
    for module in MODULES:
        for name, value in vars(module).items():
            if getattr(value, "__module__", "") == module.__name__ and not name.startswith("_"):
                assert getattr(model, name) is value, name


def test_what_is_public_of_it_is_the_same() -> None:
    for name in set(model.__all__) & set(cnsearch.__all__):
        assert getattr(cnsearch, name) is getattr(model, name)


def test_its_examples_are_true() -> None:
    assert sum(doctest.testmod(module).attempted for module in MODULES)
    assert not any(doctest.testmod(module).failed for module in MODULES)


KNOWN: dict[str, Any] = {"rank": 1, "id": "1", "title": "甲", "score": 2.0, "duplicates": ()}
OTHERS: dict[str, Any] = {
    **dict.fromkeys(("source", "author", "url", "path"), "乙"),
    **{"categories": ("丙",), "date": None, "tags": ("丁",), "draft": True, "labels": {}, "extra": {"a": 1}},
}


def partly_read() -> tuple[Hit, list[str]]:
    """A hit, and one entry for each time that its fields are read."""
    reads: list[str] = []

    class Read:
        def fields(self) -> dict[str, Any]:
            reads.append("read")
            return OTHERS

        def excerpts(self) -> Any:
            raise NotImplementedError

        explain = missing = excerpts

    return Hit.partly(Read(), KNOWN), reads


def test_fields_of_a_hit_are_read_when_they_are_asked_for() -> None:
    hit, reads = partly_read()
    assert (hit.rank, hit.id, hit.title, hit.score, hit.more) == (1, "1", "甲", 2.0, 0)
    assert not reads
    assert (hit.tags, hit.draft, hit.extra) == (("丁",), True, {"a": 1})
    assert reads == ["read"]
    with pytest.raises(AttributeError, match="tagz"):
        _ = hit.tagz  # type: ignore[attr-defined]


def test_a_hit_that_was_read_in_part_is_the_same_as_a_whole_one() -> None:
    whole = Hit(**KNOWN, **OTHERS, _later=None)
    assert partly_read()[0] == whole
    assert hash(partly_read()[0]) == hash(whole)
    assert repr(partly_read()[0]) == repr(whole)
    hit, reads = partly_read()
    hit.__dict__.update(_made=(), _parts=(), missing=())  # what is made of the index
    for twin in (copy.deepcopy(hit), copy.copy(hit)):
        assert twin == whole
        assert vars(twin)["_later"] is None
    assert reads == ["read"]

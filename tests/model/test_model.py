"""The model is one room of several modules, and its names are found in it."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import cnsearch
from cnsearch import model

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

"""A module's test is found by its name: that of ``cnsearch/x/y.py`` is ``tests/x/test_y.py``, or stands in a table.

The table is for modules that do nothing alone (the parts of a reader of pages, the two halves of a format) and for
those that are what a user does (a command): the first are tested where they work together, the second from outside.
"""

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "cnsearch"
TESTS = ROOT / "tests"

ELSEWHERE = """
analysis/test_tokenizer.py             analysis/compounds.py analysis/ngrams.py analysis/scripts.py
analysis/test_reading.py               analysis/variants.py
e2e/test_cli.py                        analysis/shown.py corpus/watch.py backends/watching.py faces/about.py faces/cli/*
e2e/test_library.py                    index.py opening.py
test_request.py                        checks.py

corpus/test_clean.py                   corpus/elements.py
corpus/test_exports.py                 corpus/entries.py corpus/readers.py corpus/tables.py
corpus/test_front_matter.py            corpus/keys.py corpus/values.py corpus/yaml_lines.py
corpus/test_hostile.py                 corpus/markup.py
corpus/test_markdown.py                corpus/markdown_*.py corpus/template_tags.py
corpus/test_metadata.py                corpus/descriptions.py corpus/names.py corpus/notes.py
corpus/test_page.py                    corpus/page_*.py
e2e/test_large_exports.py              corpus/large.py indexing/records.py

engine/bytes/test_container.py         engine/bytes/container_writer.py engine/bytes/layout.py
engine/columns/test_kinds.py           engine/columns/*
engine/commit/test_commits.py          engine/commit/toc.py
engine/commit/test_writer.py           engine/segment/batch.py engine/segment/buffer.py engine/segment/merge.py
engine/commit/test_writer.py           engine/segment/segments.py
engine/postings/test_encode_and_decode.py  engine/postings/encode.py engine/postings/decode.py
engine/segment/test_reader.py          engine/segment/writer.py engine/segment/terms.py
engine/stored/test_stored.py           engine/stored/*
engine/terms/test_dictionary.py        engine/terms/dictionary_writer.py
engine/bytes/test_packing.py           kernels/packing.py
kernels/test_lists.py                  engine/segment/field_buffer.py engine/segment/merge_terms.py
kernels/test_native.py                 kernels/contract.py kernels/plain.py
kernels/test_texts.py                  search/characters.py

codec/test_columns.py                  codec/column_types.py
codec/test_refused_documents.py        engine/segment/check.py
codec/test_whoosh_equality.py          codec/index.py codec/reader.py codec/schema.py
codec/test_writer.py                   codec/documents.py codec/items.py codec/segment.py codec/writers.py

durability/test_faults.py              store/faults.py store/transaction.py
durability/test_verify.py              store/verify.py
query/test_dates.py                    store/dates.py
store/test_opening.py                  store/schema.py store/segment.py store/snapshot.py

search/planning/test_planner.py        query/filters.py search/plan.py
search/steps/test_steps.py             search/steps/*
search/test_as_typed.py                search/written.py
search/test_excerpts.py                search/results.py search/missing.py
search/test_filters.py                 search/labels.py
search/test_random_queries.py          search/age.py search/explain.py search/searcher.py search/second_pass.py
search/test_suggest.py                 search/phrases.py search/vocabulary.py

e2e/test_dictionary.py                 backends/dictionary.py indexing/retokenise.py
e2e/test_indexing.py                   indexing/* backends/local/writing.py
backends/local/test_pipeline.py        backends/asked.py
backends/test_base.py                  backends/writing.py backends/local/backend.py
backends/test_choice.py                backends/local/opening.py backends/opensearch/opening.py
backends/test_contract.py              backends/opensearch/*

e2e/test_ends.py                       faces/interrupts.py
faces/messages/test_catalogue.py       faces/messages/language.py faces/messages/spoken.py
faces/web/test_api.py                  faces/web/feed.py faces/web/openapi.py faces/web/problems.py
faces/web/test_guard.py                faces/web/log.py faces/web/settings.py
faces/web/test_pages.py                faces/web/*
search/test_snippet.py                 model/excerpt.py
test_values.py                         model/*
"""


def rows() -> list[tuple[str, str]]:
    """(test, pattern of modules) of the table, in order: the first that fits a module has its test."""
    lines = [line.split() for line in ELSEWHERE.strip().splitlines()]
    return [(test, pattern) for test, *patterns in filter(None, lines) for pattern in patterns]


def modules() -> list[str]:
    """Those that do anything: data, names and contracts alone need no test."""
    found = []
    for path in sorted(HOUSE.rglob("*.py")):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if not path.name.startswith("__") and any(isinstance(node, ast.FunctionDef) for node in nodes):
            found.append(path.relative_to(HOUSE).as_posix())
    return found


def own_test(module: str) -> Path:
    path = TESTS / module
    return path.with_name(f"test_{path.name}")


WITHOUT = [module for module in modules() if not own_test(module).is_file()]


@pytest.mark.parametrize("module", WITHOUT)
def test_a_module_without_a_test_of_its_name_is_in_the_table(module: str) -> None:
    assert any(fnmatch(module, pattern) for _, pattern in rows()), f"there is no {own_test(module).relative_to(ROOT)}"


def test_the_table_names_tests_that_there_are() -> None:
    assert [test for test, _ in rows() if not (TESTS / test).is_file()] == []


def test_the_table_has_no_row_too_many() -> None:
    used = {next((row for row in rows() if fnmatch(module, row[1])), None) for module in WITHOUT}
    assert [row for row in rows() if row not in used] == []


BESIDES = ("docs", "durability", "e2e", "golden", "tools")
"""Folders of tests that are of no room; CONTRIBUTING.md says what each is for."""


def test_every_folder_of_tests_is_one_of_the_house() -> None:
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    assert [
        str(each)
        for each in folders
        if each.parts[:1] not in [(name,) for name in BESIDES] and not (HOUSE / each).is_dir()
    ] == []

"""Fixtures of the end-to-end tests."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cnsearch.analysis import tokenizer
from cnsearch.backends import choice

ON_A_CLUSTER = os.environ.get("CNSEARCH_E2E") == "cluster"
"""Whether each index that a test makes is made on a node of OpenSearch, whatever folder it names (``make cluster``)."""

OF_A_FOLDER = """
test_identity.py test_no_index test_an_empty_folder_and_a_file_are_no_index test_a_damaged_table_of_contents
test_a_table_of_contents_cut_anywhere test_a_missing_segment test_another_format_version test_stats test_closed
test_a_commit_that_fails_changes_nothing test_another_process_commits test_a_slow_refresh_does_not_turn_back_time
test_two_writers_in_turn_see_each_others_articles test_a_second_writer_is_refused_or_waits
test_a_damaged_segment_is_named test_its_face test_deleting_nothing_commits_nothing
test_deleting_sees_what_others_have_committed test_an_interrupted_run_leaves_no_trace
test_no_other_writer_comes_between_two_commits test_a_folder_whose_name_is_no_text test_an_interrupted_run_with_workers
test_dry_run_writes_nothing test_dry_run_needs_no_lock test_any_values_come_back
test_a_changed_dictionary_is_as_if_all_were_built_with_it test_words_inside_words_and_of_several_scripts
test_dict_without_an_index_and_while_another_writes test_who_contains_a_word test_a_reader_keeps_its_analyzer
test_rebuild_keeps_what_has_no_file test_entries_are_compared_one_by_one
test_a_dry_run_writes_nothing test_an_interrupted_change_leaves_no_trace test_another_dictionary_comes_with_an_update
""".split()
"""Tests that look into the files of an index, or at the folder that it is, also from another process, or hold its
commit against a later one: what they say of a cluster, tests/backends says."""


@pytest.fixture(scope="session", autouse=True)
def _dictionaries_are_read_once() -> Iterator[None]:
    """Each of the many small indexes would read jieba's dictionary, which takes longer than most of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizer, "_load_rjieba", functools.cache(tokenizer._load_rjieba))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if ON_A_CLUSTER and any(name in item.nodeid for name in OF_A_FOLDER):
            item.add_marker(pytest.mark.skip(reason="is about the folder of an index"))


@pytest.fixture(autouse=ON_A_CLUSTER)
def _on_a_cluster(new_url: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without an index stands for an address of its own; one with an index stays what it is."""
    urls: dict[str, str] = {}

    def address(path: Any) -> Any:
        place = os.fspath(path)
        if "://" in place or Path(place).exists():
            return path
        where = str(Path(place).absolute())
        if where not in urls:
            urls[where] = new_url()
        return urls[where]

    for name in ("exists", "open_backend", "rebuild_backend", "verify"):
        function = getattr(choice, name)

        def elsewhere(path: Any, *arguments: Any, function: Any = function, **more: Any) -> Any:
            return function(address(path), *arguments, **more)

        monkeypatch.setattr(choice, name, elsewhere)

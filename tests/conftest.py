"""Fixtures that several test folders share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import cnsearch

settings.register_profile("cnsearch", deadline=None)  # the machine may be busy; no test asserts a time
settings.register_profile("fuzz", deadline=None, max_examples=int(os.environ.get("FUZZ_EXAMPLES", "5000")))  # make fuzz
settings.register_profile("quick", deadline=None, max_examples=10)  # make check
settings.load_profile("cnsearch")

ROOT = Path(__file__).parents[1]
os.environ["LC_ALL"] = "C.UTF-8"  # the command line speaks the language of the environment

SLOW = """
analysis/test_all_kinds_of_text.py analysis/test_analyzer.py analysis/test_analyzer_contract.py
analysis/test_tokenizer.py analysis/test_userdict.py
codec/test_damage.py codec/test_refused_documents.py codec/test_whoosh_equality.py
codec/test_whoosh_suite.py codec/test_writer.py engine/files/test_locks.py
corpus/test_hostile.py corpus/test_shared_posts.py test_a_post_of_20_megabytes
test_folders_deeper_than_a_path_can_be_long test_hostile_pages_are_read test_ten_megabytes
indexing/test_workers.py search/steps/test_synonyms.py test_a_higher_limit test_a_post_that_is_too_large
kernels/test_native.py test_hostile_components test_what_never_ends_ends_nothing pool_arrives
test_one_of_each_in_what faces/web/
test_two_thousand_random_substrings test_searching_and_indexing_load_nothing test_a_broken_extension
""".split()
"""Modules and tests that take more than half a second: marked so, and left out by ``make check``."""


PAGES = ("docs/test_pages.py", "docs/test_library_page.py")
"""Modules whose tests share nothing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(slow in item.nodeid for slow in SLOW) or "shared" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``--dist loadfile`` a file of tests stays with one worker, so that what a module prepares is prepared once;
    but each page of the documents is replayed by whoever is free."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler.loadfile import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            return nodeid if file.endswith(PAGES) else file

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def data() -> Path:
    """The project's own sample posts."""
    return ROOT / "data"


@pytest.fixture(scope="session")
def data_index_path(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """A folder with an index of ``data``; for reading only."""
    path = tmp_path_factory.mktemp("data") / "index"
    with cnsearch.open_index(path, create=True) as index:
        report = index.update(data, jobs=1)
    assert not report.failed
    return path


@pytest.fixture(scope="session")
def data_index(data_index_path: Path) -> Iterator[cnsearch.Index]:
    """An index of ``data``, open for all tests: for reading only."""
    with cnsearch.open_index(data_index_path) as index:
        yield index


@pytest.fixture(scope="session")
def shared() -> Path:
    """Test data too large or not ours to be in the project; tests that need it are skipped where it is absent."""
    path = Path(os.environ.get("CNSEARCH_SHARED", ROOT.parent / "shared"))
    if not path.is_dir():
        pytest.skip(f"needs the shared test data, not found at {path} (set CNSEARCH_SHARED)")
    return path


@pytest.fixture
def no_root() -> None:
    """For tests of permissions, which do not bind root."""
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("root may read and write everything")


@pytest.fixture
def write_post() -> Callable[..., Path]:
    """Write a post file as feeds do. ``age`` sets its time stamp that many seconds back; the index trusts old ones."""

    def write(
        path: Path,
        title: str = "标题",
        body: str = "正文",
        *,
        source: str = "每经网",
        date: str = "Wed, 27 Oct 2021 02:08:49 GMT",
        age: float = 0,
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        categories = f"categories: \n - 金融\n - {source}\n - 重磅原创\nauthor: {source}\n"
        head = f"\n---\ntitle: '{title}'\n{categories}date: {date}\n---\n"
        path.write_text(f"{head}\n<div>   \n<p>{body}</p>\n</div>\n", encoding="utf-8")
        if age:
            then = path.stat().st_mtime - age
            os.utime(path, (then, then))
        return path

    return write

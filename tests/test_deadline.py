"""Work ends at its deadline, and only the work that has one."""

import pytest

import cnsearch
from cnsearch import deadline
from cnsearch.errors import DeadlineError


def test_work_without_a_deadline_goes_on() -> None:
    deadline.check()


def test_work_ends_at_its_deadline() -> None:
    with deadline.within(-1.0), pytest.raises(DeadlineError):
        deadline.check()
    deadline.check()


def test_an_earlier_deadline_around_it_holds_on() -> None:
    with deadline.within(-1.0), deadline.within(1000.0), pytest.raises(DeadlineError):
        deadline.check()


QUERIES = ["没有搜过的词语", '"没有搜过的原文"', "没有搜过的*", "源:没有 或者 别的", "meiyousouguo", "-没有搜过"]


@pytest.mark.parametrize("query", QUERIES)
def test_a_search_ends_at_its_deadline_and_the_next_one_finds_as_before(data_index_path: object, query: str) -> None:
    with cnsearch.open_index(str(data_index_path)) as index, cnsearch.open_index(str(data_index_path)) as fresh:
        with deadline.within(-1.0), pytest.raises(DeadlineError):
            fresh.search(query)
        assert [hit.id for hit in fresh.search(query)] == [hit.id for hit in index.search(query)]


def test_excerpts_end_at_their_deadline(data_index: cnsearch.Index) -> None:
    hits = list(data_index.search("咖啡"))
    with deadline.within(-1.0), pytest.raises(DeadlineError):
        hits[0].snippet.text()
    assert hits[0].snippet.text()

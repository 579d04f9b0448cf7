"""Work ends at its deadline, and only the work that has one."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

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


def stop_at(monkeypatch: pytest.MonkeyPatch, number: int) -> list[int]:
    """From now on the check of this number finds that the time is up. Gives how many checks there have been."""
    seen = [0]

    def check() -> None:
        seen[0] += 1
        if seen[0] == number:
            raise DeadlineError("now")

    monkeypatch.setattr(deadline, "check", check)
    return seen


WORK: dict[str, Callable[[cnsearch.Index], object]] = {
    "suggestions": lambda index: index.suggest("shu", limit=5),
    "a word's beginning": lambda index: index.suggest("数", limit=5),
    "a correction": lambda index: index.search("meiyouzhege kafei").correction,
    "a pattern": lambda index: index.search("*a*").total,
    "an article": lambda index: index.marked(index.search("咖啡").hits[0].id, "咖啡 *a*"),
}


@pytest.mark.parametrize("work", WORK)
def test_work_can_end_at_every_check_and_is_done_the_next_time(
    data_index_path: object, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    with cnsearch.open_index(str(data_index_path)) as index:
        expected = WORK[work](index)
    number, least = 0, {"suggestions": 8, "a correction": 8, "a pattern": 4}.get(work, 1)
    while True:
        number += 1
        with cnsearch.open_index(str(data_index_path)) as index, monkeypatch.context() as patch:
            seen = stop_at(patch, number)
            try:
                found = WORK[work](index)
            except DeadlineError:
                assert seen[0] == number
                patch.undo()
                assert WORK[work](index) == expected
                continue
            assert found == expected
            assert number > least
            return


def test_a_lock_that_another_thread_holds_is_waited_for_until_the_deadline() -> None:
    lock = threading.RLock()
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            done.wait(30)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(hold)
        held.wait(30)
        with deadline.within(0.05), pytest.raises(DeadlineError), deadline.holding(lock):
            raise AssertionError("two threads hold it")
        done.set()
        with deadline.holding(lock):
            pass
        with deadline.within(1e300), deadline.holding(lock):
            pass


def test_items_are_checked_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = stop_at(monkeypatch, 0)
    assert list(deadline.checked(range(25), every=10)) == list(range(25))
    assert seen == [3]
    with deadline.within(-1.0):
        monkeypatch.undo()
        with pytest.raises(DeadlineError):
            next(deadline.checked([1]))

"""Work ahead in threads: results in order, few inputs taken, errors where they belong."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from cnsearch.kernels.threads import in_threads


@pytest.mark.parametrize("threads", [None, 1, 2, 5])
def test_results_come_in_the_order_of_the_inputs(threads: int | None) -> None:
    assert list(in_threads(lambda number: number * 2, range(30), threads)) == list(range(0, 60, 2))
    assert list(in_threads(str, [], threads)) == []


def test_few_inputs_are_taken_ahead_and_by_the_caller() -> None:
    taken: list[int] = []

    def inputs() -> Iterator[int]:
        for number in range(100):
            assert threading.current_thread() is caller
            taken.append(number)
            yield number

    caller = threading.current_thread()
    workers = set()

    def work(number: int) -> int:
        workers.add(threading.current_thread())
        return number

    for number in in_threads(work, inputs(), 2):
        assert len(taken) <= number + 3
    assert len(taken) == 100
    assert caller not in workers


def test_what_work_raises_comes_out_and_nothing_more_is_begun() -> None:
    done = []

    def work(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        done.append(number)
        return number

    found = []
    with pytest.raises(ValueError, match="three"):
        for number in in_threads(work, range(100), 2):
            found.append(number)  # noqa: PERF402  # what comes before the error
    assert found == [0, 1, 2]
    assert max(done) < 8


def test_who_ends_early_leaves_no_thread() -> None:
    results = in_threads(lambda number: number, iter(range(100)), 2)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cnsearch_")]

"""Work ends at its deadline, and only the work that has one."""

import pytest

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

"""Wrong passwords: who must wait, and how long."""

from __future__ import annotations

import pytest

from cnsearch.faces.web.attempts import FORGOTTEN_S, FREE, MOST_ADDRESSES, MOST_OF_ALL, Attempts


class Clock:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    return Attempts(clock)


def test_the_first_are_free_and_then_each_waits_twice_as_long(attempts: Attempts, clock: Clock) -> None:
    waits = []
    for _ in range(FREE + 8):
        attempts.wrong("10.0.0.1")
        waits.append(attempts.wait("10.0.0.1"))
        clock.now += waits[-1]
        assert attempts.wait("10.0.0.1") == 0
    assert waits == [0] * (FREE - 1) + [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert attempts.wait("10.0.0.2") == 0


def test_who_is_right_or_waits_long_may_err_again(attempts: Attempts, clock: Clock) -> None:
    for _ in range(FREE + 2):
        attempts.wrong("10.0.0.1")
        attempts.wrong("10.0.0.2")
    assert attempts.wait("10.0.0.1") == 4
    clock.now += 4
    attempts.right("10.0.0.1")
    clock.now += FORGOTTEN_S
    for address in ("10.0.0.1", "10.0.0.2"):
        attempts.wrong(address)
        assert attempts.wait(address) == 0


def test_attempts_from_many_addresses_keep_out_those_that_were_never_right(attempts: Attempts, clock: Clock) -> None:
    attempts.right("10.0.0.1")
    for at in range(MOST_OF_ALL):
        attempts.wrong(f"10.1.0.{at}")
    assert attempts.wait("10.2.0.1") == 60
    assert attempts.wait("10.0.0.1") == 0
    clock.now += 60
    assert attempts.wait("10.2.0.1") == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("-", "-", True),
        ("unix:", "-", False),
    ],
)
def test_which_addresses_are_one(attempts: Attempts, one: str, other: str, same: bool) -> None:
    for _ in range(FREE):
        attempts.wrong(one)
    assert bool(attempts.wait(other)) is same


def test_addresses_are_not_kept_without_end(attempts: Attempts, clock: Clock) -> None:
    for _ in range(FREE):
        attempts.wrong("10.0.0.1")
    for at in range(MOST_ADDRESSES):
        attempts.right(f"10.1.{at // 256}.{at % 256}")
    assert attempts.wait("10.0.0.1") == 0
    assert attempts.wait("10.1.0.1") == 0

"""The date of an article as a number of its column."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

NO_DATE = -(1 << 63)
"""In the date column: date unknown. Sorts before every date."""

MIN_DATE, MAX_DATE = -62_135_596_800, 253_402_300_799
"""In the date column: the first and the last second of the years 1 to 9999, which a datetime has."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def seconds_of(date: datetime) -> int:
    """Whole seconds since 1970, rounded down."""
    return (date - _EPOCH) // timedelta(seconds=1)


def date_of(seconds: int) -> datetime | None:
    """The aware UTC date of a value of the date column; None for NO_DATE."""
    return None if seconds == NO_DATE else _EPOCH + timedelta(seconds=seconds)

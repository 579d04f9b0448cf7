"""Dates as a query and its filters name them: a year, a month, a day, a time, each a span of seconds; and
the zone they are read in.

Not good for: dates as posts write them (``corpus/dates.py``), which are read leniently.
"""

from __future__ import annotations

import calendar
import re
from contextlib import suppress
from datetime import datetime, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cnsearch.analysis.fold import fold
from cnsearch.errors import QuerySyntaxError
from cnsearch.store.dates import seconds_of

ACCEPTED_DATES = "a year 2021, a month 2021-10, a day 2021-10-27, a time 2021-10-27T20:11, or a range 2021-10..2021-12"
DEFAULT_ZONE = "Asia/Shanghai"
_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2}))?)?[年月日]?")


class Span(NamedTuple):
    """``start <= date < end``, in seconds since 1970; None is open."""

    start: int | None
    end: int | None


def date_range(value: str, zone: tzinfo) -> Span:
    """``2021-10`` or ``2021-10-01..2021-10-31`` (either end may be left out) in ``zone``. Both ends are included.

    Raises QuerySyntaxError for what is not a date.

    >>> from datetime import timezone
    >>> date_range("1970", timezone.utc), date_range("..1970-01-01", timezone.utc)
    (Span(start=0, end=31536000), Span(start=None, end=86400))
    """
    first, dots, last = value.partition("..")
    if not dots:
        return Span(*moment(value, zone))
    return Span(moment(first, zone)[0] if first else None, moment(last, zone)[1] if last else None)


def moment(value: str | datetime, zone: tzinfo) -> tuple[int, int]:
    """The first second of a year, month, day or time, and the first after it."""
    if isinstance(value, datetime):
        start = seconds_of(value if value.tzinfo is not None else value.replace(tzinfo=zone))
        return start, start + 1
    text = fold(value).strip()
    try:
        match = _DATE.fullmatch(text)
        if match is None:
            if text[4:5] != "-" or text[10:11] not in ("t", " "):
                raise ValueError(text)  # some versions of Python accept more forms than we promise
            date = datetime.fromisoformat(text.replace("t", "T").replace("z", "+00:00"))
            return moment(date, zone)
        year, month, day = (None if part is None else int(part) for part in match.groups())
        assert year is not None
        first = datetime(year, month or 1, day or 1, tzinfo=zone)
        if day is not None:
            after = first + timedelta(days=1)
        elif month is not None:
            after = first + timedelta(days=calendar.monthrange(year, month)[1])
        else:
            after = first.replace(year=year + 1)
        return seconds_of(first), seconds_of(after)
    except (ValueError, OverflowError) as error:
        raise QuerySyntaxError(f'there is no date "{value}"', hint=f"Accepted: {ACCEPTED_DATES}") from error


def time_zone(name: str | tzinfo) -> tzinfo:
    """The zone of this name, or this zone. Raises ValueError for a name that none has."""
    if isinstance(name, tzinfo):
        return name
    with suppress(ZoneInfoNotFoundError):
        return ZoneInfo(name)
    if name == DEFAULT_ZONE:  # a system without a time-zone table
        return timezone(timedelta(hours=8), name)
    raise ValueError(f"there is no time zone {name!r}; give a name such as Asia/Shanghai, or a tzinfo")

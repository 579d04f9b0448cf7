"""Dates as a query and its filters name them: a year, a month, a day, a time, each a span of seconds.

Not good for: dates as posts write them (``corpus/dates.py``), which are read leniently.
"""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta, tzinfo

from cnsearch.analysis.fold import fold
from cnsearch.errors import QuerySyntaxError
from cnsearch.store.dates import seconds_of

ACCEPTED_DATES = "a year 2021, a month 2021-10, a day 2021-10-27, a time 2021-10-27T20:11, or a range 2021-10..2021-12"
_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2}))?)?[年月日]?")


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

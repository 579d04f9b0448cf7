"""Hits over time: bars for months, or for years where months would be too many. Numbers for a drawing; the drawing is
``templates/chart.svg``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

MOST_MONTHS = 60
HEIGHT = 40
"""Units of the highest bar."""


@dataclass(frozen=True, slots=True)
class Bar:
    """period : "2021-10" or "2021"
    count  : hits in it
    height : 0 for none, 1 to HEIGHT otherwise
    """

    period: str
    count: int
    height: int


def bars(months: Mapping[str, int]) -> list[Bar]:
    """A bar for each month from the first to the last, those without hits too; for each year if they are more than
    MOST_MONTHS; nothing where all lie in one.

    months : "2021-10" -> hits
    """
    if not months:
        return []
    first, last = min(months), max(months)
    counts: Mapping[str, int] = months
    periods = _months(first, last)
    if len(periods) > MOST_MONTHS:
        years: Counter[str] = Counter()
        for month, count in months.items():
            years[month[:4]] += count
        counts = years
        periods = [f"{year:04d}" for year in range(int(first[:4]), int(last[:4]) + 1)]
        periods = _without_gaps(periods, counts)
    if len(periods) < 2:
        return []
    most = max(counts.values())
    return [
        Bar(period, count, max(1, round(HEIGHT * count / most)) if count else 0)
        for period in periods
        for count in [counts.get(period, 0)]
    ]


def _months(first: str, last: str) -> list[str]:
    start, end = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (first, last))
    return [f"{at // 12:04d}-{at % 12 + 1:02d}" for at in range(start, end + 1)]


def _without_gaps(years: list[str], counts: Mapping[str, int]) -> list[str]:
    """The years, but for empty ones next to one another: an article wrongly dated to the year 200 must not make the
    others invisible."""
    if len(years) <= MOST_MONTHS:
        return years
    return years[:1] + [year for before, year in pairwise(years) if year in counts or before in counts]

"""Facets: how many hits have each source, level or leading path of a category, author, tag, year, month, or value of an
own field, counted on the columns."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, tzinfo
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cnsearch.store.dates import NO_DATE, date_of, seconds_of
from cnsearch.store.snapshot import Snapshot

FACETS = ("source", "category", "category_path", "author", "tag", "year", "month")
"""What articles are counted by, besides the own fields that an index has."""
_MONTHS = range(1, 13)


def count_facet(snapshot: Snapshot, matching: npt.NDArray[np.bool_], field: str, zone: tzinfo) -> dict[str, int]:
    """How many of the matching documents have each value, the most frequent first, equal ones by name.

    matching : bool, shape (snapshot.num_docs,)
    field    : one of FACETS, or an own field; a category counts once for each of its levels, a category_path for
               each leading path; years and months are those in ``zone``
    Documents without a value count nowhere.
    """
    if field in ("year", "month"):
        counts = _dates(snapshot.dates[matching], field, zone)
    elif field == "category_path":
        counts = snapshot.count_label_paths("category", matching)
    elif field in FACETS:
        counts = snapshot.count_labels(field, matching)
    else:
        counts = snapshot.own_field_counts(field, matching)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _dates(seconds: npt.NDArray[np.int64], field: str, zone: tzinfo) -> Counter[str]:
    known = seconds[seconds != NO_DATE]
    if not len(known):
        return Counter()
    first, last = (date_of(int(moment)) for moment in (known.min(), known.max()))
    assert first is not None
    assert last is not None
    names, bounds = _periods(max(1, first.year - 1), min(9999, last.year + 1), field, zone)
    counts = np.bincount(np.searchsorted(bounds, known, side="right") - 1, minlength=len(names))
    return Counter({name: int(count) for name, count in zip(names, counts, strict=True) if count})


@lru_cache(maxsize=16)
def _periods(first: int, last: int, field: str, zone: tzinfo) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The years, or the months of them, from the year ``first`` to ``last``: their names, and the second at which each
    begins, shape (periods,). Making those of a few years takes longer than counting."""
    starts = [(year, month) for year in range(first, last + 1) for month in (_MONTHS if field == "month" else (1,))]
    names = [f"{year:04d}" if field == "year" else f"{year:04d}-{month:02d}" for year, month in starts]
    return names, np.array([seconds_of(datetime(*start, 1, tzinfo=zone)) for start in starts], dtype=np.int64)

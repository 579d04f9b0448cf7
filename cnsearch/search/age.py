"""What age leaves of a score, where the caller wants newer articles first."""

from __future__ import annotations

import time

import numpy as np

from cnsearch.search.scoring import Scores
from cnsearch.store.dates import NO_DATE
from cnsearch.store.snapshot import Snapshot


def decay(snapshot: Snapshot, half_life_days: float) -> Scores:
    """What age leaves of each score, float32, shape (num_docs,): 1 for the newest document that is not of the future,
    half for one ``half_life_days`` older; an undated one counts as the oldest."""
    dates, live = snapshot.dates, snapshot.live
    known = dates[(dates != NO_DATE) & (dates <= int(time.time())) & (True if live is None else live)]
    if not len(known):
        return np.ones(len(dates), dtype=np.float32)
    days = (known.max() - np.clip(dates, known.min(), known.max())) / 86_400
    with np.errstate(over="ignore"):  # a half-life of 1e-320 days: infinitely many of them are gone
        left: Scores = np.exp2(-days / half_life_days).astype(np.float32)
    return np.maximum(left, np.float32(1e-6))  # never 0, which would make a hit none

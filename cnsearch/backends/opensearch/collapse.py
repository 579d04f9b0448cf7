"""Copies of an article folded under the best of them, among the hits that the cluster ranks first.

What is a copy is decided as on disk (``search/collapse.py``), by signatures that come with the hits. On disk all hits
are looked at, here the first DEPTH, or four times as many as are shown: copies of a hit mostly rank near it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnsearch.analysis.signature import NUM_BINS
from cnsearch.backends.opensearch.searcher import Found, Order, Ready, Searcher
from cnsearch.search.collapse import Copies
from cnsearch.store.dates import NO_DATE

DEPTH = 1_000


@dataclass
class Folded:
    """A page of articles of which none is a copy of one before it; under each its copies, in rank order."""

    found: Found
    copies: list[list[dict[str, Any]]] = field(default_factory=list)


def rank_collapsed(searcher: Searcher, ready: Ready, *, order: Order, limit: int, offset: int, **more: Any) -> Folded:
    """As ``Searcher.rank``, with copies folded; ``limit`` and ``offset`` count what is left. ``total`` does not."""
    depth = max(DEPTH, 4 * (offset + limit))
    ranked = searcher.rank(
        ready,
        order=order,
        limit=depth if limit else 0,
        offset=0,
        docvalue_fields=["signature", "seconds", "num_words"],
        **more,
    )
    size = len(ranked.ids)
    rows = np.zeros((size, NUM_BINS), dtype=np.uint8)
    dates = np.full(size, NO_DATE, dtype=np.int64)
    tokens = np.zeros(size, dtype=np.int64)
    for at, fields in enumerate(ranked.fields):
        if "signature" in fields:
            encoded = fields["signature"][0]
            rows[at] = np.frombuffer(base64.b64decode(encoded + "=" * (-len(encoded) % 4)), np.uint8)
        dates[at] = fields.get("seconds", [NO_DATE])[0]
        tokens[at] = fields.get("num_words", [0])[0]
    copies = Copies(rows, dates, tokens)
    free = np.ones(size, dtype=bool)
    page = Found(total=ranked.total, answer=ranked.answer)
    folded: list[list[dict[str, Any]]] = []
    kept = 0
    for at in range(size):
        if not free[at] or kept == offset + limit:
            continue
        free[at] = False
        same = copies.of(at, free)
        free[same] = False
        kept += 1
        page.num_second += at < ranked.num_second
        if kept > offset:
            page.ids.append(ranked.ids[at])
            page.scores.append(ranked.scores[at])
            page.articles.append(ranked.articles[at])
            page.named.append(ranked.named[at])
            folded.append([ranked.articles[other] for other in same.tolist()])
    return Folded(page, folded)

"""How many articles match: the statistics that the rule of hits, scores and corrections are made of.

They are asked of the cluster, many at once, and remembered for a while: an article more or less changes no ranking.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from cnsearch.backends.opensearch.cluster import Cluster
from cnsearch.backends.opensearch.matching import Query, matching
from cnsearch.search.scoring import idf
from cnsearch.search.steps.base import Step
from cnsearch.search.steps.leaf import Term

REMEMBERED_S = 30.0
MAX_REMEMBERED = 100_000


class Counts:
    """Of one index. Thread-safe."""

    def __init__(self, cluster: Cluster, index: str) -> None:
        self._cluster = cluster
        self._index = index
        self._known: dict[object, int] = {}
        self._lock = threading.Lock()
        self._since = time.monotonic()

    def forget(self) -> None:
        """Ask anew from now on: something was written."""
        with self._lock:
            self._known = {}
            self._since = time.monotonic()

    def begin(self) -> bool:
        """Before a search: what is remembered for long is asked anew, so that one search sees one state. Returns
        whether it is."""
        old = time.monotonic() - self._since > REMEMBERED_S or len(self._known) > MAX_REMEMBERED
        if old:
            self.forget()
        return old

    def ask(self, steps: Iterable[Step], verified: Mapping[Step, Query] = MappingProxyType({})) -> None:
        """Find out what is not known yet, in one request. ``verified``: what ``matching`` is to be told."""
        wanted = [step for step in dict.fromkeys(map(_unweighed, steps)) if step not in self._known]
        self._remember(wanted, [matching(step, verified) for step in wanted])

    def of(self, step: Step) -> int:
        """How many articles match a step without a run of words in it."""
        step = _unweighed(step)
        if step not in self._known:
            self.ask([step])
        return self._known.get(step, 0)

    def of_queries(self, queries: dict[object, Query]) -> dict[object, int]:
        """The same of queries, by what names them."""
        wanted = {key: query for key, query in queries.items() if key not in self._known}
        self._remember(list(wanted), list(wanted.values()))
        return {key: self._known.get(key, 0) for key in queries}

    def _remember(self, keys: Sequence[object], queries: list[Query]) -> None:
        if not queries:
            return
        bodies = [{"size": 0, "track_total_hits": True, "query": query} for query in queries]
        answers = self._cluster.searches(self._index, bodies, scored=False)
        known = self._known
        for key, answer in zip(keys, answers, strict=True):
            known[key] = answer["hits"]["total"]["value"]

    @property
    def num_docs(self) -> int:
        """How many articles there are."""
        return self.of_queries({"all": {"match_all": {}}})["all"]

    def idf(self, step: Step) -> float:
        """How telling a step is, by ``scoring.idf``."""
        return self.idf_of(self.of(step))

    def idf_of(self, doc_freq: int) -> float:
        """The same of a number of articles."""
        return idf(max(self.num_docs, doc_freq), doc_freq)


def _unweighed(step: Step) -> Step:
    return replace(step, weight=1.0) if isinstance(step, Term) and step.weight != 1 else step

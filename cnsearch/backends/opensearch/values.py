"""What an index on a cluster knows of its articles besides their texts: values, fields, dates, counts.

It stands where a ``Snapshot`` stands for the index on disk, as far as reading a request needs one. Values are counted
by the cluster, all of them, and remembered for half a minute.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.fold import fold
from cnsearch.backends.asked import Known
from cnsearch.backends.opensearch.cluster import Cluster
from cnsearch.backends.opensearch.counts import Counts
from cnsearch.backends.opensearch.mapping import Facts
from cnsearch.backends.opensearch.matching import EVERYTHING, Query
from cnsearch.search.steps.conditions import Label
from cnsearch.search.steps.leaf import Term
from cnsearch.store.dates import date_of

REMEMBERED_S = 30.0
BUCKETS = 1_000
"""Values that are asked for at a time."""
FACETS = ("source", "category", "category_path", "author", "tag", "year", "month")
_INTERVALS = {"year": ("1y", "uuuu"), "month": ("1M", "uuuu-MM")}


class Values(Known):
    """Of one index. Thread-safe."""

    def __init__(self, cluster: Cluster, index: str, facts: Facts, counts: Counts) -> None:
        self._cluster = cluster
        self._index = index
        self.facts = facts
        self._counts = counts
        self._kept: dict[object, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Something was written."""
        with self._lock:
            self._kept = {}

    def _remembered(self, key: object, make: Any) -> Any:
        found = self._kept.get(key)
        if found is None or time.monotonic() - found[0] > REMEMBERED_S:
            found = (time.monotonic(), make())
            with self._lock:
                self._kept[key] = found
        return found[1]

    # As a snapshot has them

    @property
    def analyzer(self) -> ChineseAnalyzer:
        return self.facts.analyzer

    @property
    def num_docs(self) -> int:
        """How many articles there are, as remembered."""
        return self._counts.num_docs

    @property
    def own_fields(self) -> Mapping[str, str]:
        """The names of the own fields of articles: as most articles write it, by the folded name."""
        found: Mapping[str, str] = self._remembered("own fields", self._own_fields)
        return found

    def _own_fields(self) -> Mapping[str, str]:
        written: dict[str, Counter[str]] = {}
        for name, count in sorted(self.count("label_name", EVERYTHING).items()):
            written.setdefault(fold(name), Counter())[name] += count
        return {folded: names.most_common(1)[0][0] for folded, names in sorted(written.items())}

    def has_term(self, field: str, term: str) -> bool:
        """Whether an article has the value, folded."""
        return self._counts.of(Label(field, term)) > 0

    def doc_freq(self, field: str, term: str) -> int:
        """How many articles have the word in a text; of tags, anywhere."""
        return self._counts.of(Term(term, (field,)) if field in ("title", "body") else Term(term))

    def label_counts(self, field: str) -> Counter[str]:
        """For each value as written, how many articles have it."""
        found: Counter[str] = self._remembered(("counts", field), lambda: self.count(field, EVERYTHING))
        return found

    def own_field_counts(self, name: str) -> Counter[str]:
        """How many articles have each value of an own field."""
        found: Counter[str] = self._remembered(("own", fold(name)), lambda: self.count_own(name, EVERYTHING))
        return found

    def label_paths(self, field: str) -> list[tuple[str, int]]:
        """The leading paths that a filter may say, folded, and the articles of each."""
        paths = self._remembered(("paths", field), lambda: Counter(dict(self._buckets(field, EVERYTHING))))
        return [(path, count) for path, count in sorted(paths.items()) if "/" in path or field == "tag"]

    def date_span(self) -> tuple[datetime | None, datetime | None]:
        """The first and the last known date."""
        bounds = {"first": {"min": {"field": "seconds"}}, "last": {"max": {"field": "seconds"}}}
        said = self._cluster.search(self._index, {"size": 0, "aggs": bounds})["aggregations"]
        first, last = (said[name]["value"] for name in ("first", "last"))
        return None if first is None else date_of(int(first)), None if last is None else date_of(int(last))

    def num_drafts(self) -> int:
        """How many articles are drafts."""
        return self._counts.of(Label("draft", "yes"))

    # Facets

    def known_facets(self) -> tuple[str, ...]:
        """What can be counted by."""
        return (*FACETS, *self.own_fields.values())

    def facet(self, field: str, query: Query, zone: tzinfo) -> dict[str, int]:
        """How many of the articles of a query have each value, the most frequent first, equal ones by name."""
        if field in _INTERVALS:
            counts = self._dates(field, query, zone)
        elif field in FACETS:
            counts = self.count(field, query)
        else:
            counts = self.count_own(field, query)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def count(self, field: str, query: Query) -> Counter[str]:
        """How many of the articles of a query have each value as written; nothing is no value."""
        return Counter({value: count for value, count in self._buckets(f"{field}_as", query) if value})

    def count_own(self, name: str, query: Query) -> Counter[str]:
        """The same of an own field."""
        found: Counter[str] = Counter()
        for written in [name, *self._written(name)]:
            prefix = f"{written}="
            for value, count in self._buckets("label_as", query, prefix):
                found[value.removeprefix(prefix)] = count
        return found

    def _written(self, name: str) -> list[str]:
        """The other ways in which articles write the name of an own field."""
        names = self._remembered("label names", lambda: self.count("label_name", EVERYTHING))
        return [other for other in names if fold(other) == fold(name) and other != name]

    def _buckets(self, field: str, query: Query, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Every value and its number of articles. First the commonest at once, which mostly are all; else in order,
        page by page."""
        terms: Query = {"field": field, "size": BUCKETS}
        if prefix:
            terms["include"] = _literal(prefix) + "(.|\n)*"
        body = {"size": 0, "query": query, "aggs": {"all": {"terms": terms}}, "track_total_hits": False}
        said = self._cluster.search(self._index, body)["aggregations"]["all"]
        if not said["sum_other_doc_count"]:
            yield from ((bucket["key"], bucket["doc_count"]) for bucket in said["buckets"])
            return
        pages: Query = {"size": BUCKETS, "sources": [{"value": {"terms": {"field": field}}}]}
        if prefix:
            pages["after"] = {"value": prefix}
        while True:
            body["aggs"] = {"all": {"composite": pages}}
            said = self._cluster.search(self._index, body)["aggregations"]["all"]
            for bucket in said["buckets"]:
                value = bucket["key"]["value"]
                if prefix and not value.startswith(prefix):
                    if value > prefix:
                        return
                    continue
                yield value, bucket["doc_count"]
            if "after_key" not in said or len(said["buckets"]) < BUCKETS:
                return
            pages["after"] = said["after_key"]

    def _dates(self, field: str, query: Query, zone: tzinfo) -> Counter[str]:
        interval, form = _INTERVALS[field]
        histogram = {
            "field": "date",
            "calendar_interval": interval,
            "format": form,
            "min_doc_count": 1,
            "time_zone": _zone_name(zone),
        }
        body = {"size": 0, "query": query, "aggs": {"all": {"date_histogram": histogram}}, "track_total_hits": False}
        buckets = self._cluster.search(self._index, body)["aggregations"]["all"]["buckets"]
        return Counter({bucket["key_as_string"]: bucket["doc_count"] for bucket in buckets})


def _literal(text: str) -> str:
    """As a regular expression of Lucene."""
    return re.sub(r'([.?+*|{}\[\]()"\\#@&<>~^$-])', r"\\\1", text)


def _zone_name(zone: tzinfo) -> str:
    """As Java knows it; of a zone without a name, its present offset from UTC."""
    if isinstance(zone, ZoneInfo) and zone.key:
        return zone.key
    offset = datetime.now(zone).strftime("%z")
    return f"{offset[:3]}:{offset[3:5]}"

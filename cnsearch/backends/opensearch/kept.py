"""What an index on a cluster is made of: an alias, the generation behind it, and a small index with its state.

    news           alias of the present generation
    news-7         the generation: its documents, and in its mapping how they were made (``mapping.Facts``)
    news-state     how folders are read, files of several articles; tickets of writers (``lease``)

A new generation is built beside the present one and takes its place by switching the alias, in one step of the cluster.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from cnsearch.backends.opensearch.cluster import Cluster
from cnsearch.backends.opensearch.documents import article_of, key_of
from cnsearch.backends.opensearch.mapping import AVERAGES, LENGTHS, NOT_OURS, Facts, facts_of, index_body
from cnsearch.errors import IndexNotFoundError, IndexUnusableError
from cnsearch.model import Article
from cnsearch.settings import Settings
from cnsearch.store.schema import SCHEMA_VERSION
from cnsearch.store.segment import Indexed

GOTTEN = 100
"""Articles that are fetched by their ids at a time."""
SCROLLED = 5_000

_STATE_BODY = {
    "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}},
    "mappings": {
        "dynamic": "strict",
        "_meta": {"cnsearch": "state"},
        "properties": {
            "kind": {"type": "keyword"},
            "until": {"type": "double", "index": False},
            "state": {"type": "object", "enabled": False},
        },
    },
}


class Kept:
    """One index on a cluster. ``version``, ``settings`` and ``num_live_docs`` are what an update begins with."""

    version = SCHEMA_VERSION

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.alias = cluster.address.name
        self.state = f"{self.alias}-state"

    # Being there

    def generation(self) -> str:
        """The name of the index behind the alias. Raises IndexNotFoundError, IndexUnusableError if it is not ours."""
        found = self._behind()
        if found is None:
            raise IndexNotFoundError(
                str(self.cluster.address), "there is no index of this name", hint="Make it with open_index(create=True)"
            )
        return found

    def _behind(self) -> str | None:
        try:
            names = list(self.cluster.request("GET", f"/{self.alias}"))
        except IndexNotFoundError:
            return None
        if len(names) != 1 or names[0] == self.alias:
            if names == [self.alias]:
                raise IndexUnusableError(
                    str(self.cluster.address),
                    NOT_OURS,
                    hint="It is left as it is; choose another name",
                    code="foreign",
                )
            raise IndexUnusableError(
                str(self.cluster.address), f"the name stands for {len(names)} indexes", code="foreign"
            )
        return str(names[0])

    def exists(self) -> bool:
        """Whether anything has the name."""
        try:
            return self._behind() is not None
        except IndexUnusableError as error:
            if error.code != "foreign":
                raise
            return True

    def facts(self) -> Facts:
        """What the present generation says of itself. Raises as ``generation`` does, and IndexFormatError."""
        generation = self.generation()
        mapping = self.cluster.request("GET", f"/{generation}/_mapping")[generation]["mappings"]
        return facts_of(self.cluster.address, mapping)

    def create(self, facts: Facts) -> None:
        """Make an empty index; nothing where there is one by now."""
        self._make_state()
        generation = self.make_generation(facts)
        self.switch(generation)

    def make_generation(self, facts: Facts) -> str:
        """A new index beside the present one, without the alias."""
        taken = self._generations()
        number = 1 + max((int(name.rpartition("-")[2]) for name in taken), default=0)
        name = f"{self.alias}-{number}"
        self.cluster.request("PUT", f"/{name}", index_body(self.cluster.address, facts))
        return name

    def _generations(self) -> list[str]:
        try:
            names = self.cluster.request("GET", f"/{self.alias}-*/_settings", expand_wildcards="all")
        except IndexNotFoundError:
            return []
        return [name for name in names if re.fullmatch(re.escape(self.alias) + r"-[0-9]{1,9}", name)]

    def switch(self, generation: str) -> None:
        """Put a generation in the place of the present one, which is removed, and what is left of others."""
        try:
            present = self._behind()
        except IndexUnusableError:
            self.remove(generation)
            raise
        actions: list[dict[str, Any]] = [{"add": {"index": generation, "alias": self.alias, "is_write_index": True}}]
        if present is not None:
            actions.append({"remove_index": {"index": present}})
        self.cluster.request("POST", "/_aliases", {"actions": actions})
        for name in self._generations():
            if name != generation:
                self.remove(name)

    def remove(self, generation: str) -> None:
        """Remove a generation, if it is there and ours."""
        with suppress(IndexNotFoundError):
            mapping = self.cluster.request("GET", f"/{generation}/_mapping")[generation]["mappings"]
            if type(mapping.get("_meta", {}).get("cnsearch")) is int:
                self.cluster.request("DELETE", f"/{generation}")

    def record(self, facts: Facts) -> None:
        """Let the present generation say this of itself."""
        self.cluster.request("PUT", f"/{self.alias}/_mapping", {"_meta": facts.to_meta()})

    def mark(self) -> str:
        """Tells what the index has now from what it had at another time: the generation, and the last change of each
        shard. Raises IndexNotFoundError."""
        said = self.cluster.request(
            "GET", f"/{self.alias}/_stats/docs", level="shards", filter_path="indices.*.uuid,indices.*.shards"
        )
        marks = []
        for uuid, shards in ((index["uuid"], index["shards"]) for index in said.get("indices", {}).values()):
            last = [
                max(copy["seq_no"]["max_seq_no"] for copy in copies if "seq_no" in copy)
                for _, copies in sorted(shards.items())
            ]
            marks.append(f"{uuid}:{'-'.join(map(str, last))}")
        if not marks:
            raise IndexNotFoundError(str(self.cluster.address), "there is no index")
        return ",".join(marks)

    def size(self) -> tuple[int, int]:
        """(segments, bytes) of its primary shards."""
        said = self.cluster.request("GET", f"/{self.alias}/_stats/segments,store")["_all"]["primaries"]
        return said["segments"]["count"], said["store"]["size_in_bytes"]

    def missing_shards(self) -> int:
        """How many of its shards nobody has."""
        health = self.cluster.request("GET", f"/_cluster/health/{self.alias}", level="shards")
        indices = health.get("indices", {}).values()
        return sum(not shard.get("primary_active") for index in indices for shard in index.get("shards", {}).values())

    # State

    def _make_state(self) -> None:
        if not self.cluster.exists(f"/{self.state}"):
            try:
                self.cluster.request("PUT", f"/{self.state}", _STATE_BODY)
            except IndexUnusableError as error:
                if "already exists" not in error.reason:
                    raise
        meta = self.cluster.request("GET", f"/{self.state}/_mapping")[self.state]["mappings"].get("_meta", {})
        if meta.get("cnsearch") != "state":
            hint = "It is left as it is; choose another name"
            raise IndexUnusableError(f"{self.cluster.address}-state", NOT_OURS, hint=hint, code="foreign")

    def require_state(self) -> None:
        """Make the index of the state if it is gone."""
        self._make_state()

    @property
    def settings(self) -> Settings:
        """How the folders are read. Raises IndexUnusableError where that cannot be read."""
        try:
            said = self.cluster.request("GET", f"/{self.state}/_source/settings")
            return Settings.from_dict(json.loads(said["state"]["settings"]))
        except IndexNotFoundError:
            return Settings()
        except ValueError as error:
            raise IndexUnusableError(
                str(self.cluster.address), f"the settings of its folders cannot be read ({error})"
            ) from error

    def record_settings(self, settings: Settings) -> None:
        """Let the index remember how its folders are read, at once and whatever becomes of the run."""
        body = {"kind": "settings", "state": {"settings": json.dumps(settings.to_dict(), ensure_ascii=True)}}
        self.cluster.request("PUT", f"/{self.state}/_doc/settings", body, refresh="true")

    def record_change(self) -> None:
        """Something was written now."""
        self.cluster.request("PUT", f"/{self.state}/_doc/changed", {"kind": "changed", "state": {"at": time.time()}})

    def last_change(self) -> float:
        """When something was written last, or the generation made; in seconds since 1970."""
        try:
            return float(self.cluster.request("GET", f"/{self.state}/_source/changed")["state"]["at"])
        except IndexNotFoundError:
            generation = self.generation()
            made = self.cluster.request("GET", f"/{generation}/_settings")[generation]["settings"]["index"]
            return int(made["creation_date"]) / 1000

    # Articles

    @property
    def num_live_docs(self) -> int:
        """How many articles it has now: asked of the cluster each time."""
        count: int = self.cluster.request("GET", f"/{self.alias}/_count")["count"]
        return count

    def mean_lengths(self) -> dict[str, float]:
        """The mean lengths of the fields of its articles, of tags over those that have any; each at least 1."""
        means = {name: {"avg": {"field": f"{LENGTHS}.{name}"}} for name in AVERAGES}
        said = self.cluster.search(self.alias, {"size": 0, "aggs": means})["aggregations"]
        return {name: max(1.0, said[name]["value"] or 0.0) for name in AVERAGES}

    def refresh(self) -> None:
        """Let searches see what was written."""
        self.cluster.request("POST", f"/{self.alias}/_refresh")

    def roots(self) -> set[str]:
        """The folders whose posts are in the index."""
        body = {"size": 0, "aggs": {"roots": {"terms": {"field": "root", "size": 10_000}}}}
        buckets = self.cluster.search(self.alias, body)["aggregations"]["roots"]["buckets"]
        return {bucket["key"] for bucket in buckets}

    def indexed(self) -> dict[str, Indexed]:
        """What is in the index, by article id."""
        hits = self.cluster.scroll(self.alias, {"match_all": {}}, size=SCROLLED, _source=_ORIGIN)
        return {hit["_source"]["article"]["id"]: _indexed(hit["_source"]) for hit in hits}

    def entries(self) -> Iterator[tuple[Article, Indexed]]:
        """Every article, and what is known of its origin."""
        hits = self.cluster.scroll(self.alias, {"match_all": {}}, size=GOTTEN * 5, _source=[*_ORIGIN, "article"])
        return ((article_of(hit["_source"]["article"]), _indexed(hit["_source"])) for hit in hits)

    def find_indexed(self, article_id: str) -> Indexed | None:
        """The same of one article."""
        return next((entry for _, entry in self._got([article_id], _ORIGIN)), None)

    def stored(self, article_ids: Iterable[str]) -> Iterator[tuple[Article, Indexed]]:
        """The articles with these ids, and what is known of their origin."""
        for source, entry in self._got(article_ids, [*_ORIGIN, "article"]):
            yield article_of(source["article"]), entry

    def sources(self, article_ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        """The same as they are stored."""
        return (source["article"] for source, _ in self._got(article_ids, ["article"]))

    def there(self, article_ids: Iterable[str]) -> list[str]:
        """Those of the ids that an article has."""
        return [source["article"]["id"] for source, _ in self._got(article_ids, ["article.id"])]

    def _got(self, article_ids: Iterable[str], fields: list[str]) -> Iterator[tuple[dict[str, Any], Indexed]]:
        ids = list(article_ids)
        for at in range(0, len(ids), GOTTEN):
            body = {"ids": [key_of(article_id) for article_id in ids[at : at + GOTTEN]]}
            answer = self.cluster.request("POST", f"/{self.alias}/_mget", body, _source_includes=",".join(fields))
            for doc in answer["docs"]:
                if doc.get("found"):
                    yield doc["_source"], _indexed(doc["_source"])
                elif "error" in doc and doc["error"].get("type") != "index_not_found_exception":
                    raise IndexUnusableError(str(self.cluster.address), f"the cluster refuses: {doc['error']}")
                elif "error" in doc:
                    raise IndexNotFoundError(str(self.cluster.address), "there is no index")


_ORIGIN = ["article.id", "root", "size", "mtime_ns", "digest"]


def _indexed(source: dict[str, Any]) -> Indexed:
    digest = bytes.fromhex(source.get("digest", ""))
    return Indexed(-1, source.get("root", ""), source.get("size", 0), source.get("mtime_ns", 0), digest)

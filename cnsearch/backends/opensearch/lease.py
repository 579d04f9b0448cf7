"""Who writes: several may add at once, but who changes how all articles are read or cut is alone.

Each writer puts a ticket into the index's state and waits for the earlier ones that it cannot go beside. The state has
one shard, whose sequence numbers give the order. A ticket says until when it holds; its writer renews it. One that was
killed is waited for LEASE_S at most.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from cnsearch.backends.opensearch.cluster import Cluster
from cnsearch.errors import CnsearchError, IndexLockedError, IndexUnusableError

LEASE_S = 60.0
RENEWED_S = 15.0
DEFAULT_WAIT_S = 5.0
_PAUSE_S = 0.2


@dataclass(frozen=True, slots=True)
class _Ticket:
    key: str
    number: int
    alone: bool
    until: float
    about: dict[str, Any]


class Lease:
    """The right to write, while it is held (``held``)."""

    def __init__(self, cluster: Cluster, state: str) -> None:
        self._cluster = cluster
        self._state = state
        self._keys: list[str] = []
        self._alone = False
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._about = {
            "pid": os.getpid(),
            "host": platform.node(),
            "command": " ".join(sys.argv)[:200],
            "since": time.time(),
        }

    @contextmanager
    def held(self, *, alone: bool, wait: float | None, stopped: Callable[[], bool]) -> Iterator[Lease]:
        """Raises IndexLockedError if another writer does not end in time."""
        try:
            self._take(alone, wait, stopped)
            renewing = threading.Thread(target=self._renew, daemon=True)
            renewing.start()
            try:
                yield self
            finally:
                self._ended.set()
        finally:
            self._ended.set()
            for key in self._keys:
                with suppress(CnsearchError, ValueError):  # else it ends by itself
                    self._cluster.request("DELETE", f"/{self._state}/_doc/{key}", refresh="true", timeout=5.0)

    def be_alone(self, wait: float | None, stopped: Callable[[], bool]) -> None:
        """From now on nobody else may write. Raises IndexLockedError."""
        if not self._alone:
            self._take(True, wait, stopped)

    def require(self) -> None:
        """Raise IndexLockedError if the right was lost, because it was not renewed in time."""
        now = time.time()
        mine = [ticket for ticket in self._tickets() if ticket.key in self._keys]
        if len(mine) < len(self._keys) or any(ticket.until < now for ticket in mine):
            raise self._locked("another writer may have taken over, for this one did not reach the cluster in time", {})

    def _take(self, alone: bool, wait: float | None, stopped: Callable[[], bool]) -> None:
        until = time.monotonic() + (DEFAULT_WAIT_S if wait is None else wait)
        key = f"writer-{uuid.uuid4().hex}"
        self._put(key, alone)
        with self._lock:
            self._keys.append(key)
        while True:
            before = self._in_the_way(alone)
            if not before:
                self._alone = self._alone or alone
                return
            if time.monotonic() >= until or stopped():
                about = before[0].about
                who = f"process {about.get('pid')} on {about.get('host')}" if about.get("pid") else "another process"
                raise self._locked(f"{who} is writing to it", about)
            time.sleep(_PAUSE_S)

    def _in_the_way(self, alone: bool) -> list[_Ticket]:
        """The tickets that hold and have to be waited for: those before the first of ours; and, for who wants to be
        alone from now on, those that go on beside it. Who came later and wants to be alone waits for us."""
        now = time.time()
        tickets = sorted((one for one in self._tickets() if one.until > now), key=lambda one: one.number)
        found: list[_Ticket] = []
        ours = closed = False
        for ticket in tickets:
            if ticket.key in self._keys:
                ours = True
            elif not ours:
                found += [ticket] if alone or ticket.alone else []
            elif ticket.alone:
                closed = True  # it waits for us, and all after it for it
            elif len(self._keys) > 1 and not closed:
                found.append(ticket)
        return found

    def _put(self, key: str, alone: bool) -> None:
        body = {"kind": "writer", "state": {**self._about, "alone": alone}, "until": time.time() + LEASE_S}
        try:
            self._cluster.request("PUT", f"/{self._state}/_create/{key}", body, refresh="true")
        except IndexUnusableError as error:
            if error.code != "conflict":  # else it was sent again, for the first answer was lost
                raise

    def _renew(self) -> None:
        while not self._ended.wait(RENEWED_S):
            for key in list(self._keys):
                with suppress(CnsearchError, ValueError):  # tried again, until it has run out
                    body = {"until": time.time() + LEASE_S}
                    # A document of its own: the ticket keeps its number.
                    self._cluster.request("PUT", f"/{self._state}/_doc/until-{key}", body, timeout=5.0)
        for key in list(self._keys):
            with suppress(CnsearchError, ValueError):
                self._cluster.request("DELETE", f"/{self._state}/_doc/until-{key}", timeout=5.0)

    def _tickets(self) -> list[_Ticket]:
        self._cluster.request("POST", f"/{self._state}/_refresh")
        body = {"size": 1_000, "query": {"term": {"kind": "writer"}}, "seq_no_primary_term": True}
        hits = self._cluster.search(self._state, body)["hits"]["hits"]
        renewed = self._renewed([hit["_id"] for hit in hits])
        return [
            _Ticket(
                hit["_id"],
                hit["_seq_no"],
                bool(hit["_source"]["state"].get("alone")),
                max(float(hit["_source"]["until"]), renewed.get(hit["_id"], 0.0)),
                hit["_source"]["state"],
            )
            for hit in hits
        ]

    def _renewed(self, keys: list[str]) -> dict[str, float]:
        if not keys:
            return {}
        body = {"ids": [f"until-{key}" for key in keys]}
        docs = self._cluster.request("POST", f"/{self._state}/_mget", body)["docs"]
        return {
            doc["_id"].removeprefix("until-"): float(doc["_source"]["until"]) for doc in docs if doc.get("found", False)
        }

    def _locked(self, reason: str, about: dict[str, Any]) -> IndexLockedError:
        since = about.get("since")
        return IndexLockedError(
            str(self._cluster.address),
            reason,
            pid=about.get("pid"),
            host=str(about.get("host", "")),
            command=str(about.get("command", "")),
            since=None if since is None else datetime.fromtimestamp(since, timezone.utc),
            hint="Wait until it ends",
        )

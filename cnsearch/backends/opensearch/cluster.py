"""Talking to a cluster: connecting, asking, and what it says in our words.

Everything goes through ``Cluster``. A request that reads is asked of another host where one does not answer; one that
writes is sent again only where that changes nothing twice (``bulk``). Credentials are in no message.
"""

from __future__ import annotations

import logging
import os
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from cnsearch import deadline
from cnsearch.backends.opensearch.address import Address, Credentials, credentials
from cnsearch.backends.opensearch.documents import as_json
from cnsearch.errors import DeadlineError, IndexNotFoundError, IndexUnusableError

CONNECT_S = 5.0
"""How long a host may take to say that it is there."""
REQUEST_S = 60.0
MIN_VERSION = (2, 10)
"""The first with the token filter that takes frequencies."""
RETRIES = 3
BULK_SECONDS = 60.0
"""How long what is refused for want of room or of a node is sent again."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
SEARCHES = 100
"""Searches that are sent at a time."""
PAUSES_S = (0.1, 0.3, 1.0)
"""Before a search that had no whole answer is asked again."""
_AGAIN = (429, 502, 503, 504)

Answer = TypeVar("Answer")

Query = dict[str, Any]


class Cluster:
    """One cluster, by one or several of its hosts. Thread-safe."""

    def __init__(self, address: Address, who: Credentials | None = None) -> None:
        """Raises IndexUnusableError where no host answers, refuses us, or is no cluster that serves."""
        self.address = address
        self._client = _client(address, credentials() if who is None else who)
        self._closed = False
        self._lock = threading.Lock()
        version = self._info()
        number = str(version.get("number", ""))
        self.version = tuple(int(part) for part in re.findall(r"\d+", number)[:2])
        if version.get("distribution") != "opensearch":
            raise self._unusable(
                f"what answers there is no OpenSearch ({number or 'no version'})", code="no_opensearch"
            )
        if self.version < MIN_VERSION:
            needed = ".".join(map(str, MIN_VERSION))
            raise self._unusable(
                f"the cluster has OpenSearch {number}, needed is {needed} or later",
                hint="Update the cluster",
                code="cluster_older",
            )

    def close(self) -> None:
        """Let go of the connections. May be called twice, and while other threads ask."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._client.close()

    def require_open(self) -> None:
        """Raise ValueError after ``close``."""
        if self._closed:
            raise ValueError("this Index is closed")

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed

    # Asking

    def request(self, method: str, path: str, body: Any = None, *, timeout: float = REQUEST_S, **params: Any) -> Any:
        """What the cluster answers, as JSON. Raises IndexNotFoundError, IndexUnusableError; DeadlineError where it does
        not answer until then."""
        deadline.check()
        seconds = min(timeout, max(deadline.left(), 0.001))
        with self._said():
            return self._client.transport.perform_request(
                method, path, params={**params, "request_timeout": seconds}, body=body
            )

    def exists(self, path: str) -> bool:
        """Whether there is something at a path."""
        with self._said():
            return bool(self._client.transport.perform_request("HEAD", path, params={"request_timeout": CONNECT_S}))

    def search(self, index: str, body: Query, **params: Any) -> Any:
        """One search. Raises IndexUnusableError also where shards did not answer: half an answer is none."""

        def ask() -> Any:
            answer = self.request("POST", f"/{index}/_search", body, search_type=_SEARCH_TYPE, **params)
            self._require_whole(answer)
            return answer

        return self._again(ask)

    def searches(self, index: str, bodies: Sequence[Query], *, scored: bool = True) -> list[Any]:
        """Several searches at once, answers in their order. ``scored``: whether their scores count."""
        found: list[Any] = []
        header = _HEADER if scored else "{}"
        for at in range(0, len(bodies), SEARCHES):
            some = bodies[at : at + SEARCHES]
            lines = "".join(f"{header}\n{as_json(body)}\n" for body in some)

            def ask(lines: str = lines) -> list[Any]:
                answers: list[Any] = self.request("POST", f"/{index}/_msearch", lines)["responses"]
                for answer in answers:
                    if "error" in answer:
                        if _kind(answer["error"]) == "index_not_found_exception":
                            raise self._gone()
                        raise self._refused(answer.get("status", 500), answer["error"])
                    self._require_whole(answer)
                return answers

            found += self._again(ask)
        return found

    def _again(self, ask: Callable[[], Answer]) -> Answer:
        """What ``ask`` returns; asked again for a moment where a part of the index did not answer: a shard moves to
        another node, or the alias to another generation."""
        for pause in PAUSES_S:
            try:
                return ask()
            except IndexUnusableError as error:
                if error.code not in ("cluster_partial", "cluster_busy"):
                    raise
            time.sleep(pause)
        return ask()

    def bulk(
        self,
        index: str,
        lines: Sequence[tuple[str, str]],
        *,
        is_alias: bool = True,
        stopped: Callable[[], bool] = bool,
    ) -> list[str]:
        """Write documents, or delete them: ``lines`` are (action, document or ""), both JSON. What is refused for want
        of room, or lost with a node, is sent again, item by item, with growing pauses: an action names the id, so that
        doing it twice does it once. ``is_alias``: the name is one, and no index is made under it where it is gone.

        Returns for each line why it was not done: "" where it was. Raises IndexUnusableError where the cluster takes
        nothing any more (its disk is full, it does not answer).
        """
        reasons = [""] * len(lines)
        left = list(range(len(lines)))
        pause, until = FIRST_PAUSE_S, time.monotonic() + BULK_SECONDS
        while left:
            body = "".join(f"{lines[at][0]}\n" + (f"{lines[at][1]}\n" if lines[at][1] else "") for at in left)
            again: list[int] = []
            last: IndexUnusableError | None = None
            try:
                items = self._bulk_once(index, body, is_alias)
            except _BusyError as error:
                again, last = left, error.said
            else:
                for at, item in zip(left, items, strict=True):
                    status, refusal = _outcome(item)
                    if refusal is None:
                        continue
                    if _is_full(refusal):
                        raise self._full()
                    if _kind(refusal) == "index_not_found_exception":
                        raise self._gone()
                    if status in _AGAIN:
                        again.append(at)
                        last = self._refused(status, refusal)
                    else:
                        reasons[at] = _reason(refusal)
            left = again
            if left and last is not None:
                if time.monotonic() >= until or stopped():
                    if len(left) == len(lines) or last.code == "cluster_unreachable":
                        raise last
                    for at in left:
                        reasons[at] = last.reason
                    return reasons
                time.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(2 * pause, LONGEST_PAUSE_S)
        return reasons

    def _bulk_once(self, index: str, body: str, is_alias: bool) -> list[Any]:
        try:
            alias = "true" if is_alias else "false"
            answer = self.request("POST", f"/{index}/_bulk", body.encode("utf-8"), require_alias=alias)
        except IndexUnusableError as error:
            if error.code in ("cluster_busy", "cluster_unreachable"):
                raise _BusyError(error) from error
            raise
        items: list[Any] = answer["items"]
        return items

    def scroll(self, index: str, query: Query, *, size: int, **body: Any) -> Iterator[Any]:
        """Every hit of a query by id, as it was when the first was asked for."""
        body = {"query": query, "sort": [{"id": "asc"}], "track_total_hits": False, **body}
        for hits, _ in self.pages(index, body, size=size):
            yield from hits

    def pages(self, index: str, body: Query, *, size: int) -> Iterator[tuple[list[Any], int]]:
        """The hits of a search in their order, so many at a time, as they were when the first were asked for; and how
        many there are (0 where that is not tracked). ``body`` has a ``sort`` that tells all hits apart."""
        kept = self.request("POST", f"/{index}/_search/point_in_time", keep_alive="5m")["pit_id"]
        asked = {**body, "size": size, "pit": {"id": kept, "keep_alive": "5m"}}
        total = 0
        try:
            while True:
                answer = self.request("POST", "/_search", asked, search_type=_SEARCH_TYPE)
                self._require_whole(answer)
                hits = answer["hits"]["hits"]
                total = total or answer["hits"].get("total", {}).get("value", 0)
                if hits:
                    yield hits, total
                if len(hits) < size:
                    return
                asked |= {"search_after": hits[-1]["sort"], "track_total_hits": False}
        finally:
            if not self._closed:
                with suppress(IndexUnusableError, DeadlineError):  # it ends by itself in five minutes
                    self.request("DELETE", "/_search/point_in_time", {"pit_id": [kept]}, timeout=CONNECT_S)

    # What it says

    def _info(self) -> dict[str, Any]:
        transport = self._client.transport
        transport.max_retries = len(self.address.hosts) - 1  # each host is asked once
        try:
            with self._said():
                answer = transport.perform_request("GET", "/", params={"request_timeout": CONNECT_S})
        finally:
            transport.max_retries = RETRIES
        version = answer.get("version") if isinstance(answer, dict) else None
        return version if isinstance(version, dict) else {}

    def _require_whole(self, answer: Any) -> None:
        shards = answer.get("_shards", {})
        if answer.get("timed_out") or shards.get("failed", 0):
            failures = shards.get("failures") or [{}]
            reason = failures[0].get("reason", {})
            if not reason:
                raise self._unusable("a part of the index does not answer", hint=_HEALTH, code="cluster_partial")
            raise self._refused(429 if "reject" in str(reason.get("type")) else 500, reason)

    def _unusable(self, reason: str, *, hint: str = "", code: str = "") -> IndexUnusableError:
        return IndexUnusableError(str(self.address), reason, hint=hint, code=code)

    def _gone(self) -> IndexNotFoundError:
        return IndexNotFoundError(str(self.address), "there is no index of this name any more")

    def _full(self) -> IndexUnusableError:
        return self._unusable(
            "the cluster is read only because its disk is full; what was taken before stays",
            hint="Free room on its nodes, then do it again: it goes on where it was",
            code="cluster_full",
        )

    def _refused(self, status: int, error: Any) -> IndexUnusableError:
        if _is_full(error):
            return self._full()
        if status == 409:
            return self._unusable(f"the cluster refuses: {_reason(error)}", code="conflict")
        if status == 429:
            return self._unusable("the cluster has too much to do", hint="Try again later", code="cluster_busy")
        if status == 503 or lost_a_part(error):
            return self._unusable("a part of the index does not answer", hint=_HEALTH, code="cluster_busy")
        return self._unusable(f"the cluster refuses: {_reason(error)}", code="cluster_refused")

    @contextmanager
    def _said(self) -> Iterator[None]:
        """What goes wrong inside, in our words."""
        from opensearchpy import exceptions as theirs

        self.require_open()
        try:
            yield
        except theirs.SSLError as error:
            reason = "the certificate of the cluster is not one that we trust"
            hint = "Name the authority that signed it with CNSEARCH_OPENSEARCH_CA"
            raise self._unusable(f"{reason} ({_short(error)})", hint=hint, code="certificate") from None
        except theirs.ConnectionTimeout:
            deadline.check()
            raise self._unusable(
                "the cluster does not answer in time", hint=_HEALTH, code="cluster_unreachable"
            ) from None
        except theirs.ConnectionError as error:
            hosts = "no host answers" if len(self.address.hosts) > 1 else "the host does not answer"
            raise self._unusable(f"{hosts} ({_short(error)})", hint=_HEALTH, code="cluster_unreachable") from None
        except theirs.AuthenticationException:
            hint = "Set CNSEARCH_OPENSEARCH_USER and CNSEARCH_OPENSEARCH_PASSWORD, or CNSEARCH_OPENSEARCH_TOKEN"
            raise self._unusable("the cluster does not know this user or password", hint=hint, code="login") from None
        except theirs.NotFoundError as error:
            if _kind(error.info) in ("index_not_found_exception", "resource_not_found_exception", ""):
                raise self._gone() from None
            raise self._refused(404, error.info) from None
        except theirs.TransportError as error:
            status = error.status_code if isinstance(error.status_code, int) else 0
            if status == 403 and not _is_full(error.info):
                raise self._unusable("this user may not do that", code="forbidden") from None
            raise self._refused(status, error.info) from None


class _BusyError(Exception):
    """The whole request was refused for now; ``said`` is how we say so."""

    def __init__(self, said: IndexUnusableError) -> None:
        self.said = said
        super().__init__(said.reason)


_HEALTH = "Look at the cluster's health"
_SEARCH_TYPE = "dfs_query_then_fetch"
"""Statistics of all shards, so that an article scores the same in whichever it lies."""
_HEADER = as_json({"search_type": _SEARCH_TYPE})


def _client(address: Address, who: Credentials) -> Any:
    logging.getLogger("opensearch").addHandler(logging.NullHandler())  # what goes wrong is said by what is raised
    try:
        from opensearchpy import OpenSearch
    except ImportError:
        raise IndexUnusableError(
            str(address), "the package opensearch-py is missing", hint="Install cnsearch[opensearch]", code="no_client"
        ) from None
    arguments: dict[str, Any] = {
        "hosts": [{"host": host, "port": port} for host, port in address.hosts],
        "use_ssl": address.secure,
        "timeout": REQUEST_S,
        "max_retries": RETRIES,
        "retry_on_timeout": len(address.hosts) > 1,
        "retry_on_status": (502, 504),
        "http_compress": not all(host in ("127.0.0.1", "localhost", "::1") for host, _ in address.hosts),
        "pool_maxsize": 20,
    }
    if address.secure:
        arguments |= {"verify_certs": True, "ssl_show_warn": False}
        authority = os.environ.get("CNSEARCH_OPENSEARCH_CA")
        if authority:
            arguments["ca_certs"] = _readable(authority)
    if who:
        arguments["headers"] = {"Authorization": who.authorization}
    return OpenSearch(**arguments)


def _readable(authority: str) -> str:
    """The path of a file of certificates. Raises IndexUnusableError for what is none."""
    try:
        ssl.create_default_context(cafile=authority)
    except OSError as error:  # of ssl, too
        reason = f"the authority's certificate cannot be read: {error.strerror or 'it is none'}"
        raise IndexUnusableError(
            authority, reason, hint="CNSEARCH_OPENSEARCH_CA names a file in PEM", code="certificate"
        ) from None
    return authority


def _outcome(item: dict[str, Any]) -> tuple[int, Any]:
    """Status of one line of a bulk, and its error or None; what is deleted and was not there is done."""
    ((action, said),) = item.items()
    status = said.get("status", 500)
    done = status < 300 or (action == "delete" and status == 404)
    return status, None if done else said.get("error", {"reason": f"status {status}"})


_LOST = frozenset(
    "no_shard_available_action_exception unavailable_shards_exception node_disconnected_exception "
    "node_not_connected_exception connect_transport_exception node_closed_exception".split()
)


def lost_a_part(error: Any) -> bool:
    """Whether an answer's error is that a shard, or the node that it was asked of, has just gone: it will soon be
    another's."""
    inner = error.get("error", error) if isinstance(error, dict) else error
    if not isinstance(inner, dict):
        return False
    inside = [*(inner.get("root_cause") or []), *(one.get("reason") for one in inner.get("failed_shards") or [])]
    return not _LOST.isdisjoint(str(one.get("type", "")) for one in (inner, *inside) if isinstance(one, dict))


def _kind(error: Any) -> str:
    inner = error.get("error", error) if isinstance(error, dict) else error
    return str(inner.get("type", "")) if isinstance(inner, dict) else ""


def _reason(error: Any) -> str:
    inner = error.get("error", error) if isinstance(error, dict) else error
    if isinstance(inner, dict):
        cause = inner.get("caused_by", {}).get("reason", "")
        roots = inner.get("root_cause") or []
        failed = inner.get("failed_shards") or []
        deeper = failed[0].get("reason", {}).get("reason", "") if failed else ""
        reason = str(inner.get("reason") or inner.get("type") or "")
        first = roots[0].get("reason", "") if roots else ""
        return ": ".join(dict.fromkeys(filter(None, (reason, str(first), str(cause), str(deeper)))))[:400]
    return str(inner)[:400]


def _is_full(error: Any) -> bool:
    said = str(error)
    return "read-only-allow-delete" in said or "read_only_allow_delete" in said or "flood-stage" in said


def _short(error: Any) -> str:
    """The last reason in what a client library says, without addresses of objects."""
    said = str(getattr(error, "info", "") or error)
    for known in ("Connection refused", "Name or service not known", "timed out", "self-signed certificate"):
        if known.lower() in said.lower():
            return known.lower()
    match = re.search(r"certificate verify failed: ([^(]+)", said)
    return match.group(1).strip() if match else type(error).__name__

"""The index as the page and the HTTP interface read it: always the last commit, and nothing of this server in what goes
out. Only ``Index`` is asked.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from cnsearch import deadline
from cnsearch.errors import IndexNotFoundError
from cnsearch.faces.web.asking import FILTERS, State, file_name, page_request
from cnsearch.faces.web.settings import WebSettings
from cnsearch.index import Index
from cnsearch.model import FORMAT_VERSION, SearchResults
from cnsearch.request import SearchRequest

REFRESH_S: Final = 0.2
"""So often at most it is looked whether there is a newer commit; a look lists a folder."""
REMOTE_REFRESH_S: Final = 1.0
"""The same of an index on a cluster, which is asked three times for it."""

SIDE_FACETS: Final = ("source", "category_path", "year", "author", "tag")
CONDITION_OF: Final = {"category_path": ("category",), "year": ("since", "until")}
"""Facet -> the conditions that choose among its values; of the others it is the argument of the same name."""
MOST_OWN_FIELDS: Final = 6
MOST_OWN_VALUES: Final = 200
"""A field of the user's own is a facet of the page if it has at most so many values, of which articles share some."""


class Shelf:
    """index : open, and closed by whoever opened it"""

    def __init__(self, index: Index, settings: WebSettings) -> None:
        self.index = index
        self._settings = settings
        self._is_remote = "://" in index.path
        self._looked = -math.inf
        self._mark = ""
        self._own_fields: tuple[str, tuple[str, ...]] = ("", ())  # the commit, and those that are facets in it

    def refresh(self) -> None:
        """Move on to the last commit. Raises IndexNotFoundError if the index is gone."""
        if self.index.closed:
            raise IndexNotFoundError("", "the index was closed", code="index_closed")
        now = time.monotonic()
        if now - self._looked >= (REMOTE_REFRESH_S if self._is_remote else REFRESH_S):
            before, self._looked = self._looked, now
            try:
                self.index.refresh()
                self._mark = self.index.mark
            except BaseException:
                self._looked = before  # what is gone is looked for by everyone
                raise

    def mark(self) -> str:
        """Tells the commit that is shown; of an index on a cluster as it was at the last look."""
        return self._mark if self._is_remote else self.index.mark

    def tag(self, *about: str) -> str:
        """An ETag for an answer to what is asked ``about``: it changes with the commit. Weak, for times are in it."""
        key = "\x00".join((self.mark(), *about))
        return f'W/"{hashlib.blake2s(key.encode("utf-8", "replace"), digest_size=12).hexdigest()}"'

    def page(self, state: State) -> tuple[SearchResults, dict[str, Mapping[str, int]]]:
        """A page of results, and its facets. A facet among whose values something was chosen is counted as if it were
        not, so that the others can be chosen instead."""
        request = page_request(state, self._settings)
        names = (*SIDE_FACETS, *self.own_fields())
        wider = {name: without for name in names if (without := _without(request, name)) is not None}
        results = self.index.search(replace(request, facets=(*(name for name in names if name not in wider), "month")))
        facets = dict(results.facets)
        for name, without in wider.items():
            deadline.check()
            asked = replace(request, **without, limit=0, offset=0, facets=(name,), collapse=False)
            facets[name] = self.index.search(asked).facets[name]
        return results, facets

    def own_fields(self) -> tuple[str, ...]:
        """The fields of the user's own that are worth choosing by, those that most articles have first."""
        mark, names = self._own_fields
        if mark != self.mark():
            mark, names = self.mark(), ()
            if set(self.index.facet_names) - {*SIDE_FACETS, "category", "month"}:
                counts = self.index.stats()["labels"]
                shared = [
                    name
                    for name, by in counts.items()
                    if 2 <= len(by) <= MOST_OWN_VALUES and max(by.values()) > 1 and name not in FILTERS
                ]
                names = tuple(sorted(shared, key=lambda name: (-sum(counts[name].values()), name))[:MOST_OWN_FIELDS])
            self._own_fields = mark, names
        return names

    def results(self, request: SearchRequest) -> dict[str, Any]:
        """The object of a search."""
        return self._shown(self.index.search(request))

    def similar(self, article_id: str, request: SearchRequest) -> dict[str, Any]:
        """The object of the articles like this one."""
        return self._shown(self.index.similar(article_id, request))

    def _shown(self, results: SearchResults) -> dict[str, Any]:
        hits = []
        for hit in results:
            deadline.check()
            hits.append({**hit.to_dict(self.index.time_zone), "path": file_name(hit.path)})
        return {**replace(results, hits=()).to_dict(self.index.time_zone), "hits": hits}

    def article(self, article_id: str) -> dict[str, Any]:
        """The object of an article."""
        article = self.index.get(article_id)
        return {**article.to_dict(self.index.time_zone), "path": file_name(article.path)}

    def suggestions(self, prefix: str, limit: int) -> dict[str, Any]:
        """The object of the completions of a prefix."""
        found = [one.to_dict() for one in self.index.suggest(prefix, limit=limit)]
        return {"version": FORMAT_VERSION, "prefix": prefix, "suggestions": found}

    def stats(self) -> dict[str, Any]:
        """What the index has, without the folders of this machine."""
        return {name: value for name, value in self.index.stats().items() if name not in ("index", "folders")}


def _without(request: SearchRequest, facet: str) -> dict[str, Any] | None:
    """What to change in the request so that nothing is chosen among the values of a facet; None if nothing is."""
    if facet not in SIDE_FACETS:
        labels = request.labels or {}
        return {"labels": {name: labels[name] for name in labels if name != facet} or None} if facet in labels else None
    conditions = CONDITION_OF.get(facet, (facet,))
    return dict.fromkeys(conditions) if any(getattr(request, name) is not None for name in conditions) else None

"""The index as the page and the HTTP interface read it: always the last commit, and nothing of this server in what goes
out. Only ``Index`` is asked.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cnsearch import deadline
from cnsearch.errors import IndexNotFoundError
from cnsearch.faces.web.asking import FILTERS, State, file_name, page_request
from cnsearch.faces.web.settings import WebSettings
from cnsearch.index import Index
from cnsearch.model import FORMAT_VERSION, SearchResults
from cnsearch.request import SearchRequest

REFRESH_S = 0.2
"""So often at most it is looked whether there is a newer commit; a look lists a folder."""

SIDE_FACETS = ("source", "category_path", "year", "author", "tag")
CONDITION_OF = {"category_path": ("category",), "year": ("since", "until")}
"""Facet -> the conditions that choose among its values; of the others it is the argument of the same name."""


class Shelf:
    """index : open, and closed by whoever opened it"""

    def __init__(self, index: Index, settings: WebSettings) -> None:
        self.index = index
        self._settings = settings
        self._looked = 0.0

    def refresh(self) -> None:
        """Move on to the last commit. Raises IndexNotFoundError if the index is gone."""
        if self.index.closed:
            raise IndexNotFoundError("", "the index was closed", code="index_closed")
        now = time.monotonic()
        if now - self._looked >= REFRESH_S:
            self._looked = now
            self.index.refresh()

    def tag(self, *about: str) -> str:
        """An ETag for an answer to what is asked ``about``: it changes with the commit. Weak, for times are in it."""
        key = "\x00".join((self.index.mark, *about))
        return f'W/"{hashlib.blake2s(key.encode("utf-8", "replace"), digest_size=12).hexdigest()}"'

    def page(self, state: State) -> tuple[SearchResults, dict[str, Mapping[str, int]]]:
        """A page of results, and its facets. A facet among whose values something was chosen is counted as if it were
        not, so that the others can be chosen instead."""
        request = page_request(state, self._settings)
        chosen = {name: _conditions(name) for name in SIDE_FACETS if _is_chosen(request, _conditions(name))}
        results = self.index.search(replace(request, facets=(*(set(SIDE_FACETS) - set(chosen)), "month")))
        facets = dict(results.facets)
        for name, conditions in chosen.items():
            deadline.check()
            wider: dict[str, Any] = {**dict.fromkeys(conditions), "limit": 0, "offset": 0, "facets": (name,)}
            facets[name] = self.index.search(replace(request, **wider, collapse=False)).facets[name]
        return results, facets

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


def _conditions(facet: str) -> tuple[str, ...]:
    return CONDITION_OF.get(facet, (facet,))


def _is_chosen(request: SearchRequest, conditions: tuple[str, ...]) -> bool:
    return any(getattr(request, name) is not None for name in conditions if name in FILTERS)

"""The HTTP interface: what each address gives as JSON, and as which status. The objects are those of ``--json``; the
parameters have the names of the library.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cnsearch.faces.web.asking import Params, api_request
from cnsearch.faces.web.problems import AskedWronglyError
from cnsearch.faces.web.settings import WebSettings
from cnsearch.faces.web.shelf import Shelf
from cnsearch.model import FORMAT_VERSION, escaped

NOT_FOR_SIMILAR: Final = ("query", "sort", "match", "raw", "facets", "half_life_days", "collapse")
MOST_SUGGESTIONS, LONGEST_PREFIX = 50, 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the HTTP interface. ``article_id``: the rest of the path, or the parameter ``id``."""

    shelf: Shelf
    settings: WebSettings
    params: Params
    article_id: str = ""


Endpoint = Callable[[Asked], Mapping[str, Any]]


def search(asked: Asked) -> Mapping[str, Any]:
    """``GET /api/search``."""
    request = api_request(asked.params, asked.settings)
    names = asked.shelf.index.facet_names
    for facet in request.facets:
        if facet not in names:
            raise AskedWronglyError(f"facets must be of {', '.join(names)}, not {facet!r}")
    return asked.shelf.results(request)


def similar(asked: Asked) -> Mapping[str, Any]:
    """``GET /api/similar/ID``."""
    params = {name: values for name, values in asked.params.items() if name != "id"}
    request = api_request(params, asked.settings, without=NOT_FOR_SIMILAR)
    return asked.shelf.similar(asked.article_id, request)


def suggest(asked: Asked) -> Mapping[str, Any]:
    """``GET /api/suggest``."""
    known = {"q", "prefix", "limit"}
    _require_known(asked.params, known)
    prefix = _only(asked.params, "prefix") or _only(asked.params, "q") or ""
    if len(prefix) > LONGEST_PREFIX:
        raise AskedWronglyError(f"prefix must have at most {LONGEST_PREFIX} characters, not {len(prefix)}")
    limit = api_request({"limit": asked.params.get("limit", [])}, asked.settings).limit
    if limit > MOST_SUGGESTIONS:
        raise AskedWronglyError(f"limit must be at most {MOST_SUGGESTIONS}, not {limit}")
    return asked.shelf.suggestions(prefix, limit)


def article(asked: Asked) -> Mapping[str, Any]:
    """``GET /api/articles/ID``."""
    _require_known(asked.params, {"id"})
    return asked.shelf.article(asked.article_id)


def stats(asked: Asked) -> Mapping[str, Any]:
    """``GET /api/stats``."""
    _require_known(asked.params, set())
    return asked.shelf.stats()


def health(asked: Asked) -> Mapping[str, Any]:
    """``GET /healthz``: that the index is there and can be read."""
    return {"version": FORMAT_VERSION, "status": "ok", "articles": len(asked.shelf.index)}


def json_bytes(value: Mapping[str, Any]) -> bytes:
    """One object in UTF-8; characters that could steer a terminal are written as ``\\uXXXX``."""
    return escaped(json.dumps(value, ensure_ascii=False, separators=(",", ":"))).encode("utf-8")


def _only(params: Params, name: str) -> str | None:
    values = [value for value in params.get(name, ()) if value]
    if len(values) > 1:
        raise AskedWronglyError(f"{name} must be given once, not {len(values)} times")
    return values[0] if values else None


def _require_known(params: Params, known: set[str]) -> None:
    for name in params:
        if name not in known:
            names = f"; known: {', '.join(sorted(known))}" if known else ""
            raise AskedWronglyError(f"there is no argument {name[:100]!r} here{names}")

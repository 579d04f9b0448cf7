"""Results as JSON: one object for a query, or a line for each hit. The keys are those of ``to_dict``."""

from __future__ import annotations

import json
from datetime import tzinfo
from typing import Any

from cnsearch.model import FORMAT_VERSION, SearchResults, escaped


def json_line(value: Any) -> str:
    """One line. What JSON may hold as it is, and a terminal would obey, is written as ``\\uXXXX``: nothing is lost."""
    return escaped(json.dumps(value, ensure_ascii=False))


def results_json(results: SearchResults, *, zone: tzinfo, explain: bool = False) -> str:
    """The page as one object."""
    return json_line(results.to_dict(zone, explain=explain))


def hits_json(results: SearchResults, *, zone: tzinfo, explain: bool = False, query: str | None = None) -> str:
    """An object for each hit, one a line, ``query`` before its other keys; empty for no hits."""
    named = {} if query is None else {"query": query}
    return "\n".join(json_line({**named, **hit.to_dict(zone, explain=explain)}) for hit in results)


def count_json(results: SearchResults) -> str:
    """How many articles match, as an object."""
    return json_line({"version": FORMAT_VERSION, "query": results.query, "total": results.total})

"""A saved search as an Atom feed (RFC 4287), and the description by which a browser adds the index to its search
engines (OpenSearch 1.1). Both need whole addresses: ``origin`` is ``http://127.0.0.1:8000``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timezone

from cnsearch import deadline
from cnsearch.faces.web.asking import State
from cnsearch.faces.web.pages import EVERYTHING, web_address
from cnsearch.faces.web.rendering import Shown, marked, snippet
from cnsearch.faces.web.shelf import Shelf

NUM_ENTRIES = 30
_NO_XML = re.compile("[\ufffe\uffff]")
"""Of what ``rendering`` leaves in a text, that which XML 1.0 may not have."""
NO_DATE = datetime(1970, 1, 1, tzinfo=timezone.utc)


def feed(shelf: Shelf, state: State, shown: Shown, origin: str) -> str:
    """The newest articles that a search finds, all articles where nothing is asked for."""
    base = EVERYTHING if state.is_empty else state.request
    results = shelf.index.search(
        replace(base, sort="date", limit=NUM_ENTRIES, offset=0, collapse=True, num_fragments=2)
    )
    entries = []
    for hit in results:
        deadline.check()
        entries.append(
            {
                "title": marked(hit.title_fragment) if hit.title else hit.id,
                "link": origin + shown.links.article(hit.id, state.request.query),
                "url": web_address(hit.url),
                "updated": _written(hit.date),
                "author": hit.source or hit.author,
                "categories": hit.categories[:10],
                "summary": snippet(hit.snippet),
            }
        )
    name = state.request.query or ", ".join(value for _, value in state.params() if value != "false")
    text = shown.render(
        "feed.xml",
        title=f"{name} · {shown.settings.title}" if name else shown.settings.title,
        address=origin + shown.links.feed(state),
        page=origin + shown.links.search(state),
        updated=_written(max((hit.date for hit in results if hit.date), default=None)),
        entries=entries,
    )
    return _NO_XML.sub("\ufffd", text)


def _written(date: datetime | None) -> str:
    return (date or NO_DATE).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def description(shown: Shown, origin: str) -> str:
    """The OpenSearch description."""
    return shown.render("opensearch.xml", origin=origin)

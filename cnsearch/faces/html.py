"""Results as HTML: everything escaped, links to addresses of the web only."""

from __future__ import annotations

import html
from datetime import tzinfo
from urllib.parse import urlsplit

from cnsearch.faces.about import NO_TITLE, about
from cnsearch.model import SearchResults, printable


def results_html(results: SearchResults, *, zone: tzinfo) -> str:
    """The hits of a page as HTML, an ``article`` each in a ``section`` for the query: everything escaped, matches in
    ``mark``, links to addresses of the web only."""
    lines = [f'<section data-total="{results.total}">', f"<h1>{_escaped(results.query)}</h1>"]
    for hit in results:
        title = printable(hit.title_fragment.html()) or NO_TITLE
        if _scheme(hit.url) in ("http", "https"):
            title = f'<a href="{_escaped(hit.url)}">{title}</a>'
        lines += [
            f'<article id="{_escaped(hit.id)}">',
            f"<h2>{title}</h2>",
            f'<p class="about">{_escaped(about(hit, zone))}</p>',
            f'<p class="snippet">{printable(hit.snippet.html())}</p>',
            "</article>",
        ]
    return "\n".join([*lines, "</section>"])


def _escaped(text: str) -> str:
    return html.escape(printable(text))


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""

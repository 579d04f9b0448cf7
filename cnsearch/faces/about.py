"""The line about an article that stands under its title, in text and in HTML."""

from __future__ import annotations

from datetime import tzinfo
from itertools import islice

from cnsearch.faces.messages.spoken import _
from cnsearch.model import ELLIPSIS, Article, Hit, iso_date, printable

LONGEST = 500
"""Characters of a title, or of one fact about an article, that a list of hits shows; --json has all."""
NO_TITLE = "(no title)"


def about(of: Hit | Article, zone: tzinfo) -> str:
    """Source, categories, date, tags and own fields; that it is a draft; the author where the source is none."""
    day = (iso_date(of.date, zone) or "")[:16].replace("T", " ").removesuffix(" 00:00")
    levels = "/".join(islice(of.categories, LONGEST))
    author = "" if of.source and of.author.startswith(of.source) else of.author
    tags = " ".join(f"#{tag}" for tag in islice(of.tags, LONGEST))
    own = ", ".join(f"{name}={'/'.join(values)}" for name, values in of.labels.items())
    parts = (_("draft") if of.draft else "", of.source, author, levels, day, tags, own)
    return printable(" · ".join(short(part) for part in parts if part))


def short(text: str, chars: int = LONGEST) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= chars else text[:chars] + ELLIPSIS

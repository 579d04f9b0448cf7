"""What pages keep where no reader looks: the article itself as text of a <textarea> or of a script's JSON, from which a
script would have made the page, and the day of publication as a script's variable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape
from itertools import islice

from cnsearch.corpus.dates import BEIJING, parse_date

_TEXTAREA = re.compile(r"<textarea\b[^<>]{0,500}>([^<]{300,})</textarea", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\b[^<>]{0,500}>", re.IGNORECASE)
_STRING = re.compile(r'"((?:[^"\\]|\\.){300,})"', re.DOTALL)
_PARAGRAPH = re.compile(r"<(?:p|br|div|section)[\s/>]", re.IGNORECASE)
_MOST_SCRIPTS = 200
_MOST_DATES = 200
_LONGEST_SCRIPT = 2_000_000

#: How scripts name the moment of publication; ``ct`` is 微信's.
_DATE_NAME = re.compile(
    r"\b(?:publish_?(?:ed)?_?(?:time|date|at)|pub_?(?:time|date)|display_?time|news_?time|create_?time|createdAt|ct)"
    r"[\"']?\s?[:=]\s?[\"']?\s?((?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}[^\"',;}]{0,20}|20\d{6,12}|1\d{9}(?:\d{3})?)\s?[\"',;}]",
    re.IGNORECASE,
)


def packed_article(html: str) -> str:
    """The article's HTML that a <textarea> holds (环球网) or a string in a script's JSON (凤凰网): the longest with
    tags of paragraphs, or the empty string."""
    best = ""
    for found in _TEXTAREA.finditer(html):
        if len(found[1]) > len(best):
            text = unescape(found[1])
            best = text if _PARAGRAPH.search(text) else best
    if best:
        return best
    for script in _scripts(html):
        for found in _STRING.finditer(script):
            if len(found[1]) <= len(best):
                continue
            try:
                text = json.loads(found[0], strict=False)
            except ValueError:
                continue
            if _PARAGRAPH.search(text) and "</" in text and "function" not in text[:200]:
                best = text
    return best


def date_in_scripts(html: str) -> datetime | None:
    """The day that the page's scripts call the publication's, if all of them name the same: they may list others."""
    dates = [
        date
        for script in _scripts(html)
        for found in islice(_DATE_NAME.finditer(script), _MOST_DATES)
        if (date := parse_date(found[1])) is not None
    ]
    days = {date.astimezone(BEIJING).date() for date in dates}
    return dates[0] if len(days) == 1 else None


def _scripts(html: str) -> Iterator[str]:
    for start in islice(_SCRIPT.finditer(html), _MOST_SCRIPTS):
        end = html.find("</script", start.end())
        if end < 0:
            return
        if end - start.end() <= _LONGEST_SCRIPT:
            yield html[start.end() : end]

"""Bodies of posts to paragraphs of plain text: see `clean_html` and `clean_text`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cnsearch.corpus.boilerplate import has_boilerplate, without_boilerplate
from cnsearch.corpus.dates import find_date
from cnsearch.corpus.elements import LINE_TAGS, Kind, Lines, Paragraph, html_paragraphs
from cnsearch.corpus.markup import visible_markup
from cnsearch.corpus.text import has_invisible, lines, markdown_lines, one_line, unescape, unwrapped_lines, visible

_TAG_NAME = re.compile("</?([a-zA-Z][a-zA-Z0-9]*)")
#: Tags that may stand in a page whose lines are its own.
_PAGE_TAGS = frozenset("html body head meta link div section article main center img hr source font".split())

#: From how many characters on a paragraph that came before is a repetition to drop (an abstract, a caption), not a
#: refrain, a "same as above" in a table or a closing brace. Headings and code are kept however often they come.
_NEVER = 1 << 62
_SHORTEST_REPETITION = {Kind.PROSE: 5, Kind.LINE: 20, Kind.ITEM: 20, Kind.HEADING: _NEVER, Kind.CODE: _NEVER}
#: What 每经网 and others put before the paragraphs of an abstract.
_BULLETS = "◎●■◆▲△▶►·•※ "

#: Where pages without a marked time stamp say when they were published: in a line of its own near the top or the end.
_DATE_LABEL = re.compile(r"(?:发布|发表|更新|刊发|上线)?(?:时间|日期|于)?\s?[:：]\s?(?=(?:19|20)[0-9]{2}[-/.年])")
_ONLY_DATE = re.compile(r"(?:19|20)[0-9]{2}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?\s?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?")

#: Characters that the aggregator replaces by ``_`` in titles.
_TITLE_SIGNS = re.compile(r"[:/\\?*“”\"<>|\[\]_\s：？]+")


@dataclass(frozen=True, slots=True)
class CleanBody:
    """A body as a reader sees it.

    paragraphs : one line each, none empty, in reading order
    date       : aware UTC, where the body itself names the time of publication, else None
    headings   : the indexes of those paragraphs that are headings, ascending
    title      : the first heading of level one of Markdown, for an article whose front matter has none; else empty
    """

    paragraphs: tuple[str, ...]
    date: datetime | None = None
    headings: tuple[int, ...] = ()
    title: str = ""


def clean_html(html: str, *, title: str = "") -> CleanBody:
    """The text of an HTML body.

    No script, style sheet, comment, attribute, or boilerplate of a publisher; words are not cut at inline tags; each
    line that ``<br>`` ends, table cell, list item and line of code is a paragraph of its own; what was said before is
    not repeated. A heading at the top that is equal to ``title`` is left out.

    Any text is accepted; time and memory are linear in its length.
    """
    return _clean_markup(_markup(html), title)


def clean_text(text: str, *, title: str = "", markdown: bool = False, unwrap: bool = True) -> CleanBody:
    """The paragraphs of plain text or, with ``markdown``, of Markdown without HTML.

    unwrap : join lines that look wrapped at a column; otherwise each line is a paragraph
    """
    split = markdown_lines if markdown else unwrapped_lines if unwrap else lines
    return _clean([Paragraph(line, Kind.LINE) for line in split(_line_feeds(text))], title, None)


def clean_body(body: str, *, title: str = "", markdown: bool = False) -> CleanBody:
    """The text of a post's body: HTML if there is a tag in it, else plain text or Markdown with HTML's entities."""
    markup = _markup(body)
    if _TAG_NAME.search(markup):
        return _clean_markup(markup, title)
    return clean_text(unescape(markup), title=title, markdown=markdown)


def _markup(html: str) -> str:
    return visible_markup(visible(_line_feeds(html)))


def _line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _clean_markup(markup: str, title: str) -> CleanBody:
    names = set(map(str.lower, _TAG_NAME.findall(markup)))
    ends = Lines.NONE
    if names.isdisjoint(LINE_TAGS):
        ends = Lines.ALL if names <= _PAGE_TAGS else Lines.EMPTY
    paragraphs, date = html_paragraphs(markup, lines=ends)
    return _clean(paragraphs, title, date)


def _clean(found: Iterable[Paragraph], title: str, date: datetime | None) -> CleanBody:
    """Leave out boilerplate, repetitions and the title; find the date if there is none yet."""
    paragraphs = list(found)
    joined = "\n".join([paragraph.text for paragraph in paragraphs])
    if has_invisible(joined):  # entities can name any character
        for paragraph in paragraphs:
            paragraph.text = one_line(paragraph.text)
    if has_boilerplate(joined):
        for paragraph in paragraphs:
            if paragraph.kind is not Kind.CODE:
                paragraph.text = without_boilerplate(paragraph.text)
    bare_title = _TITLE_SIGNS.sub("", title)
    kept: list[str] = []
    seen: dict[str, int] = {}  # bare text -> index in kept
    for paragraph in paragraphs:
        text, kind = paragraph.text, paragraph.kind
        if not text:
            continue
        if kind is Kind.HEADING and len(kept) < 3 and bare_title and _TITLE_SIGNS.sub("", text) == bare_title:
            continue
        bare = text.lstrip(_BULLETS) or text
        before = seen.setdefault(bare, len(kept))
        if before < len(kept) and len(bare) >= _SHORTEST_REPETITION[kind]:
            if len(text) == len(bare) < len(kept[before]):  # the abstract has a bullet: the article's own stays
                kept[before] = ""
                seen[bare] = len(kept)
            else:
                continue
        kept.append(text)
    texts = tuple(filter(None, kept))
    return CleanBody(texts, date or _date_in(texts))


def _date_in(paragraphs: tuple[str, ...]) -> datetime | None:
    """The date of a by-line among the first or last few paragraphs."""
    for text in paragraphs[:5] + paragraphs[-3:]:
        if len(text) <= 80 and (_ONLY_DATE.fullmatch(text) or _DATE_LABEL.match(text)):
            date = find_date(text)
            if date is not None:
                return date
    return None


def clean_title(title: str) -> str:
    """``title`` as plain text on one line: entities decoded, white space collapsed."""
    return one_line(unescape(title))

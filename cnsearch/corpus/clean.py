"""Bodies of posts to paragraphs of plain text: see `clean_body`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from cnsearch.corpus.boilerplate import has_boilerplate, without_boilerplate
from cnsearch.corpus.dates import find_date
from cnsearch.corpus.elements import LINE_TAGS, Kind, Lines, Paragraph, html_paragraphs
from cnsearch.corpus.forms import Form, is_html_post, is_page
from cnsearch.corpus.markup import visible_markup
from cnsearch.corpus.text import has_invisible, one_line, unescape, visible
from cnsearch.corpus.wraps import unwrapped_lines

_TAG_NAME = re.compile("</?([a-zA-Z][a-zA-Z0-9]*)")
#: Tags that may stand in a page whose lines are its own.
_PAGE_TAGS = frozenset("html body head meta link div section article main center img hr source font".split())

#: What 每经网 and others put before the paragraphs of an abstract.
_BULLETS = "◎●■◆▲△▶►·•※ "
#: An abstract stands among so many first paragraphs, and begins with a bullet or has so many characters, fewer if it is
#: the very first: a refrain, a question or a chapter's heading is shorter. What else is said twice, is the article's.
_ABSTRACT_PARAGRAPHS = 8
_SHORTEST_ABSTRACT = 40
_SHORTEST_FIRST_PARAGRAPH = 20
_SHORTEST_MARKED_ABSTRACT = 5

_HEADING_TAG = re.compile(r"<h([1-6])[\s>]", re.IGNORECASE)

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


def clean_html(html: str, *, title: str = "", of_page: bool = False) -> CleanBody:
    """The text of an HTML body.

    No script, style sheet, comment, attribute, or boilerplate of a publisher; words are not cut at inline tags; each
    line that ``<br>`` ends, table cell, list item and line of code is a paragraph of its own; an abstract at the top
    that the article repeats is left out. A heading at the top that is equal to ``title`` is left out.

    of_page : what surrounds an article has been told by its place on the page: no line goes for its words alone
    Any text is accepted; time and memory are linear in its length.
    """
    return _clean_markup(_markup(html), title, boilerplate=not of_page)


def clean_text(text: str, *, title: str = "", long_lines: bool = True) -> CleanBody:
    """The paragraphs of plain text: its lines, but for those that were wrapped at a column, which are joined.

    long_lines : also join a long line that ends no sentence to the next where the text's lines tell nothing
    """
    lines = unwrapped_lines(_line_feeds(text), long_lines=long_lines)
    return _clean([Paragraph(line, Kind.LINE) for line in lines], title, None)


def clean_markdown(text: str, *, title: str = "", mdx: bool = False) -> CleanBody:
    """The text of Markdown, or of MDX: see `markdown_html`.

    Without ``title`` the first heading is the title if it is of level one, and no paragraph if it begins the text.
    """
    from cnsearch.corpus.markdown import markdown_html  # not for those who have feeds

    html = markdown_html(_line_feeds(text), mdx=mdx)
    clean = _clean_markup(_markup(html), title)
    if title or not clean.headings:
        return clean
    level = _HEADING_TAG.search(html)
    if level is None or level[1] != "1":
        return clean
    first = clean.headings[0]
    if first:
        return replace(clean, title=clean.paragraphs[first])
    return CleanBody(
        clean.paragraphs[1:], clean.date, tuple(index - 1 for index in clean.headings[1:]), clean.paragraphs[0]
    )


def clean_body(body: str, *, title: str = "", form: Form = Form.TEXT) -> CleanBody:
    """The text of a post's body, HTML whatever its ``form`` says where it is (see `forms`); entities are decoded."""
    if form is Form.MARKDOWN or form is Form.MDX:
        if form is Form.MDX or not is_html_post(body):
            return clean_markdown(body, title=title, mdx=form is Form.MDX)
    elif form is Form.TEXT and not is_page(body):
        return clean_text(unescape(visible(body)), title=title)
    markup = _markup(body)
    if _TAG_NAME.search(markup):
        return _clean_markup(markup, title)
    return clean_text(unescape(markup), title=title)


def _markup(html: str) -> str:
    return visible_markup(visible(_line_feeds(html)))


def _line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _clean_markup(markup: str, title: str, *, boilerplate: bool = True) -> CleanBody:
    names = set(map(str.lower, _TAG_NAME.findall(markup)))
    ends = Lines.NONE
    if names.isdisjoint(LINE_TAGS):
        ends = Lines.ALL if names <= _PAGE_TAGS else Lines.EMPTY
    paragraphs, date = html_paragraphs(markup, lines=ends)
    return _clean(paragraphs, title, date, boilerplate=boilerplate)


def _clean(found: Iterable[Paragraph], title: str, date: datetime | None, *, boilerplate: bool = True) -> CleanBody:
    """Leave out boilerplate, repetitions and the title; find the date if there is none yet."""
    paragraphs = list(found)
    joined = "\n".join([paragraph.text for paragraph in paragraphs])
    if has_invisible(joined):  # entities can name any character
        for paragraph in paragraphs:
            paragraph.text = one_line(paragraph.text)
    if boilerplate and has_boilerplate(joined):
        for paragraph in paragraphs:
            if paragraph.kind is not Kind.CODE:
                paragraph.text = without_boilerplate(paragraph.text)
    bare_title = _TITLE_SIGNS.sub("", title)
    kept: list[Paragraph] = []
    for paragraph in paragraphs:
        text = paragraph.text
        if not text:
            continue
        is_heading = paragraph.kind is Kind.HEADING
        if is_heading and len(kept) < 3 and bare_title and _TITLE_SIGNS.sub("", text) == bare_title:
            continue
        kept.append(paragraph)
    kept = _without_repeated_abstract(kept)
    texts = tuple([paragraph.text for paragraph in kept])
    headings = tuple([index for index, paragraph in enumerate(kept) if paragraph.kind is Kind.HEADING])
    return CleanBody(texts, date or _date_in(texts), headings)


def _without_repeated_abstract(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """``paragraphs`` without those of the abstract at the beginning that come again, word for word, below.

    The article's own stays where the abstract has a bullet, else the first: it may be the article's own, and the second
    what a page repeats at its end.
    """
    repeated: set[int] = set()
    texts = [paragraph.text for paragraph in paragraphs]
    for index, text in enumerate(texts[:_ABSTRACT_PARAGRAPHS]):
        bare = text.lstrip(_BULLETS)
        marked = len(bare) < len(text)
        shortest = _SHORTEST_MARKED_ABSTRACT if marked else _SHORTEST_ABSTRACT if index else _SHORTEST_FIRST_PARAGRAPH
        if len(bare) < shortest or bare not in texts[index + 1 :]:
            continue
        again = texts.index(bare, index + 1)
        if paragraphs[index].kind < Kind.HEADING and paragraphs[again].kind < Kind.HEADING:
            repeated.add(index if marked else again)
    if not repeated:
        return paragraphs
    return [paragraph for index, paragraph in enumerate(paragraphs) if index not in repeated]


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

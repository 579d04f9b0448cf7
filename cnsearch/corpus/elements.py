"""HTML to the paragraphs that a reader sees, in one pass of BeautifulSoup's lxml tree builder.

The builder hears of each tag and text in order (`start`, `data`, `end`) and makes paragraphs at once. No tree of Python
objects is built, nor the soup that would hold it (measured on 2,000 posts of 2,000 characters: BeautifulSoup with its
tree 0.70 ms a post, without 0.20 ms, lxml alone 0.07 ms; on 2,000 of 850 characters the soup takes 16 of 67
microseconds), and nothing recurses, however deep elements are nested.
"""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from bs4.builder._lxml import LXMLTreeBuilder

from cnsearch.corpus.boilerplate import is_boilerplate_class, is_line_number_class
from cnsearch.corpus.dates import find_date, parse_date
from cnsearch.corpus.text import squeeze
from cnsearch.corpus.wraps import unwrapped_lines


class Kind(enum.IntEnum):
    """Where a paragraph stood. The value orders nothing."""

    PROSE = 0
    LINE = 1  # one of several lines that <br> made of a paragraph
    ITEM = 2  # list item, table cell, caption
    HEADING = 3
    CODE = 4


class Lines(enum.Enum):
    """Which line breaks in the markup end a paragraph."""

    NONE = enum.auto()  # tags do that
    EMPTY = enum.auto()  # empty lines: the page has only inline tags
    ALL = enum.auto()  # all but those of wrapped lines: the page has no tags to speak of


@dataclass(slots=True)
class Paragraph:
    """One line of text without white space at its ends, never empty, and where it stood."""

    text: str
    kind: Kind


class _Role(enum.IntEnum):
    """What a tag does to the text around it. Tags that are not listed are inline: they do nothing."""

    BLOCK = 1
    BREAK = 2
    HEADING = 3
    ITEM = 4
    CODE = 5
    RUBY = 6
    RUBY_TEXT = 7
    RUBY_BASE = 8
    UNSEEN = 9


_ROLES = {
    name: role
    for role, names in {
        _Role.BLOCK: "p div section article aside header footer main nav blockquote center address ul ol dl table "
        "tbody thead tfoot tr colgroup hr form fieldset figure details dialog body html head frameset menu hgroup",
        _Role.BREAK: "br",
        _Role.HEADING: "h1 h2 h3 h4 h5 h6",
        _Role.ITEM: "li td th dt dd caption figcaption summary legend",
        _Role.CODE: "pre textarea",
        _Role.RUBY: "ruby",
        _Role.RUBY_TEXT: "rt rp rtc",
        _Role.RUBY_BASE: "rb",
        _Role.UNSEEN: "script style annotation",
    }.items()
    for name in names.split()
}
_FLUSHING = frozenset((_Role.BLOCK, _Role.HEADING, _Role.ITEM, _Role.CODE))

#: Tags that end a line of text, all but those that only wrap a page.
LINE_TAGS = frozenset(_ROLES) - frozenset("div html body head center section article main hr form ruby rt rp".split())
_NOT_IN_CODE = frozenset("p h1 h2 h3 h4 h5 h6 ul ol table blockquote section article".split())

#: A block that looks like a publisher's own (a share bar, a QR code) but has more characters than this is not one:
#: an end tag is missing, and the article follows inside.
_LONGEST_BOILERPLATE_BLOCK = 400
_LONGEST_LINE_NUMBERS = 20_000
_ANY_LENGTH = 1 << 62

#: Characters of an attribute that are looked at. What attributes say is remembered, and they may have megabytes.
_LONGEST_REMEMBERED = 2_000

#: Such elements inside each other that are looked at. More are a page that was made to take long.
_MOST_REGIONS = 20

#: Characters of an annotation in <ruby>; the longest of Linux中国's 4,150 has 104.
_LONGEST_GLOSS = 150
_EMPTY_LINES = re.compile(r"\n[^\S\n]*\n")
_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


@dataclass(slots=True)
class _Region:
    """An element whose content may be dropped as a whole when it ends."""

    depth: int
    longest: int  # characters; -1: hidden by its style, decided when the whole page is known
    digits_only: bool
    num_paragraphs: int
    chunks: list[str]  # what had been collected before it


class _ParagraphBuilder(LXMLTreeBuilder):
    """BeautifulSoup's lxml builder, with paragraphs in place of a tree. One object reads one page."""

    def __init__(self, *, lines: Lines) -> None:
        super().__init__()
        self._plain = lines is Lines.ALL
        self._loose = lines is Lines.EMPTY
        self.paragraphs: list[Paragraph] = []
        self.date: datetime | None = None
        self._chunks: list[str] = []
        self._broken = False
        self._depth = 0
        self._num_headings = 0
        self._num_items = 0
        self._num_pres = 0
        self._regions: list[_Region] = []
        self._hidden: list[tuple[int, list[Paragraph]]] = []
        self._stamp_depth = 0
        self._stamp: list[str] = []
        self._stamps: set[str] = set()
        self._in_ruby_text = False
        self._ruby_depth = 0
        self._ruby_start = 0
        self._ruby_text: list[str] = []
        self._has_mathml = False  # then KaTeX says each formula twice
        self._glosses: list[str] = []

    # What lxml calls.

    def start(  # type: ignore[override] # bs4 says that lxml may give bytes; in Python 3 it does not
        self, tag: str, attrib: Mapping[str, str], nsmap: Mapping[str, str] | None = None
    ) -> None:
        self._depth += 1
        role = _ROLES.get(tag)
        if role is not None:
            if role in _FLUSHING:
                if self._chunks:
                    self._flush()
                if role is _Role.HEADING:
                    self._num_headings += 1
                elif role is _Role.ITEM:
                    self._num_items += 1
                elif role is _Role.CODE:
                    self._num_pres += 1
                if self._num_pres and tag in _NOT_IN_CODE:
                    self._num_pres = 0  # PMCAFF: a whole article in <pre>
            elif role is _Role.BREAK:
                self._break()
            elif role is _Role.UNSEEN:
                self._start_region(_ANY_LENGTH)
            else:
                self._start_ruby(role)
        if attrib:
            self._look_at(attrib)

    # lxml asks each new parser's target for its signature, to know whether it wants namespaces. It does not, and
    # inspecting it took 30 of the 390 microseconds that a post takes here.
    start.__signature__ = inspect.Signature()  # type: ignore[attr-defined]

    def end(self, name: str) -> None:  # type: ignore[override]
        role = _ROLES.get(name)
        if role is not None:
            if role in _FLUSHING:
                if self._chunks:
                    self._flush()
                self._broken = False
                if role is _Role.HEADING:
                    self._num_headings -= 1
                elif role is _Role.ITEM:
                    self._num_items -= 1
                elif role is _Role.CODE and self._num_pres:
                    self._num_pres -= 1
            elif self._ruby_depth:
                self._end_ruby()
        while self._regions and self._regions[-1].depth == self._depth:  # two: by its class and by its style
            self._end_region(self._regions.pop())
        if self._stamp_depth == self._depth:
            self._end_stamp()
        self._depth -= 1

    def data(self, data: str) -> None:  # type: ignore[override]
        if self._in_ruby_text:
            self._ruby_text.append(data)
            return
        self._chunks.append(data)
        if self._stamp_depth:
            self._stamp.append(data)

    def comment(self, text: object) -> None:
        """Nothing: a comment is not shown."""

    def doctype(self, name: str, pubid: str, system: str) -> None:
        """Nothing."""

    def pi(self, target: str, data: str) -> None:
        """Nothing."""

    # What they do.

    def _break(self) -> None:
        if self._chunks:
            self._broken = True
            self._flush()

    def _flush(self) -> None:
        """Make paragraphs of the collected text."""
        text = "".join(self._chunks)
        self._chunks.clear()
        if self._num_pres:
            self.paragraphs += [Paragraph(line, Kind.CODE) for line in map(squeeze, text.split("\n")) if line]
            return
        if self._plain and "\n" in text:
            self.paragraphs += [Paragraph(line, Kind.LINE) for line in unwrapped_lines(text)]
            return
        if self._loose and "\n" in text:
            paragraphs = list(filter(None, map(squeeze, _EMPTY_LINES.split(text))))
            self.paragraphs += [Paragraph(line, Kind.LINE) for line in paragraphs[:-1]]
            text = paragraphs[-1] if paragraphs else ""
        else:
            text = squeeze(text)
        if self._glosses:  # after the paragraph, where they cut no phrase
            text = f"{text}（{'；'.join(self._glosses)}）"
            self._glosses.clear()
        if not text or text in self._stamps:
            return
        if self._num_headings:
            kind = Kind.HEADING
        elif self._num_items:
            kind = Kind.ITEM
        else:
            kind = Kind.LINE if self._broken else Kind.PROSE
        self.paragraphs.append(Paragraph(text, kind))

    def _look_at(self, attrib: Mapping[str, str]) -> None:
        """Begin a region or a time stamp if the attributes of the element just opened say so."""
        class_and_id = attrib.get("class", "")
        if "id" in attrib:
            class_and_id += " " + attrib["id"]
        if "data-draft-type" in attrib:  # 知乎's cards
            class_and_id += " " + attrib["data-draft-type"]
        if class_and_id:
            meaning = _meaning(class_and_id[:_LONGEST_REMEMBERED])
            if meaning:
                if "time" in meaning and self.date is None and not self._stamp_depth:
                    self._stamp_depth = self._depth
                    self.date = parse_date(attrib.get("datetime", ""))
                if "boilerplate" in meaning:
                    self._start_region(_LONGEST_BOILERPLATE_BLOCK)
                elif "numbers" in meaning:
                    self._start_region(_LONGEST_LINE_NUMBERS, digits_only=True)
                elif "katex-mathml" in meaning:
                    self._has_mathml = True
                elif "katex-html" in meaning and self._has_mathml:
                    self._start_region(_ANY_LENGTH)
        style = attrib.get("style")
        if (style and _is_hidden(style[:_LONGEST_REMEMBERED])) or "hidden" in attrib:
            self._start_region(-1)

    def _start_region(self, longest: int, *, digits_only: bool = False) -> None:
        if len(self._regions) == _MOST_REGIONS:
            return
        self._regions.append(_Region(self._depth, longest, digits_only, len(self.paragraphs), self._chunks))
        self._chunks = []

    def _end_region(self, region: _Region) -> None:
        if self._chunks and len(self.paragraphs) > region.num_paragraphs:
            self._flush()
        inside = self.paragraphs[region.num_paragraphs :]
        text = "".join(self._chunks)
        num_chars = len(text) + sum(len(paragraph.text) for paragraph in inside)
        drop = region.longest < 0 or num_chars <= region.longest
        if drop and region.digits_only:
            drop = not (text + "".join(paragraph.text for paragraph in inside)).strip("0123456789 \n\t\r\xa0")
        if not drop:
            region.chunks += self._chunks  # in place: a copy for each of many regions in a row would be quadratic
            self._chunks = region.chunks
            return
        del self.paragraphs[region.num_paragraphs :]
        for index in range(len(self._hidden) - 1, -1, -1):  # hidden inside what goes now
            if self._hidden[index][0] <= region.num_paragraphs:
                break
            self._hidden[index] = (region.num_paragraphs, self._hidden[index][1])
        if region.longest < 0 and num_chars:
            if squeeze(text):
                inside.append(Paragraph(squeeze(text), Kind.PROSE))
            self._hidden.append((region.num_paragraphs, inside))
        self._chunks = region.chunks

    def _end_stamp(self) -> None:
        text = squeeze("".join(self._stamp))
        self._stamp_depth = 0
        self._stamp.clear()
        if len(text) <= _LONGEST_STAMP:
            date = find_date(text)
            if date is not None:
                self.date = self.date or date
                self._stamps.add(text)

    def _start_ruby(self, role: _Role) -> None:
        if role is _Role.RUBY:
            self._ruby_depth = self._depth
            self._ruby_start = len(self._chunks)
            self._ruby_text.clear()
        elif self._ruby_depth:
            self._in_ruby_text = role is _Role.RUBY_TEXT

    def _end_ruby(self) -> None:
        """Something in a <ruby> ended, or the <ruby> itself."""
        self._in_ruby_text = False
        if self._ruby_depth != self._depth:
            return
        self._ruby_depth = 0
        base = squeeze("".join(self._chunks[self._ruby_start :]))
        text = squeeze("".join(self._ruby_text)).strip("()（）")
        if len(text) > _LONGEST_GLOSS:
            self._chunks.append(text)  # the end tag is missing: this is the paragraph's text
        elif text and not _is_reading(text, base):
            self._glosses.append(text)

    def finish(self) -> None:
        """The page is over: the last paragraph, and hidden elements that turn out to hold the article."""
        self._flush()
        while self._regions:
            self._end_region(self._regions.pop())
        self._flush()
        num_visible = sum(len(paragraph.text) for paragraph in self.paragraphs)
        num_hidden = sum(len(paragraph.text) for _, inside in self._hidden for paragraph in inside)
        if num_hidden > num_visible:
            merged: list[Paragraph] = []
            at = 0
            for index, inside in self._hidden:
                merged += self.paragraphs[at:index]
                merged += inside
                at = index
            self.paragraphs = merged + self.paragraphs[at:]


#: Classes of the places where pages say when they were published.
_TIME_CLASSES = frozenset(
    """
    time date pubtime pub-time pub_time publish-time publish_time publishtime pubdate pub-date post-time post-date
    post_date article-time article-date entry-date time-source u-time
    """.split()
)
#: A stamp is a date and perhaps a source; a longer element of such a class holds something else.
_LONGEST_STAMP = 60


@lru_cache(maxsize=4096)
def _meaning(class_and_id: str) -> frozenset[str]:
    """What the classes of an element say: ``boilerplate``, line ``numbers``, a ``time`` stamp, one of KaTeX's names."""
    names = frozenset(class_and_id.lower().split())
    meaning = names & {"katex-mathml", "katex-html"}
    if any(map(is_boilerplate_class, names)):
        meaning |= {"boilerplate"}
    elif any(map(is_line_number_class, names)):
        meaning |= {"numbers"}
    return meaning | {"time"} if names & _TIME_CLASSES else meaning


@lru_cache(maxsize=4096)
def _is_hidden(style: str) -> bool:
    return "display:none" in style.replace(" ", "").lower()


def _is_reading(text: str, base: str) -> bool:
    """True if the annotation ``text`` says how ``base`` is pronounced: 漢 + かん, 汉 + hàn.

    Otherwise it names the same thing in another language (Linux中国: 星际基地 + Starbase): the article's own words.
    """
    if _IDEOGRAPH.search(text):
        return False
    return not text.isascii() or (len(base) == 1 and _IDEOGRAPH.match(base) is not None)


def html_paragraphs(markup: str, *, lines: Lines = Lines.NONE) -> tuple[list[Paragraph], datetime | None]:
    """The paragraphs of ``markup`` in reading order, and the date that a time stamp in it names.

    markup : HTML from which `visible_markup` has removed what is not shown
    lines  : which line breaks end a paragraph outside <pre>
    """
    builder = _ParagraphBuilder(lines=lines)
    parser = builder.parser_for(None)
    parser.feed(f"<html><body><div>{markup}</div></body></html>")
    parser.close()
    builder.finish()
    return builder.paragraphs, builder.date

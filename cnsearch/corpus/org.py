"""Notes of Emacs' Org mode.

Rules of our own after https://orgmode.org/worg/org-syntax.html: the libraries for it keep blocks, tables and emphasis
as they are written, which is the part that matters here.
"""

from __future__ import annotations

import re

from cnsearch.corpus.clean import clean_title
from cnsearch.corpus.dates import parse_date
from cnsearch.corpus.entries import Entry, Reading, Warn, text_of
from cnsearch.corpus.posts import PostFile
from cnsearch.corpus.text import one_line, squeeze
from cnsearch.model import Article

_KEYWORD = re.compile(r"[ \t]*#\+([A-Za-z_]+)(?:\[[^\]\n]*\])?:[ \t]*(.*)")
_BLOCK = re.compile(r"[ \t]*#\+begin_([a-z]+)\b.*", re.IGNORECASE)
_HEADING = re.compile(r"(\*+)[ \t]+(.*)")
_HEADING_TAGS = re.compile(r"[ \t]+:((?:[\w@#%]+:)+)[ \t]*$")
_TODO = re.compile(r"(?:TODO|DONE|NEXT|WAITING|CANCELLED|HOLD)[ \t]+|\[#[A-Z0-9]\][ \t]*|COMMENT[ \t]+")
_COOKIE = re.compile(r"[ \t]*\[[0-9]*(?:%|/[0-9]*)\]")
_DRAWER = re.compile(r"[ \t]*:([A-Za-z_-]+):[ \t]*")
_PROPERTY = re.compile(r"[ \t]*:([A-Za-z_-]+):[ \t]+(.*)")
_PLANNING = re.compile(r"[ \t]*(?:(?:SCHEDULED|DEADLINE|CLOSED|CLOCK):[ \t]*[<\[][^>\]\n]*[>\]][^\n]*)")
_ITEM = re.compile(r"[ \t]*(?:[-+]|[ \t]\*|[0-9]+[.)])[ \t]+(?:\[@[0-9]+\][ \t]*)?(?:\[[ xX-]\][ \t]*)?")
_TERM = re.compile(r"[ \t]+::(?:[ \t]+|$)")
_RULE = re.compile(r"[ \t]*-{5,}[ \t]*")
_TABLE_RULE = re.compile(r"[ \t]*\|[-+|: \t]*\|?[ \t]*")
_COMMENT = re.compile(r"[ \t]*#(?:[ \t].*)?")
_FIXED = re.compile(r"[ \t]*: ?(.*)")

_LINK = re.compile(r"\[\[([^\]\[\n]{1,2000})\](?:\[([^\]\n]{1,1000})\])?\]")
_FOOTNOTE = re.compile(r"\[fn:[^\]:\n]{0,60}(?::([^\]\n]{0,500}))?\]")
_MACRO = re.compile(r"\{\{\{[^}\n]*\}\}\}|<<<?[^<>\n]{1,200}>>>?|\\\\[ \t]*$")
_TIME = re.compile(r"[<\[]([0-9]{4}-[0-9]{2}-[0-9]{2})(?: [^\s>\]0-9]{1,9})?( [0-9]{1,2}:[0-9]{2})?[^>\]\n]{0,40}[>\]]")
_WIDE = "\u2e80-\u9fff\uff00-\uffef\u3000-\u303f"
#: Marks around words, as Org has them, and between Chinese characters too, where people leave out the spaces.
_EMPHASIS = re.compile(
    rf"(?:(?<=[\s('\"{{\-{_WIDE}\u200b])|^)([*=~+])(?=\S)([^\n]{{0,300}}?\S)\1(?=[\s\-.,;:!?'\")}}\[\\{_WIDE}\u200b]|$)"
    r"|(?:(?<=[\s('\"{\-])|^)([/_])(?=\S)([^\n]{0,300}?\S)\3(?=[\s\-.,;:!?'\")}\[\\，。；：！？]|$)",
    re.MULTILINE,
)

_AS_IT_IS = frozenset({"src", "example", "verse", "export"})
_LEFT_OUT = frozenset({"comment"})


def read_org(data: bytes, file: PostFile, warn: Warn) -> Reading:
    """A note is one article."""
    return Reading(
        "Org note", [Entry(article_from_org(text_of(data, file, warn), id=file.id, path=file.path))], single=True
    )


def article_from_org(text: str, *, id: str, path: str = "") -> Article:
    """The article of a note: ``#+TITLE`` (else the name), ``#+DATE``, ``#+FILETAGS`` and the tags of headings,
    ``#+AUTHOR``, ``#+CATEGORY``, ``#+DESCRIPTION``; its headings, lists, tables, code and the words of its links.
    """
    note = _Note()
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        note.take(line)
    note.end_paragraph()
    facts = note.facts
    name = id.rpartition("/")[2]
    title = clean_title(_inline(facts.get("title", ""))) or one_line(name.removesuffix(".org")) or name
    tags = [tag for key in ("filetags", "tags", "keywords") for tag in re.split(r"[:,，\s]+", facts.get(key, ""))]
    tags += note.tags
    abstract = one_line(_inline(facts.get("description", "")))
    if abstract and abstract not in note.paragraphs:
        note.paragraphs.insert(0, abstract)
        note.headings = [at + 1 for at in note.headings]
    stamp = _TIME.search(facts.get("date", ""))
    written = (stamp[1] + (stamp[2] or "")) if stamp else facts.get("date", "").strip("<>[] ")
    return Article(
        id=id,
        title=title,
        paragraphs=tuple(note.paragraphs),
        headings=tuple(note.headings),
        author=one_line(facts.get("author", "")),
        categories=tuple(filter(None, [one_line(facts.get("category", ""))])),
        tags=tuple(dict.fromkeys(filter(None, map(one_line, tags)))),
        date=parse_date(written),
        draft=facts.get("draft", "").lower() in ("t", "true", "yes") or facts.get("hugo_draft", "").lower() == "true",
        path=path,
    )


class _Note:
    """Takes a note line by line."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        self.tags: list[str] = []
        self.paragraphs: list[str] = []
        self.headings: list[int] = []
        self._lines: list[str] = []
        self._block = ""
        self._drawer = ""

    def take(self, line: str) -> None:
        if self._block:
            self._in_block(line)
        elif self._drawer:
            self._in_drawer(line)
        elif not line.strip() or _RULE.fullmatch(line):
            self.end_paragraph()
        elif found := _HEADING.match(line):
            self._heading(found[2])
        elif found := _BLOCK.fullmatch(line):
            self.end_paragraph()
            self._block = found[1].lower()
        elif found := _KEYWORD.fullmatch(line):
            self._keyword(found[1].lower(), found[2].strip())
        elif found := _DRAWER.fullmatch(line):
            self.end_paragraph()
            self._drawer = found[1].lower()
        elif _COMMENT.fullmatch(line) or _PLANNING.fullmatch(line) or line.lstrip().startswith("#+"):
            self.end_paragraph()
        elif line.lstrip().startswith("|"):
            self._table_row(line)
        elif found := _FIXED.fullmatch(line):
            self.end_paragraph()
            self._add(" ".join(found[1].split()))
        elif found := _ITEM.match(line):
            self.end_paragraph()
            self._lines.append(_TERM.sub("：", line[found.end() :], count=1))
        else:
            self._lines.append(line)

    def end_paragraph(self) -> None:
        if self._lines:
            self._add(squeeze(_inline("\n".join(self._lines))))
            self._lines = []

    def _add(self, text: str) -> None:
        text = one_line(text)
        if text:
            self.paragraphs.append(text)

    def _heading(self, text: str) -> None:
        self.end_paragraph()
        if found := _HEADING_TAGS.search(text):
            self.tags += [tag for tag in found[1].split(":") if tag]
            text = text[: found.start()]
        while found := _TODO.match(text):
            text = text[found.end() :]
        before = len(self.paragraphs)
        self._add(_inline(_COOKIE.sub("", text)))
        if len(self.paragraphs) > before:
            self.headings.append(before)

    def _keyword(self, name: str, value: str) -> None:
        self.end_paragraph()
        if name == "caption":
            self._add(_inline(value))
        else:
            self.facts[name] = f"{self.facts[name]} {value}" if name in self.facts else value

    def _in_block(self, line: str) -> None:
        ends = line.strip().lower().startswith("#+end_")
        if ends and line.strip().lower() == f"#+end_{self._block}":
            self.end_paragraph()
            self._block = ""
        elif self._block in _LEFT_OUT:
            pass
        elif self._block in _AS_IT_IS:
            self._add(" ".join(line.removeprefix(",").split()))
        elif not line.strip():
            self.end_paragraph()
        elif found := _ITEM.match(line):
            self.end_paragraph()
            self._lines.append(line[found.end() :])
        else:
            self._lines.append(line)

    def _in_drawer(self, line: str) -> None:
        if line.strip().lower() == ":end:":
            self._drawer = ""
        elif _HEADING.match(line):  # the drawer was none
            self._drawer = ""
            self.take(line)
        elif self._drawer == "properties" and not self.paragraphs and (found := _PROPERTY.fullmatch(line)):
            self.facts.setdefault(found[1].lower(), found[2].strip())

    def _table_row(self, line: str) -> None:
        self.end_paragraph()
        if not _TABLE_RULE.fullmatch(line):
            for cell in line.strip().strip("|").split("|"):
                self._add(_inline(cell.strip()))


def _inline(text: str) -> str:
    """``text`` without marks: the words of links, of emphasis, of footnotes; time stamps as they are read."""
    if "[" in text or "<" in text:
        text = _LINK.sub(_shown, text)
        text = _FOOTNOTE.sub(lambda found: found[1] or "", text)
        text = _TIME.sub(lambda found: found[1] + (found[2] or ""), text)
    text = _MACRO.sub("", text)
    for _ in range(3):  # one kind of mark inside another
        bare = _EMPHASIS.sub(lambda found: found[2] if found[1] else found[4], text)
        if bare == text:
            break
        text = bare
    return text


def _shown(link: re.Match[str]) -> str:
    target, words = link[1], link[2]
    if words:
        return words
    is_picture = re.search(r"\.(?:png|jpe?g|gif|svg|webp|bmp)$", target, re.IGNORECASE)
    return "" if is_picture else target.removeprefix("file:").removeprefix("*")

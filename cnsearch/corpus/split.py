"""A plain text that holds several articles: a novel by its chapters, a corpus with one text a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from cnsearch.corpus.clean import clean_body
from cnsearch.corpus.decoding import decode
from cnsearch.corpus.entries import Entry, EntryIds, Reading, Warn
from cnsearch.corpus.forms import Form
from cnsearch.corpus.front_matter import split_front_matter
from cnsearch.corpus.posts import PostFile
from cnsearch.corpus.reader import article_from_post
from cnsearch.corpus.text import one_line
from cnsearch.model import Article

_SUFFIXES = {"chapter": (".txt", ".md", ".markdown"), "line": (".txt",)}

_NUMBER = "[0-9０-９零〇○一二三四五六七八九十百千两廿卅]{1,9}"
#: A line that begins a chapter: 第一章 风起, 第十二回, 楔子, Chapter 1; not 第一回合 or 第一章节.
_CHAPTER = re.compile(
    rf"(?:正文\s*)?第\s*{_NUMBER}\s*(?:[章折幕集篇](?!节)|回(?![合到来去家])|节(?![课日目]))"
    r"|(?:楔子|引子|序章|序幕|序言|序|自序|前言|尾声|终章|后记|跋|番外|附录)(?=$|[\s　:：一二三四五六七八九十0-9])"
    r"|(?:Chapter|CHAPTER|chapter)\s+(?:[0-9]{1,5}|[IVXLCivxlc]{1,9}|[A-Z][a-z]+)\b"
    r"|(?:Prologue|PROLOGUE|Epilogue|EPILOGUE)\b"
)
#: A line that begins a part of several chapters.
_VOLUME = re.compile(rf"第\s*{_NUMBER}\s*[卷部](?![分门长])|卷\s*{_NUMBER}(?=$|[\s　:：])")
#: A heading is short and no sentence.
_MOST_HEADING_CHARS = 50
_SENTENCE = re.compile("[。；;]|[，,].*[，,].*[，,]|[！？!?].")
_DECORATION = re.compile(r"^[\s　#=*\-—【\[《]+|[\s　#=*\-—】\]》]+$")

_MOST_TITLE_CHARS = 40


def splits(file_id: str, split: str) -> bool:
    """Whether files with this name are split so."""
    return file_id.lower().endswith(_SUFFIXES.get(split, ()))


def read_split(data: bytes, file: PostFile, split: str, warn: Warn) -> Reading:
    """The parts of a text as articles; a text without a heading of a chapter is one."""
    whole = article_from_post(data, id=file.id, path=file.path, warn=warn)
    body = split_front_matter(decode(data, file.path).text)[1]
    if split == "line":
        return Reading("a text a line", _lines(body, whole, EntryIds(file.id)))
    chapters = list(_chapters(body, whole, EntryIds(file.id)))
    if not chapters:
        return Reading("text without chapters", [Entry(whole)], single=True)
    return Reading("text by chapters", chapters)


def _lines(body: str, whole: Article, ids: EntryIds) -> Iterator[Entry]:
    for number, line in enumerate(body.splitlines(), start=1):
        text = one_line(line)
        if text:
            title = text if len(text) <= _MOST_TITLE_CHARS else text[:_MOST_TITLE_CHARS] + "…"
            yield Entry(replace(whole, id=ids.of(str(number)), title=title, paragraphs=(text,), headings=()), line)


def _chapters(body: str, whole: Article, ids: EntryIds) -> Iterator[Entry]:
    """Chapters with a text; a heading without one (of a table of contents) is none. What stands before the first is
    the article ``…#0``."""
    volume, heading, text = "", "", []  # type: str, str, list[str]
    found = False
    for line in [*body.splitlines(), None]:
        new = None if line is None else chapter_heading(line)
        if line is not None and new is None:
            text.append(line)
            continue
        is_part = heading or found or new is not None
        if is_part and any(not part.isspace() for part in text if part):
            yield _chapter(volume, heading, "\n".join(text), whole, ids)
        if new is None:
            return
        found = True
        text = []
        if _VOLUME.match(new) and not _CHAPTER.search(new):
            volume, heading = new, ""
        else:
            heading = new


def _chapter(volume: str, heading: str, text: str, whole: Article, ids: EntryIds) -> Entry:
    name = " ".join(part for part in (volume, heading) if part)
    clean = clean_body(text, form=Form.TEXT if whole.path.lower().endswith(".txt") else Form.MARKDOWN)
    title = f"{whole.title} {name}" if name else whole.title
    made = replace(
        whole,
        id=ids.of(name or "0"),
        title=title,
        paragraphs=clean.paragraphs,
        headings=clean.headings,
        draft=whole.draft,
    )
    return Entry(made, f"{name}\n{text}" if name else text)


def chapter_heading(line: str) -> str | None:
    """The heading that ``line`` is, without what adorns it; None for other lines.

    >>> chapter_heading("　　第一章　风起"), chapter_heading("第一回合他就输了。")
    ('第一章 风起', None)
    """
    if len(line) > 4 * _MOST_HEADING_CHARS:
        return None
    text = one_line(_DECORATION.sub("", line))
    if not text or len(text) > _MOST_HEADING_CHARS or _SENTENCE.search(text):
        return None
    return text if _CHAPTER.match(text) or _VOLUME.match(text) else None

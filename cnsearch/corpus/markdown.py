"""Markdown to HTML of the same words, for the reading of HTML: see `markdown_html`.

Blocks by markdown-it-py with the additions of `markdown_blocks`, the inside of each by `markdown_inline`. HTML in
Markdown stays as it is and is cleaned with everything else, so code can speak of any tag.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from cnsearch.corpus.markdown_blocks import block_tokens
from cnsearch.corpus.markdown_inline import KEPT_BREAK, escape, inline_html
from cnsearch.corpus.markdown_links import label_key
from cnsearch.corpus.markdown_mdx import imports_components
from cnsearch.corpus.text import visible
from cnsearch.corpus.wraps import kept_breaks, wrap_width

_TAGS = {
    "paragraph_open": "<p>",
    "paragraph_close": "</p>",
    "bullet_list_open": "<ul>",
    "bullet_list_close": "</ul>",
    "ordered_list_open": "<ol>",
    "ordered_list_close": "</ol>",
    "list_item_open": "<li>",
    "list_item_close": "</li>",
    "blockquote_open": "<blockquote>",
    "blockquote_close": "</blockquote>",
    "table_open": "<table>",
    "table_close": "</table>",
    "tr_open": "<tr>",
    "tr_close": "</tr>",
    "td_open": "<td>",
    "td_close": "</td>",
    "th_open": "<th>",
    "th_close": "</th>",
    "footnote_reference_open": "<div>",
    "footnote_reference_close": "</div>",
    "hr": "<hr>",
}

#: Lines of a paragraph that are marks: tables of contents, kramdown's attributes, properties of Logseq and of its log.
_MARK_LINE = re.compile(
    r"[ \t]*(?:\[\[?toc\]?\]|\{:[^{}]*\}|:(?:LOGBOOK|END|PROPERTIES):|CLOCK: .*|(?:SCHEDULED|DEADLINE): <[^<>]*>"
    r"|[A-Za-z_\u4e00-\u9fff][\w.-]{0,40}::(?:[ \t].*)?|\\(?:newpage|pagebreak)|#\+(?:BEGIN|END)_\w+.*"
    r"|<<<[ \t]+[@./\w].*|;?-+8<-+(?:[ \t].*)?|@\[code[^\]]*\]\(.*\)|@(?:include|import)[ \t]?[(\"'].*|\{!.{1,200}!\}"
    r"|///+(?:[ \t]*\||[ \t]+[a-z].*)?|\{:?[ \t]*[.#][^{}]*\}|\^)[ \t]*",
    re.IGNORECASE,
)
_CALLOUT = re.compile(r"\[!(?:[\w-]{1,40}|(?=\|))(?:\|[^\]\n]{0,60})?\][+-]?[ \t]*")
_TASK = re.compile(r"\[[ xX/><!?*-]\][ \t]+")
_DEFINITION = re.compile(r"[ \t]*:[ \t]+")
#: Marks before the first line of a paragraph: a definition's that stands alone, docsify's of what is important.
_FIRST_SIGNS = frozenset(":?!*")
_FIRST_MARK = re.compile(r"\A(?::[ \t]{1,3}(?=\S)|[?!]>[ \t]+)")
#: ``*[HTML]: …``: what an abbreviation stands for
_ABBREVIATION = re.compile(r"\A\*\[([^\[\]\n]{1,60})\]:[ \t]*")
_BLOCK_ID = re.compile(r"(?:\A|(?<=\s))\^[A-Za-z0-9-]*[A-Za-z][A-Za-z0-9-]*\Z")
_HEADING_ID = re.compile(r"[ \t]*(?:\{:?[ \t]*[#.][^{}\n]{0,200}\}|\[#[\w-]{1,60}\]|(?<=[ \t]):id=[\w-]{1,60})[ \t]*\Z")

#: Characters with which prose begins, not code: an indent of four columns before a paragraph is an indent.
_PROSE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60“‘「『《（—…*\[\U00020000-\U0003ffff]")
_CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff01-\uff60“”‘’—…\U00020000-\U0003ffff]")
_EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_LIQUID = re.compile(r"\{%[^{}]{0,500}%\}|\{\{[^{}]{0,500}\}\}")
_CODE_IN_HTML = re.compile(r"<(?:pre|code|script|style)[\s>]", re.IGNORECASE)
_HTML_GOES_ON = re.compile(
    r"\s*</?(?:t[drh]|tbody|thead|table|div|p|li|ul|ol|dl|d[td]|section|details|summary|figure|img|a|h[1-6])[\s/>]",
    re.IGNORECASE,
)


def markdown_html(text: str, *, mdx: bool = False) -> str:
    """HTML with the paragraphs, headings, items, cells and lines of code of ``text``, and the HTML in it as it was.

    text : Markdown as CommonMark 0.31 has it, with tables, footnotes and the additions of site generators and note
           programs, or with ``mdx``, or where it imports components, MDX; any text is accepted
    No mark, address, or comment is in what the result shows. Time is linear in ``len(text)``.
    """
    text = visible(text).replace("\x0b", "\n").replace("\x0c", "\n")
    mdx = mdx or imports_components(text)
    tokens, env = block_tokens(text, mdx=mdx)
    references = frozenset(map(label_key, env.get("references", ())))
    footnotes = frozenset(label[1:] for label in env.get("footnotes", {}).get("refs", ()))
    return _Renderer(tokens, references, footnotes, mdx).html()


@dataclass(slots=True)
class _Renderer:
    tokens: Sequence[Token]
    references: Container[str]
    footnotes: Container[str]
    mdx: bool
    width: int = 0  # columns at which the file's lines are wrapped; 0: they are not

    def html(self) -> str:
        tokens = self.tokens
        self.width = wrap_width(
            [token.content.split("\n") for token in tokens if token.type == "inline" and "\n" in token.content]
        )
        pieces: list[str] = []
        before = ""
        in_html = False
        for token in tokens:
            kind = token.type
            if kind == "inline":
                pieces.append(self._inline(token.content, before))
            elif kind == "fence" or kind == "code_block":
                if kind == "fence":
                    pieces.append(f"<pre>\n{escape(token.content)}</pre>")
                elif in_html and _HTML_GOES_ON.match(token.content):  # an empty line and an indent inside a <table>
                    pieces.append(token.content)
                else:
                    pieces.append(self._indented(token.content))
            elif kind == "html_block":
                pieces.append(_without_liquid(token.content))
                in_html = True
            elif kind in ("heading_open", "heading_close"):
                pieces.append(f"<{'/' if kind == 'heading_close' else ''}{token.tag}>")
            else:
                pieces.append(_TAGS.get(kind, ""))
            before = before + kind if kind == "paragraph_open" else kind
        return "".join(pieces)

    def _inline(self, source: str, place: str) -> str:
        """The HTML of a paragraph's, a heading's or a cell's text; ``place`` says what has just been opened."""
        if place == "heading_open":
            source = _HEADING_ID.sub("", source)
        elif place.endswith("paragraph_open"):
            if place.startswith("blockquote_open"):
                callout = _CALLOUT.match(source)
                if callout is not None:
                    title, _, rest = source[callout.end() :].partition("\n")
                    return f"{self._words(title)}<br>{self._paragraph(rest)}"
            elif place.startswith("list_item_open"):
                source = _TASK.sub("", source, count=1) if source.startswith("[") else source
            return self._paragraph(source)
        return self._words(source)

    def _words(self, source: str) -> str:
        if "^" in source:
            source = _BLOCK_ID.sub("", source)
        return inline_html(source, self.references, self.footnotes, mdx=self.mdx)

    def _paragraph(self, source: str) -> str:
        if source[:1] in _FIRST_SIGNS:
            source = _FIRST_MARK.sub("", source, count=1)
            source = _ABBREVIATION.sub(r"\1: ", source, count=1)
        if "\n" not in source:
            return "" if _MARK_LINE.fullmatch(source) else self._words(source)
        lines = source.split("\n")
        if any(map(_MARK_LINE.fullmatch, lines)):
            if lines[0].strip().lower() == "toc" and lines[1].strip().lower() == "{:toc}":
                del lines[0]
            lines = [line for line in lines if not _MARK_LINE.fullmatch(line)] or [""]
        entries = _entries(lines) if ":" in source else ()
        kept = kept_breaks(lines, self.width, markdown=True)
        pieces = [lines[0]]
        for at, is_kept in enumerate(kept, start=1):
            pieces += [KEPT_BREAK if is_kept or at in entries else "\n", lines[at]]
        return self._words("".join(pieces))

    def _indented(self, content: str) -> str:
        """Indented blocks: those whose lines are Chinese and look like no code are prose, the others code."""
        return "".join(map(self._indented_block, filter(str.strip, _EMPTY_LINES.split(content))))

    def _indented_block(self, content: str) -> str:
        lines = [line.strip() for line in content.split("\n")]
        num_signs = sum(map(len, lines))
        if all(map(_PROSE.match, filter(None, lines))) and 2 * len(_CHINESE.findall(content)) > num_signs:
            return f"<p>{self._paragraph(content.strip())}</p>"
        return f"<pre>\n{escape(content)}</pre>"


def _entries(lines: list[str]) -> set[int]:
    """Take the marks of definitions and abbreviations from ``lines``; return the indexes of the lines that had one."""
    entries: set[int] = set()
    for at, line in enumerate(lines[1:], start=1):
        definition = _DEFINITION.match(line)
        if definition is not None:
            lines[at] = line[definition.end() :]
        elif line.startswith("*[") and _ABBREVIATION.match(line):
            lines[at] = _ABBREVIATION.sub(r"\1: ", line, count=1)
        else:
            if entries:
                lines[at] = line.lstrip(" \t")  # a definition's text goes on under its beginning
            continue
        entries.add(at)
    return entries


def _without_liquid(html: str) -> str:
    """HTML without the tags and variables of templates, which stay in code."""
    if "{%" not in html and "{{" not in html:
        return html
    return html if _CODE_IN_HTML.search(html) else _LIQUID.sub("", html)

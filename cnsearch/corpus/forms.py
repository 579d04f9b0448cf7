"""What the body of a post is: Markdown, plain text or HTML, whatever its file is called.

The rule: a `.html` is HTML. A `.md` is Markdown, except where it is HTML: it begins with a block tag and has no block
of Markdown outside all elements (`is_html_post`; the posts of feeds are so, which are wrapped in a ``<div>``). A `.txt`
is text, except where it begins as a page or its lines end in tags (`is_page`). A tag somewhere changes nothing.
"""

from __future__ import annotations

import enum
import re


class Form(enum.Enum):
    """How a file's body is written, by its name."""

    HTML = enum.auto()
    MARKDOWN = enum.auto()
    MDX = enum.auto()  # Markdown with JSX
    TEXT = enum.auto()


_BLOCKS = (
    "p div section article main center table ul ol dl h1 h2 h3 h4 h5 h6 blockquote pre figure header footer nav aside "
    "html body head form fieldset details"
).split()
_BLOCK_TAG = re.compile(rf"<(?:{'|'.join(_BLOCKS)})(?=[\s/>])", re.IGNORECASE)
_DECLARATION = re.compile(r"<(?:!doctype|\?xml|html[\s>])", re.IGNORECASE)
_COMMENTS = re.compile(r"(?:<!--(?:[^-]|-(?!->))*-->\s*)*")

#: Tags that a page without any block begins with, if they have attributes or end again.
_PAGE_TAG = re.compile(
    r"<(?:(?:img|a|span|font|iframe|video|meta|link|section)\s[^<>]*=[^<>]*>|(?:b|strong|em|span|font|center|small)>[^<]*</"
    r"|(?:br|hr)\s*/?>)",
    re.IGNORECASE,
)
_LINE_END_TAG = re.compile(r"(?:<br\s*/?>|</(?:p|div|li|h[1-6]|tr|td)>)[^\S\n]*$", re.MULTILINE | re.IGNORECASE)

_DIV = re.compile(r"<(/?)div(?=[\s>])")
_UNPARSED = re.compile(r"<!--.*?-->|<(pre|script|style|textarea)[\s>].*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(rf"<(/?)({'|'.join(_BLOCKS)}|li|td|th|tr|tbody|thead)(?:\s[^<>]*)?>", re.IGNORECASE)
#: A block that only Markdown has, with an empty line or the beginning before it.
_MARKDOWN_BLOCK = re.compile(
    r"(?:\A|\n[^\S\n]*\n) {0,3}"
    r"(?:#{1,6} +\S|(?:```|~~~)|[-*+] +\S|[0-9]{1,9}[.)] +\S|> *\S|\|.*\|[^\S\n]*\n *\|[ :|-]+\|)"
)
#: A paragraph: text without a tag at its beginning.
_MARKDOWN_TEXT = re.compile(r"\n[^\S\n]*\n {0,3}[^\s<]")
_SURE_BLOCK = re.compile(r"\n[^\S\n]*\n {0,3}(?:#{1,6} +\S|(?:```|~~~))")


def is_html_post(body: str) -> bool:
    """Whether the body of a `.md` is HTML: it begins with a block tag and has no Markdown block outside all elements.

    A body in one element that holds no other block is Markdown if it has a heading or a fence.
    """
    start = body.lstrip()
    if start.startswith("<!--"):
        start = start[_comments_end(start) :]
    if not _BLOCK_TAG.match(start):
        return _DECLARATION.match(start) is not None
    if not _MARKDOWN_TEXT.search(start):
        return True
    if _is_one_element(start):
        return _SURE_BLOCK.search(start) is None or _holds_blocks(start)
    parsed = _UNPARSED.sub("<hr>", start)
    depth = num_paragraphs = at = 0
    for tag in _TAG.finditer(parsed):
        if not depth and _is_markdown(parsed, at, tag.start(), in_paragraph=num_paragraphs > 0):
            return False
        at = tag.end()
        step = -1 if tag[1] else 1
        name = tag[2].lower()
        if name == "p":
            num_paragraphs = max(num_paragraphs + step, 0)
        elif name not in ("li", "td", "th", "tr"):  # they need no end tag
            depth = max(depth + step, 0)
            if not depth:
                num_paragraphs = 0
    return depth > 0 or not _is_markdown(parsed, at, len(parsed), in_paragraph=num_paragraphs > 0)


def _comments_end(text: str) -> int:
    """Where the comments end that ``text`` begins with."""
    found = _COMMENTS.match(text)
    return 0 if found is None else found.end()


def _is_one_element(text: str) -> bool:
    """Whether ``text`` is one <div> from its beginning to its end, as the posts of feeds are."""
    text = text.rstrip()
    if not text.endswith("</div>"):
        return False
    depth = 0
    for tag in _DIV.finditer(text):
        depth += -1 if tag[1] else 1
        if depth <= 0:
            return tag.start() == len(text) - len("</div>")
    return False


def _holds_blocks(text: str) -> bool:
    """Whether a <div> holds other blocks, or lines that <br> ends."""
    parsed = _UNPARSED.sub("<hr>", text)
    return "<br" in parsed or len(_TAG.findall(parsed)) > 2


def _is_markdown(text: str, start: int, end: int, *, in_paragraph: bool) -> bool:
    pattern = _MARKDOWN_BLOCK if in_paragraph else _MARKDOWN_TEXT
    return pattern.search(text, start, end) is not None


def is_page(text: str) -> bool:
    """Whether a `.txt` is HTML: it begins with a block, a declaration or a tag in use, or most lines end in tags."""
    start = text.lstrip()
    start = start[_comments_end(start) :]
    if _DECLARATION.match(start) or _BLOCK_TAG.match(start) or _PAGE_TAG.match(start):
        return True
    num_ends = len(_LINE_END_TAG.findall(text))
    return num_ends >= 2 and 2 * num_ends >= sum(1 for line in text.split("\n") if line.strip())

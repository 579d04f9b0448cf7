"""The tags that stand in the text of a note."""

from __future__ import annotations

import re

from cnsearch.corpus.metadata import split_labels

#: ``#标签`` after white space: letters, digits, ``_``, ``-`` and ``/`` between them, not digits alone (Obsidian's rule)
_HASHTAG = re.compile(r"(?<![^\s（，。、；：])#((?=[^\W\d]|[\d_/-]*[^\W\d])[\w-]{1,60}(?:/[\w-]{1,60}){0,9})(?![\w(])")
#: Logseq's for names with spaces: ``#[[读书 笔记]]``
_PAGE_TAG = re.compile(r"(?<![^\s（，。、；：])#\[\[([^\[\]\n]{1,100})\]\]")
_COLOR = re.compile(r"(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_C_WORDS = frozenset(
    "include define undef ifdef ifndef endif elif if else pragma error region endregion import".split()
)
_FENCE = re.compile(r"[ \t>]*(?:[-*+] )?(`{3,}|~{3,})")
_CODE_SPAN = re.compile(r"(`{1,3})[^`\n]{1,500}\1")
#: Indented code, HTML
_OTHER_LINE = re.compile(r" {4}(?!\s*[-*+] )|[ \t]*<")
_LAZY_HEADING = re.compile(r"#{2,6}[^#\s]")
_TAGS_PROPERTY = re.compile(r"\s*(?:[-*] )?(?:tags|tag|标签)::[ \t]+(.+)")


def hashtags(body: str) -> list[str]:
    """The tags in the text of a note of Markdown: ``#旅行``, ``#海/沙滩``, and those of ``tags:: a, b``.

    Not headings, colours, numbers, parts of words (C#) or addresses, nor anything in code. Where headings are written
    without a space (``##二``), a line that begins with ``#一`` is one too.
    """
    if "#" not in body and "::" not in body:
        return []
    found: list[str] = []
    fence = ""
    lines = body.split("\n")
    lazy = any(_LAZY_HEADING.match(line) for line in lines)
    for line in lines:
        mark = _FENCE.match(line)
        if fence:
            if mark is not None and mark[1].startswith(fence):
                fence = ""
        elif mark is not None:
            fence = mark[1]
        elif "::" in line and (given := _TAGS_PROPERTY.match(line)):
            found += split_labels([given[1]], ",，、")
        elif "#" in line and not _OTHER_LINE.match(line) and not (lazy and line.startswith("#")):
            prose = _CODE_SPAN.sub(" ", line)
            found += map(str.strip, _PAGE_TAG.findall(prose))
            found += [tag for tag in _HASHTAG.findall(prose) if not _COLOR.fullmatch(tag) and tag not in _C_WORDS]
    return found

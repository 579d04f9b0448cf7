"""The blocks of Markdown by markdown-it-py, and those that sites and note programs add to it.

A rule here sees a line only where a block may begin, so never one of code. What it takes for a mark goes; what stands
between two marks (`:::`, ``{% note %}``, ``!!! tip``) is Markdown as before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import (
    StateBlock,
    blockquote,
    fence,
    heading,
    hr,
    html_block,
    lheading,
    list_block,
    reference,
    table,
)
from markdown_it.token import Token
from mdit_py_plugins.footnote.index import footnote_def

from cnsearch.corpus.markdown_mdx import mdx_marks
from cnsearch.corpus.markup import TAG_NAMES
from cnsearch.corpus.template_tags import words_of_tag

_Rule = Callable[[StateBlock, int, int, bool], bool]

#: Blocks in blocks. What nests deeper is brought up by `_flat` before: the parser would leave it out.
_DEEPEST = 60
_DEEP_INDENT = re.compile(r"^[ \t]{60,}", re.MULTILINE)
_MANY_MARKS = re.compile(
    r"^((?:[ \t]*(?:[>*+-]|[0-9]{1,9}[.)])(?=[ \t>]|$)){12})(?:[ \t]*(?:[>*+-]|[0-9]{1,9}[.)])(?=[ \t>]|$))+",
    re.MULTILINE,
)

#: The first characters of the lines that `_marks` looks at: most lines need no more than this.
_FIRST = frozenset(":{%!?=$\\#@[")

_CONTAINER = re.compile(r":{3,}[ \t]*(?:\{[^{}]*\}|[\w-]*)[ \t]*(?:\{[^{}]*\})?(?:\[([^\]]*)\])?(.*)")
_ADMONITION = re.compile(r"(?:!!!|\?\?\?\+?)[ \t]+(?:[A-Za-z][A-Za-z0-9_ -]*)?(?:\"(.*)\")?[ \t]*")
_TAB = re.compile(r"===[!+]?[ \t]+\"(.*)\"[ \t]*")
_TAG = re.compile(r"\{%-?((?:(?!%\}).)*?)-?%\}|\{\{[<%]((?:(?!\}\}).)*?)[%>]\}\}")
_TAGS = re.compile(rf"(?:[ \t]*(?:{_TAG.pattern}))+[ \t]*")
_MULTI_LINE_TAG = re.compile(r"\{\{[<%]|\{%")
#: Tags whose content is code: Hexo's, Jekyll's and Hugo's; and where it ends.
_CODE_TAG = re.compile(r"[ \t]*(codeblock|code|highlight|raw|verbatim|math|mermaid)\b(?!.*(?:\{%|\{\{)).*")
_KRAMDOWN = re.compile(r"\{::[^{}]{0,200}\}[ \t]*")
_KRAMDOWN_END = re.compile(r"\{:/(?:comment)?\}")
_HEADING = re.compile(r"(#{1,6})(?=[^#\s])(.*?)[ \t]*#*[ \t]*")
_UNDERLINE = re.compile(r"[=-][ \t]*$", re.MULTILINE)
_LAZY_HEADING = re.compile(r"^#{2,6}[^#\s]", re.MULTILINE)
_LAZY_TITLE = re.compile(r"\w\S*")
_FORMULA_ENDS = {"$$": "$$", "\\[": "\\]", "\\begin{": "\\end{"}
_LONGEST_TAG = 50  # lines of one template tag
#: Tags that open no block though they stand alone on a line: the Markdown of the next line is Markdown.
_INLINE_TAG = re.compile(
    r"</?(?:a|b|big|br|cite|code|del|em|font|i|img|ins|kbd|label|mark|q|s|small|span|strong|sub|sup|u|wbr)(?=[\s/>])",
    re.IGNORECASE,
)
#: ``<CodeGroup>``, ``</CodeGroup>`` or ``<Toc />`` alone: components of VuePress and others.
_COMPONENT_LINE = re.compile(r"</?([A-Za-z][\w.-]{0,60})(\s[^<>]{0,500})?/?>[ \t]*")
_COMPONENT_LINES = re.compile(r"^[ \t]*<(/?)([A-Za-z][\w.-]{0,60})(?:\s[^<>]{0,500})?>[ \t]*$", re.MULTILINE)
_OPENING = re.compile(r"<(?!(?:hr|br|img|input|meta|link|source|col)[\s/>])[A-Za-z][^<>]*(?<!/)(?:>|$)", re.IGNORECASE)
_CLOSING = re.compile(r"</[A-Za-z]")
_RAW_START = re.compile(r"<(?:(script|style|textarea|pre)(?=[\s>]|$)|(!--))", re.IGNORECASE)


def block_tokens(text: str, *, mdx: bool) -> tuple[list[Token], MutableMapping[str, Any]]:
    """The block tokens of ``text``, whose inlines are not parsed, and what its definitions define.

    text : without carriage returns; see https://markdown-it-py.readthedocs.io for the tokens
    """
    tokens: list[Token] = []
    env: MutableMapping[str, Any] = {
        "in vain": set(),
        "mdx": mdx,
        "underlines": _UNDERLINE.search(text) is not None,
        "lazy headings": _LAZY_HEADING.search(text) is not None,
    }
    parser = _parser(mdx)
    parser.block.parse(_flat(text), parser, env, tokens)
    return tokens, env


def _flat(text: str) -> str:
    """``text`` without the indents and marks beyond what anybody nests; in code they are white space."""
    if _DEEP_INDENT.search(text):
        text = _DEEP_INDENT.sub(" " * 60, text)
    return _MANY_MARKS.sub(r"\1", text)


@lru_cache(maxsize=2)
def _parser(mdx: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 2 * _DEEPEST + 20}).enable("table")
    ends_all: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    ends_most: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote"]}
    ends_some: RuleOptionsType = {"alt": ["paragraph", "reference"]}
    ruler = parser.block.ruler
    ruler.at("fence", _only_at("`~", fence), ends_all)
    ruler.at("blockquote", _only_at(">", blockquote), ends_all)
    ruler.at("hr", _only_at("*-_", hr), ends_all)
    ruler.at("list", _only_at("*+-0123456789", list_block), ends_most)
    ruler.at("reference", _only_at("[", reference))
    ruler.at("html_block", _html_block, ends_most)
    ruler.at("heading", _only_at("#", heading), ends_most)
    ruler.at("lheading", _underlined)
    ruler.before("table", "plain", _plain)
    ruler.at("table", _table, ends_some)
    ruler.before("fence", "marks", _marks, ends_all)
    ruler.before("reference", "footnote_def", _only_at("[", footnote_def), ends_some)
    if mdx:
        ruler.before("marks", "mdx", mdx_marks, ends_all)
        ruler.disable("code")  # MDX has none: what is indented stands in a component
    return parser


def _only_at(first: str, rule: _Rule) -> _Rule:
    """A library's ``rule`` that is asked only where a line begins with one of the characters in ``first``."""

    def guarded(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        at = state.bMarks[start] + state.tShift[start]
        return at < state.eMarks[start] and state.src[at] in first and rule(state, start, end, silent)

    return guarded


def _underlined(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The library's rule for headings of two lines, asked only where they can be."""
    return (
        start + 1 < end
        and bool(state.env["underlines"])
        and not state.isEmpty(start + 1)
        and lheading(state, start, end, silent)
    )


def _plain(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A line that begins with a letter or a Chinese character, alone: a paragraph, whatever the other rules say. Most
    lines are."""
    at = state.bMarks[start] + state.tShift[start]
    if at >= state.eMarks[start] or state.is_code_block(start):
        return False
    first = state.src[at]
    if first < "\u2e80" and (state.env["mdx"] or not first.isalpha()):
        return False
    if start + 1 < end and not state.isEmpty(start + 1):
        return False
    return _done(state, start, start + 1, state.src[at : state.eMarks[start]])


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The library's rule, asked only where the next line can be a rule line."""
    if start + 1 >= end or state.isEmpty(start + 1):
        return False
    at = state.bMarks[start + 1] + state.tShift[start + 1]
    return state.src[at] in "|-:" and table(state, start, end, silent)


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _marks(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A line that is nothing but a mark of a site generator or a note program."""
    at = state.bMarks[start] + state.tShift[start]
    if at >= state.eMarks[start] or state.src[at] not in _FIRST or state.is_code_block(start):
        return False
    text = state.src[at : state.eMarks[start]]
    first = text[0]
    if first == ":" and text.startswith(":::"):
        found = _CONTAINER.fullmatch(text)
        title = "" if found is None else (found[1] or found[2] or "").strip(" \t:")
        return silent or _done(state, start, start + 1, title)
    if first in "!?=" and text[:3] in ("!!!", "???", "==="):
        return _admonition(state, start, end, silent, text)
    if first == "{" and text.startswith("{::"):
        return _kramdown(state, start, end, silent, text)
    if first == "[":
        return text.startswith("[^_^]:") and (silent or _done(state, start, start + 1, ""))
    if first == "{" and text[1:2] in ("%", "{"):
        return _template_tags(state, start, end, silent, text)
    if first == "%" and text.startswith("%%"):
        return _comment(state, start, end, silent, text)
    if first in "$\\":
        return _formula(state, start, end, silent, text)
    if first == "#":
        return _tight_heading(state, start, silent, text)
    return first == "@" and text.lower().startswith("@[toc]") and (silent or _done(state, start, start + 1, ""))


def _done(state: StateBlock, start: int, end: int, words: str, *, tag: str = "p") -> bool:
    """The lines ``start .. end`` are read; ``words`` is what of them is text."""
    state.line = end
    if words:
        kind = "paragraph" if tag == "p" else "heading"
        state.push(f"{kind}_open", tag, 1)
        token = state.push("inline", "", 0)
        token.content = words.strip()
        state.push(f"{kind}_close", tag, -1)
    return True


def _admonition(state: StateBlock, start: int, end: int, silent: bool, text: str) -> bool:
    """``!!! tip "title"``, ``??? note``, ``=== "tab"``: what is indented below belongs to it."""
    found = _TAB.fullmatch(text) if text[0] == "=" else _ADMONITION.fullmatch(text)
    if found is None:
        return False
    if silent:
        return True
    line, indent = start + 1, state.sCount[start] + 4
    while line < end and (state.isEmpty(line) or state.sCount[line] >= indent):
        line += 1
    _done(state, start, start + 1, found[1] or "")
    block_indent, line_max, parent = state.blkIndent, state.lineMax, state.parentType
    state.blkIndent, state.lineMax, state.parentType = indent, line, "root"
    state.level += 1
    state.md.block.tokenize(state, start + 1, line)
    state.level -= 1
    state.blkIndent, state.lineMax, state.parentType = block_indent, line_max, parent
    state.line = line
    return True


def _kramdown(state: StateBlock, start: int, end: int, silent: bool, text: str) -> bool:
    """``{::comment}`` … ``{:/comment}``, which is no text, and the marks of its other extensions, which are none."""
    if not _KRAMDOWN.fullmatch(text):
        return False
    line = start
    if text.startswith("{::comment"):
        line = max(start, _find_line(state, start + 1, end, _KRAMDOWN_END, "kramdown"))
    return silent or _done(state, start, line + 1, "")


def _template_tags(state: StateBlock, start: int, end: int, silent: bool, text: str) -> bool:
    """``{% note %}``, ``{{< figure >}}`` on a line of their own; what stands between tags for code is code."""
    if not _TAGS.fullmatch(text):
        return not silent and _template_tag_over_lines(state, start, end, text)
    if silent:
        return True
    insides = [found[1] or found[2] for found in _TAG.finditer(text)]
    code = _CODE_TAG.fullmatch(insides[0]) if len(insides) == 1 else None
    if code is not None and start >= state.env.get("Markdown until", 0):
        closing = re.compile(rf"[ \t]*(?:\{{%-?|\{{\{{[<%])[ \t]*(?:end|/)[ \t]*{code[1]}\b")
        line = _find_line(state, start + 1, end, closing, f"{code[1]}")
        if line >= 0 and _holds_fence(state, start + 1, line):
            state.env["Markdown until"] = line
        elif line >= 0:
            content = state.getLines(start + 1, line, 0, True)
            if code[1] == "raw" and content.lstrip().startswith("<"):
                state.push("html_block", "", 0).content = content
            else:
                state.push("fence", "code", 0).content = content.strip(" \n$") if code[1] == "math" else content
            state.line = line + 1
            return True
    return _done(state, start, start + 1, " ".join(filter(None, map(words_of_tag, insides))))


def _holds_fence(state: StateBlock, start: int, end: int) -> bool:
    """Whether what stands between two tags is Markdown with its own code: ``{% code %}`` of GitBook, ``{% raw %}``."""
    return any(_line(state, line).startswith(("```", "~~~")) for line in range(start, end))


def _template_tag_over_lines(state: StateBlock, start: int, end: int, text: str) -> bool:
    """``{{< figure`` with its arguments on the lines below."""
    opening = _MULTI_LINE_TAG.match(text)
    if opening is None or "}}" in text or "%}" in text:
        return False
    closing = "%}" if opening[0] == "{%" else "}}"
    line = start + 1
    while line < min(end, start + _LONGEST_TAG) and not state.isEmpty(line):
        if _line(state, line).rstrip().endswith(closing):
            inside = state.getLines(start, line + 1, 0, False).strip()[len(opening[0]) : -len(closing)]
            return _done(state, start, line + 1, words_of_tag(" ".join(inside.strip("<>%/- ").split())))
        line += 1
    return False


def _comment(state: StateBlock, start: int, end: int, silent: bool, text: str) -> bool:
    """Obsidian's ``%%`` over several lines."""
    if "%%" in text[2:]:
        return False
    line = _find_line(state, start + 1, end, re.compile("%%"), "%%", anywhere=True)
    if line < 0:
        return False
    if not silent:
        _done(state, start, line + 1, _line(state, line).partition("%%")[2])
    return True


def _formula(state: StateBlock, start: int, end: int, silent: bool, text: str) -> bool:
    """A formula of its own is taken as it is, line by line, like code; only ``$$`` goes."""
    opening = next((opening for opening in _FORMULA_ENDS if text.startswith(opening)), "")
    if not opening:
        return False
    closing, rest = _FORMULA_ENDS[opening], text[len(opening) :]
    line = (
        start
        if closing in rest
        else _find_line(state, start + 1, end, re.compile(re.escape(closing)), closing, anywhere=True)
    )
    if line < 0 or (line == start and not rest.rstrip().endswith(("$$", "\\]", "}"))):
        return False
    if silent:
        return True
    lines = [text] if line == start else [text, *(_line(state, at) for at in range(start + 1, line + 1))]
    token = state.push("fence", "code", 0)
    formula = "\n".join(lines)
    tail = ""
    if opening == "$$":
        formula, _, tail = formula.removeprefix("$$").partition("$$")
    elif opening == "\\[":
        formula, _, tail = formula.removeprefix("\\[").partition("\\]")
    token.content = formula
    return _done(state, start, line + 1, tail)


def _tight_heading(state: StateBlock, start: int, silent: bool, text: str) -> bool:
    """``##标题``: older programs took it for a heading. ``#标题`` alone is one only among such, else a tag."""
    found = _HEADING.fullmatch(text)
    if found is None or (len(found[1]) == 1 and not (state.env["lazy headings"] and _LAZY_TITLE.fullmatch(found[2]))):
        return False
    return silent or _done(state, start, start + 1, found[2], tag=f"h{len(found[1])}")


def _html_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The library's rule; but a ``<script>`` or ``<!--`` that never ends takes nothing with it, ``<br>`` no line."""
    at = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith("<", at) or _INLINE_TAG.match(state.src, at):
        return False
    raw = _RAW_START.match(state.src, at, state.eMarks[start])
    if raw is not None:
        if not _has_end(state, start, end, raw):
            return False
    else:
        component = _COMPONENT_LINE.fullmatch(state.src, at, state.eMarks[start])
        if component is not None and _is_component(state, component):
            return silent or _done(state, start, start + 1, words_of_tag(component[2] or ""))
    if not html_block(state, start, end, silent):
        return False
    if not silent and raw is None and state.line - start > 1:
        _end_html_early(state, start)
    return True


def _has_end(state: StateBlock, start: int, end: int, raw: re.Match[str]) -> bool:
    closing = re.compile(f"</{raw[1]}|-->" if raw[1] else "-->", re.IGNORECASE)
    return (
        closing.search(state.src, raw.start(), state.eMarks[start]) is not None
        or _find_line(state, start + 1, end, closing, raw[0].lower(), anywhere=True) >= 0
    )


def _is_component(state: StateBlock, line: re.Match[str]) -> bool:
    name = line[1]
    return name.lower() not in TAG_NAMES and (line[0].rstrip().endswith("/>") or name in _paired(state))


def _paired(state: StateBlock) -> set[str]:
    """The names of the tags of which a begin and an end stand alone on a line somewhere."""
    paired: set[str] | None = state.env.get("paired")
    if paired is None:
        lines = _COMPONENT_LINES.findall(state.src)
        paired = {name for end, name in lines if not end} & {name for end, name in lines if end}
        state.env["paired"] = paired
    return paired


def _end_html_early(state: StateBlock, start: int) -> None:
    """An HTML block ends with the line where all its elements have ended, not with the next empty one: what follows is
    Markdown for those who write it, ``<center>图一</center>`` or ``</p>`` and the text below."""
    depth = 0
    for line in range(start, state.line - 1):
        text = _line(state, line)
        depth += len(_OPENING.findall(text)) - len(_CLOSING.findall(text))
        if depth <= 0 and not _line(state, line + 1).startswith("<"):
            state.line = line + 1
            state.tokens[-1].content = state.getLines(start, line + 1, state.blkIndent, True)
            return


def _find_line(
    state: StateBlock, start: int, end: int, pattern: re.Pattern[str], name: str, *, anywhere: bool = False
) -> int:
    """The first line from ``start`` on that ``pattern`` matches, or -1; no name is looked for in vain twice."""
    in_vain = state.env["in vain"]
    if (name, end) in in_vain:
        return -1
    for line in range(start, end):
        if state.sCount[line] < state.blkIndent and not state.isEmpty(line):
            return -1  # the list item is over
        text = _line(state, line)
        if pattern.search(text) if anywhere else pattern.match(text):
            return line
    in_vain.add((name, end))
    return -1

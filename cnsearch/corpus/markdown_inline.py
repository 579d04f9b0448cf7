r"""The inside of one Markdown paragraph to HTML of the same words: code spans, links, emphasis, notes' own marks.

CommonMark's rules, but for what Chinese writers would lose by them; each deviation has its test:

- A full-width mark or an ideograph beside ``*`` or ``_`` is no obstacle: ``**重点。**后面`` is bold, as it is meant
  (the rule of https://github.com/tats-u/markdown-cjk-friendly; by CommonMark 0.31.2, section 6.2, its marks are text).
- Marks between ASCII letters or digits are signs: ``2*3*4``, ``__init__``, ``a==b``.
- ``==x==``, ``[[page|label]]``, ``![[embed]]``, ``$formula$``, ``%%comment%%``, ``{% tag %}``, ``{{< code >}}``,
  ``[^1]`` and ``{#id}`` are what the programs take them for that keep such files.
- A link in a link is a link: its address is no text either way.

A library's parser of inlines was measured: markdown-it-py 4.3 takes 2 ms for 5 KB where this takes 0.4 ms (its blocks,
which are used, take 0.9 ms), and 1.7 s for 100,000 ``[``, four times that for twice as many. Here time is linear: one
pass of a regular expression, a stack of brackets, and one of delimiters with CommonMark's bound on searching again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container
from dataclasses import dataclass

from cnsearch.corpus.markdown_emphasis import Delimiter, delimiter_at, take_pairs
from cnsearch.corpus.markdown_links import destination_end, label_key
from cnsearch.corpus.markdown_mdx import component_end
from cnsearch.corpus.markup import TAG_NAMES, UNSEEN_NAMES
from cnsearch.corpus.template_tags import words_of_tag
from cnsearch.corpus.text import unescape

#: In the text given to `inline_html`: a line break that stays one. A newline there is white space.
KEPT_BREAK = "\x0b"

#: Pandoc's superscripts and subscripts: ``x^2^``, ``H~2~O``, ``^[1]^``; no faces (``^o^``), no ``10~20``.
_SCRIPT = (
    r"(?P<script>(?<=[A-Za-z0-9)\]\u3400-\u9fff])\^(?![a-zA-Z]\^(?<=[oOvVwWuU]\^))[A-Za-z0-9+\-()\[\]①-⑳]{1,12}\^(?![\w^])"
    r"|(?<=[A-Za-z)\]])~[0-9a-z+-]{1,6}~(?![a-z0-9~]))"
)
_DUNDER = r"(?P<dunder>(?<![A-Za-z0-9_*])__(?:[a-z][a-z0-9_]*[a-z0-9]|[A-Z][A-Z0-9_]*[A-Z0-9])__(?![A-Za-z0-9_]))"
#: Where something may begin that is not plain text. The groups are told apart by their first characters.
_SPECIAL = re.compile(
    rf"{_DUNDER}|{_SCRIPT}|\\[!-/:-@\[-`{{-~\n]|`+|\$+|<|>|&|!?\[\[|!?\[|\^\[|\]|\*+|_+|~{{2,}}|={{2,}}"
    rf"|\^\^(?!\^)|%%|\{{|\x0b|[ ]{{2,}}\n|\(\("
)

_AUTOLINK = re.compile(
    r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\x00-\x20<>]{0,2000}|[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9.-]{1,250})>"
)
_VALUE = r"(?:[^\s\"'=<>`{]{1,2000}|'[^']*'|\"[^\"]*\"|\{[^{}]{0,500}\})"
_ATTRIBUTE = rf"\s{{1,20}}[A-Za-z_:@#][\w:.@-]{{0,60}}(?:\s{{0,20}}=\s{{0,20}}{_VALUE})?"
_TAG = re.compile(rf"<(/?)([A-Za-z][\w.:-]{{0,40}})(?:{_ATTRIBUTE}){{0,100}}\s{{0,20}}/?>")
_TAG_NAME = re.compile(r"<(/?)([A-Za-z][\w.:-]{0,40})")
#: A number without a semicolon is one too, as in HTML; a name without it is the parameter of an address.
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,31};|#(?:[0-9]+|[xX][0-9a-fA-F]+);?)")
#: A tab's name in Hexo's ``{% tabs %}``, which is shown: ``<!-- tab 名字@icon -->``.
_HEXO_TAB = re.compile(r"\s*tab\s+([^@]{1,60}?)\s*(?:@.{0,60})?")
_FORMULA = re.compile(r"\$(?![\s$])(?:[^$\\\n\x0b]|\\.)*(?<!\s)\$(?![0-9A-Za-z$])|\$\$[^$]+\$\$")
_WIKI_LINK = re.compile(r"(!?)\[\[([^\[\]|\n]{1,300}?)(?:\\?\|([^\[\]\n]{0,500}))?\]\]")
_FOOTNOTE = re.compile(r"\[\^([^\]\s]{1,100})\]")
_REFERENCE = re.compile(r"\[([^\[\]]{0,999})\]")
_BLOCK_REFERENCE = re.compile(r"\(\([0-9a-f-]{20,40}\)\)")
_ATTRIBUTE_LIST = re.compile(r"\{:?[ ]?[#.:][^{}\n]{0,200}\}|\{:?[ ]?[a-z][\w-]{0,30}=[^{}\n]{0,200}\}")
#: kramdown's, behind any words: ``{: .red}``. Others begin so in code only (``{:name "x"}``).
_SPAN_ATTRIBUTES = re.compile(
    r"\{:(?:[ ]?(?:[.#][\w-]{1,60}|[\w-]{1,30}=(?:\"[^\"\n]{0,100}\"|'[^'\n]{0,100}'))){1,20}[ ]?\}"
)
_CLOZE = re.compile(r"\{\{c[0-9]{1,2}::(.{1,300}?)(?:::[^{}]{0,100})?\}\}")
_MOST_UNCLOSED = 100
_EXPRESSION = re.compile(r"\{[^{}\n]{0,500}\}")
_FILE_NAME = re.compile(
    r"[^/\s]{0,200}\.(?:png|jpe?g|gif|svg|webp|bmp|avif|heic)|image-?[0-9]*|img|在这里插入图片描述", re.IGNORECASE
)


@dataclass(slots=True)
class _Bracket:
    sign: str  # "[", "![" or "^["
    piece: int
    end: int  # where its text begins in the source
    num_delimiters: int
    nests: bool = False  # other brackets stand in it


def inline_html(
    source: str, references: Container[str] = (), footnotes: Container[str] = (), *, mdx: bool = False
) -> str:
    """The HTML of one Markdown paragraph, heading or cell: its words, and the HTML tags that it holds as they are.

    source     : without the marks of its block; its lines end with newlines, or `KEPT_BREAK` where the break is meant
    references : the labels, as `label_key` gives them, that link reference definitions define
    footnotes  : the labels that footnotes define
    mdx        : capitalised tags are components, braces are expressions
    """
    return _Scanner(source, references, footnotes, mdx).html()


def escape(text: str) -> str:
    """``text`` with HTML's signs escaped."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    return text.replace(">", "&gt;") if ">" in text else text


class _Scanner:
    """One paragraph. What has been read stands in ``_pieces``; a mark that turns out to be one becomes empty there."""

    def __init__(self, source: str, references: Container[str], footnotes: Container[str], mdx: bool) -> None:
        self._source = source
        self._references = references
        self._footnotes = footnotes
        self._mdx = mdx
        self._pieces: list[str] = []
        self._delimiters: list[Delimiter] = []
        self._brackets: list[_Bracket] = []
        self._unseen: list[tuple[str, int]] = []  # name and piece of start tags whose elements are not shown
        self._ends: dict[str, int] = {}  # for each name of these: the piece of its last end tag
        self._never_ending: set[str] = set()
        self._paired: set[str] | None = None
        self._num_unclosed = 0  # tags of components
        self._ticks: dict[int, list[int]] | None = None

    def html(self) -> str:
        source, pieces, at = self._source, self._pieces, 0
        while (found := _SPECIAL.search(source, at)) is not None:
            start = found.start()
            if start > at:
                pieces.append(source[at:start])
            if found["dunder"]:
                pieces.append(found[0])
                at = found.end()
            elif found["script"]:
                pieces.append(found[0][1:-1])
                at = found.end()
            else:
                at = self._special(found[0], start, found.end())
        if not at:
            return source
        pieces.append(source[at:])
        take_pairs(self._delimiters, pieces)
        for name, piece in self._unseen:
            if self._ends.get(name, -1) < piece:  # the text speaks of <script>: nothing ends here
                tag = pieces[piece]
                pieces[piece] = "" if "=" in tag else escape(tag)
        return "".join(pieces)

    def _special(self, sign: str, start: int, end: int) -> int:
        """Take what begins at ``start``; return where to read on."""
        source, first = self._source, sign[0]
        if first in "*_~=" or sign == "^^":
            delimiter = delimiter_at(source, start, end, len(self._pieces))
            if delimiter is not None:
                self._delimiters.append(delimiter)
            self._pieces.append(sign)
        elif first == "\\":
            self._pieces.append("<br>" if sign[1] == "\n" else escape(sign[1]))
        elif first == "`":
            return self._code(len(sign), end)
        elif first == "<":
            return self._angle(start)
        elif first == "&":
            entity = _ENTITY.match(source, start)
            self._pieces.append("&amp;" if entity is None else escape(unescape(entity[0])))
            return end if entity is None else entity.end()
        elif first == ">":
            self._pieces.append("&gt;")
        elif first in "[!^":
            return self._open(sign, start, end)
        elif first == "]":
            return self._close(start)
        elif first == "$":
            formula = _FORMULA.match(source, start)
            if formula is not None:
                self._pieces.append(escape(formula[0].strip("$") if formula[0].startswith("$$") else formula[0]))
                return formula.end()
            self._pieces.append(sign)
        elif first == "%":
            return self._until("%%", start, end, sign)[0]
        elif first == "{":
            return self._brace(start)
        elif first == "(":
            reference = _BLOCK_REFERENCE.match(source, start)
            self._pieces.append(sign if reference is None else "")
            return end if reference is None else reference.end()
        else:
            self._pieces.append("<br>")  # two spaces and a line break, or KEPT_BREAK
        return end

    def _until(self, mark: str, start: int, end: int, sign: str) -> tuple[int, str | None]:
        """Where what began at ``start`` is over, and what stood in it; where it never ends, ``sign`` is text."""
        at = -1 if mark in self._never_ending else self._source.find(mark, end)
        if at < 0:
            self._never_ending.add(mark)
            self._pieces.append(escape(sign))
            return start + len(sign), None
        return at + len(mark), self._source[end:at]

    def _code(self, num_ticks: int, end: int) -> int:
        if self._ticks is None:
            self._ticks = {}
            for run in re.finditer("`+", self._source):
                self._ticks.setdefault(run.end() - run.start(), []).append(run.start())
        starts = self._ticks.get(num_ticks, [])
        index = bisect_right(starts, end - 1)
        if index == len(starts):
            self._pieces.append("`" * num_ticks)
            return end
        code = self._source[end : starts[index]].replace(KEPT_BREAK, " ").replace("\n", " ")
        if len(code) > 2 and code[0] == code[-1] == " ":
            code = code[1:-1]
        self._pieces.append(escape(code))
        return self._after(starts[index] + num_ticks)

    def _angle(self, start: int) -> int:
        source, pieces = self._source, self._pieces
        address = _AUTOLINK.match(source, start)
        if address is not None:  # its brackets parted it from the words around
            before = source[start - 1 : start]
            after = source[address.end() : address.end() + 1]
            pieces.append(f"{'' if before.isspace() else ' '}{escape(address[1])}{'' if after.isspace() else ' '}")
            return address.end()
        if source.startswith("<!--", start):
            end, comment = self._until("-->", start, start + 4, "<")
            if comment is not None and (tab := _HEXO_TAB.fullmatch(comment)):
                pieces.append(escape(tab[1]) + "<br>")
            return start + 1 if comment is None else end
        if self._mdx and self._num_unclosed < _MOST_UNCLOSED:
            end = component_end(source, start)
            if end > 0:
                return end
            self._num_unclosed += end < 0
        tag = _TAG.match(source, start)
        if tag is None:
            pieces.append("&lt;")
            return start + 1
        name = tag[2].lower()
        if name not in TAG_NAMES and tag[2] in self._paired_names():
            return tag.end()  # <Note>…</Note>: a component
        if name in UNSEEN_NAMES:
            if tag[1]:
                self._ends[name] = len(pieces)
            elif not tag[0].endswith("/>"):
                self._unseen.append((name, len(pieces)))
        pieces.append(tag[0])
        return tag.end()

    def _paired_names(self) -> set[str]:
        """The names of the tags that begin and end in the paragraph."""
        if self._paired is None:
            tags = _TAG_NAME.findall(self._source)
            self._paired = {name for end, name in tags if not end} & {name for end, name in tags if end}
        return self._paired

    def _brace(self, start: int) -> int:
        source = self._source
        for opening, closing in (("{%", "%}"), ("{{", "}}"), ("{/*", "*/}")):
            if source.startswith(opening, start):
                cloze = _CLOZE.match(source, start)
                if cloze is not None:
                    self._pieces.append(escape(cloze[1]))
                    return cloze.end()
                end, inside = self._until(closing, start, start + len(opening), opening)
                if inside and (opening == "{%" or (opening == "{{" and inside[0] in "<%")):
                    self._pieces.append(escape(words_of_tag(inside.strip(" -<>%/"))))
                return end
        if self._mdx:
            expression = _EXPRESSION.match(source, start)
            if expression is not None:
                return expression.end()
        attributes = _SPAN_ATTRIBUTES.match(source, start)
        if attributes is not None:
            return attributes.end()
        self._pieces.append("{")
        return start + 1

    def _after(self, at: int) -> int:
        """``at``, or where attributes end that stand there: ``![](a.png){width=50%}``."""
        if self._source.startswith("{", at):
            attributes = _ATTRIBUTE_LIST.match(self._source, at)
            if attributes is not None:
                return attributes.end()
        return at

    # Links

    def _open(self, sign: str, start: int, end: int) -> int:
        source = self._source
        if sign.endswith("[["):
            link = _WIKI_LINK.match(source, start)
            if link is not None:
                page = link[2].partition("#^")[0].strip().removeprefix("#")
                if not link[1] and page.lower() != "toc":
                    self._pieces.append(escape((link[3] or "").strip() or page))
                return link.end()
            sign, end = sign[:-1], end - 1
        if sign == "[" and source.startswith("^", end):
            note = _FOOTNOTE.match(source, start)
            if note is not None and (note[1] in self._footnotes or note[1].isdigit()):
                return note.end()
        self._brackets.append(_Bracket(sign, len(self._pieces), end, len(self._delimiters)))
        self._pieces.append(sign)
        return end

    def _close(self, start: int) -> int:
        if not self._brackets:
            self._pieces.append("]")
            return start + 1
        bracket = self._brackets.pop()
        if self._brackets:
            self._brackets[-1].nests = True
        end = start + 1 if bracket.sign == "^[" else self._target_end(bracket, start)
        if end < 0:
            self._pieces.append("]")
            return start + 1
        take_pairs(self._delimiters[bracket.num_delimiters :], self._pieces)
        del self._delimiters[bracket.num_delimiters :]
        self._pieces[bracket.piece] = " " if bracket.sign == "^[" else ""
        if bracket.sign == "![" and _FILE_NAME.fullmatch(self._source, bracket.end, start):
            del self._pieces[bracket.piece :]
            self._pieces.append("")
        return self._after(end)

    def _target_end(self, bracket: _Bracket, start: int) -> int:
        """Where the target of the link ends whose ``]`` stands at ``start``; -1 if it is none."""
        source, after = self._source, start + 1
        if source.startswith("(", after):
            end = destination_end(source, after)
            if end >= 0:
                return end
        label = "" if bracket.nests or start - bracket.end > 999 else source[bracket.end : start]
        if source.startswith("[", after):
            reference = _REFERENCE.match(source, after)
            if reference is not None and label_key(reference[1] or label) in self._references:
                return reference.end()
        if label and label_key(label) in self._references:
            return after
        if source.startswith("{", after) and _ATTRIBUTE_LIST.match(source, after):  # Pandoc's [words]{.smallcaps}
            return after
        return -1

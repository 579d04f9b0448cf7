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
import unicodedata
from bisect import bisect_right
from collections.abc import Container
from dataclasses import dataclass

from cnsearch.corpus.markup import UNSEEN_NAMES
from cnsearch.corpus.text import unescape

#: In the text given to `inline_html`: a line break that stays one. A newline there is white space.
KEPT_BREAK = "\x0b"

_DUNDER = r"(?P<dunder>(?<![A-Za-z0-9_*])__(?:[a-z][a-z0-9_]*[a-z0-9]|[A-Z][A-Z0-9_]*[A-Z0-9])__(?![A-Za-z0-9_]))"
#: Where something may begin that is not plain text. The groups are told apart by their first characters.
_SPECIAL = re.compile(
    rf"{_DUNDER}|\\[!-/:-@\[-`{{-~\n]|`+|\$+|<|>|&|!?\[\[|!?\[|\^\[|\]|\*+|_+|~{{2,}}|={{2,}}"
    r"|%%|\{|\x0b|[ ]{2,}\n|\(\("
)

_AUTOLINK = re.compile(
    r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\x00-\x20<>]{0,2000}|[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9.-]{1,250})>"
)
_VALUE = r"(?:[^\s\"'=<>`{]{1,2000}|'[^']*'|\"[^\"]*\"|\{[^{}]{0,500}\})"
_ATTRIBUTE = rf"\s{{1,20}}[A-Za-z_:@#][\w:.@-]{{0,60}}(?:\s{{0,20}}=\s{{0,20}}{_VALUE})?"
_TAG = re.compile(rf"<(/?)([A-Za-z][\w.:-]{{0,40}})(?:{_ATTRIBUTE}){{0,100}}\s{{0,20}}/?>")
_COMPONENT = re.compile(
    r"</?(?:[A-Z][\w.]{0,60}(?:\s(?:[^<>{}]|\{(?:[^{}]|\{[^{}]{0,500}\}){0,500}\}){0,2000})?)?/?>"
)  # <Tab.Item a={b}>, <>, </>
#: A number without a semicolon is one too, as in HTML; a name without it is the parameter of an address.
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,31};|#(?:[0-9]+|[xX][0-9a-fA-F]+);?)")
_FORMULA = re.compile(r"\$(?![\s$])(?:[^$\\\n\x0b]|\\.)*(?<!\s)\$(?![0-9A-Za-z$])|\$\$[^$]+\$\$")
_WIKI_LINK = re.compile(r"(!?)\[\[([^\[\]|\n]{1,300}?)(?:\\?\|([^\[\]\n]{0,500}))?\]\]")
_FOOTNOTE = re.compile(r"\[\^([^\]\s]{1,100})\]")
_REFERENCE = re.compile(r"\[([^\[\]]{0,999})\]")
_DESTINATION_PART = re.compile(r"[()\s\\]|\{%[^{}]{0,300}%\}|\{\{[^{}]{0,300}\}\}")
_TITLE = re.compile(r"\s+(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\([^()]*\))")
#: An address with blanks in it, which CommonMark takes for text: ``[图](./a b.png)``.
_LOOSE_ADDRESS = re.compile(r"\((?=[a-z]{2,10}:|[./#]|[^()\n]{1,500}\.[A-Za-z0-9]{2,5}\))[^()\n]{1,500}\)")
#: Parentheses and backslashes in an address. CommonMark's own programs have such a bound: without it time is quadratic.
_MOST_PARTS = 64
_BLOCK_REFERENCE = re.compile(r"\(\([0-9a-f-]{20,40}\)\)")
_ATTRIBUTE_LIST = re.compile(r"\{[:#.][^{}\n]{0,200}\}|\{[a-z][\w-]{0,30}=[^{}\n]{0,200}\}")
_CLOZE = re.compile(r"\{\{c[0-9]{1,2}::(.{1,300}?)(?:::[^{}]{0,100})?\}\}")
_EXPRESSION = re.compile(r"\{[^{}\n]{0,500}\}")
_FILE_NAME = re.compile(
    r"[^/\s]{0,200}\.(?:png|jpe?g|gif|svg|webp|bmp|avif|heic)|image-?[0-9]*|img|在这里插入图片描述", re.IGNORECASE
)
#: Words of a tag of Hexo, Liquid or Hugo: what is named a title or a caption; the value of another name; a plain one.
_TAG_WORD = re.compile(
    r"(?P<shown>\b(?:title|caption|alt|summary|label|text)\s*[=:]\s*)?(?:\b[\w-]{1,30}=)?"
    r"(?:\"(?P<double>[^\"]{0,500})\"|'(?P<single>[^']{0,500})'|(?P<bare>[^\s\"']{1,500}))"
)
_HAS_IDEOGRAPH = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_NOT_A_WORD = re.compile(r"[/\\]|\.[A-Za-z0-9]{2,5}\Z|\A[\w-]{1,30}=")

_CJK_QUOTES = frozenset("“”‘’…—·")


@dataclass(slots=True)
class _Delimiter:
    sign: str
    piece: int  # its index in the pieces of output
    count: int  # signs that are not used yet
    length: int  # signs that stood there
    opens: bool
    closes: bool


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


def label_key(label: str) -> str:
    """A label of a reference as it is compared: case and white space do not count (CommonMark 0.31.2, section 4.7)."""
    return " ".join(label.split()).casefold()


def escape(text: str) -> str:
    """``text`` with HTML's signs escaped."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    return text.replace(">", "&gt;") if ">" in text else text


def words_of_tag(arguments: str) -> str:
    """What a template tag shows of its arguments: Chinese words, titles, captions; no name, file, or address.

    >>> words_of_tag('post_link other-post 另一篇'), words_of_tag('figure src="b.png" title="At sea"')
    ('另一篇', 'At sea')
    """
    shown = []
    for found in _TAG_WORD.finditer(arguments, 0, 2000):
        word = found["double"] or found["single"] or found["bare"] or ""
        if found["shown"] or (_HAS_IDEOGRAPH.search(word) and not _NOT_A_WORD.search(word)):
            shown.append(word)
    return " ".join(shown)


class _Scanner:
    """One paragraph. What has been read stands in ``_pieces``; a mark that turns out to be one becomes empty there."""

    def __init__(self, source: str, references: Container[str], footnotes: Container[str], mdx: bool) -> None:
        self._source = source
        self._references = references
        self._footnotes = footnotes
        self._mdx = mdx
        self._pieces: list[str] = []
        self._delimiters: list[_Delimiter] = []
        self._brackets: list[_Bracket] = []
        self._unseen: list[tuple[str, int]] = []  # name and piece of start tags whose elements are not shown
        self._ends: dict[str, int] = {}  # for each name of these: the piece of its last end tag
        self._never_ending: set[str] = set()
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
            else:
                at = self._special(found[0], start, found.end())
        if not at:
            return source
        pieces.append(source[at:])
        self._match(0)
        for name, piece in self._unseen:
            if self._ends.get(name, -1) < piece:  # the text speaks of <script>: nothing ends here
                tag = pieces[piece]
                pieces[piece] = "" if "=" in tag else escape(tag)
        return "".join(pieces)

    def _special(self, sign: str, start: int, end: int) -> int:
        """Take what begins at ``start``; return where to read on."""
        source, first = self._source, sign[0]
        if first in "*_~=":
            self._delimiter(sign, start, end)
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
            return start + 1 if comment is None else end
        if self._mdx:
            component = _COMPONENT.match(source, start)
            if component is not None:
                return component.end()
        tag = _TAG.match(source, start)
        if tag is None:
            pieces.append("&lt;")
            return start + 1
        name = tag[2].lower()
        if name in UNSEEN_NAMES:
            if tag[1]:
                self._ends[name] = len(pieces)
            elif not tag[0].endswith("/>"):
                self._unseen.append((name, len(pieces)))
        pieces.append(tag[0])
        return tag.end()

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
        self._match(bracket.num_delimiters)
        self._pieces[bracket.piece] = " " if bracket.sign == "^[" else ""
        if bracket.sign == "![" and _FILE_NAME.fullmatch(self._source, bracket.end, start):
            del self._pieces[bracket.piece :]
            self._pieces.append("")
        return self._after(end)

    def _target_end(self, bracket: _Bracket, start: int) -> int:
        """Where the target of the link ends whose ``]`` stands at ``start``; -1 if it is none."""
        source, after = self._source, start + 1
        if source.startswith("(", after):
            end = self._destination_end(after)
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

    def _destination_end(self, start: int) -> int:
        """Where the ``(address "title")`` that begins at ``start`` ends; -1 if it is none."""
        source = self._source
        at = start + 1
        while source[at : at + 1].isspace():
            at += 1
        if source.startswith("<", at):
            closing = source.find(">", at, at + 2000)
            at = closing + 1 if closing >= 0 else at
        depth = 0
        for _ in range(_MOST_PARTS):
            found = _DESTINATION_PART.search(source, at)
            if found is None:
                break
            at = found.end()
            if found[0] == "(":
                depth += 1
            elif found[0] == ")":
                if not depth:
                    return at
                depth -= 1
            elif found[0] == "\\":
                at += 1
            elif found[0][0] != "{":
                at -= 1
                title = _TITLE.match(source, at)
                if title is not None:
                    at = title.end()
                while source[at : at + 1].isspace():
                    at += 1
                if source.startswith(")", at) and not depth:
                    return at + 1
                break
        loose = _LOOSE_ADDRESS.match(source, start)
        return -1 if loose is None else loose.end()

    # Emphasis

    def _delimiter(self, signs: str, start: int, end: int) -> None:
        sign, length = signs[0], len(signs)
        before, after = self._source[start - 1 : start] if start else "", self._source[end : end + 1]
        self._pieces.append(signs)
        if sign in "~=" and length != 2:
            return
        left, right = _flanks(before, after)
        if sign == "_":
            words_before, words_after = _in_a_word(before, length), _in_a_word(after, length)
            left, right = left and not (right and words_before), right and not (left and words_after)
        elif sign == "=" or (sign == "*" and length == 1):
            inside = _is_ascii_word(before) and _is_ascii_word(after)
            if sign == "=":
                left, right = left and not _is_ascii_word(before), right and not _is_ascii_word(after)
            elif inside:
                return
        if left or right:
            self._delimiters.append(_Delimiter(sign, len(self._pieces) - 1, length, length, left, right))

    def _match(self, bottom: int) -> None:
        """Take the pairs among the delimiters from ``bottom`` on out of the text; none of these stays open.

        The "process emphasis" of CommonMark 0.31.2, appendix; its ``openers_bottom`` is ``lowest``.
        """
        opened: list[_Delimiter] = []
        lowest: dict[tuple[str, bool, int], int] = {}
        for delimiter in self._delimiters[bottom:]:
            while delimiter.closes and delimiter.count:
                key = (delimiter.sign, delimiter.opens, delimiter.length % 3)
                at = len(opened) - 1
                stop = lowest.get(key, 0)
                while at >= stop and not _fit(opened[at], delimiter):
                    at -= 1
                if at < stop:
                    lowest[key] = len(opened)
                    break
                opener = opened[at]
                used = 2 if opener.count >= 2 and delimiter.count >= 2 else 1
                opener.count -= used
                delimiter.count -= used
                self._pieces[opener.piece] = opener.sign * opener.count
                self._pieces[delimiter.piece] = delimiter.sign * delimiter.count
                del opened[at + bool(opener.count) :]
                for seen, height in lowest.items():
                    lowest[seen] = min(height, len(opened))
            if delimiter.opens and delimiter.count:
                opened.append(delimiter)
        del self._delimiters[bottom:]


def _fit(opener: _Delimiter, closer: _Delimiter) -> bool:
    if opener.sign != closer.sign:
        return False
    # The rule of three: **foo*bar** is no em in a strong.
    both = opener.closes or closer.opens
    return not (both and (opener.length + closer.length) % 3 == 0 and (opener.length % 3 or closer.length % 3))


def _flanks(before: str, after: str) -> tuple[bool, bool]:
    """Whether a run of signs between these two characters may open, and may close (empty: the text's ends)."""
    before_is_space, after_is_space = not before or before.isspace(), not after or after.isspace()
    before_is_cjk, after_is_cjk = _is_cjk(before), _is_cjk(after)
    before_is_mark = not before_is_cjk and _is_mark(before)
    after_is_mark = not after_is_cjk and _is_mark(after)
    left = not after_is_space and (not after_is_mark or before_is_space or before_is_mark or before_is_cjk)
    right = not before_is_space and (not before_is_mark or after_is_space or after_is_mark or after_is_cjk)
    return left, right


def _is_cjk(character: str) -> bool:
    return character >= "\u2e80" or character in _CJK_QUOTES if character else False


def _is_mark(character: str) -> bool:
    return bool(character) and unicodedata.category(character)[0] in "PS"


def _is_ascii_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _in_a_word(character: str, length: int) -> bool:
    """Whether an underscore beside this character is part of a name: in 第一章_终稿 it is, in 海__浪__ two are not."""
    if not character or character.isspace() or _is_mark(character):
        return False
    return length == 1 or not _is_cjk(character)

"""HTML text before it is parsed: what no reader sees goes, and each ``<`` that opens no tag becomes ``&lt;``.

Parsers differ, and libxml2 differs from version to version, in what they do with a comment that never ends, a ``<`` in
the text, an ``<iframe/>``. Deciding it here, in linear time, makes the result the same everywhere, and leaves less to
parse (some posts begin with 4 KB of CSS).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter

#: Names that are tags wherever they stand: HTML's living ones, the obsolete ones that old pages use, MathML's.
#: Left out are the obsolete names that are common words of placeholders: ``<dir>``, ``<command>``, ``<image>``.
TAG_NAMES = frozenset(
    """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body br
    button canvas caption center cite code col colgroup dd del details dfn dialog div dl dt em embed fieldset
    figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input
    ins kbd label legend li link main map mark marquee math menu meta meter nav nobr noembed noframes noscript object
    ol optgroup option p param picture plaintext pre progress q rb rbc rp rt rtc ruby s samp script section select
    small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time
    title tr track tt u ul var video wbr xmp
    annotation mfenced mfrac mi mn mo mover mpadded mphantom mroot mrow mspace msqrt mstyle msub msubsup msup mtable
    mtd mtext mtr munder munderover semantics datalist
    """.split()
)

#: Their text is no text.
_RAW = ("script", "style")
#: Their content is not shown, or is a control, a picture, or what browsers without a player show.
_UNSEEN = (
    "applet", "audio", "button", "canvas", "datalist", "iframe", "noembed", "noframes", "noscript", "object",
    "select", "svg", "template", "title", "video",
)  # fmt: skip
#: An element of _UNSEEN whose source is longer than this and has paragraphs holds an article after all (someone forgot
#: to close it, and the next one of its name does): only its tags go.
_LONGEST_UNSEEN = 5000

#: Tags that parsers take for the begin or end of the whole page, wherever they stand.
_PAGE = ("body", "head", "html", "plaintext", "xmp")

#: Elements whose content is no text of the page, or swallows the tags in it.
UNSEEN_NAMES = frozenset((*_RAW, *_UNSEEN, "plaintext", "xmp", "textarea"))

_SCAN = re.compile(rf"<(?:!|\?|/?({'|'.join(_RAW + _UNSEEN + _PAGE)})(?=[\s/>]))", re.IGNORECASE)
_HALF_TAG = re.compile(r"<[/!?a-z0-9]*\Z", re.IGNORECASE)
_COMMENT_END = re.compile("--!?>")
_BLOCK_START = re.compile(r"<(?:p|h[1-6]|div|li|td|br|table|section|article|blockquote|pre|ul|ol)[\s/>]", re.IGNORECASE)
_PARAGRAPH = re.compile(r"<p[\s>]", re.IGNORECASE)


def _alternatives(names: frozenset[str]) -> str:
    """A pattern of ``names``, grouped by first letter so that few branches are tried."""
    groups: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: (-len(name), name)):
        groups.setdefault(name[0], []).append(name[1:])
    return "|".join(f"{first}(?:{'|'.join(rests)})" for first, rests in sorted(groups.items()))


_NAMES = _alternatives(TAG_NAMES)
#: Names that are also variables. Nobody gives them attributes without a value: ``i <b and c> d`` has no tag.
_SHORT = "[biqsu]"
#: A ``<`` that opens no tag: no known name follows; or what follows the name is no beginning of attributes (a ``>``
#: or a ``=``, with nothing but ASCII before it, and no other ``<``).
_NO_TAG = re.compile(
    rf"<(?!(?:(?!{_SHORT}[\s/])(?:{_NAMES})(?:/?>|[\s/][\x00-;?-\x7f]*(?:[>=]|\Z))"
    rf"|{_SHORT}[\s/]+(?:>|[a-z_:@-]+\s*=)"
    rf"|/(?:{_NAMES})(?:[\s/<>]|\Z)))",
    re.IGNORECASE,
)
#: A tag of a name that is not known but carries attributes, or belongs to Word's or WeChat's own: ``<o:p>``.
_FOREIGN = re.compile(
    r"<(/?)([a-z][a-z0-9]{0,20}(?:[-:][a-z0-9-]{1,40})?)"
    r"(?:\s+[a-z_@:][a-z0-9_@:.-]{0,60}=[\"'][^<>]*>|\s*/?>)",
    re.IGNORECASE,
)
_FOREIGN_NAME = re.compile(
    r"(?:o|v|w|m|st1|st2|g|fb|amp|mp|wx):|mp-|amp-|mpvoice|mpcp[cs]|mpchecktext|mpprofile|qqmusic"
)

#: Beyond this many ``<`` a page is not an article's, and elements nested deeper than _DEEPEST are flattened: libxml2
#: searches its stack at each end tag, which takes 4 seconds for 40,000 unmatched ones in 40,000 open elements.
_MANY_TAGS = 20_000
_DEEPEST = 200
_ANY_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^<>]*>", re.IGNORECASE)
#: Elements that nest without end tags only by mistake: each closes the one before.
_FLAT = frozenset(
    "p li td th tr dt dd option br hr img input col area base embed link meta param source track wbr".split()
)
_BREAKING = frozenset("div section article blockquote ul ol dl table pre center form main aside header footer".split())


def visible_markup(html: str) -> str:
    """``html`` with comments, scripts, style sheets and unseen elements removed, and stray ``<`` escaped.

    Comments and scripts that never end take nothing with them but their own mark, or what comes before the next block.
    Time and memory are linear in ``len(html)``.
    """
    if _SCAN.search(html):
        html = _without_unseen(html)
    if _NO_TAG.search(html):
        html = _with_escaped_signs(html)
    if html.count("<") > _MANY_TAGS:
        html = flattened(html)
    return html


def _without_unseen(html: str) -> str:
    pieces: list[str] = []
    open_elements = _OpenElements(html, pieces)
    never_ending: set[str] = set()
    has_cdata = False
    at = 0
    while (found := _SCAN.search(html, at)) is not None:
        start = found.start()
        before = html[at:start]
        half_tag = _HALF_TAG.search(before, max(len(before) - 20, 0))
        if half_tag is not None:  # what goes now must not let <scr and ipt> become a tag
            before = f"{before[: half_tag.start()]}&lt;{before[half_tag.start() + 1 :]}"
        pieces.append(before)
        name = (found[1] or "").lower()
        if not name:
            at, left = _after_declaration(html, start, never_ending)
            has_cdata = has_cdata or html.startswith("<![CDATA[", start)
            pieces.append(left)
            continue
        at = html.find(">", start) + 1
        if not at:  # the post was cut inside this tag
            at = len(html)
        elif name in _PAGE:
            pieces.append("<div></div>")  # the line ends here, and no more
        elif html[start + 1] == "/":
            open_elements.close(name, start)
        elif html[at - 2] == "/":
            pass  # <iframe/>: feeds made by XML tools close them so
        elif name in _RAW:
            at = _after_raw(html, name, at, never_ending)
        elif name in _UNSEEN:
            open_elements.open(name, start)
    pieces.append(html[at:])
    html = "".join(pieces)
    return html.replace("]]>", "") if has_cdata else html


class _OpenElements:
    """The elements of _UNSEEN that are open at a place of ``html``, whose visible ``pieces`` are being collected.

    What an element held is taken away at its end tag, so one that never ends takes nothing away.
    """

    def __init__(self, html: str, pieces: list[str]) -> None:
        self._html = html
        self._pieces = pieces
        self._stack: list[tuple[str, int, int]] = []  # name, len(pieces), and position in html of the start tag
        self._num_open: Counter[str] = Counter()
        self._paragraph_starts: list[int] | None = None

    def open(self, name: str, start: int) -> None:
        self._stack.append((name, len(self._pieces), start))
        self._num_open[name] += 1

    def close(self, name: str, end: int) -> None:
        if not self._num_open[name]:
            return
        while self._stack:
            opened, num_pieces, start = self._stack.pop()
            self._num_open[opened] -= 1
            if opened == name:
                if name == "svg" or end - start <= _LONGEST_UNSEEN or not self._has_paragraph(start, end):
                    del self._pieces[num_pieces:]
                return

    def _has_paragraph(self, start: int, end: int) -> bool:
        if self._paragraph_starts is None:
            self._paragraph_starts = [found.start() for found in _PARAGRAPH.finditer(self._html)]
        index = bisect_left(self._paragraph_starts, start)
        return index < len(self._paragraph_starts) and self._paragraph_starts[index] < end


def _after_declaration(html: str, start: int, never_ending: set[str]) -> tuple[int, str]:
    """Where to read on after the ``<!`` or ``<?`` at ``start``, and the text that it leaves behind."""
    if html.startswith("<!--", start):
        # Sina keeps other articles in comments that hold comments.
        mark = "]article_adlist-->" if html.startswith("<!--article_adlist[", start) else ""
        if mark and mark not in never_ending:
            end = html.find(mark, start)
            if end >= 0:
                return end + len(mark), ""
            never_ending.add(mark)
        if "comment" not in never_ending:
            found = _COMMENT_END.search(html, start + 2)
            if found is not None:
                return found.end(), ""
            never_ending.add("comment")
        return start + 4, ""
    if html.startswith("<![CDATA[", start):
        return start + 9, ""
    if (
        html.startswith("<![", start)
        or html[start : start + 9].lower() == "<!doctype"
        or html.startswith("<?xml", start)
    ):
        end = 0 if ">" in never_ending else html.find(">", start) + 1
        if end:
            return end, ""
        never_ending.add(">")
    return start + 1, "&lt;"


def _after_raw(html: str, name: str, at: int, never_ending: set[str]) -> int:
    """Where the script or style sheet that begins at ``at`` is over, its end tag included."""
    if name not in never_ending:
        found = re.compile(f"</{name}", re.IGNORECASE).search(html, at)
        if found is not None:
            return html.find(">", found.end()) + 1 or len(html)
        never_ending.add(name)
    block = _BLOCK_START.search(html, at)
    return len(html) if block is None else block.start()


def _with_escaped_signs(html: str) -> str:
    """``html`` with ``&lt;`` for each ``<`` that opens no tag: ``i < n``, ``List<T>``, ``(?t<=15)``.

    A tag of an unknown name stays a tag if it has attributes somewhere on the page: ``<T>`` has none. An end tag of an
    unknown name that begins nowhere is dropped.
    """
    foreign: set[str] = set()
    begun: set[str] = set()
    for found in _FOREIGN.finditer(html):
        name = found[2].lower()
        if not found[1]:
            begun.add(name)
        if "=" in found[0] or _FOREIGN_NAME.match(name):
            foreign.add(name)

    def escaped(found: re.Match[str]) -> str:
        tag = _FOREIGN.match(html, found.start())
        if tag is None:
            return "&lt;"
        name = tag[2].lower()
        # An unknown end tag that stays a tag is ignored by every parser.
        return "<" if name in foreign or (tag[1] and name not in begun) else "&lt;"

    return _NO_TAG.sub(escaped, html)


def flattened(html: str) -> str:
    """``html`` with elements deeper than _DEEPEST replaced by line breaks."""
    depth = 0

    def flat(found: re.Match[str]) -> str:
        nonlocal depth
        name = found[2].lower()
        if name in _FLAT:
            return found[0]
        if found[1]:
            depth = max(depth - 1, 0)
        else:
            depth += 1
        if depth + bool(found[1]) <= _DEEPEST:
            return found[0]
        return "<br>" if name in _BREAKING else ""

    return _ANY_TAG.sub(flat, html)

"""Tokens that are not Chinese: ``S-300``, ``C++``, ``iPhone15``, ``userName``, ``2021-10-27``, ``3,500.00``, ``3.5%``.

Both jieba and its Rust port cut these apart in their own ways, so we cut them ourselves, the same under both: each is
indexed whole, by the parts that people type, and joined as they type it too. The text is already folded (lower case,
half width); where a capital stood inside a word is told beside it (``reading.Reading.seams``).

    whole         parts                           joined
    s-300         s, 300                          s300
    iphone15      iphone, 15
    python3.10    python, 3.10, python3
    node.js       node, js                        nodejs
    user_name     user, name                      username
    username      user, name (userName)
    5.12-rc1      5.12, rc1, rc, 1                5.12rc1
    192.168.1.10  192.168, 192.168.1
    3500.00       3500 (written 3,500.00)
    3.5%          3.5
    c++           c
    .net          net
    2021-10-27    2021, 10, 27

An emoji is a word of its own, whatever it touches: ``ai🔥`` is ``ai``, ``🔥``.
A number is cut at its points only where it has several, and only from the end: nobody looks for decimals.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from string import ascii_lowercase
from typing import TypeVar

from cnsearch.analysis.inflection import marked_stem
from cnsearch.analysis.scripts import EMOJI, FLAG, LETTER, WORD
from cnsearch.patterns import late

# Starts with a plain class on purpose: the search then costs a third of that behind a prefix or an alternative. A comma
# belongs to a number before groups of three digits each: 1,5 and 1,500,20 are lists.
_THOUSANDS = r"(?:(?<=[1-9])(?<![0-9],[0-9])[0-9]{0,2}(?:,[0-9]{3})+(?![0-9]|,[0-9]))?"
_COMPOUND = late(
    rf"[{WORD}](?:(?<=[{EMOJI}])(?:(?<=[{FLAG}])[{FLAG}])?"
    rf"|{_THOUSANDS}[{LETTER}]*(?:[-._'&+][{LETTER}]+)*(?:\+\+?|#|%)?)"
)
_NAME_AFTER_POINT = late(rf"(?<![{LETTER}.])\.[a-z]")
_STRONG_JOINTS = re.compile(r"[-_'&+#%]+")
_ATOM = re.compile(r"[0-9]+(?:\.[0-9]+)*|[^-0-9._'&+#%]+")
_POINT = re.compile(r"(?<![0-9])\.|\.(?![0-9])")
_DIGIT = re.compile("[0-9]")

_LETTER_CHAR = late(f"[{LETTER}]")

MAX_COMPOUND_CHARS = 64
"""A longer compound (an encoded picture, a hash) is cut here and not taken apart: nobody types its parts."""
CUT = MAX_COMPOUND_CHARS + 1
"""So much of a longer compound gives the same ``parts`` and ``terms``. Callers hand over no more: both remember what
they were asked for, and an article may be one compound of megabytes."""
MAX_ATOMS = 8
"""A compound of more stretches of letters and digits than this is indexed whole only, for the same reason."""
MAX_PARTS = 32
"""So is one of more parts than this."""

_Value = TypeVar("_Value")


class Remembered(dict[str, _Value]):
    """What a function says of words, remembered for very many of them: asking for a known one is a look-up, which
    ``map`` and ``filter`` do without a step of Python. Forgets all when full.

    longest : characters of a word that is remembered
    """

    MAX_ENTRIES = 1 << 18

    def __init__(self, function: Callable[[str], _Value], longest: int) -> None:
        super().__init__()
        self._function = function
        self._longest = longest

    def __missing__(self, word: str) -> _Value:
        value = self._function(word)
        if len(word) <= self._longest:
            if len(self) >= self.MAX_ENTRIES:
                self.clear()
            self[word] = value
        return value


Part = tuple[str, int, int]
Humps = tuple[int, ...]


def find_compounds(folded: str) -> Iterator[Part]:
    """Every compound of folded text as (text, start, end), in order, offsets in characters; the commas of a number
    are in it."""
    points = "." in folded
    for match in _COMPOUND.finditer(folded):
        start, end = match.span()
        if points and start and folded[start - 1] == "." and _NAME_AFTER_POINT.match(folded, start - 1):
            start -= 1  # .NET: the point belongs to the name unless a word stands before it
        yield folded[start:end], start, end


def find_texts(folded: str) -> list[str]:
    """The compounds of folded text without their places, in order: several times faster."""
    if "." in folded and _NAME_AFTER_POINT.search(folded):
        return [text for text, _, _ in find_compounds(folded)]
    return _COMPOUND.findall(folded)


def whole(compound: str) -> str:
    """The term that the compound as such is: without the commas of thousands, and no longer than is indexed."""
    return compound[:MAX_COMPOUND_CHARS].replace(",", "")


@lru_cache(maxsize=1 << 12)
def atoms(compound: str) -> tuple[str, ...]:
    """The stretches of letters, and the numbers, that a compound is made of; empty if it is one or is not taken apart.

    >>> atoms("5.12-rc1"), atoms("python3.10"), atoms("c++"), atoms("3.10")
    (('5.12', 'rc', '1'), ('python', '3.10'), ('c',), ())
    """
    found = tuple(_ATOM.findall(whole(compound)))
    return () if len(compound) > MAX_COMPOUND_CHARS or len(found) > MAX_ATOMS or found == (whole(compound),) else found


@lru_cache(maxsize=1 << 16)
def parts(compound: str) -> tuple[Part, ...]:
    """What one compound is found by besides the whole, as (text, start, end), offsets in characters of ``compound``.

    Returns: sorted by start, then longest last; a joined form has the place of what it joins. Empty where the compound
             is not taken apart.

    >>> [text for text, _, _ in parts("5.12-rc1")]
    ['5.12', '5.12rc', '5.12rc1', 'rc', 'rc1', '1']
    """
    if len(compound) > MAX_COMPOUND_CHARS or compound.isalpha() or (compound.isascii() and compound.isdigit()):
        return ()  # letters alone and digits alone, as nearly all are, are one part
    text = whole(compound)
    spans = [match.span() for match in _ATOM.finditer(text)]
    if len(spans) > MAX_ATOMS:
        return ()
    found: dict[Part, None] = {}
    for start, end in spans:
        found[text[start:end], start, end] = None
        if "." in text:
            found.update(dict.fromkeys(_beginnings(text, start, end)))
    found[joined(text), 0, len(text)] = None
    if not _only_atoms(text, spans):
        for start, end in _between(_STRONG_JOINTS, text, 0, len(text)):
            found[text[start:end], start, end] = None
            found[joined(text[start:end]), start, end] = None
            for begin, stop in _between(_POINT, text, start, end):
                found[text[begin:stop], begin, stop] = None
        if len(spans) == 3:  # wi-fi-6 is a Wi-Fi too
            for first, second in ((0, 1), (1, 2)):
                begin, stop = spans[first][0], spans[second][1]
                pair = joined(text[begin:stop])
                if len(pair) > 2 and pair != text[begin:stop]:  # but u.s.a is no us
                    found[pair, begin, stop] = None
    found.pop((text, 0, len(text)), None)
    if len(found) > MAX_PARTS:
        return ()
    if len(text) < len(compound):  # with commas: the parts of a number have no places of their own
        found = {(part, 0, len(compound)): None for part, _, _ in found}
    return tuple(sorted((part for part in found if part[0] != text), key=lambda part: (part[1], part[2], part[0])))


def _only_atoms(text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether the stretches between its joints are the atoms at ``spans``, as in most compounds: one or two atoms with
    one joint, or several without any."""
    if text.isalnum():
        return True
    gaps = spans[1][0] - spans[0][1] if len(spans) == 2 else 0
    return 1 <= len(spans) <= 2 and gaps <= 1 and spans[0][0] == 0 and spans[-1][1] == len(text)


def _beginnings(text: str, start: int, end: int) -> Iterator[Part]:
    """Of a number ``text[start:end]`` what stands before one of its points: of one with several (an address, a version)
    and, with the letters before it, of any (python3). And the whole number of an amount (3500.00)."""
    points = [at for at in range(start, end) if text[at] == "."]
    if points and text[start].isdigit():
        letters = start
        while letters and not _DIGIT.match(text[letters - 1]) and text[letters - 1] not in "-._'&+#%":
            letters -= 1
        for number, point in enumerate(points):
            if number:
                yield text[start:point], start, point
            if letters < start:
                yield text[letters:point], letters, point
        if len(points) == 1 and text[points[0] : end] == ".00":
            yield text[start : points[0]], start, points[0]


_NAMES = frozenset(
    "github gitlab gitee javascript typescript coffeescript actionscript applescript postscript youtube "
    "libreoffice openoffice linkedin wordpress powerpoint powershell openstack openshift opensuse openssl openssh "
    "openai opencv opengl openvpn virtualbox stackoverflow redhat facebook whatsapp wechat alipay paypal macbook "
    "chatgpt deepmind tensorflow pytorch centos postgresql mysql mariadb mongodb rabbitmq graphql webassembly "
    "websocket webkit webpack firefox thunderbird freebsd intellij pycharm jetbrains playstation geforce bitcoin "
    "sourceforge hackernews raspberrypi linuxmint cloudflare digitalocean translateproject onedrive dropbox "
    "airbnb tiktok bytedance deepseek rocketmq mapreduce".split()
)
"""Names that are written as two words in one, and have nothing to do with either: JavaScript is no Java. From the words
of this form that most articles of the corpus have."""
_SHORTEST_HUMP = 2
MAX_HUMPS = 12
_LETTERS = re.compile("[a-z]+")


@lru_cache(maxsize=1 << 14)
def hump_parts(word: str, humps: Humps) -> tuple[Part, ...]:
    """The parts of a word of letters in which capitals began parts at ``humps`` (ascending), and two of them together
    where there are more. None of a name, of what is a letter and a word (iPhone), or a word and a letter.

    >>> [text for text, _, _ in hump_parts("getuserbyid", (3, 7, 9))]
    ['get', 'getuser', 'user', 'userby', 'by', 'byid', 'id']
    """
    edges = [0, *humps, len(word)]
    sizes = [end - start for start, end in pairwise(edges)]
    if word in _NAMES or len(humps) > MAX_HUMPS or (len(humps) == 1 and min(sizes) < _SHORTEST_HUMP):
        return ()
    found = []
    for number, (start, end) in enumerate(pairwise(edges)):
        if end - start >= _SHORTEST_HUMP:
            found.append((word[start:end], start, end))
        if number + 2 < len(edges) and len(humps) > 1:
            found.append((word[start : edges[number + 2]], start, edges[number + 2]))
    return tuple(found)


@lru_cache(maxsize=1 << 14)
def hump_terms(word: str, humps: Humps) -> tuple[str, ...]:
    """The terms of these parts, with the marked stems of those that are inflected."""
    texts = [text for text, _, _ in hump_parts(word, humps)]
    return (*texts, *filter(None, map(marked_stem, texts)))


def humped_words(folded: str, seams: Sequence[int]) -> Iterator[tuple[str, Humps, int]]:
    """The words of letters with any of the seams inside: (word, seams from its start, its start). A longer one than
    MAX_COMPOUND_CHARS is left out."""
    after = 0
    for at in seams:
        if at < after:
            continue
        first = max(0, at - CUT)
        start = first + len(folded[first:at].rstrip(ascii_lowercase))
        match = _LETTERS.match(folded, at)
        if match is None or start == at:
            continue
        after = match.end()
        if after - start <= MAX_COMPOUND_CHARS:
            inside = seams[bisect_left(seams, at) : bisect_left(seams, after)]
            yield folded[start:after], tuple(seam - start for seam in inside), start


def _between(joint: re.Pattern[str], text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The stretches of ``text[start:end]`` between matches of ``joint``, none empty."""
    stretches = []
    at = start
    for match in joint.finditer(text, start, end):
        if match.start() > at:
            stretches.append((at, match.start()))
        at = match.end()
    if end > at:
        stretches.append((at, end))
    return stretches


def _terms(compound: str) -> tuple[str, ...]:
    if compound.isalpha() and len(compound) <= MAX_COMPOUND_CHARS:
        stem = marked_stem(compound)
        return (compound, stem) if stem else (compound,)
    compound = compound[:CUT]
    found = parts.__wrapped__(compound)
    texts = [text for text, _, _ in found]
    words = [text for text, start, end in found if text == compound[start:end]]
    return (*texts, whole(compound), *filter(None, map(marked_stem, [*words, compound])))


terms: Callable[[str], tuple[str, ...]] = Remembered(_terms, longest=MAX_COMPOUND_CHARS).__getitem__
"""The indexed terms of one compound of any length: its parts, itself (its first ``MAX_COMPOUND_CHARS`` characters), and
the marked stems of those that are inflected."""


@lru_cache(maxsize=1 << 16)
def joined(compound: str) -> str:
    """The compound without the joints that people leave out; itself where there are none, or too many parts.

    >>> joined("s-300"), joined("node.js"), joined("user_name"), joined("2021-10-27"), joined("c++")
    ('s300', 'nodejs', 'username', '2021-10-27', 'c++')
    """
    text = whole(compound)
    if not ("." in text or "-" in text or "_" in text):
        return text
    if len(compound) > MAX_COMPOUND_CHARS or len(_ATOM.findall(text)) > MAX_ATOMS:
        return text
    if _LETTERS_WITH_JOINTS.fullmatch(text):
        return text.replace(".", "").replace("-", "").replace("_", "")
    return _respelt(text, "")


_PIECES = re.compile(r"([0-9]+(?:\.[0-9]+)*)|([-_.])|([&'+#%]+)|([^-_.&'+#%0-9]+)")
_LETTERS_WITH_JOINTS = re.compile("[a-z]+(?:[-_.][a-z]+)+")
_JOINTS = ("", "-", " ")
_MAX_SPELLINGS = 27
"""Ways to write four parts; of more, all joints are written alike."""


@lru_cache(maxsize=1 << 10)
def spellings(compound: str) -> tuple[str, ...]:
    """How people write the compound: as it is, and with other joints of its letters and digits, each by itself.

    A joint between digits stays, but for a space where letters touch them (``i7-12700k``); a point before a name, and
    what is not a hyphen, underscore or point, say something and stay. A slash too joins a name and its number.

    >>> spellings("s-300")
    ('s-300', 's300', 's 300')
    >>> spellings("c++"), spellings("2021-10-27"), spellings(".net")
    (('c++',), ('2021-10-27',), ('.net',))
    >>> len(spellings("s23ultra")), "s23 ultra" in spellings("s23ultra"), "i7 12700k" in spellings("i7-12700k")
    (9, True, True)
    """
    found = [_respelt(compound, joint) for joint in _JOINTS]
    if found[0] == found[1]:
        return (compound,)
    if _INITIALS.fullmatch(compound):  # u.s.a is no us a
        return tuple(dict.fromkeys([compound, *found]))
    ways = [""]
    for joint, piece in _slots(compound):
        ways = [way + one + piece for way in ways for one in joint]
        if len(ways) > _MAX_SPELLINGS:
            return tuple(dict.fromkeys([compound, *found]))
    if _NAME_AND_NUMBER.fullmatch(compound):
        ways.append(_respelt(compound, "/"))
    return tuple(dict.fromkeys([compound, *ways]))


_SPLIT_CHARS = range(4, 17)
_NO_PART = frozenset(
    """
    a i s u an as at be by do go he if in is it me my no of on or so to up us we am are was the and for not but
    can has had her his him its may our out she who you all any how man men get got let one two new now old own
    see too use way able age king ship here there where with from that this they them then than some have were
    will been each form
    """.split()
)


@lru_cache(maxsize=1 << 10)
def splits(word: str) -> tuple[tuple[str, str], ...]:
    """The pairs of words that a word of letters may be written apart as (``wi fi``); a common English word is no part
    of one: therapist is not the rapist.

    >>> splits("wifi"), ("the", "rapist") in splits("therapist")
    ((('w', 'ifi'), ('wi', 'fi')), False)
    """
    if len(word) not in _SPLIT_CHARS:
        return ()
    pairs = ((word[:at], word[at:]) for at in range(1, len(word)))
    return tuple(pair for pair in pairs if _NO_PART.isdisjoint(pair))


APART = (" ", "/", "'")
"""What stands between the parts of a word that is written apart: wi fi, tcp/ip, don't."""
_NAME_AND_NUMBER = re.compile("[a-z]{2,}[-_]?[0-9]+")
_INITIALS = re.compile("[a-z](?:[-_.][a-z])+")


def _slots(compound: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The pieces of a compound, each after the joints that may stand before it."""
    pieces = [(match.group(), match.lastindex or 0) for match in _PIECES.finditer(compound)]
    at = 0
    while at < len(pieces):
        text, kind = pieces[at]
        before = pieces[at - 1] if at else None
        after = pieces[at + 1] if at + 1 < len(pieces) else None
        if kind == 2 and before and after and before[1] in (1, 4) and after[1] in (1, 4):
            if before[1] == after[1] == 1:
                yield (text, " ") if _LETTER_BESIDE.search(compound) else (text,), after[0]
            else:
                yield _JOINTS, after[0]
            at += 2
            continue
        between = before is not None and {before[1], kind} == {1, 4}
        yield _JOINTS if between else ("",), text
        at += 1


_LETTER_BESIDE = re.compile("[a-z][0-9.]+[-_][0-9]|[0-9][-_][0-9.]+[a-z]")


def _respelt(compound: str, other: str) -> str:
    """The compound with ``other`` for every joint that may be another."""
    pieces: list[str] = []
    joint: str | None = None  # what stood since the last letter or digit, if that may be written otherwise
    for match in _PIECES.finditer(compound):
        text = match.group()
        if match.group(2):
            if joint == "":
                joint = text
            else:  # at the beginning, or the second in a row
                pieces.append(text)
                joint = None
            continue
        if match.group(3):
            pieces += [joint or "", text]
            joint = None
            continue
        if joint is not None:
            pieces.append(joint if pieces[-1][-1].isdigit() and text[0].isdigit() else other)
        pieces.append(text)
        joint = ""
    return "".join([*pieces, joint or ""])


def goes_on(char: str) -> str:
    """What would go on with a word that begins or ends with ``char``: letters or digits, as a regular expression; empty
    for a sign and for a Chinese character. 5g stands in 5g-a, not in 15g or 5gb (``scripts.letter_kinds`` says it)."""
    if char.isascii() and char.isdigit():
        return "[0-9]"
    return f"(?:(?![0-9])[{LETTER}])" if _LETTER_CHAR.match(char) else ""


@lru_cache(maxsize=1 << 10)
def standing_alone(text: str) -> re.Pattern[str]:
    """Finds ``text`` where neither its letters nor its digits go on at its ends."""
    first, last = goes_on(text[0]), goes_on(text[-1])
    before, after = f"(?<!{first})" if first else "", f"(?!{last})" if last else ""
    return re.compile(before + re.escape(text) + after)

"""English inflection: databases and database, running and run are forms of one word.

The stem of a word is what the inflectional steps of the English (Porter2) stemmer of Snowball leave of it
(https://snowballstem.org/algorithms/english/stemmer.html, steps 0, 1a, 1b, 1c and 5), by Whoosh's implementation. The
others, which take off derivational endings, are left out: they make one of university and universal, of organ and
organization.

A stem stands in the index as a term with a mark before it that no word has, and only for words that are not their own
stem. A query looks for the word, for its marked stem, and for the stem as a word.
"""

from __future__ import annotations

import re
from functools import lru_cache

from whoosh.lang import porter2

MARK = "="
"""Begins the terms that are stems. No word has it: words have letters, digits, ``-._'&+#%`` and Chinese characters."""

INFLECTED_ENDS = "sdgyel"
"""The last letters of words that are not their own stem: -s, -ed, -ing, -ly, -y, -e and -l are all that the steps take
off or change."""

_WORD = re.compile("[a-z]{3,}")
_LONGEST = 32
_SHORTEST_STEM = 3

# Names, which have no other forms, though they look like some (Windows), or other words like theirs (React). And words
# that only look inflected, whose stem is another word.
_NAMES = frozenset(
    "windows rails pandas jenkins redis keras kubernetes postgres aws ios macos jobs siemens mercedes hermes beats "
    "react spring swift flutter rust express "
    "boeing beijing nanjing chongqing turing viking reading james paris texas vegas mars gates adams williams evans "
    "davis jones charles thomas holmes hughes keynes dallas atlas emacs kudos dos".split()
)
_UNINFLECTED = frozenset("evening united wedding means during nothing something anything everything does".split())
_IRREGULAR = {"gpus": "gpu", "cpus": "cpu", "menus": "menu", "buses": "bus", "added": "add", "adding": "add"}


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """The stem of a folded word; empty for what has no forms: what is no English word, a name, or too short.

    >>> stem("databases") == stem("database"), stem("running"), stem("universities"), stem("universal"), stem("rails")
    (True, 'run', 'universiti', 'universal', '')
    """
    if len(word) > _LONGEST or not _WORD.fullmatch(word) or word in _NAMES:
        return ""
    if word in _UNINFLECTED:
        return word
    found = _IRREGULAR.get(word) or porter2.exceptional_forms.get(word) or _inflectional(word)
    return "" if len(found) < _SHORTEST_STEM or found in _NAMES else found


def _inflectional(word: str) -> str:
    if word[-1] not in INFLECTED_ENDS:
        return word
    word = porter2.capitalize_consonant_ys(word)
    first, second = porter2.get_r1(word), porter2.get_r2(word)
    word = porter2.step_1a(word)
    if word not in porter2.exceptional_early_exit_post_1a:
        word = porter2.step_1c(porter2.step_1b(word, first))
        word = porter2.step_5(word, first, second)
    return str(porter2.normalize_ys(word))


def marked_stem(word: str) -> str:
    """The term under which a word is indexed besides itself, empty if there is none."""
    found = stem(word)
    return MARK + found if found and found != word else ""


def is_marked(term: str) -> bool:
    """Whether a term of the index is a stem, and no word."""
    return term.startswith(MARK)

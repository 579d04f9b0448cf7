"""The other forms of words of letters: inflected, joined with what stands beside them, in two parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cnsearch.analysis.compounds import splits
from cnsearch.analysis.inflection import MARK, stem
from cnsearch.analysis.tokenizer import Token
from cnsearch.search.planning.cutting import Group
from cnsearch.search.steps.leaf import Term
from cnsearch.search.steps.synonyms import WordForms
from cnsearch.search.steps.texts import OTHER_FORM, Apart

_LETTERS = re.compile("[a-z]+")
_MAX_SPELT_OUT = 6
"""u s a, but no longer: letters one by one."""


def word_forms(text: str, groups: Sequence[Group], fields: tuple[str, ...]) -> dict[str, WordForms]:
    """For each word of letters among the coarse tokens of ``text`` that has any: its other forms, and what it makes
    together with the word beside it, or with the single letters.

    >>> from cnsearch.analysis.tokenizer import WordTokenizer
    >>> from cnsearch.search.planning.cutting import grouped
    >>> for forms in word_forms("wi fi databases", grouped("wi fi databases", WordTokenizer()), ("body",)).values():
    ...     print(forms)
    forms(body:wi body:wifi)
    forms(body:fi body:fidatabases body:wifi)
    forms(body:=databas^0.25 body:databas^0.25 body:databases apart(body:databases) body:fidatabases)
    """
    found: dict[str, dict[Term | Apart, None]] = {}
    for run in _runs_of_letters(text, groups):
        _add_joined(run, found, fields)
    for word, members in found.items():
        own = stem(word)
        for other in sorted({MARK + own, own} - {word}) if own else ():
            members[Term(other, fields, OTHER_FORM)] = None
        if splits(word):
            members[Apart(word, fields)] = None
    return {word: _forms(word, (Term(word, fields), *members), fields) for word, members in found.items() if members}


def _forms(word: str, members: Sequence[Term | Apart], fields: tuple[str, ...]) -> WordForms:
    in_order = sorted(members, key=lambda member: (member.text, isinstance(member, Apart)))
    return WordForms(tuple(in_order), fields, word)


def _runs_of_letters(text: str, groups: Sequence[Group]) -> Iterator[list[Token]]:
    """Words of letters that stand one space, or a slash, apart."""
    run: list[Token] = []
    for group in groups:
        word = group[-1]
        is_letters = _LETTERS.fullmatch(word.text) is not None
        if run and not (is_letters and text[run[-1].end : word.start] in (" ", "/")):
            yield run
            run = []
        if is_letters:
            run.append(word)
    if run:
        yield run


def _add_joined(run: Sequence[Token], found: dict[str, dict[Term | Apart, None]], fields: tuple[str, ...]) -> None:
    """Add to each word of a run what it makes with its neighbours."""
    for word in run:
        found.setdefault(word.text, {})
    windows = [run[at : at + 2] for at in range(len(run) - 1)]
    if 2 < len(run) <= _MAX_SPELT_OUT and all(len(word.text) == 1 for word in run):
        windows = [run]
    for window in windows:
        together = Term("".join(word.text for word in window), fields)
        for word in window:
            if word.text != together.text:
                found[word.text][together] = None

"""What a user may be about to type: words and phrases of the articles that begin so, in characters or in pinyin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import merge
from itertools import islice

import numpy as np

from cnsearch.analysis import pinyin
from cnsearch.analysis.reading import spelt
from cnsearch.model import Suggestion
from cnsearch.search.phrases import is_word, squeezed
from cnsearch.search.vocabulary import Lexicon, Vocabulary, collection_paused

MAX_PREFIX_CHARS = 100
"""Nothing that is suggested begins with more."""
INITIALS_LESS = 10
"""What is typed by initials comes first only if it is used so many times as much: any letters are initials of much."""
MIN_TITLE_PREFIX = 2
"""Characters after which whole titles are suggested, where phrases are few."""


def suggest(
    vocabulary: Vocabulary, prefix: str, limit: int, num_articles: Callable[[str], int] | None = None
) -> tuple[Suggestion, ...]:
    """At most ``limit`` completions of ``prefix``, and itself if it is a word.

    Chosen are words and phrases of titles, then words of tags and bodies, then whole titles; of each the most used.
    Where nothing begins with all of several words, the last one is completed.

    num_articles : counts the articles that contain a text, by which what was chosen is sorted; None leaves it in the
                   order of choice, with the uses that were counted for that
    """
    typed = " ".join(spelt(prefix[: MAX_PREFIX_CHARS + 1]).split())
    if not typed or len(typed) > MAX_PREFIX_CHARS or limit <= 0:
        return ()
    with collection_paused():
        found = tuple(islice(_completions(vocabulary, typed), limit))
    before, space, last = typed.rpartition(" ")
    if found and num_articles is not None:
        # A title whose white space was something else is contained by none as it is shown.
        counted = [Suggestion(one.text, max(1, num_articles(one.text))) for one in found]
        return tuple(sorted(counted, key=lambda one: -one.articles))
    if found or not space:
        return found
    of_last = suggest(vocabulary, last, limit, num_articles)
    return tuple(Suggestion(f"{before} {one.text}", one.articles) for one in of_last)


def _completions(vocabulary: Vocabulary, typed: str) -> Iterator[Suggestion]:
    key, letters = squeezed(typed), pinyin.typed(typed)
    seen: set[str] = set()
    if is_word(key) and vocabulary.is_used(key):
        yield Suggestion(key, vocabulary.doc_freq(key))
    for suggestion in _of_lexicon(vocabulary.titles_for(key, letters), key, letters):
        seen.add(suggestion.text)
        yield suggestion
    # What begins so is a range of the dictionary; what sounds so may be anywhere.
    bodies = vocabulary.bodies_beginning(key) if letters is None else vocabulary.bodies
    yield from (one for one in _of_lexicon(bodies, key, letters) if vocabulary.is_used(one.text))
    if len(key) < MIN_TITLE_PREFIX:
        return
    yield from (Suggestion(title, 1) for title in vocabulary.whole_titles(key) if title not in seen)


def _of_lexicon(lexicon: Lexicon, key: str, letters: str | None) -> Iterator[Suggestion]:
    """The entries that begin with ``key``, or sound so in whole syllables, and those of which initials are typed."""
    best = lexicon.beginning(key)
    others = best[:0]
    if letters is not None:
        in_full, others = lexicon.sounding(letters)
        best = np.union1d(best, in_full)
        others = np.setdiff1d(others, best)
    uses = lexicon.uses
    ranked = merge(
        ((-uses[at] * INITIALS_LESS, 0, at) for at in best.tolist()), ((-uses[at], 1, at) for at in others.tolist())
    )
    for _, _, at in ranked:
        yield Suggestion(lexicon.texts[at], uses[at])

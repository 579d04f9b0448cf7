"""Words into the user dictionary of an index and out of it, through whatever back end it has."""

from __future__ import annotations

from collections.abc import Iterable

from cnsearch.analysis.userdict import UserDictionary, checked_frequency, checked_word
from cnsearch.backends.base import Backend
from cnsearch.backends.writing import Writing
from cnsearch.model import DictionaryReport, UpdateReport


def add_words(backend: Backend, words: str | Iterable[str], frequency: int | None, how: Writing) -> DictionaryReport:
    """See ``Index.add_words``."""
    wanted = _checked(words)
    given = checked_frequency(frequency)

    def added(old: UserDictionary) -> UserDictionary:
        known = dict(old.words)
        return old.with_words({word: given for word in wanted if word not in known or given is not None})

    return _report(*backend.change_dictionary(added, how), present=wanted)


def remove_words(backend: Backend, words: str | Iterable[str], how: Writing) -> DictionaryReport:
    """See ``Index.remove_words``."""
    unwanted = _checked(words)
    return _report(*backend.change_dictionary(lambda old: old.without_words(unwanted), how), absent=unwanted)


def _checked(words: str | Iterable[str]) -> set[str]:
    return {checked_word(word) for word in ([words] if isinstance(words, str) else words)}


def _report(
    before: UserDictionary,
    after: UserDictionary,
    report: UpdateReport,
    *,
    present: Iterable[str] = (),
    absent: Iterable[str] = (),
) -> DictionaryReport:
    """What has become of one dictionary in the other; ``present`` and ``absent`` are the words that were asked for."""
    old, new, changed = dict(before.words), dict(after.words), before.changed_words(after)
    return DictionaryReport(
        added=tuple(word for word in changed if word not in old),
        changed=tuple(word for word in changed if word in old and word in new),
        removed=tuple(word for word in changed if word not in new),
        present=tuple(sorted(set(present).difference(changed))),
        absent=tuple(sorted(set(absent).difference(changed))),
        retokenised=report.retokenised,
        articles=report.articles,
        took_s=report.took_s,
    )

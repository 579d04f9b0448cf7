"""The articles of one index into another, of whatever kinds they are."""

from __future__ import annotations

from cnsearch.analysis.userdict import UserDictionary
from cnsearch.backends import choice
from cnsearch.backends.base import Options, Path
from cnsearch.backends.writing import Writing
from cnsearch.model import UpdateReport
from cnsearch.query.dates import DEFAULT_ZONE, time_zone


def copy_index(source: Path, target: Path, how: Writing) -> UpdateReport:
    """Bring every article of ``source`` into ``target``, which is made with the same tokenizer and user dictionary if
    it is not there. What is there and equal is left alone, so a copy that was ended goes on; what is there besides
    stays. Files, their stamps and the settings of folders go along: updates go on from the copy.

    Raises AnalyzerMismatchError if ``target`` has another user dictionary.
    """
    options = Options(time_zone(DEFAULT_ZONE))
    begun = choice.open_backend(source, options, create=False, words=None, engine=None)
    try:
        words = UserDictionary(tuple(begun.user_words().items()))
        engine = begun.stats()["tokenizer"].partition(" ")[0]
        other = choice.open_backend(target, options, create=True, words=words, engine=engine)
        try:
            return other.receive(begun.entries(), begun.settings(), begun.num_articles(), how)
        finally:
            other.close()
    finally:
        begun.close()

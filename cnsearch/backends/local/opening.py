"""The index in a folder: opened, made, built anew."""

from __future__ import annotations

from collections.abc import Sequence

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.backends.base import Options, Path
from cnsearch.backends.local.backend import LocalBackend
from cnsearch.backends.writing import Writing
from cnsearch.errors import AnalyzerMismatchError, CorruptIndexError, IndexFormatError, IndexNotFoundError
from cnsearch.model import UpdateReport
from cnsearch.settings import PathSettings
from cnsearch.store.faults import FOREIGN
from cnsearch.store.opening import Store

exists = Store.exists


def open_backend(
    path: Path, options: Options, *, create: bool, words: UserDictionary | None, engine: str | None
) -> LocalBackend:
    """Open the index in the folder ``path``; with ``create``, make an empty one if there is none.

    Raises IndexNotFoundError, IndexFormatError, CorruptIndexError; AnalyzerMismatchError if it was built with another
    user dictionary than ``words``.
    """
    try:
        store = Store.open(path)
    except IndexNotFoundError:
        if not create or Store.exists(path):
            raise
        store = Store.create(path, ChineseAnalyzer(engine=engine, user_dictionary=words))
    else:
        _require_dictionary(store, words)
    return LocalBackend(store, options)


def rebuild_backend(
    path: Path,
    options: Options,
    paths: Sequence[Path],
    settings: PathSettings,
    how: Writing,
    *,
    words: UserDictionary | None,
    engine: str | None,
) -> tuple[LocalBackend, UpdateReport]:
    """Build the index anew beside the old one; see ``rebuild_index``."""
    from cnsearch.backends.local import writing

    try:
        store = Store.open(path)
        store.snapshot().close()
    except (IndexNotFoundError, IndexFormatError, CorruptIndexError) as error:
        nothing_to_read = not paths and not isinstance(error, IndexNotFoundError)
        if nothing_to_read or error.reason == FOREIGN:
            raise
        make = Store.create if isinstance(error, IndexNotFoundError) else Store.blank
        store = make(path, ChineseAnalyzer(engine=engine, user_dictionary=words))
    report = writing.rebuild(store, paths, settings, words, how, options, engine)
    return LocalBackend(Store.open(path), options), report


def _require_dictionary(store: Store, words: UserDictionary | None) -> None:
    """Raise AnalyzerMismatchError if the index was built with another user dictionary than ``words``."""
    recorded = store.analyzer.user_dictionary
    if words is not None and words != recorded:
        raise AnalyzerMismatchError(
            store.path,
            f"built with {_described(recorded)}, asked for {_described(words)}",
            found=words.digest,
            expected=recorded.digest,
            hint="Give it to the index with update(user_dict=file)",
            code="dictionary_mismatch",
        )


def _described(words: UserDictionary) -> str:
    if not words.words:
        return "no user dictionary"
    return f"the user dictionary {words.digest} ({len(words.words)} word{'s' * (len(words.words) != 1)})"

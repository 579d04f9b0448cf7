"""The index on a cluster: opened, made, built anew."""

from __future__ import annotations

import os
from collections.abc import Sequence

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.backends.base import Options, Path
from cnsearch.backends.opensearch.address import parse_address
from cnsearch.backends.opensearch.backend import ClusterBackend
from cnsearch.backends.opensearch.cluster import Cluster
from cnsearch.backends.opensearch.kept import Kept
from cnsearch.backends.opensearch.mapping import Facts
from cnsearch.backends.writing import Writing
from cnsearch.errors import AnalyzerMismatchError, IndexFormatError, IndexNotFoundError
from cnsearch.model import UpdateReport
from cnsearch.settings import PathSettings


def exists(path: Path) -> bool:
    """Whether there is an index of this name, or one that is not ours. Raises IndexUnusableError where nobody
    answers."""
    cluster = Cluster(parse_address(os.fspath(path)))
    try:
        return Kept(cluster).exists()
    finally:
        cluster.close()


def open_backend(
    path: Path, options: Options, *, create: bool, words: UserDictionary | None, engine: str | None
) -> ClusterBackend:
    """Open the index at the address ``path``; with ``create``, make an empty one if there is none.

    Raises IndexNotFoundError, IndexUnusableError, IndexFormatError; AnalyzerMismatchError if it was built with another
    tokenizer than is to be had, or with another user dictionary than ``words``.
    """
    cluster = Cluster(parse_address(os.fspath(path)))
    try:
        kept = Kept(cluster)
        try:
            facts = kept.facts()
        except IndexNotFoundError:
            if not create or kept.exists():
                raise
            facts = Facts(ChineseAnalyzer(engine=engine, user_dictionary=words))
            kept.create(facts)
        else:
            _require_dictionary(cluster, facts, words)
        return ClusterBackend(kept, facts, options)
    except BaseException:
        cluster.close()
        raise


def rebuild_backend(
    path: Path,
    options: Options,
    paths: Sequence[Path],
    settings: PathSettings,
    how: Writing,
    *,
    words: UserDictionary | None,
    engine: str | None,
) -> tuple[ClusterBackend, UpdateReport]:
    """Build the index anew beside the old one, which answers until the alias is switched; see ``rebuild_index``."""
    from cnsearch.backends.opensearch import writing

    cluster = Cluster(parse_address(os.fspath(path)))
    try:
        kept = Kept(cluster)
        try:
            facts = kept.facts()
        except IndexNotFoundError:
            facts = Facts(ChineseAnalyzer(engine=engine, user_dictionary=words))
            kept.create(facts)
        except IndexFormatError:  # made by another version: its articles are as they are, the rest is made anew
            if not paths:
                raise
            facts = Facts(ChineseAnalyzer(engine=engine, user_dictionary=words))
        report = writing.rebuild(kept, facts, paths, settings, words, how, options, engine)
        return ClusterBackend(kept, kept.facts(), options), report
    except BaseException:
        cluster.close()
        raise


def _require_dictionary(cluster: Cluster, facts: Facts, words: UserDictionary | None) -> None:
    """Raise AnalyzerMismatchError if the index was built with another user dictionary than ``words``."""
    recorded = facts.analyzer.user_dictionary
    if words is not None and words != recorded:
        raise AnalyzerMismatchError(
            str(cluster.address),
            f"built with {_described(recorded)}, asked for {_described(words)}",
            found=words.digest,
            expected=recorded.digest,
            hint="Give it to the index with update(user_dict=file)",
            code="dictionary_mismatch",
        )


def _described(words: UserDictionary) -> str:
    return f"the user dictionary {words.digest} ({len(words.words)} words)" if words.words else "no user dictionary"

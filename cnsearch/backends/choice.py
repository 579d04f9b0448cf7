"""Which back end a path means: a folder on disk, or an address.

Each back end offers the same three: is there an index, open it, build it anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from cnsearch.analysis.userdict import UserDictionary
from cnsearch.backends.base import Backend, Options, Path
from cnsearch.backends.local import opening as local
from cnsearch.backends.writing import Writing
from cnsearch.errors import UnsupportedError
from cnsearch.model import UpdateReport, VerifyReport
from cnsearch.query.dates import DEFAULT_ZONE, time_zone
from cnsearch.settings import PathSettings

_SCHEME = re.compile(r"([a-z][a-z0-9.-]*(?:\+[a-z]+)?)://", re.IGNORECASE)


def exists(path: Path) -> bool:
    """Whether there is an index, or what is left of one, or one that is not ours."""
    if _is_address(path):
        from cnsearch.backends.opensearch import opening as cluster  # where one is named

        return cluster.exists(path)
    _require_folder(path)
    return local.exists(path)


def open_backend(
    path: Path, options: Options, *, create: bool, words: UserDictionary | None, engine: str | None
) -> Backend:
    """Open the index at ``path``; see ``open_index``. Raises UnsupportedError for an address that nobody serves."""
    if _is_address(path):
        from cnsearch.backends.opensearch import opening as cluster  # where one is named

        return cluster.open_backend(path, options, create=create, words=words, engine=engine)
    _require_folder(path)
    return local.open_backend(path, options, create=create, words=words, engine=engine)


def rebuild_backend(
    path: Path,
    options: Options,
    paths: Sequence[Path],
    settings: PathSettings,
    how: Writing,
    *,
    words: UserDictionary | None,
    engine: str | None,
) -> tuple[Backend, UpdateReport]:
    """Build the index at ``path`` anew; see ``rebuild_index``."""
    if _is_address(path):
        from cnsearch.backends.opensearch import opening as cluster  # where one is named

        return cluster.rebuild_backend(path, options, paths, settings, how, words=words, engine=engine)
    _require_folder(path)
    return local.rebuild_backend(path, options, paths, settings, how, words=words, engine=engine)


def verify(path: Path, *, deep: bool) -> VerifyReport:
    """Check the index at ``path``, which may be too damaged to be opened. Raises IndexNotFoundError."""
    if _is_address(path):
        opened = open_backend(path, Options(time_zone(DEFAULT_ZONE)), create=False, words=None, engine=None)
        try:
            return opened.verify(deep=deep)
        finally:
            opened.close()
    _require_folder(path)
    from cnsearch.store.verify import verify_path

    return verify_path(path, deep=deep)


def _is_address(path: Path) -> bool:
    if not (isinstance(path, str) and ":/" in path):
        return False
    from cnsearch.backends.opensearch.address import is_address

    return is_address(path)


def _require_folder(path: Path) -> None:
    scheme = _SCHEME.match(os.fspath(path))
    if scheme is not None:
        raise UnsupportedError(
            f"an index at an address ({scheme[1]}://) cannot be opened by this version of cnsearch",
            hint="Give the folder of an index",
        )

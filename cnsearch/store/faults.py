"""What a missing, foreign, locked or damaged index raises below us, as errors that say so."""

from __future__ import annotations

import contextlib
import errno
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import whoosh

from cnsearch.engine.commit.commits import OLD_TOC_NAME, NoCommitError, is_old_toc
from cnsearch.engine.files.folder import Folder
from cnsearch.engine.files.locks import HeldError, Holder
from cnsearch.errors import (
    REBUILD_HINT,
    CnsearchError,
    CorruptIndexError,
    IndexFormatError,
    IndexLockedError,
    IndexNotFoundError,
    IndexUnusableError,
)
from cnsearch.model import printable

CREATE_HINT = "Make one with open_index(path, create=True)"
ELSEWHERE_HINT = "Choose another folder"
FOREIGN = "this Whoosh index was not made by cnsearch"


@contextlib.contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turn what a damaged or foreign index raises, below us, into our errors. What the system refuses (no space, too
    many open files, a disk that fails) says nothing of the index, and stays what it is."""
    try:
        yield
    except CnsearchError:
        raise
    except HeldError as error:
        raise _locked_error(path, error.holder) from error
    except NoCommitError as error:
        raise IndexNotFoundError(path, "there is no index here", hint=CREATE_HINT) from error
    except PermissionError as error:
        raise IndexNotFoundError(
            path, f"no permission to open {error.filename}", hint="Change it", code="folder"
        ) from error
    except FileNotFoundError as error:
        raise CorruptIndexError(path, f"a file is missing: {error.filename}", hint=REBUILD_HINT) from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise IndexNotFoundError(path, "the name is too long", hint=ELSEWHERE_HINT, code="folder") from error
        raise
    except (EOFError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        raise CorruptIndexError(path, f"the index is damaged: {error}", hint=REBUILD_HINT) from error
    except (zlib.error, struct.error) as error:
        raise CorruptIndexError(path, f"the index is damaged: {error}", hint=REBUILD_HINT) from error


def _locked_error(path: Path, holder: Holder) -> IndexLockedError:
    if holder.thread:
        reason = "this process is writing to the index already"
    else:
        reason = "another process is writing to the index"
        if holder.pid is not None:
            about = printable(f"process {holder.pid} on {holder.host}: {holder.command}")
            since = "" if holder.since is None else f", since {holder.since.isoformat(timespec='seconds')}"
            reason += f" ({about}{since})"
    return IndexLockedError(
        path,
        reason,
        pid=holder.pid,
        host=holder.host,
        command=holder.command,
        since=holder.since,
        hint="Try again when it has finished, or wait longer",
    )


def without_commit(folder: Folder) -> IndexUnusableError:
    """What is wrong with a folder that has no commit but something of an index."""
    path = folder.path
    for name in sorted(filter(OLD_TOC_NAME.fullmatch, folder.list())):
        if is_old_toc(folder, name):
            reason = "the index was made by an earlier version, whose table of contents is no longer read"
            return IndexFormatError(path, reason, found=name, hint=REBUILD_HINT, code="index_older")
        return IndexFormatError(path, FOREIGN, found=name, hint=ELSEWHERE_HINT, code="index_foreign")
    return CorruptIndexError(path, "the table of contents is missing", section="table of contents", hint=REBUILD_HINT)


def require_whoosh(path: Path) -> None:
    """Raise IndexUnusableError if Whoosh, the forerunner of whoosh3, has overwritten it: both have the same folder."""
    version = ".".join(map(str, whoosh.__version__))
    if whoosh.__version__ < (3,):
        raise IndexUnusableError(
            path,
            f"the package whoosh3 was overwritten by Whoosh {version}, which has the same folder, {whoosh.__path__[0]}",
            hint="Uninstall the package Whoosh, then install whoosh3 again",
            code="whoosh_overwritten",
        )

"""The table of contents of a commit: JSON with a checksum, in place of Whoosh's pickle; and the index that uses it.

Whoosh's table of contents is a pickle: to open it is to run what it says. This one is data, checked before it is used.
FORMAT.md has its keys. A commit is the file ``commit_N.toc``; the highest N is the last one. Everything else about
Whoosh's index stays: its readers, its searchers, its lock, and our codec behind them.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from whoosh.index import _DEF_INDEX_NAME, TOC, EmptyIndexError, FileIndex

from cnsearch.codec.segment import ColumnarSegment
from cnsearch.codec.storage import DurableStorage
from cnsearch.errors import NEWER_HINT, REBUILD_HINT, CorruptIndexError, IndexFormatError, IndexUnusableError

TOC_FORMAT_VERSION = 1
MAX_TOC_BYTES = 64 << 20
"""A table of contents above this is refused: a million user words and a hundred million deletions fit."""

INDEX_NAME: str = _DEF_INDEX_NAME
TOC_NAME = re.compile(r"commit_([0-9]{1,18})\.toc")
TEMPORARY = ".tmp"
UNFINISHED_NAME = "copy.unfinished"
"""An empty file beside those of a copy that is being made: if it is there, whoever made it has died."""
SEGMENT_NAME = re.compile(rf"{INDEX_NAME}_[0-9a-z]{{16}}\.cnp")
_OURS = re.compile(rf"(?:{TOC_NAME.pattern}|{SEGMENT_NAME.pattern})(?:\{TEMPORARY})?")
_IDENTITY = re.compile("[0-9a-f]{32}")
_CHECKSUM = re.compile(rb',"checksum":"([0-9a-f]{8})"\}\n')
_CHECKSUM_BYTES = len(b',"checksum":"01234567"}\n')


class StorableSchema(Protocol):
    """A schema that says what it is made of, fit for JSON."""

    def to_dict(self) -> dict[str, Any]: ...

    @classmethod
    def from_dict(cls, state: object, *, path: str) -> Any:
        """Inverse of ``to_dict``, for the index at ``path``. Raises ValueError for what ``to_dict`` never returns, and
        IndexFormatError for a schema of another version."""


def _mark_of(generation: int, status: os.stat_result) -> tuple[int, ...]:
    """The file of a commit never changes: another file is another commit."""
    return generation, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def is_unfinished_copy(names: Iterable[str]) -> bool:
    """Whether a folder of these names holds what is left of a copy that was broken off, and nothing else."""
    found = set(names)
    return UNFINISHED_NAME in found and all(_OURS.fullmatch(name) for name in found - {UNFINISHED_NAME})


def toc_name(generation: int) -> str:
    """Name of the file of a commit."""
    return f"commit_{generation}.toc"


def encode_toc(
    generation: int, schema: dict[str, Any], segments: Sequence[ColumnarSegment], identity: str = ""
) -> bytes:
    """The content of the file of a commit of the index ``identity``."""
    entries = [segment.to_dict() for segment in segments]
    toc = {"format": TOC_FORMAT_VERSION, "generation": generation, "schema": schema, "segments": entries}
    if identity:
        toc["identity"] = identity
    body = json.dumps(toc, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")[:-1]
    return body + f',"checksum":"{zlib.crc32(body):08x}"}}\n'.encode()


def decode_toc(data: bytes, generation: int, *, path: str) -> tuple[object, list[ColumnarSegment]]:
    """(schema, segments) of a commit, see ``decode_commit``."""
    return decode_commit(data, generation, path=path)[:2]


def decode_commit(data: bytes, generation: int, *, path: str) -> tuple[object, list[ColumnarSegment], str]:
    """(schema, segments, identity) of a commit; the schema as it stands there, unchecked; the identity of the index is
    empty in what was written before indexes had one.

    Raises : CorruptIndexError if it is damaged or was made by no writer of ours, IndexFormatError if by a newer one
    """

    def corrupt(reason: str, **details: Any) -> CorruptIndexError:
        return CorruptIndexError(path, reason, section="table of contents", hint=REBUILD_HINT, **details)

    body, tail = data[:-_CHECKSUM_BYTES], _CHECKSUM.fullmatch(data[-_CHECKSUM_BYTES:])
    if tail is None:
        raise corrupt("the table of contents is cut off", offset=len(body), found=len(data))
    found, expected = f"{zlib.crc32(body):08x}", tail.group(1).decode()
    if found != expected:
        reason = f"the table of contents has the checksum {found}, expected {expected}"
        raise corrupt(reason, offset=0, found=found, expected=expected)
    try:
        toc = json.loads((body + b"}").decode("utf-8", "surrogatepass"))
        if not isinstance(toc, dict):
            raise TypeError(f"it is a {type(toc).__name__}")
        version = toc.get("format")
        if type(version) is not int or version < 1:
            raise ValueError(f"its format is {version!r:.40}")
        if version > TOC_FORMAT_VERSION:
            raise IndexFormatError(
                path,
                f"the table of contents has format {version!r:.40}, this version reads up to {TOC_FORMAT_VERSION}",
                found=version,
                expected=TOC_FORMAT_VERSION,
                hint=NEWER_HINT,
                code="index_newer",
            )
        if toc["generation"] != generation:
            raise ValueError(f"it is of commit {toc['generation']!r:.40}")
        if not isinstance(toc["segments"], list):
            raise TypeError("its segments are no list")
        segments = [ColumnarSegment.from_dict(entry) for entry in toc["segments"]]
        for segment in segments:
            if not SEGMENT_NAME.fullmatch(segment.segment_id() + ".cnp") or not segment.doc_count_all():
                raise ValueError(f"it lists a segment {segment.segment_id()!r:.80} of {segment.doc_count_all()}")
        if len({segment.segid for segment in segments}) < len(segments):
            raise ValueError("it lists a segment twice")
        identity = toc.get("identity", "")
        if not isinstance(identity, str) or ("identity" in toc and not _IDENTITY.fullmatch(identity)):
            raise ValueError(f"its identity is {identity!r:.80}")
        return toc["schema"], segments, identity
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        reason = f"the table of contents cannot be understood: {type(error).__name__}: {error}"
        raise corrupt(reason, offset=0) from error


class ColumnarIndex(FileIndex):  # type: ignore[misc]  # Whoosh has no types
    """Whoosh's index over segments of ``ColumnarCodec`` and a table of contents that is not pickled.

    schema_class : makes the schema from what the table of contents says about it
    blank        : given a schema, this is an empty index whose first commit takes the place of what is in the folder

    Raises : EmptyIndexError (Whoosh's) if the folder has no commit, IndexFormatError, CorruptIndexError
    """

    def __init__(
        self, storage: DurableStorage, schema_class: type[StorableSchema], *, blank: StorableSchema | None = None
    ) -> None:
        self.storage = storage
        self.indexname = INDEX_NAME
        self._schema_class = schema_class
        self._blank = blank
        self.identity: str = uuid.uuid4().hex if blank is not None else ""
        """Which index this is: another one in the same folder has another. Empty if it was not known when opened."""
        self._opened: TOC | None = self.read_toc()
        self.identity = self._opened.identity

    def take_opened(self) -> TOC:
        """The commit that was the last one when the index was opened; once, for a writer changes what it has of it, so
        whoever asks again gets the last."""
        toc, self._opened = self._opened, None
        return toc or self.read_toc()

    def latest_generation(self) -> int:
        """The number of the last commit; -1 if there is none."""
        # A listing while a commit ends may miss both its file and the one before, so that none means: look again.
        return max(self._generations() or self._generations() or [-1])

    def _generations(self) -> list[int]:
        matches = map(TOC_NAME.fullmatch, self.storage.list())
        return [int(match.group(1)) for match in matches if match is not None]

    def read_toc(self) -> TOC:
        """The last commit, as Whoosh's object."""
        generation = -1
        while True:
            before, generation = generation, self.latest_generation()
            try:
                return self.read_commit(generation)
            except FileNotFoundError:  # a later commit has just taken its place
                if generation == before:
                    raise

    def read_commit(self, generation: int) -> TOC:
        """A commit, as Whoosh's object. Raises EmptyIndexError for -1, FileNotFoundError if a later one has taken its
        place, CorruptIndexError, IndexFormatError."""
        if self._blank is not None:
            return self._toc(self._blank, [], generation, self.identity, ())
        if generation < 0:
            raise EmptyIndexError(f"there is no commit in {self.storage!r}")
        name = toc_name(generation)
        path = self.storage._fpath(name)
        with contextlib.closing(self.storage.open_file(name)) as file:
            mark = _mark_of(generation, os.fstat(file.fileno()))
            data = file.read(MAX_TOC_BYTES + 1)
        if len(data) > MAX_TOC_BYTES:
            raise CorruptIndexError(path, f"above {MAX_TOC_BYTES} bytes", found=len(data), hint=REBUILD_HINT)
        state, segments, identity = decode_commit(data, generation, path=path)
        try:
            schema = self._schema_class.from_dict(state, path=path)
        except (ValueError, TypeError, RecursionError) as error:
            reason = f"the table of contents cannot be understood: {error}"
            raise CorruptIndexError(path, reason, section="table of contents", hint=REBUILD_HINT) from error
        return self._toc(schema, segments, generation, identity, mark)

    @staticmethod
    def _toc(
        schema: Any, segments: list[ColumnarSegment], generation: int, identity: str, mark: tuple[int, ...]
    ) -> TOC:
        toc = TOC(schema, segments, generation)
        toc.identity, toc.mark = identity, mark
        return toc

    def mark(self) -> tuple[int, ...]:
        """Tells the last commit from every other one, also from one of the same number in a folder that was put in the
        place of this one. Empty if there is none. Costs a listing, and reads nothing."""
        generation = self.latest_generation()
        try:
            return _mark_of(generation, Path(self.storage._fpath(toc_name(generation))).stat())
        except FileNotFoundError:  # none, or a later one has just taken its place
            return ()

    _read_toc = read_toc  # as Whoosh's own methods call it

    def last_modified(self) -> float:
        return float(self.storage.file_modified(toc_name(self.latest_generation())))

    def writer(self, procs: int = 1, **kwargs: Any) -> Any:
        """Our writer: Whoosh's would write Whoosh's table of contents."""
        from cnsearch.codec.writer import ColumnarWriter  # which names this module

        return ColumnarWriter(self, **kwargs)

    def open_commit(self, toc: TOC) -> Any:
        """A Whoosh reader of a commit. Raises FileNotFoundError if a later one took its files away."""
        return self._reader(self.storage, toc.schema, toc.segments, toc.generation)

    def copy_to(self, target: DurableStorage) -> int:
        """Copy the last commit into an empty folder, whatever a writer does meanwhile; returns its generation.

        Raises : OSError; FileNotFoundError if a later commit took the files away, and then ``target`` may have some
        """
        toc = self.read_toc()
        target.create_file(UNFINISHED_NAME).close()
        self.storage.copy_to([segment.make_filename(".cnp") for segment in toc.segments], target)
        target.sync()
        self.storage.copy_to([toc_name(toc.generation)], target)  # last: until it is there, there is no index
        target.sync()
        target.delete_file(UNFINISHED_NAME)
        return int(toc.generation)

    # -- committing -------------------------------------------------------------------------------------------------

    def has_commit(self, generation: int) -> bool:
        return bool(self.storage.file_exists(toc_name(generation)))

    def write_toc(self, schema: Any, segments: Sequence[ColumnarSegment], generation: int) -> None:
        """Make a commit visible, in one step that a crash cannot divide.

        REQUIRES: the files of the segments are synced, and the caller holds the lock
        Raises : IndexUnusableError for what would be too large to be read again, OSError; then the index is the commit
                 before, unless ``has_commit``: then the new one is complete, and only whether it outlives a loss of
                 power is not known
        """
        state = schema.to_dict()
        if self._schema_class.from_dict(state, path="").names() != schema.names():
            raise TypeError("the fields of this schema are fixed")
        name, storage = toc_name(generation), self.storage
        identity = self.identity or uuid.uuid4().hex
        data = encode_toc(generation, state, segments, identity)
        if len(data) > MAX_TOC_BYTES:
            reason = f"the table of contents would have {len(data):,} bytes, and is not read above {MAX_TOC_BYTES:,}"
            raise IndexUnusableError(storage.folder, reason, hint="Use a smaller user dictionary")
        try:
            with contextlib.closing(storage.create_file(name + TEMPORARY)) as file:
                file.write(data)
                storage.sync_file(file)
            storage.sync()  # the names of the segments' files, before anything refers to them
            storage.rename_file(name + TEMPORARY, name)
        except BaseException:
            with contextlib.suppress(OSError):
                storage.delete_file(name + TEMPORARY)
            raise
        self._blank = None
        self.identity = identity
        storage.sync()

    def remove_stale(self, generation: int, segments: Sequence[ColumnarSegment]) -> None:
        """What writers that died have left, as ``remove_leftovers``, for a writer that begins after the commit
        ``generation``. REQUIRES: the caller holds the lock"""
        kept = {toc_name(generation), *(segment.make_filename(".cnp") for segment in segments)}
        if any(name not in kept and _OURS.fullmatch(name) for name in self.storage.list()):
            self.storage.sync()  # who wrote that commit may have died before its name was on the disk
            self.remove_leftovers(generation, segments)

    def remove_leftovers(self, generation: int, segments: Sequence[ColumnarSegment]) -> None:
        """Remove the files of earlier commits and of writers that died. What cannot be removed now (Windows keeps files
        that a reader has open) goes with a later commit. REQUIRES: the commit is synced, and the caller holds the lock
        """
        kept = {toc_name(generation), *(segment.make_filename(".cnp") for segment in segments)}
        for name in self.storage.list():
            if name not in kept and (_OURS.fullmatch(name) or self._is_superseded(name)):
                with contextlib.suppress(OSError):
                    self.storage.delete_file(name)

    def _is_superseded(self, name: str) -> bool:
        """Whether the file is a table of contents as this program wrote it before it had this one."""
        return _OLD_TOC_OR_TEMPORARY.fullmatch(name) is not None and is_old_toc(self.storage, name)


OLD_TOC_NAME = re.compile(rf"_{INDEX_NAME}_[0-9]+\.toc")
_OLD_TOC_OR_TEMPORARY = re.compile(rf"{OLD_TOC_NAME.pattern}(?:\.[0-9.]+)?")
_OLD_SCHEMA = b"ccnsearch.schema\nArticleSchema\n"  # as a pickle of protocol 2 names the class


def is_old_toc(storage: DurableStorage, name: str) -> bool:
    """Whether a table of contents of Whoosh was written by an earlier version of cnsearch. Only looks at the bytes."""
    with contextlib.closing(storage.open_file(name)) as file:
        return _OLD_SCHEMA in file.read(4096)

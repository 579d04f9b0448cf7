"""Files of any size that are read a record at a time: JSON Lines above the limit of a post. A record keeps to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from cnsearch.corpus.entries import Entry, EntryIds, Reading, ReadOptions, finished
from cnsearch.corpus.exports import line_entry
from cnsearch.corpus.posts import PostFile
from cnsearch.corpus.reader import opened_post, too_large
from cnsearch.corpus.readers import is_plugged_in
from cnsearch.corpus.records import lines_of
from cnsearch.model import Failure

_SUFFIXES = (".jsonl", ".ndjson")
_BLOCK_BYTES = 1 << 20


def is_large(file: PostFile, options: ReadOptions) -> bool:
    """Whether a file is read by this module: it is too large to be read as a whole, and need not be."""
    return file.size > options.max_bytes and file.id.lower().endswith(_SUFFIXES) and not is_plugged_in(file)


def digest_of_large(file: PostFile, num_bytes: int) -> bytes:
    """A hash of a file, ``num_bytes`` long: the same as that of its bytes at once. Raises CorpusError."""
    hashing = hashlib.blake2b(digest_size=num_bytes)
    with opened_post(file) as stream:
        while block := stream.read(_BLOCK_BYTES):
            hashing.update(block)
    return hashing.digest()


def read_large(file: PostFile, options: ReadOptions) -> Reading:
    """The articles of a file, one at a time: those that ``read_file`` would give, if it were smaller and UTF-8. A line
    above the limit, or in another encoding, is a failure. CorpusError may come out while they are read."""
    return Reading("JSON Lines", finished(_entries(file, options.max_bytes), options))


def _entries(file: PostFile, max_bytes: int) -> Iterator[Entry]:
    ids = EntryIds(file.id)
    with opened_post(file) as stream:
        for number, (line, num_bytes) in enumerate(lines_of(stream, max_bytes), start=1):
            where = f"{file.path}:{number}"
            if num_bytes > max_bytes:
                yield Entry(Failure(where, too_large(num_bytes, max_bytes)))
                continue
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as error:
                reason = f"not UTF-8, as a file of this size must be: {error.reason} at byte {error.start + 1}"
                yield Entry(Failure(where, reason))
                continue
            entry = line_entry(text, ids, file, where)
            if entry is not None:
                yield entry

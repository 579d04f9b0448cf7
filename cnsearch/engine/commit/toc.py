"""The table of contents of a commit: JSON with a checksum. FORMAT.md has its keys.

It is data, checked before it is used: to open an index runs nothing. What the index is of (its schema) is handed
through as it is.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.errors import NEWER_HINT, REBUILD_HINT, CorruptIndexError, IndexFormatError

TOC_FORMAT_VERSION = 1
MAX_TOC_BYTES = 64 << 20
"""A table of contents above this is refused: a million user words and a hundred million deletions fit."""

INDEX_NAME = "MAIN"
TOC_NAME = re.compile(r"commit_([0-9]{1,18})\.toc")
TEMPORARY = ".tmp"
UNFINISHED_NAME = "copy.unfinished"
"""An empty file beside those of a copy that is being made: if it is there, whoever made it has died."""
SEGMENT_NAME = re.compile(rf"{INDEX_NAME}_[0-9a-z]{{16}}\.cnp")
OWN_NAME = re.compile(rf"(?:{TOC_NAME.pattern}|{SEGMENT_NAME.pattern})(?:\{TEMPORARY})?")
_IDENTITY = re.compile("[0-9a-f]{32}")
_CHECKSUM = re.compile(rb',"checksum":"([0-9a-f]{8})"\}\n')
_CHECKSUM_BYTES = len(b',"checksum":"01234567"}\n')


@dataclass(frozen=True)
class Commit:
    """One commit.

    state    : what the index is of, as its table of contents says it, unchecked
    segments : in the order of their documents
    identity : of the index; empty in what was written before indexes had one
    mark     : tells this commit from every other one, also from one of the same number in a folder that was put in the
               place of this one; empty if it is not on the disk
    path     : of its table of contents
    """

    generation: int
    state: object
    segments: list[SegmentEntry]
    identity: str = ""
    mark: tuple[int, ...] = ()
    path: str = ""


def toc_name(generation: int) -> str:
    """Name of the file of a commit."""
    return f"commit_{generation}.toc"


def is_unfinished_copy(names: Iterable[str]) -> bool:
    """Whether a folder of these names holds what is left of a copy that was broken off, and nothing else."""
    found = set(names)
    return UNFINISHED_NAME in found and all(OWN_NAME.fullmatch(name) for name in found - {UNFINISHED_NAME})


def encode_toc(generation: int, state: object, segments: Sequence[SegmentEntry], identity: str = "") -> bytes:
    """The content of the file of a commit. ``state`` is fit for JSON."""
    entries = [segment.to_dict() for segment in segments]
    toc = {"format": TOC_FORMAT_VERSION, "generation": generation, "schema": state, "segments": entries}
    if identity:
        toc["identity"] = identity
    body = json.dumps(toc, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")[:-1]
    return body + f',"checksum":"{zlib.crc32(body):08x}"}}\n'.encode()


def decode_toc(data: bytes, generation: int, *, path: str, mark: tuple[int, ...] = ()) -> Commit:
    """The commit of which ``data`` is the table of contents.

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
        segments = [SegmentEntry.from_dict(entry) for entry in toc["segments"]]
        for segment in segments:
            if not SEGMENT_NAME.fullmatch(segment.filename) or not segment.doc_count_all():
                raise ValueError(f"it lists a segment {segment.segment_id()!r:.80} of {segment.doc_count_all()}")
        if len({segment.segid for segment in segments}) < len(segments):
            raise ValueError("it lists a segment twice")
        identity = toc.get("identity", "")
        if not isinstance(identity, str) or ("identity" in toc and not _IDENTITY.fullmatch(identity)):
            raise ValueError(f"its identity is {identity!r:.80}")
        return Commit(generation, toc["schema"], segments, identity, mark, path)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        reason = f"the table of contents cannot be understood: {type(error).__name__}: {error}"
        raise corrupt(reason, offset=0) from error

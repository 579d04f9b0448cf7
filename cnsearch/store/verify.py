"""Is the index whole? Every checksum, every cross-reference, and on request every article tokenised again.

``engine/segment/check.py`` looks at each file. Here stands what must be true of an index of articles: one id per
document, the same in its stored values and in its postings, no two live documents with one id; and, with ``deep``, that
the postings are those that the stored text gives.
"""

from __future__ import annotations

import os
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Array
from cnsearch.errors import CorruptIndexError, IndexFormatError
from cnsearch.model import VerifyReport
from cnsearch.store.batch import DocumentBatchBuilder
from cnsearch.store.document import document_of
from cnsearch.store.fields import DIGEST_BYTES, LIST_FIELDS
from cnsearch.store.opening import Store
from cnsearch.store.schema import SCHEMA_VERSION
from cnsearch.store.segment import Segment
from cnsearch.store.snapshot import Snapshot

_DOCS_AT_ONCE = 256
_ORIGIN = {"root": "", "size": 0, "mtime_ns": 0, "digest": bytes(DIGEST_BYTES)}

Sums = npt.NDArray[np.uint64]


def verify_path(path: str | os.PathLike[str], *, deep: bool = False) -> VerifyReport:
    """The same of the index in a folder, which may be too damaged to be opened. Raises IndexNotFoundError."""
    try:
        store = Store.open(path)
    except (CorruptIndexError, IndexFormatError) as error:
        return VerifyReport(os.fspath(path), (error,), deep=deep)
    return verify_store(store, deep=deep)


def verify_store(store: Store, *, deep: bool = False) -> VerifyReport:
    """Verify the last commit; later ones may come meanwhile. Raises AnalyzerMismatchError for ``deep`` where the
    tokenizer of the index is not to be had, and OSError."""
    started = time.perf_counter()
    try:
        snapshot = store.snapshot()
    except (CorruptIndexError, IndexFormatError) as error:
        return VerifyReport(str(store.path), (error,), deep=deep, took_s=time.perf_counter() - started)
    try:
        checked: Counter[str] = Counter()
        damage = list(_findings(snapshot, checked, deep))
        return VerifyReport(
            path=str(store.path),
            damage=tuple(damage),
            articles=snapshot.num_live_docs,
            segments=len(snapshot.segments),
            checked=dict(checked),
            deep=deep,
            took_s=time.perf_counter() - started,
        )
    finally:
        snapshot.close()


def _findings(snapshot: Snapshot, checked: Counter[str], deep: bool) -> Iterator[CorruptIndexError]:
    seen: set[str] = set()
    for segment in snapshot.segments:
        check = segment.check()
        damaged = list(check.findings())
        checked.update(check.counts)
        yield from damaged
        if damaged:  # what follows would only repeat it
            continue
        try:
            yield from _document_findings(segment, seen)
            _read_columns(segment)
            if deep and snapshot.version == SCHEMA_VERSION:  # an earlier one has the terms of its time
                yield from _deep_findings(snapshot, segment, checked)
        except CorruptIndexError as error:
            yield error
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            yield segment.corrupt(f"hold what no article has: {error}", section="stored_bytes")


def _document_findings(segment: Segment, seen: set[str]) -> Iterator[CorruptIndexError]:
    """Every document has one id, in its stored values and in the postings; what is stored is text; and no live document
    has the id of another. ``seen`` are the ids of the segments before."""
    ids: list[bytes | None] = [None] * segment.num_docs
    for terms, counts, postings in segment.all_postings("id"):
        numbers = np.repeat(np.arange(len(terms)), counts)
        for doc_id, at in zip(postings.doc_ids.tolist(), numbers.tolist(), strict=True):
            if ids[doc_id] is not None:
                yield segment.corrupt(f"give document {doc_id} two ids", section="postings", found=terms[at])
            ids[doc_id] = terms[at]
    live = segment.live
    for doc_id, term in enumerate(ids):
        stored = segment.stored(doc_id)
        article_id = stored.get("id")
        if not all(isinstance(value, str) for value in stored.values()):
            yield segment.corrupt(f"hold a value of document {doc_id} that is no text", section="stored_bytes")
        elif not article_id or term != article_id.encode("utf-8", "surrogatepass"):
            reason = f"hold another id of document {doc_id} than the postings"
            yield segment.corrupt(reason, section="stored_bytes", found=article_id, expected=term)
        elif live[doc_id]:
            if article_id in seen:
                yield segment.corrupt(f'hold a second article "{article_id}"', section="postings")
            seen.add(article_id)


def _read_columns(segment: Segment) -> None:
    """Raise CorruptIndexError if a label is no text or a date is none."""
    for name in ("source", "author", "root", "draft"):
        segment.labels(name)
    for name in sorted(LIST_FIELDS):
        segment.label_lists(name)
    segment.dates()


# Tokenising again


def _deep_findings(snapshot: Snapshot, segment: Segment, checked: Counter[str]) -> Iterator[CorruptIndexError]:
    """Compare the postings with those that the stored text gives: by a sum per document and field, of a number for each
    term times its frequency. One wrong posting changes it (but for one case in 2**64)."""
    fields = segment.indexed_fields
    indexed = {name: np.zeros(segment.num_docs, dtype=np.uint64) for name in fields}
    for name in fields:
        for terms, counts, postings in segment.all_postings(name):
            _add(indexed[name], _numbers(terms), counts, postings.doc_ids, postings.freqs)
    live = np.flatnonzero(segment.live)  # what was replaced may have been cut with another dictionary
    for start in range(0, len(live), _DOCS_AT_ONCE):
        doc_ids = live[start : start + _DOCS_AT_ONCE]
        builder = DocumentBatchBuilder(snapshot.analyzer.tokenizer)
        for doc_id in doc_ids.tolist():
            article = snapshot.article(segment.base + doc_id)
            builder.add(replace(document_of(article, _ORIGIN), stored={}, columns={}))
        batch = builder.build()
        for name in sorted({*fields, *batch.fields}):
            expected = np.zeros(len(doc_ids), dtype=np.uint64)
            if name in batch.fields:
                found = batch.fields[name]
                _add(expected, _numbers(found.terms()), found.counts, found.doc_ids, found.weights)
            here = indexed[name][doc_ids] if name in indexed else np.zeros(len(doc_ids), dtype=np.uint64)
            for doc_id in doc_ids[here != expected].tolist():
                yield segment.corrupt(
                    f'of the field "{name}" are not those of the text of the article '
                    f'"{segment.stored(doc_id, ("id",)).get("id")}" (document {doc_id})',
                    section="postings",
                )
        checked["tokenised"] += len(doc_ids)


def _numbers(terms: list[bytes]) -> Sums:
    """A number for each term: two checksums, spread over 64 bits (the finaliser of MurmurHash3, A. Appleby)."""
    both = np.array([(zlib.crc32(term) << 32) | zlib.adler32(term[::-1]) for term in terms], dtype=np.uint64)
    for multiplier in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        both ^= both >> np.uint64(33)
        both *= np.uint64(multiplier)
    return both ^ (both >> np.uint64(33))


def _add(sums: Sums, numbers: Sums, counts: Array, doc_ids: Array, freqs: Array) -> None:
    """Add to the sum of each document the numbers of its terms, times their frequencies."""
    np.add.at(sums, doc_ids, np.repeat(numbers, counts) * freqs.astype(np.uint64))

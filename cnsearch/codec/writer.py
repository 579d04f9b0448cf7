"""The writer: documents into segments, within Whoosh's locks, generations and TOC.

    with open_writer(ix, limit_mb=128) as writer:
        writer.delete_by_terms("id", ["a1", "a2"])
        writer.add_batch(batch)                         # arrays from a worker process (batch.py)
        writer.add_tokens({"body": tokens}, stored)     # or documents that were tokenised here
        writer.add_document(title="...")                # or Whoosh's own way

Documents are collected in a ``SegmentBuffer`` and become a segment when it takes ``limit_mb``, or at commit; then
segments are merged (merge.py). Until the TOC is written nothing is visible; ``cancel`` removes the new files.

One thread turns the tokens of ``add_tokens`` into arrays and compresses stored text while the caller prepares the next
documents: numpy and zlib let go of the interpreter's lock.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from whoosh.index import TOC, LockError, clean_files
from whoosh.reading import SegmentReader
from whoosh.writing import IndexingError, SegmentWriter

from cnsearch.codec.arrays import segment_arrays
from cnsearch.codec.buffer import SegmentBuffer, check_format
from cnsearch.codec.codec import ColumnarCodec
from cnsearch.codec.column_types import as_bytes, value_checker
from cnsearch.codec.columns import OpaqueColumn
from cnsearch.codec.documents import AnalysedDocument, analyse, copy_documents
from cnsearch.codec.merge import MergeSource, choose_merges, merge_segments
from cnsearch.codec.segment import (
    ColumnarSegment,
    SegmentData,
    added_column_name,
    open_segment,
    read_added_column,
)
from cnsearch.codec.toc import ColumnarIndex
from cnsearch.engine.segment.batch import BatchBuilder, DocumentBatch, ItemBatchBuilder

#: megabytes of documents that are collected before they become a segment
DEFAULT_LIMIT_MB = 128
#: tokens per batch of ``add_tokens``: 300,000 keep the arrays of a sort in the processor's cache
BATCH_TOKENS = 300_000
BATCH_CHARACTERS = 2_000_000
#: batches that may wait for the background thread
_WAITING_BATCHES = 2

Ints = npt.NDArray[np.int64]


def open_writer(
    ix: Any,
    *,
    limit_mb: float = DEFAULT_LIMIT_MB,
    timeout: float = 0.0,
    delay: float = 0.1,
    lock: Any = None,
) -> ColumnarWriter:
    """The writer for an index. Raises whoosh.index.LockError if another one holds the lock for ``timeout`` seconds.

    lock : the index's lock, if the caller holds it already (see ``ColumnarWriter.keep_lock``); the writer releases it
    """
    return ColumnarWriter(ix, limitmb=limit_mb, timeout=timeout, delay=delay, lock=lock)


def merge_up_to(num_docs: int) -> Callable[[Any, list[Any]], list[Any]]:
    """A merge policy for ``commit``: one segment of all that have at most ``num_docs`` documents."""

    def policy(writer: Any, segments: list[Any]) -> list[Any]:
        small = [segment for segment in segments if segment.doc_count_all() <= num_docs]
        if len(small) < 2:
            return segments
        for segment in small:
            reader = SegmentReader(writer.storage, writer.schema, segment)
            try:
                writer.add_reader(reader)
            finally:
                reader.close()
        return [segment for segment in segments if segment not in small]

    return policy


class ColumnarWriter(SegmentWriter):  # type: ignore[misc]
    """Whoosh's SegmentWriter contract over arrays; see the module's docstring for what it adds.

    Unlike Whoosh's, ``update_document`` and deletions reach documents added by this same writer.
    Not to be used by several threads at once.
    """

    def __init__(self, ix: Any, *, limitmb: float = DEFAULT_LIMIT_MB, lock: Any = None, **kwargs: Any) -> None:
        if not limitmb > 0:
            raise ValueError(f"limit_mb must be positive, not {limitmb}")
        kwargs["codec"] = ColumnarCodec()
        self.writelock: Any = None
        try:
            super().__init__(ix, _lk=lock is None, **kwargs)
        except LockError:
            raise
        except BaseException:
            held = self.writelock if lock is None else lock
            if held is not None:
                with contextlib.suppress(Exception):  # not acquired
                    held.release()
            raise
        if lock is not None:
            self.writelock = lock
        self._index = ix
        self._limit = int(limitmb * (1 << 20))
        # What waits to be prepared counts little, unless the limit is small.
        self._batch_tokens = min(BATCH_TOKENS, self._limit // 64)
        self._batch_characters = min(BATCH_CHARACTERS, self._limit // 8)
        self._new_segments: list[ColumnarSegment] = []
        self._sources: list[MergeSource] = []
        self._group_depth = 0
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: list[Future[None]] = []
        self._broken: BaseException | None = None
        self._searcher: Any = None
        self._forget_schema()
        self._reset_buffer()

    def _reset_buffer(self) -> None:
        self._buffer = SegmentBuffer(self.storage, self.schema, ColumnarSegment(self.indexname))
        self._tokens = BatchBuilder()
        self._items = ItemBatchBuilder()
        self._doc_count = 0  # documents of the buffer, with those that are still being prepared
        # Unique field -> term -> document of the buffer; a list where several were added without replacing.
        self._keys: dict[str, dict[bytes, int | list[int]]] = {}
        self._deleted: set[int] = set()

    def _forget_schema(self) -> None:
        self._checked_fields: set[str] = set()
        self._stored_fields: set[str] = set()
        self._checkers: dict[str, Callable[[Any], Any]] = {}
        self._unique: dict[str, Any] | None = None

    def add_field(self, fieldname: str, fieldspec: Any, **kwargs: Any) -> None:
        super().add_field(fieldname, fieldspec, **kwargs)
        self._forget_schema()

    def remove_field(self, fieldname: str) -> None:
        super().remove_field(fieldname)
        self._forget_schema()

    def _check_state(self) -> None:
        super()._check_state()
        if self._broken is not None:
            raise IndexingError("documents were lost in an error before; cancel this writer") from self._broken

    # -- adding -----------------------------------------------------------------------------------------------------

    def add_tokens(
        self,
        tokens: Mapping[str, Sequence[str]],
        stored: Mapping[str, Any] | None = None,
        columns: Mapping[str, Any] | None = None,
        *,
        replace: bool = False,
    ) -> None:
        """Add a tokenised document. If this raises, the document was not added.

        tokens  : of each indexed field, in order; only for fields that keep no positions
        stored  : values to give back with a hit
        columns : values as the schema's columns hold them
        replace : delete earlier documents with the same token in a unique field
        Raises  : ValueError, TypeError for values that do not fit the schema
        """
        self._check_state()
        self._check_document(tokens, stored, columns)
        keys = self._unique_terms(tokens)
        if replace:
            self._delete_keys({name: [term] for name, term in keys.items()})
        if self._items.doc_count:
            self._submit(self._items)
            self._items = ItemBatchBuilder()
        self._tokens.add(tokens, stored, columns)
        self._count_document(keys)
        if self._tokens.token_count >= self._batch_tokens or self._tokens.text_size >= self._batch_characters:
            self._submit(self._tokens)
            self._tokens = BatchBuilder()
            self._flush_if_full()

    def add_batch(self, batch: DocumentBatch, *, replace: bool = False) -> None:
        """Add the documents of a batch (see batch.py).

        replace : delete earlier documents that have a term of a unique field in common with one of these; among the
                  batch's own documents the last one stays
        Raises  : ValueError, TypeError for what does not fit the schema; then nothing was added
        """
        self._check_state()
        if not batch.doc_count:
            return
        self._drain()
        self._buffer.check(batch)
        unique = {name: self._batch_keys(batch, name) for name in self._unique_schema() if name in batch.fields}
        if replace:
            self._delete_keys({name: list(keys) for name, keys in unique.items()})
        base = self._buffer.doc_count
        try:
            self._buffer.add(batch)
        except BaseException as exc:
            self._broken = exc
            raise
        self._added = True
        self._doc_count = self._buffer.doc_count
        for name, keys in unique.items():
            for term, docs in keys.items():
                for doc in docs[-1:] if replace else docs:
                    self._note_key(name, term, base + doc)
                if replace:
                    self._deleted.update(base + doc for doc in docs[:-1])
        self._flush_if_full()

    @staticmethod
    def _batch_keys(batch: DocumentBatch, name: str) -> dict[bytes, list[int]]:
        postings = batch.fields[name]
        docs, at = postings.doc_ids.tolist(), 0
        keys: dict[bytes, list[int]] = {}
        for term, count in zip(postings.terms(), postings.counts.tolist(), strict=True):
            keys[term] = docs[at : at + count]
            at += count
        return keys

    def add_document(self, **fields: Any) -> None:
        """As in Whoosh: values are analysed by the schema's fields. If this raises, the document was not added."""
        self._check_state()
        self._add_analysed(analyse(self.schema, fields))

    def update_document(self, **fields: Any) -> None:
        """As in Whoosh, but documents added by this writer are replaced as well."""
        self._check_state()
        document = analyse(self.schema, fields)
        self._delete_keys({name: [term] for name, term in document.keys.items()})
        self._add_analysed(document)

    def _add_analysed(self, document: AnalysedDocument) -> None:
        if self._tokens.doc_count:
            self._submit(self._tokens)
            self._tokens = BatchBuilder()
        self._items.add(document.items, document.lengths, document.stored, document.columns, document.vectors)
        self._count_document(document.keys)
        if self._items.token_count >= self._batch_tokens or self._items.text_size >= self._batch_characters:
            self._submit(self._items)
            self._items = ItemBatchBuilder()
            self._flush_if_full()

    def _check_document(
        self,
        tokens: Mapping[str, Sequence[str]],
        stored: Mapping[str, Any] | None,
        columns: Mapping[str, Any] | None,
    ) -> None:
        """Raises ValueError or TypeError if the document cannot go into this index."""
        for name in stored or ():
            if name not in self._stored_fields:
                if name not in self.schema:
                    raise ValueError(f'the schema has no field "{name}"')
                self._stored_fields.add(name)
        for name in tokens:
            if name not in self._checked_fields:
                if name not in self.schema:
                    raise ValueError(f'the schema has no field "{name}"')
                check_format(name, self.schema[name], with_values=False)
                self._checked_fields.add(name)
        for name, value in (columns or {}).items():
            checker = self._checkers.get(name)
            if checker is None:
                column = self.schema[name].column_type if name in self.schema else None
                if not column:
                    raise ValueError(f'the field "{name}" has no column')
                checker = self._checkers[name] = value_checker(column)
            if value is not None:
                checker(value)

    def _count_document(self, keys: Mapping[str, bytes]) -> None:
        for name, term in keys.items():
            self._note_key(name, term, self._doc_count)
        self._doc_count += 1
        self._added = True

    def _note_key(self, name: str, term: bytes, doc: int) -> None:
        known = self._keys.setdefault(name, {})
        before = known.get(term)
        if before is None:
            known[term] = doc
        elif isinstance(before, list):
            before.append(doc)
        else:
            known[term] = [before, doc]

    def _unique_schema(self) -> dict[str, Any]:
        if self._unique is None:
            self._unique = {name: field for name, field in self.schema.items() if field.unique}
        return self._unique

    def _unique_terms(self, tokens: Mapping[str, Sequence[str]]) -> dict[str, bytes]:
        return {name: as_bytes(tokens[name][0]) for name in self._unique_schema() if tokens.get(name)}

    def add_reader(self, reader: Any) -> None:
        """Add all documents of a reader. Segments of this codec are merged at commit, array by array; documents of
        other codecs are copied one by one, and held in memory until they are."""
        self._check_state()
        for leaf, _ in reader.leaf_readers():
            if not isinstance(leaf.segment(), ColumnarSegment):
                self._add_foreign(leaf)
            else:
                arrays = segment_arrays(leaf)
                live = arrays.live_mask()
                added = self._added_columns(leaf.storage(), leaf.segment(), arrays.data)
                source = MergeSource(arrays.data, None if live is None else np.flatnonzero(live), added)
                if source.doc_count:
                    self._sources.append(source)

    def _add_foreign(self, leaf: Any) -> None:
        """Copy the documents of a leaf reader of another codec."""
        if self._tokens.doc_count:
            self._submit(self._tokens)
            self._tokens = BatchBuilder()
        for _ in copy_documents(leaf, self.schema, self._items):
            self._count_document({})
        # Deletions must find these documents, and their keys are only in the postings.
        self._flush()

    # -- deleting ---------------------------------------------------------------------------------------------------

    def delete_by_term(self, fieldname: str, text: Any, searcher: Any = None) -> int:
        """Delete all documents with the term, those added by this writer included. Returns how many."""
        return self.delete_by_terms(fieldname, [text])

    def delete_by_terms(self, fieldname: str, texts: Iterable[Any]) -> int:
        """Delete all documents with any of the terms, those added by this writer included. Returns how many."""
        self._check_state()
        if fieldname not in self.schema:
            return 0
        to_bytes = self.schema[fieldname].to_bytes
        terms = []
        for text in texts:
            with contextlib.suppress(ValueError):  # not a value of the field, so no document has it
                terms.append(to_bytes(text))
        if fieldname not in self._unique_schema():
            self._flush()
        return self._delete_keys({fieldname: terms})

    def delete_by_query(self, q: Any, searcher: Any = None) -> int:
        """As in Whoosh; documents added by this writer are found as well."""
        self._check_state()
        self._flush()
        return super().delete_by_query(q, searcher=searcher)  # type: ignore[no-any-return]

    def _delete_keys(self, keys: Mapping[str, Sequence[bytes]]) -> int:
        """Delete the documents that have any of the terms. REQUIRES: the fields are unique, or the buffer is empty"""
        count = 0
        for name, terms in keys.items():
            if not terms:
                continue
            known = self._keys.get(name)
            if known:
                for term in terms:
                    docs = known.pop(term, None)
                    if docs is not None:
                        found = {docs} if isinstance(docs, int) else set(docs)
                        count += len(found - self._deleted)
                        self._deleted |= found
            for segment in self.segments:
                count += self._delete_in_segment(segment, name, terms)
        return count

    def _delete_in_segment(self, segment: Any, name: str, terms: Sequence[bytes]) -> int:
        if isinstance(segment, ColumnarSegment):
            data = open_segment(self.storage, segment)
            dictionary = data.terms(name)
            if dictionary is None:
                return 0
            postings, found = data.postings(name), []
            for term in terms:
                number = dictionary.find(term)
                if number >= 0:
                    found.append(postings.read(dictionary.pointer(number)).doc_ids)
            return segment.delete_documents(np.concatenate(found)) if found else 0
        reader, count = SegmentReader(self.storage, self.schema, segment), 0
        for term in terms:
            if (name, term) in reader:
                for docnum in list(reader.postings(name, term).all_ids()):
                    segment.delete_document(docnum)
                    count += 1
        reader.close()
        return count

    # -- collecting and flushing ------------------------------------------------------------------------------------

    def _submit(self, builder: BatchBuilder | ItemBatchBuilder) -> None:
        """Let the background thread turn the documents into arrays and add them to the buffer."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="cnsearch-codec")
        buffer = self._buffer
        self._waiting.append(self._pool.submit(lambda: buffer.add(builder.build())))
        while len(self._waiting) > _WAITING_BATCHES:
            self._wait_for_first()

    def _wait_for_first(self) -> None:
        try:
            self._waiting.pop(0).result()
        except BaseException as exc:
            self._broken = exc
            raise

    def _drain(self) -> None:
        """Bring all documents into the buffer."""
        if self._tokens.doc_count:
            self._submit(self._tokens)
            self._tokens = BatchBuilder()
        if self._items.doc_count:
            self._submit(self._items)
            self._items = ItemBatchBuilder()
        while self._waiting:
            self._wait_for_first()

    def start_group(self) -> None:
        self._group_depth += 1

    def end_group(self) -> None:
        if not self._group_depth:
            raise ValueError("end_group without start_group")
        self._group_depth -= 1
        self._flush_if_full()

    def _flush_if_full(self) -> None:
        if self._buffer.memory >= self._limit and not self._group_depth:
            self._flush()

    def _flush(self) -> None:
        """Write the collected documents as a segment."""
        self._drain()
        if not self._buffer.doc_count:
            return
        buffer, deleted = self._buffer, self._deleted
        self._reset_buffer()
        self._new_segments.append(buffer.segment)
        try:
            segment = buffer.finish()
        except BaseException as exc:
            self._broken = exc
            buffer.abandon()
            raise
        if deleted:
            segment.delete_documents(np.array(sorted(deleted)))
        self.segments.append(segment)
        self._setup_doc_offsets()
        searcher: Any = getattr(self, "_searcher", None)
        if searcher is not None:  # it does not know the new segment
            searcher._orig_close()
            self._searcher = None

    def doc_count(self) -> int:
        """Documents added by this writer."""
        return self._doc_count + sum(segment.doc_count_all() for segment in self._new_segments)

    # -- finishing --------------------------------------------------------------------------------------------------

    def commit(self, mergetype: Any = None, optimize: bool | None = None, merge: bool | None = None) -> None:
        """Make all changes visible, as in Whoosh.

        mergetype : a Whoosh merge policy, called as mergetype(writer, segments) with the segments from before
        optimize  : merge all segments into one
        merge     : False: merge nothing
        """
        self._check_state()
        try:
            self._flush()
            segments = self._choose_segments(mergetype or self.mergetype, optimize, merge)
            self._close_segment()
            self._check_segments(segments)
            self._commit_toc(segments)
        except BaseException:
            self._remove_new_files()
            self._stop_pool()
            self._let_go()
            raise
        # Committed; what is left over now is removed by a later commit.
        with contextlib.suppress(OSError):
            self._remove_leftovers(segments)
        self._stop_pool()
        self._finish()

    def _check_segments(self, segments: Sequence[Any]) -> None:
        """Raise IndexingError unless the files have what the table of contents will say of them."""
        for segment in segments:
            if isinstance(segment, ColumnarSegment):
                found, expected = open_segment(self.storage, segment).doc_count, segment.doc_count_all()
                if found != expected:
                    name = segment.make_filename(".cnp")
                    raise IndexingError(f"{name} has {found} documents, the table of contents would say {expected}")

    def _commit_toc(self, segments: list[Any]) -> None:
        if isinstance(self._index, ColumnarIndex):
            self._index.write_toc(self.schema, segments, self.generation)
        else:
            TOC(self.schema, segments, self.generation).write(self.storage, self.indexname)

    def _is_committed(self) -> bool:
        """Whether the table of contents of this writer's commit is there: then its files are the index."""
        if isinstance(self._index, ColumnarIndex):
            return self._index.has_commit(self.generation)
        return bool(self.storage.file_exists(TOC._filename(self.indexname, self.generation)))

    def _remove_leftovers(self, segments: list[Any]) -> None:
        if isinstance(self._index, ColumnarIndex):
            self._index.remove_leftovers(self.generation, segments)
        else:
            clean_files(self.storage, self.indexname, self.generation, segments)

    def keep_lock(self) -> Any:
        """Let ``commit`` not release the lock, for another writer of the caller to go on with. Returns the lock."""
        lock, self.writelock = self.writelock, None
        return lock

    def _choose_segments(self, mergetype: Any, optimize: bool | None, merge: bool | None) -> list[Any]:
        optimize = self.optimize if optimize is None else optimize
        merge = self.merge if merge is None else merge
        new = list(self._new_segments)
        old = [segment for segment in self.segments if segment not in new]
        if mergetype:
            old = list(mergetype(self, old))
            self._flush()  # it may have added readers of other codecs
            new = list(self._new_segments)
        if self._sources:
            # Readers that were added, by the caller or the merge policy, go together with the new documents.
            new = [self._merge([*self._sources, *map(self._source, new)])]
        segments = [segment for segment in [*old, *new] if segment.doc_count()]
        if mergetype or not all(isinstance(segment, ColumnarSegment) for segment in segments):
            return segments if mergetype or not optimize else self._convert(segments)
        if optimize:
            needed = len(segments) > 1 or any(
                segment.has_deletions() or self._is_outdated(segment) for segment in segments
            )
            groups = [list(range(len(segments)))] if needed else []
        elif merge:
            groups = choose_merges([s.doc_count() for s in segments], [s.doc_count_all() for s in segments])
        else:
            groups = []
        result: list[Any] = list(segments)
        for group in groups:
            result[group[0]] = self._merge([self._source(segments[position]) for position in group])
            for position in group[1:]:
                result[position] = None
        return [segment for segment in result if segment is not None]

    def _convert(self, segments: Sequence[Any]) -> list[Any]:
        """One segment of all, of whatever codec they are, in their order."""
        sources: list[MergeSource] = []
        for segment in segments:
            if isinstance(segment, ColumnarSegment):
                sources.append(self._source(segment))
                continue
            known = len(self._new_segments)
            reader = SegmentReader(self.storage, self.schema, segment)
            self._add_foreign(reader)
            reader.close()
            sources += map(self._source, self._new_segments[known:])
        return [self._merge(sources)]

    def _is_outdated(self, segment: ColumnarSegment) -> bool:
        """True if the segment has data of a field that was removed."""
        return any(name not in self.schema for name in open_segment(self.storage, segment).infos)

    def _source(self, segment: ColumnarSegment) -> MergeSource:
        data = open_segment(self.storage, segment)
        return MergeSource(data, segment.live_doc_ids(), self._added_columns(self.storage, segment, data))

    def _added_columns(self, storage: Any, segment: ColumnarSegment, data: SegmentData) -> dict[str, OpaqueColumn]:
        """Columns that ``whoosh.sorting.add_sortable`` has put beside a segment's file."""
        if isinstance(self._index, ColumnarIndex):  # whose fields are fixed
            return {}
        return {
            name: read_added_column(storage, segment, name)
            for name, field in self.schema.items()
            if field.column_type
            and "column" not in data.infos.get(name, {})
            and storage.file_exists(added_column_name(segment, name))
        }

    def _merge(self, sources: Sequence[MergeSource]) -> ColumnarSegment:
        merged = ColumnarSegment(self.indexname)
        self._new_segments.append(merged)
        merge_segments(self.storage, self.schema, merged, sources)
        return merged

    def cancel(self) -> None:
        """Drop all changes and release the lock."""
        super()._check_state()
        try:
            for future in self._waiting:
                future.cancel()
            self._stop_pool()
            self._buffer.abandon()
            self._remove_new_files()
            self._close_segment()
        except BaseException:
            self._let_go()
            raise
        self._finish()

    def _let_go(self) -> None:
        """Close this writer and release its lock, whatever state it is in. Whoosh 2 has nothing of the kind."""
        self.is_closed = True
        searcher, lock = self._searcher, self.writelock
        self._searcher = self.writelock = None
        for thing, close in ((searcher, "_orig_close"), (self._tempstorage, "destroy"), (lock, "release")):
            if thing is not None:
                with contextlib.suppress(Exception):
                    getattr(thing, close)()

    def _stop_pool(self) -> None:
        self._waiting.clear()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _remove_new_files(self) -> None:
        with contextlib.suppress(OSError, NameError):  # what stays is removed by a later commit
            if self._is_committed():  # interrupted after the step that made them the index
                return
            for segment in self._new_segments:
                for name in segment.list_files(self.storage):
                    self.storage.delete_file(name)

"""The writer for any Whoosh schema: Whoosh's contract (locks, generations, table of contents) over the engine.

    with open_writer(ix, limit_mb=128) as writer:
        writer.delete_by_terms("id", ["a1", "a2"])
        writer.update_document(title="...")             # Whoosh's own way
        writer.add_batch(batch)                         # or documents as arrays (engine/segment/batch.py)

Documents become a segment when they take ``limit_mb``, or at commit; then segments are merged. Until the table of
contents is written nothing is visible; ``cancel`` removes the new files. An index of articles is not written by this:
it has a table of contents of its own (engine/commit).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from whoosh.index import TOC, LockError, clean_files
from whoosh.reading import SegmentReader as WhooshReader
from whoosh.writing import IndexingError, SegmentWriter

from cnsearch.codec.documents import AnalysedDocument, analyse, copy_documents
from cnsearch.codec.items import ItemBatchBuilder
from cnsearch.codec.reader import segment_reader
from cnsearch.codec.schema import SchemaFields
from cnsearch.codec.segment import ColumnarCodec, ColumnarSegment
from cnsearch.codec.storage import StorageFiles, added_column_name, open_segment, read_added_column
from cnsearch.engine.columns.byte_strings import OpaqueColumn
from cnsearch.engine.segment.batch import DocumentBatch
from cnsearch.engine.segment.merge import MergeSource
from cnsearch.engine.segment.policy import choose_merges
from cnsearch.engine.segment.reader import SegmentReader
from cnsearch.engine.segment.segments import DEFAULT_LIMIT_MB, NewSegments

BATCH_TOKENS = 300_000
"""Tokens of documents that are inverted at once: so many keep the arrays of a sort in the processor's cache."""
BATCH_CHARACTERS = 2_000_000


def open_writer(
    ix: Any, *, limit_mb: float = DEFAULT_LIMIT_MB, timeout: float = 0.0, delay: float = 0.1
) -> ColumnarWriter:
    """The writer for an index. Raises whoosh.index.LockError if another one holds the lock for ``timeout`` seconds."""
    return ColumnarWriter(ix, limitmb=limit_mb, timeout=timeout, delay=delay)


class ColumnarWriter(SegmentWriter):  # type: ignore[misc]
    """Whoosh's SegmentWriter contract over arrays; see the module's docstring for what it adds.

    Unlike Whoosh's, ``update_document`` and deletions reach documents added by this same writer.
    Not to be used by several threads at once.
    """

    def __init__(self, ix: Any, *, limitmb: float = DEFAULT_LIMIT_MB, **kwargs: Any) -> None:
        if not limitmb > 0:
            raise ValueError(f"limit_mb must be positive, not {limitmb}")
        kwargs["codec"] = ColumnarCodec()
        self.writelock: Any = None
        try:
            super().__init__(ix, **kwargs)
        except LockError:
            raise
        except BaseException:
            if self.writelock is not None:
                with contextlib.suppress(Exception):  # not acquired
                    self.writelock.release()
            raise
        self._new = NewSegments(
            StorageFiles(self.storage),
            SchemaFields(self.schema),
            lambda: ColumnarSegment(self.indexname),
            limit_mb=limitmb,
        )
        # What waits to be inverted counts little, unless the limit is small.
        self._batch_tokens = min(BATCH_TOKENS, self._new.limit // 64)
        self._batch_characters = min(BATCH_CHARACTERS, self._new.limit // 8)
        self._items = ItemBatchBuilder()
        self._waiting_keys: set[tuple[str, bytes]] = set()  # unique terms of the documents in ``_items``
        self._sources: list[MergeSource] = []  # segments of readers that were added
        self._group_depth = 0
        self._searcher: Any = None

    def _check_state(self) -> None:
        super()._check_state()
        if self._new.broken is not None:
            raise IndexingError("documents were lost in an error before; cancel this writer") from self._new.broken

    # -- adding -----------------------------------------------------------------------------------------------------

    def add_batch(self, batch: DocumentBatch, *, replace: bool = False) -> None:
        """Add the documents of a batch.

        replace : delete earlier documents that have a term of a unique field in common with one of these; among the
                  batch's own documents the last one stays
        Raises  : ValueError, TypeError for what does not fit the schema; then nothing was added
        """
        self._check_state()
        if batch.doc_count:
            self._submit()
            self._append(batch, replace=replace)
            self._flush_if_full()

    def _append(self, batch: DocumentBatch, *, replace: bool = False) -> None:
        self._new.check(batch)
        unique = self._new.unique_terms(batch)
        if replace:
            self._delete_keys({name: list(by_term) for name, by_term in unique.items()})
        self._new.add(batch, unique, replace=replace)
        self._added = True

    def add_document(self, **fields: Any) -> None:
        """As in Whoosh: values are analysed by the schema's fields. If this raises, the document was not added."""
        self._check_state()
        self._add_analysed(analyse(self.schema, fields))

    def update_document(self, **fields: Any) -> None:
        """As in Whoosh, but documents added by this writer are replaced as well."""
        self._check_state()
        document = analyse(self.schema, fields)
        if not self._waiting_keys.isdisjoint(document.keys.items()):
            self._submit()
        self._delete_keys({name: [term] for name, term in document.keys.items()})
        self._add_analysed(document)

    def _add_analysed(self, document: AnalysedDocument) -> None:
        self._items.add(document.items, document.lengths, document.stored, document.columns, document.vectors)
        self._waiting_keys.update(document.keys.items())
        self._added = True
        if self._items.token_count >= self._batch_tokens or self._items.text_size >= self._batch_characters:
            self._submit()
            self._flush_if_full()

    def _submit(self) -> None:
        """Invert the documents that wait for it."""
        if self._items.doc_count:
            items, self._items = self._items, ItemBatchBuilder()
            self._waiting_keys = set()
            self._append(items.build())

    def add_reader(self, reader: Any) -> None:
        """Add all documents of a reader. Segments of this codec are merged at commit, array by array; documents of
        other codecs are copied one by one, and held in memory until they are."""
        self._check_state()
        for leaf, _ in reader.leaf_readers():
            entry = leaf.segment()
            if not isinstance(entry, ColumnarSegment):
                self._add_foreign(leaf)
            elif entry.doc_count():
                segment = segment_reader(leaf)
                added = self._added_columns(leaf.storage(), entry, segment)
                self._sources.append(MergeSource(segment, entry.live_doc_ids(), added))

    def _add_foreign(self, leaf: Any) -> None:
        """Copy the documents of a leaf reader of another codec."""
        self._submit()
        for _ in copy_documents(leaf, self.schema, self._items):
            self._added = True
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
        field = self.schema[fieldname]
        terms = []
        for text in texts:
            with contextlib.suppress(ValueError):  # not a value of the field, so no document has it
                terms.append(field.to_bytes(text))
        if field.unique:
            self._submit()
        else:
            self._flush()
        return self._delete_keys({fieldname: terms})

    def delete_by_query(self, q: Any, searcher: Any = None) -> int:
        """As in Whoosh; documents added by this writer are found as well."""
        self._check_state()
        self._flush()
        return super().delete_by_query(q, searcher=searcher)  # type: ignore[no-any-return]

    def _delete_keys(self, keys: Mapping[str, Sequence[bytes]]) -> int:
        """Delete the documents that have any of the terms. REQUIRES: the fields are unique, or nothing is in memory"""
        count = 0
        for name, terms in keys.items():
            if terms:
                count += self._new.delete(name, terms)
                count += sum(self._delete_in_segment(segment, name, terms) for segment in self.segments)
        return count

    def _delete_in_segment(self, segment: Any, name: str, terms: Sequence[bytes]) -> int:
        if isinstance(segment, ColumnarSegment):
            return self._new.delete_in(segment, name, terms) if segment.doc_count_all() else 0
        reader, count = WhooshReader(self.storage, self.schema, segment), 0
        for term in terms:
            if (name, term) in reader:
                for docnum in list(reader.postings(name, term).all_ids()):
                    segment.delete_document(docnum)
                    count += 1
        reader.close()
        return count

    # -- making segments --------------------------------------------------------------------------------------------

    def start_group(self) -> None:
        self._group_depth += 1

    def end_group(self) -> None:
        if not self._group_depth:
            raise ValueError("end_group without start_group")
        self._group_depth -= 1
        self._flush_if_full()

    def _flush_if_full(self) -> None:
        if self._new.is_full and not self._group_depth:
            self._flush()

    def _flush(self) -> None:
        """Write the collected documents as a segment."""
        self._submit()
        entry = self._new.flush()
        if entry is None:
            return
        self.segments.append(entry)
        self._setup_doc_offsets()
        searcher: Any = getattr(self, "_searcher", None)
        if searcher is not None:  # it does not know the new segment
            searcher._orig_close()
            self._searcher = None

    def doc_count(self) -> int:
        """Documents added by this writer."""
        in_memory = self._items.doc_count + self._new.buffer.doc_count
        return in_memory + sum(entry.doc_count_all() for entry in self._new.entries)

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
            self._require_files(segments)
            TOC(self.schema, segments, self.generation).write(self.storage, self.indexname)
        except BaseException:
            self._remove_new_files()
            self._let_go()
            raise
        # Committed; what is left over now is removed by a later commit.
        with contextlib.suppress(OSError):
            clean_files(self.storage, self.indexname, self.generation, segments)
        self._finish()

    def _require_files(self, segments: Sequence[Any]) -> None:
        try:
            self._new.require_files(segment for segment in segments if isinstance(segment, ColumnarSegment))
        except RuntimeError as error:
            raise IndexingError(str(error)) from error

    def _choose_segments(self, mergetype: Any, optimize: bool | None, merge: bool | None) -> list[Any]:
        optimize = self.optimize if optimize is None else optimize
        merge = self.merge if merge is None else merge
        new = list(self._new.entries)
        old = [segment for segment in self.segments if segment not in new]
        if mergetype:
            old = list(mergetype(self, old))
            self._flush()  # it may have added readers of other codecs
            new = list(self._new.entries)
        if self._sources:
            # Readers that were added, by the caller or the merge policy, go together with the new documents.
            new = [self._new.merge([*self._sources, *map(self._source, new)])]
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
        return self._new.merge_groups(segments, groups, self._source)

    def _convert(self, segments: Sequence[Any]) -> list[Any]:
        """One segment of all, of whatever codec they are, in their order."""
        sources: list[MergeSource] = []
        for segment in segments:
            if isinstance(segment, ColumnarSegment):
                sources.append(self._source(segment))
                continue
            known = len(self._new.entries)
            reader = WhooshReader(self.storage, self.schema, segment)
            self._add_foreign(reader)
            reader.close()
            sources += map(self._source, self._new.entries[known:])
        return [self._new.merge(sources)]

    def _is_outdated(self, entry: ColumnarSegment) -> bool:
        """True if the segment has data of a field that was removed."""
        return any(name not in self.schema for name in open_segment(self.storage, entry).infos)

    def _source(self, entry: Any) -> MergeSource:
        source = self._new.source(entry)
        return source._replace(added=self._added_columns(self.storage, entry, source.segment))

    def _added_columns(self, storage: Any, entry: ColumnarSegment, segment: SegmentReader) -> dict[str, OpaqueColumn]:
        """Columns that ``whoosh.sorting.add_sortable`` has put beside a segment's file."""
        return {
            name: read_added_column(storage, entry, name)
            for name, field in self.schema.items()
            if field.column_type
            and "column" not in segment.infos.get(name, {})
            and storage.file_exists(added_column_name(entry, name))
        }

    def cancel(self) -> None:
        """Drop all changes and release the lock."""
        super()._check_state()
        try:
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

    def _remove_new_files(self) -> None:
        with contextlib.suppress(OSError):  # what stays is removed by a later commit
            if not self.storage.file_exists(TOC._filename(self.indexname, self.generation)):
                self._new.remove()  # else it was interrupted after the step that made them the index

"""A columnar codec for Whoosh: postings, lengths, columns and stored fields as arrays in one mapped file per segment.

    from cnsearch.codec import ColumnarCodec, open_writer, segment_arrays

    writer = ix.writer(codec=ColumnarCodec())   # Whoosh's writer, any schema: slow, but complete
    writer = open_writer(ix, limit_mb=128)      # the same contract and more over arrays
    arrays = segment_arrays(leaf_reader)        # what a fast search reads

It knows nothing of Chinese, of articles or of ranking.
"""

from cnsearch.codec.arrays import SegmentArrays, segment_arrays
from cnsearch.codec.codec import ColumnarCodec
from cnsearch.codec.column_types import OrdinalListColumn, kind_of
from cnsearch.codec.locks import HeldError, Holder, held_by
from cnsearch.codec.segment import ColumnarSegment
from cnsearch.codec.storage import DurableStorage, make_folder
from cnsearch.codec.toc import OLD_TOC_NAME, SEGMENT_NAME, TOC_NAME, ColumnarIndex, is_old_toc, is_unfinished_copy
from cnsearch.codec.verify import SegmentCheck, read_postings
from cnsearch.codec.writer import ColumnarWriter, merge_up_to, open_writer
from cnsearch.engine.segment.batch import BatchBuilder, DocumentBatch

__all__ = [
    "OLD_TOC_NAME",
    "SEGMENT_NAME",
    "TOC_NAME",
    "BatchBuilder",
    "ColumnarCodec",
    "ColumnarIndex",
    "ColumnarSegment",
    "ColumnarWriter",
    "DocumentBatch",
    "DurableStorage",
    "HeldError",
    "Holder",
    "OrdinalListColumn",
    "SegmentArrays",
    "SegmentCheck",
    "held_by",
    "is_old_toc",
    "is_unfinished_copy",
    "kind_of",
    "make_folder",
    "merge_up_to",
    "open_writer",
    "read_postings",
    "segment_arrays",
]

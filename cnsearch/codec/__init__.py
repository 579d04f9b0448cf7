"""A columnar codec for Whoosh: postings, lengths, columns and stored fields as arrays in one mapped file per segment.

    from cnsearch.codec import ColumnarCodec
    writer = ix.writer(codec=ColumnarCodec())          # any Whoosh schema
"""

from cnsearch.codec.arrays import SegmentArrays, segment_arrays
from cnsearch.codec.codec import ColumnarCodec
from cnsearch.codec.columns import OrdinalListColumn
from cnsearch.codec.segment import ColumnarSegment

__all__ = ["ColumnarCodec", "ColumnarSegment", "OrdinalListColumn", "SegmentArrays", "segment_arrays"]

"""Whoosh's face of the engine: a columnar codec for any Whoosh schema, and Whoosh's view of an index of ours.

    from cnsearch.codec import ColumnarCodec, open_writer, segment_reader

    writer = ix.writer(codec=ColumnarCodec())   # Whoosh's writer, any schema: slow, but complete
    writer = open_writer(ix, limit_mb=128)      # the same contract and more over arrays
    segment = segment_reader(leaf_reader)       # what a fast search reads

It knows nothing of Chinese, of articles or of ranking. Skip it if you do not use Whoosh yourself: cnsearch's own
search and indexing go to the engine.
"""

from cnsearch.codec.column_types import OrdinalListColumn, column_spec
from cnsearch.codec.index import ColumnarIndex
from cnsearch.codec.reader import segment_reader
from cnsearch.codec.schema import SchemaFields
from cnsearch.codec.segment import ColumnarCodec, ColumnarSegment
from cnsearch.codec.storage import DurableStorage
from cnsearch.codec.writer import ColumnarWriter, open_writer

__all__ = [
    "ColumnarCodec",
    "ColumnarIndex",
    "ColumnarSegment",
    "ColumnarWriter",
    "DurableStorage",
    "OrdinalListColumn",
    "SchemaFields",
    "column_spec",
    "open_writer",
    "segment_reader",
]

"""The inner loops, behind one seam: each in Python (numpy), and some of them compiled (``native/``, in Rust).

Which of both run is chosen once, at the first use (``choice``): the compiled ones where the extension is there and fits
the package, else those in Python. Both give the same, to the last byte on disk. ``CNSEARCH_KERNELS=python`` in the
environment chooses the latter.

A kernel gets texts, arrays and numbers; that of a keyword query gets the file of a segment (``keyword_queries`` says
why). What it has to know of Chinese it is told (``contract.Rules``),
so this room imports nothing of the house.

    texts      : texts of documents -> postings of words and characters, tokens per document, signatures
    searching  : decoding and scoring of postings, the rule of hits, closeness; None where these are not compiled
    mapped_index : a keyword query on a commit in one call: terms -> hits -> the best; None where it is not compiled
    lists      : terms and postings lists as they are written, of batches or of segments; None where not compiled
    packing    : stored texts, packed and unpacked; None where it is not compiled
    segmenter  : folded text -> words, by a dictionary that is compiled in; None where it is not compiled
"""

from cnsearch.kernels.choice import Choice, chosen
from cnsearch.kernels.contract import Analysed, Counts, FieldCounts, Rules, Segmenter, TextReading, Texts, Words
from cnsearch.kernels.keyword_queries import (
    Answer,
    Ask,
    Best,
    Constants,
    FieldInfo,
    KeywordQuery,
    MappedIndex,
    MappedSegment,
    Rule,
    Run,
    Titled,
    mapped_file,
    mapped_index,
)
from cnsearch.kernels.lists import ListKernels, Lists, Part, Postings, Terms, bytes_of, lists
from cnsearch.kernels.marks import Marked, Marker, marker
from cnsearch.kernels.native import NativeTexts, segmenter
from cnsearch.kernels.packing import Packing, packing
from cnsearch.kernels.plain import PlainTexts
from cnsearch.kernels.searching import Characters, Closeness, Packed, PackedMatches, Searching, closeness_by, searching
from cnsearch.kernels.texts import StoredTexts, characters_of, stored_texts
from cnsearch.kernels.threads import in_threads

__all__ = [
    "Analysed",
    "Answer",
    "Ask",
    "Best",
    "Characters",
    "Choice",
    "Closeness",
    "Constants",
    "Counts",
    "FieldCounts",
    "FieldInfo",
    "KeywordQuery",
    "ListKernels",
    "Lists",
    "MappedIndex",
    "MappedSegment",
    "Marked",
    "Marker",
    "Packed",
    "PackedMatches",
    "Packing",
    "Part",
    "Postings",
    "Rule",
    "Rules",
    "Run",
    "Searching",
    "Segmenter",
    "StoredTexts",
    "Terms",
    "TextReading",
    "Texts",
    "Titled",
    "bytes_of",
    "characters_of",
    "chosen",
    "closeness_by",
    "in_threads",
    "lists",
    "mapped_file",
    "mapped_index",
    "marker",
    "packing",
    "searching",
    "segmenter",
    "stored_texts",
    "texts",
]


def texts(rules: Rules, words: Words, compiled: Segmenter | None, *, threads: int = 1) -> Texts:
    """A collector of documents.

    words    : cuts Chinese and other words; used where they are not cut by the compiled kernels
    compiled : the segmenter that cuts as ``words`` does; None where there is none
    threads  : how many the compiled kernels may use, at least 1
    """
    return PlainTexts(rules, words) if compiled is None else NativeTexts(rules, compiled, threads=threads)

"""Articles on their way into the index: their documents as arrays, a batch at a time.

Labels, stored values and columns are collected by the engine's builder, the searched texts by a kernel, which gives
their postings and signatures.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from cnsearch import kernels
from cnsearch.analysis import compounds
from cnsearch.analysis.fold import fold_table
from cnsearch.analysis.inflection import INFLECTED_ENDS, marked_stem
from cnsearch.analysis.ngrams import character_pairs
from cnsearch.analysis.reading import class_table, read
from cnsearch.analysis.scripts import point_kinds
from cnsearch.analysis.signature import signature
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.engine.postings.inversion import TermPostings, invert, invert_pairs, join_tokens
from cnsearch.engine.segment.batch import BatchBuilder, DocumentBatch
from cnsearch.engine.terms.keys import keys_of_terms
from cnsearch.store.document import Document
from cnsearch.store.fields import CHARS_FIELD, PLAIN_FIELDS, SHIFTED_FIELD, TEXT_FIELDS


@cache
def rules() -> kernels.Rules:
    """What the kernels are told of Chinese."""
    return kernels.Rules(
        fold=fold_table(),
        classes=class_table(),
        kinds=point_kinds(),
        read=read,
        compound_terms=compounds.terms,
        hump_terms=compounds.hump_terms,
        stem=marked_stem,
        stem_ends=INFLECTED_ENDS,
        signature=signature,
        join_words=join_tokens,
        count_words=invert,
        pairs=character_pairs,
        count_pairs=invert_pairs,
    )


class DocumentBatchBuilder:
    """Collects documents; ``build`` turns them into a batch. For one batch only.

    threads : how many may work on the texts
    """

    def __init__(self, tokenizer: WordTokenizer, *, threads: int = 1) -> None:
        self._builder = BatchBuilder(plain=PLAIN_FIELDS)
        self._tokenizer = tokenizer
        self._threads = threads
        self._texts: kernels.Texts | None = None  # made for the first document: the tokenizer may have to be loaded
        self._broken = False

    @property
    def doc_count(self) -> int:
        """Documents added so far."""
        return self._builder.doc_count

    def add(self, document: Document) -> None:
        """Add a document. If this raises, it was not added."""
        if self._texts is None:
            own = self._tokenizer
            self._texts = kernels.texts(rules(), own.terms_of_reading, own.compiled, threads=self._threads)
        self._texts.add([document.texts.get(name, "") for name in TEXT_FIELDS])
        self._broken = True  # if the rest of it does not follow, texts and documents have different numbers
        self._builder.add(document.tokens, document.stored, document.columns)
        self._broken = False

    def build(self) -> DocumentBatch:
        """The documents as a batch. Raises MemoryError if one was added in part."""
        if self._broken:
            raise MemoryError
        batch = self._builder.build()
        if self._texts is None:
            return batch
        analysed = self._texts.finish()
        for name, field in zip(TEXT_FIELDS, analysed.fields, strict=True):
            for field_name, counts, lengths in (
                (name, field.words, field.word_counts),
                (CHARS_FIELD[name], field.characters, field.character_counts),
            ):
                if counts is not None:
                    batch.fields[field_name] = TermPostings(*counts)
                    batch.lengths[field_name] = lengths
        batch.columns["signature"] = list(analysed.signatures)
        _add_shifted(batch, analysed.shifted)
        return batch


def _add_shifted(batch: DocumentBatch, shifted: list[list[int]]) -> None:
    """Note which texts of which documents are shifted, in the field for it."""
    found = [(name, docs) for name, docs in zip(TEXT_FIELDS, shifted, strict=True) if docs]
    if found:
        doc_ids = np.concatenate([np.array(docs, dtype=np.int32) for _, docs in found])
        keys, long_terms = keys_of_terms([name.encode() for name, _ in found])
        counts = np.array([len(docs) for _, docs in found], dtype=np.int64)
        ones = np.ones(len(doc_ids), dtype=np.int32)
        batch.fields[SHIFTED_FIELD] = TermPostings(keys, long_terms, counts, doc_ids, ones)
        batch.lengths[SHIFTED_FIELD] = np.bincount(doc_ids, minlength=batch.doc_count).astype(np.int64)

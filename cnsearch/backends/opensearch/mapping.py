"""The index of OpenSearch: which field is for what, and what it records of how it was made.

| field | holds | for |
|---|---|---|
| words, chars | each term of all texts with its BM25F frequency (``tokens.py``); chars: also single ones | ranking |
| title_words, body_words | words of one text | ``title:`` and ``body:`` |
| title_exact, tags_exact, body_exact | bigrams with positions, a mark between lines | exact substrings |
| title_letters, title_read | a hash of the title's letters, of the title as read | titles that are the query |
| id, source, category, author, tag, label, draft | folded values as on disk | filters |
| source_as, category_as, category_path_as, … | values as written (``WRITTEN``) | facets, stats |
| date, seconds | the same moment, as a date and since 1970 | facets by year and month; filter, sort |
| root, size, mtime_ns, digest | where an article came from | what has changed |
| signature, num_words | shingles; words of title and body | collapse |
| lengths | terms of each field | the mean lengths of all articles |
| article | what is shown, not indexed | show, excerpts, exact texts |

Analysis is ours; the cluster only splits at white space. So any node of a supported version serves, without plug-ins.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.backends.opensearch.address import Address
from cnsearch.backends.opensearch.tokens import FREQUENCY_MARK, SCALE
from cnsearch.errors import NEWER_HINT, REBUILD_HINT, AnalyzerMismatchError, IndexFormatError, IndexUnusableError
from cnsearch.search.scoring import FIELD_WEIGHTS, K1, B
from cnsearch.store.schema import SCHEMA_VERSION

CLUSTER_VERSION = 2
"""Rises with every change of the fields or of what stands in them."""
WORDS, CHARS = "words", "chars"
EXACT = {"title": "title_exact", "tags": "tags_exact", "body": "body_exact"}
OWN_WORDS = {"title": "title_words", "body": "body_words"}
LENGTHS = "lengths"
AVERAGES = {
    "title": 12.0,
    "tags": 3.0,
    "body": 600.0,
    "title_chars": 25.0,
    "tags_chars": 8.0,
    "body_chars": 1_200.0,
}
"""Mean lengths of the fields before any article is known."""
WRITTEN = ("source", "category", "category_path", "author", "tag", "label", "label_name")
"""What is counted as written, in fields of these names and ``_as``."""
NOT_OURS = "it was not made by cnsearch"


@dataclass(frozen=True, slots=True)
class Facts:
    """What an index records of itself, in ``_meta`` of its mapping.

    averages : mean lengths of the fields that frequencies are made with
    measured : of how many articles they were measured; 0: of none
    unsure   : words by which a dictionary was being changed: the articles that have them may be cut by either
    """

    analyzer: ChineseAnalyzer
    averages: Mapping[str, float] = field(default_factory=lambda: dict(AVERAGES))
    measured: int = 0
    unsure: tuple[str, ...] = ()

    def to_meta(self) -> dict[str, Any]:
        """For ``_meta``."""
        return {
            "cnsearch": CLUSTER_VERSION,
            "schema": SCHEMA_VERSION,
            "analyzer": self.analyzer.to_dict(),
            "averages": {name: round(mean, 3) for name, mean in self.averages.items()},
            "measured": self.measured,
            "unsure": list(self.unsure),
        }


def facts_of(address: Address, mapping: Mapping[str, Any]) -> Facts:
    """Inverse of ``to_meta``, of what the cluster says the mapping is.

    Raises IndexUnusableError for an index that is not ours, IndexFormatError for another version of ours.
    """
    meta = mapping.get("_meta")
    version = meta.get("cnsearch") if isinstance(meta, dict) else None
    if type(version) is not int or not isinstance(meta, dict):
        raise IndexUnusableError(
            str(address), NOT_OURS, hint="It is left as it is; choose another name", code="foreign"
        )
    schema = meta.get("schema")
    if (version, schema) != (CLUSTER_VERSION, SCHEMA_VERSION):
        newer = type(schema) is int and (version, schema) > (CLUSTER_VERSION, SCHEMA_VERSION)
        raise IndexFormatError(
            str(address),
            f"the index has format {version}.{schema}, this version reads {CLUSTER_VERSION}.{SCHEMA_VERSION}",
            found=f"{version}.{schema}",
            expected=f"{CLUSTER_VERSION}.{SCHEMA_VERSION}",
            hint=NEWER_HINT if newer else REBUILD_HINT,
            code="index_newer" if newer else "index_older",
        )
    try:
        analyzer = ChineseAnalyzer.from_dict(meta.get("analyzer"), path=str(address))
        averages = {name: float(meta["averages"][name]) for name in AVERAGES}
        measured, unsure = int(meta["measured"]), tuple(map(str, meta["unsure"]))
    except AnalyzerMismatchError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise IndexUnusableError(str(address), f"what it records of itself cannot be read ({error})") from error
    return Facts(analyzer, averages, measured, unsure)


def index_body(address: Address, facts: Facts) -> dict[str, Any]:
    """What an index is made with."""
    replicas: dict[str, Any] = (
        {"auto_expand_replicas": "0-1"} if address.replicas is None else {"number_of_replicas": address.replicas}
    )
    settings: dict[str, Any] = {
        "number_of_shards": address.shards,
        **replicas,
        "refresh_interval": "30s",
        "similarity": _SIMILARITIES,
        "analysis": _ANALYSIS,
    }
    mappings = copy.deepcopy(_MAPPINGS) | {"_meta": facts.to_meta()}
    return {"settings": {"index": settings}, "mappings": mappings}


_SIMILARITIES = {
    "all_fields": {"type": "BM25", "k1": K1 * SCALE, "b": 0.0},
    # A weight of w in tf' is a k1 of one w-th, where the field stands alone.
    **{name: {"type": "BM25", "k1": K1 / weight, "b": B} for name, weight in FIELD_WEIGHTS.items()},
}
_ANALYSIS = {
    "tokenizer": {"at_spaces": {"type": "whitespace", "max_token_length": 100_000}},
    "filter": {"frequencies": {"type": "delimited_term_freq", "delimiter": FREQUENCY_MARK}},
    "analyzer": {
        "ready": {"type": "custom", "tokenizer": "at_spaces"},
        "weighed": {"type": "custom", "tokenizer": "at_spaces", "filter": ["frequencies"]},
    },
}


def _text(similarity: str, *, positions: bool = False) -> dict[str, Any]:
    options = "positions" if positions else "freqs"
    return {"type": "text", "analyzer": "ready", "similarity": similarity, "index_options": options}


_ALL_FIELDS = {
    "type": "text",
    "analyzer": "weighed",
    "search_analyzer": "ready",
    "similarity": "all_fields",
    "index_options": "freqs",
    "norms": False,
}
_VALUE = {"type": "keyword", "doc_values": False}
_WRITTEN = {"type": "keyword", "index": False}
_MAPPINGS: dict[str, Any] = {
    "dynamic": "strict",
    "_source": {"excludes": [WORDS, CHARS, *EXACT.values(), *OWN_WORDS.values(), LENGTHS]},
    "properties": {
        WORDS: _ALL_FIELDS,
        CHARS: _ALL_FIELDS,
        **{OWN_WORDS[name]: _text(name) for name in OWN_WORDS},
        **{EXACT[name]: _text(name, positions=True) for name in EXACT},
        "title_letters": _VALUE,
        "title_read": _VALUE,
        "id": {"type": "keyword"},
        **dict.fromkeys(("source", "author", "label", "draft"), _VALUE),
        "category": {"type": "keyword"},
        "tag": {"type": "keyword"},
        **{f"{name}_as": _WRITTEN for name in WRITTEN},
        "date": {"type": "date", "format": "strict_date_optional_time", "index": False},
        "seconds": {"type": "long"},
        "root": {"type": "keyword"},
        "size": {"type": "long"},
        "mtime_ns": {"type": "long"},
        "digest": {"type": "keyword", "index": False},
        "signature": {"type": "binary", "doc_values": True},
        "num_words": {"type": "integer"},
        LENGTHS: {"properties": {name: {"type": "integer", "index": False} for name in AVERAGES}},
        "article": {"type": "object", "enabled": False},
    },
}

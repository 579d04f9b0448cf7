"""What suggestions and corrections are made of, on a cluster: words and phrases of a sample of the articles.

As on disk it is made of titles, of at most MAX_TITLES; words of bodies and of tags are those of far fewer articles,
for the cluster does not tell its terms by their beginning.
"""

from __future__ import annotations

import threading
from collections import Counter
from functools import partial
from itertools import islice
from typing import Any

from cnsearch.analysis.reading import read, read_all
from cnsearch.backends.opensearch.cluster import Cluster
from cnsearch.backends.opensearch.documents import article_of
from cnsearch.backends.opensearch.values import Values
from cnsearch.search.phrases import MIN_USE, count_uses
from cnsearch.search.vocabulary import Lexicon, Vocabulary, _is_body_word, _made_once

MAX_TITLES = 20_000
MAX_BODIES = 500
_PAGE = 5_000


class ClusterVocabulary(Vocabulary):
    """See ``Vocabulary``. Each part is made when first asked for, and stays until the index is refreshed."""

    def __init__(self, cluster: Cluster, index: str, values: Values) -> None:
        self._cluster = cluster
        self._index = index
        self._values = values
        self.num_docs = values.num_docs
        self._lock = threading.Lock()
        self._making = threading.RLock()
        self._num_counted = 0

    def _sampled(self, most: int, page: int, source: list[str]) -> Any:
        query: dict[str, Any] = {"match_all": {}}
        hits = self._cluster.scroll(self._index, query, size=min(page, most), _source=source)
        return (hit["_source"]["article"] for hit in islice(hits, most))

    @_made_once
    def _sample(self) -> list[str]:
        titles = (article["title"] for article in self._sampled(MAX_TITLES, _PAGE, ["article.title"]))
        return read_all([" ".join(title.split()) for title in titles])

    @_made_once
    def _words(self) -> tuple[Counter[str], Counter[str], set[str]]:
        """Of a sample of articles: how many bodies have each word, how many tags, and the words of titles."""
        tokenizer = self._values.analyzer.tokenizer
        bodies: Counter[str] = Counter()
        tags: Counter[str] = Counter()
        titles: set[str] = set()
        terms = partial(_terms, tokenizer)
        for source in self._sampled(MAX_BODIES, MAX_BODIES, ["article"]):
            article = article_of(source)
            bodies.update(terms("\n".join(article.paragraphs)))
            tags.update(terms("\n".join(article.tags)))
            titles |= terms(article.title)
        return bodies, tags, titles

    def _lexicon_of_titles(self, titles: Any, key: str) -> Lexicon:
        counted = count_uses(titles, self._values.analyzer.tokenizer)
        share = max(1.0, self.num_docs / max(1, len(self._sample)))
        return Lexicon({text: round(count * share) for text, count in counted.items()})

    def bodies_beginning(self, key: str) -> Lexicon:
        bodies, tags, titles = self._words
        share = max(1.0, self.num_docs / MAX_BODIES)
        uses = {term: count for term, count in bodies.items() if count >= MIN_USE and term.startswith(key)}
        for term, count in tags.items():
            if term.startswith(key):
                uses[term] = max(count, uses.get(term, 0))
        return Lexicon(
            {term: round(count * share) for term, count in uses.items() if term not in titles and _is_body_word(term)}
        )

    def is_used(self, word: str) -> bool:
        return self._values.doc_freq("tags", word) > 0

    def is_known(self, word: str) -> bool:
        return self._values.doc_freq("tags", word) > 0

    def doc_freq(self, word: str) -> int:
        return self._values.doc_freq("tags", word)


def _terms(tokenizer: Any, text: str) -> set[str]:
    reading = read(text)
    return set(tokenizer.terms(reading.text, reading.seams))

"""What is left to be cut again when a run has ended, and what mean lengths frequencies are made with.

The frequency of a term has the mean lengths of the fields in it (``tokens.py``), and they are needed before the first
article is written: at first they are those of a sample. So they are measured again whenever the index has twice as many
articles; if one has moved by more than TOLERANCE all articles are cut again, with the means that all have now.

A change of the dictionary that was broken off has left some articles cut by one dictionary, some by the other; those
that have a word in which both differ are cut again by the one that holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.backends.opensearch.documents import lengths_of
from cnsearch.backends.opensearch.kept import Kept
from cnsearch.backends.opensearch.mapping import AVERAGES, Facts
from cnsearch.backends.opensearch.writer import ClusterHome
from cnsearch.backends.writing import Writing
from cnsearch.errors import IndexLockedError
from cnsearch.indexing.intake import bring_in
from cnsearch.indexing.retokenise import MIN_STORED_FOR_WORKERS, cut_again
from cnsearch.indexing.tally import Tally
from cnsearch.indexing.tasks import Stopped
from cnsearch.model import Article

TOLERANCE = 0.1
"""Of 18,521 news articles a tenth more or less of the mean length of bodies changes the MRR@10 of 400 titles and of 500
keywords by .0055 at most, a fifth by .011, less than half of it (as the oldest 200 articles have) by .021."""
MEASURED_UNTIL = 100_000
"""Articles; means of so many are taken for those of any number."""


def averages_of(articles: Iterable[Article], tokenizer: WordTokenizer) -> tuple[dict[str, float], int]:
    """The mean lengths of fields, of tags over those that have any, and of how many articles; of none AVERAGES, 0."""
    total: dict[str, int] = dict.fromkeys(AVERAGES, 0)
    num = tagged = 0
    for article in articles:
        num += 1
        tagged += bool(article.tags)
        for name, length in lengths_of(article, tokenizer).items():
            total[name] += length
    if not num:
        return dict(AVERAGES), 0
    means = {
        name: max(1.0, length / max(1, tagged if name.startswith("tags") else num)) for name, length in total.items()
    }
    return means, num


def settle(kept: Kept, how: Writing, stopped: Stopped) -> None:
    """Cut again what is left to be, where nobody else is writing: else a later run does. A run that was stopped, here
    too, leaves it as well."""
    if how.dry_run or stopped():
        return
    facts = kept.facts()
    if not facts.unsure and not _is_to_be_measured(facts, kept.num_live_docs):
        return
    home = ClusterHome(kept, alone=True)
    with suppress(IndexLockedError), home.begin_update(0.0, False, replace=False, stopped=stopped) as writer:
        facts = writer.facts
        touched = writer.containing(facts.unsure)
        if _is_to_be_measured(facts, kept.num_live_docs):
            facts = replace(facts, measured=kept.num_live_docs)
            means = kept.mean_lengths()
            if differ(means, facts.averages):
                facts = replace(facts, averages=means)
                touched = list(writer.indexed())
        writer.change_facts(replace(facts, unsure=()))
        jobs = 1 if how.jobs is None and len(touched) < MIN_STORED_FOR_WORKERS else how.jobs
        tasks = cut_again(writer, touched)
        bring_in(writer, tasks, Tally(), jobs=jobs, progress=how.progress, total=len(touched), stopped=stopped)
        writer.finish()


def _is_to_be_measured(facts: Facts, num_docs: int) -> bool:
    return facts.measured < MEASURED_UNTIL and num_docs >= max(1, 2 * facts.measured)


def differ(means: Mapping[str, float], others: Mapping[str, float]) -> bool:
    """Whether any mean length is another by more than TOLERANCE."""
    return any(abs(means[name] - other) > TOLERANCE * other for name, other in others.items())

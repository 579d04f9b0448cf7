"""Which new files are those that are gone elsewhere: they have the same content."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cnsearch.corpus.posts import PostFile
from cnsearch.corpus.reader import read_post
from cnsearch.errors import CorpusError
from cnsearch.indexing.digests import file_digest
from cnsearch.indexing.tasks import Task
from cnsearch.limits import Limits
from cnsearch.settings import Settings
from cnsearch.store.segment import Indexed


def mark_moved(
    tasks: list[Task],
    gone_ids: Iterable[str],
    indexed: Mapping[str, Indexed],
    file_of: Mapping[str, str],
    settings: Settings,
    limits: Limits,
) -> int:
    """Pair what is gone with new files of equal content, whose tasks are marked in ``tasks``. Returns how many articles
    have moved.

    Of several with the same content the ones of the same name belong together, then the first to the first.

    gone_ids : articles that are gone
    indexed  : what the index knows of each article
    file_of  : the file of each article that is an entry of one
    settings : of the index, before this run
    """
    gone: dict[tuple[int, bytes], list[tuple[str, list[str]]]] = defaultdict(list)  # by content: file, articles of it
    entries: dict[tuple[str, str], list[str]] = defaultdict(list)
    for id_ in sorted(gone_ids):
        entry = indexed[id_]
        if id_ not in file_of:
            gone[entry.size, entry.digest].append((id_, [id_]))
        else:
            entries[entry.root, file_of[id_]].append(id_)
    for (root, file_id), ids in entries.items():
        known = settings.files.get(root, {}).get(file_id)
        if known is not None:
            gone[known.size, known.digest].append((file_id, ids))
    sizes = {size for size, _ in gone}
    new: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for at, task in enumerate(tasks):
        file = task.source
        if isinstance(file, PostFile) and not task.replaces and not task.entries and file.size in sizes:
            try:
                data = read_post(file, max_bytes=limits.post_bytes)
            except CorpusError:
                continue  # it will be said when it is read
            new[len(data), file_digest(data)].append(at)
    moved = 0
    for content, places in new.items():
        for at, ids in _paired(places, gone.get(content, []), tasks):
            tasks[at] = tasks[at]._replace(moved=True)
            moved += len(ids)
    return moved


def _paired(
    places: list[int], old: list[tuple[str, list[str]]], tasks: Sequence[Task]
) -> Iterator[tuple[int, list[str]]]:
    rest, left = [], list(old)
    for at in places:
        name = tasks[at].source.id.rpartition("/")[2]
        same = next((one for one in left if one[0].rpartition("/")[2] == name), None)
        if same is None:
            rest.append(at)
        else:
            left.remove(same)
            yield at, same[1]
    for at, one in zip(rest, left, strict=False):
        yield at, one[1]

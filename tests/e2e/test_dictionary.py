"""A user dictionary that changes: only the articles that contain a word are cut again, and the index is that of a
rebuild."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import cnsearch
from cnsearch import Article
from cnsearch.analysis.fold import fold
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.faces.cli import program
from cnsearch.indexing import reading, transactions, workers
from cnsearch.search.substrings import documents_containing
from cnsearch.store.opening import Store
from cnsearch.store.transaction import begin

Write = Callable[..., Path]
Terms = dict[str, tuple[Counter[str], int]]

WHOLE, PARTS, NEITHER = "澜舟鹿鸣开会", "澜和舟，鹿又鸣", "别的事"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        yield index


@pytest.fixture
def posts(tmp_path: Path, write_post: Write) -> Path:
    for name, title in (("whole.md", WHOLE), ("parts.md", PARTS), ("neither.md", NEITHER)):
        write_post(tmp_path / "posts" / name, title, age=100)
    return tmp_path / "posts"


def article(number: int, title: str, body: str = "") -> Article:
    return Article(id=str(number), title=title, paragraphs=(body,) if body else ())


def words_of(index: cnsearch.Index | str, field: str) -> Terms:
    """For each article its terms with their frequencies, and its length in tokens, as they lie in the index."""
    found: Terms = {}
    path = index if isinstance(index, str) else index.path
    with closing(Store.open(path).snapshot()) as snapshot:
        for segment in snapshot.segments:
            counts: dict[int, Counter[str]] = {doc_id: Counter() for doc_id in np.flatnonzero(segment.live).tolist()}
            for term in segment.terms(field):
                postings = segment.postings(field, term)
                assert postings is not None
                for doc_id, freq in zip(postings.doc_ids.tolist(), postings.freqs.tolist(), strict=True):
                    if doc_id in counts:
                        counts[doc_id][term] += int(freq)
            for doc_id, terms in counts.items():
                article_id = segment.stored(doc_id, ("id",))["id"]
                assert article_id not in found
                found[article_id] = terms, int(segment.lengths(field)[doc_id])
    return found


def expected(index: cnsearch.Index, tokenizer: WordTokenizer, field: str) -> Terms:
    """The same, cut now."""
    found = {}
    for hit in index.search("*", limit=10_000):
        text = index.get(hit.id).title if field == "title" else index.get(hit.id).body
        terms = tokenizer.terms(fold(text))
        found[hit.id] = Counter(terms), len(terms)
    return found


def scores(index: cnsearch.Index, query: str) -> dict[str, float]:
    results = index.search(query, limit=10_000)
    assert results.total == len(results)
    return {hit.id: round(hit.score, 4) for hit in results}


# Partly again is as if all again

PIECES = [
    "数字",
    "化",
    "转",
    "型",
    "产品",
    "和",
    "服务",
    "人工",
    "智能",
    "云",
    "计算",
    "S-300",
    "ai",
    "，",
    " ",
    "的",
    "發展",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
WORDS = st.lists(st.sampled_from([piece for piece in PIECES if piece.isalnum()]), min_size=1, max_size=3).map("".join)
FREQUENCIES = st.sampled_from([None, None, 0, 1, 10**4, 10**12])
CHANGES = st.one_of(
    st.tuples(st.just("add"), st.lists(WORDS, min_size=1, max_size=3), FREQUENCIES),
    st.tuples(st.just("remove"), st.lists(WORDS, min_size=1, max_size=8), st.none()),
    st.tuples(st.just("file"), st.lists(WORDS, max_size=3), FREQUENCIES),
)


def check_changes(texts: list[tuple[str, str]], changes: list[tuple[str, list[str], int | None]]) -> None:
    articles = [article(number, title, body) for number, (title, body) in enumerate(texts)]
    entries: dict[str, int | None] = {}
    with TemporaryDirectory() as folder, cnsearch.open_index(f"{folder}/index", create=True) as index:
        index.add(articles[::2])
        index.add(articles[1::2])  # another segment
        for kind, words, frequency in changes:
            before, folded = dict(entries), {fold(word) for word in words}
            if kind == "add":
                entries.update((word, frequency) for word in folded if word not in before or frequency is not None)
                touched = index.add_words(words, frequency=frequency).retokenised
            elif kind == "remove":
                entries = {word: given for word, given in before.items() if word not in folded}
                touched = index.remove_words(words).retokenised
            else:
                entries = dict.fromkeys(folded, frequency)
                Path(folder, "words.txt").write_text(UserDictionary().with_words(entries).dump(), encoding="utf-8")
                touched = index.update(user_dict=f"{folder}/words.txt").retokenised
            assert index.user_words == entries
            changed = {word for word, _ in set(before.items()) ^ set(entries.items())}
            containing = [a for a in articles if any(word in fold(f"{a.title}\n{a.body}") for word in changed)]
            assert touched <= len(
                containing
            )  # a word that is in the main dictionary with its frequency changes nothing
        tokenizer = WordTokenizer(user_dictionary=UserDictionary().with_words(entries))
        for field in ("title", "body"):
            assert words_of(index, field) == expected(index, tokenizer, field)
        if len(articles):
            transaction = begin(Store.open(index.path))  # for statistics without deleted documents
            transaction._writer.commit(transaction.snapshot.schema.to_dict(), optimize=True)
            index.refresh()
        built, _ = cnsearch.rebuild_index(f"{folder}/index")
        with built:
            assert built.user_words == entries
            for field in ("title", "body", "title_chars", "body_chars"):
                assert words_of(built, field) == words_of(index, field)
            for query in [*(title for title, _ in texts[:3]), "数字化转型", "云计算 ai", '"和服"', "+人工智能"]:
                assert scores(built, query) == scores(index, query)


@settings(max_examples=8, database=None, phases=[Phase.generate])
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=8), st.lists(CHANGES, min_size=1, max_size=3))
def test_a_changed_dictionary_is_as_if_all_were_built_with_it(
    texts: list[tuple[str, str]], changes: list[tuple[str, list[str], int | None]]
) -> None:
    check_changes(texts, changes)


def test_words_inside_words_and_of_several_scripts() -> None:
    texts = [("数字化转型", "产品和服务，產品和服務"), ("人工智能ai云计算", "S-300 s-300型"), ("", ""), ("化", "计")]
    changes: list[tuple[str, list[str], int | None]] = [
        ("add", ["化转", "数字化转", "云计算ai"], None),
        ("add", ["和服", "s-300型", "化"], 10**12),
        ("remove", ["化转"], None),
        ("file", ["數字化轉"], 10**12),
        ("add", ["300型", "ai"], 0),
    ]
    check_changes(texts, changes)


@settings(max_examples=25, database=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6), st.lists(WORDS, max_size=4))
def test_who_contains_a_word(texts: list[tuple[str, str]], words: list[str]) -> None:
    with TemporaryDirectory() as folder, cnsearch.open_index(f"{folder}/index", create=True) as index:
        index.add([article(number, *both) for number, both in enumerate(texts)])
        index.add(article(0, "新", "的"))
        index.delete("1")
        folded = [fold(word) for word in words]
        with closing(Store.open(index.path).snapshot()) as snapshot:
            numbers = documents_containing(folded, snapshot)
            found = [snapshot.article(number) for number in numbers.tolist()]
        assert sorted(numbers) == numbers.tolist()
        live = [index.get(hit.id) for hit in index.search("*", limit=100)]
        wanted = [a.id for a in live if any(word in fold(f"{a.title}\n{a.body}") for word in folded)]
        assert sorted(a.id for a in found) == sorted(wanted)


# What stays


def test_the_articles_stay_as_they_were(index: cnsearch.Index, posts: Path) -> None:
    own = Article(
        id="own",
        title=WHOLE,
        paragraphs=("一", WHOLE),
        source="甲",
        categories=("乙", "丙"),
        author="丁",
        date=datetime(2021, 10, 27, tzinfo=timezone.utc),
        url="https://example.org/",
        path="somewhere",
    )
    index.add(own)
    index.update(posts)
    report = index.add_words("澜舟鹿鸣")
    assert (report.added, report.retokenised, report.articles) == (("澜舟鹿鸣",), 2, 4)
    assert index.get("own") == own
    assert index.add(own).unchanged == 1
    assert index.update().unchanged == 3
    assert [hit.id for hit in index.search("澜舟鹿鸣", category="丙", since="2021")] == ["own"]
    assert index.remove_words(["澜舟鹿鸣"]).retokenised == 2
    assert index.user_words == {}
    assert index.stats()["user_dictionary"] is None


def test_what_changes_nothing_is_said(index: cnsearch.Index) -> None:
    index.add(article(1, WHOLE))
    assert index.add_words(["澜舟鹿鸣", "雲計算"]).added == ("云计算", "澜舟鹿鸣")
    again = index.add_words(["云计算", "大模型"])
    assert (again.added, again.present, again.retokenised) == (("大模型",), ("云计算",), 0)
    given = index.add_words("澜舟鹿鸣", frequency=7)
    assert (given.changed, given.present, given.retokenised) == (("澜舟鹿鸣",), (), 1)
    assert index.add_words("澜舟鹿鸣").present == ("澜舟鹿鸣",)
    assert index.user_words["澜舟鹿鸣"] == 7
    gone = index.remove_words(["云计算", "没有"])
    assert (gone.removed, gone.absent) == (("云计算",), ("没有",))


def test_who_is_touched(index: cnsearch.Index) -> None:
    for number, title in enumerate(["数字化", "数字化转型", "澜舟鹿鸣", "别的"]):
        index.add(article(number, title))
    assert index.add_words(["数字化转型", "数字"]).retokenised == 1  # 数字 has the frequency that it had
    assert index.add_words("数字", frequency=10**9).retokenised == 2
    assert index.add_words(["鹿", "没有的词"], frequency=0).retokenised == 1
    assert index.remove_words(["数字", "鹿", "没有的词"]).retokenised == 3


def test_bad_words_change_nothing(index: cnsearch.Index) -> None:
    for word in ("", "云 计算", "，", "#", "长" * 100):
        with pytest.raises(ValueError, match=r"."):
            index.add_words(["好词", word])
    with pytest.raises(ValueError, match="frequency"):
        index.add_words("好词", frequency=-1)
    with pytest.raises(TypeError):
        index.add_words([1])  # type: ignore[list-item]
    assert index.user_words == {}


def test_a_reader_keeps_its_analyzer(index: cnsearch.Index, posts: Path) -> None:
    index.update(posts)
    with cnsearch.open_index(index.path) as reader:
        assert index.add_words("澜舟鹿鸣").retokenised == 1
        whole = [token.text for token in index.analyze(WHOLE).words]
        assert "澜舟鹿鸣" in whole
        assert [hit.id for hit in index.search("澜舟鹿鸣开会")] == ["whole.md"]
        assert "澜舟鹿鸣" not in [token.text for token in reader.analyze(WHOLE).words]
        assert reader.search("澜舟鹿鸣开会").total == 2
        assert reader.refresh()
        assert [token.text for token in reader.analyze(WHOLE).words] == whole
        assert reader.search("澜舟鹿鸣开会").total == 1
        # It writes with the words that are there now, and adds to them.
        reader.add(article(9, f"再说{WHOLE}"))
        assert reader.search("澜舟鹿鸣开会").total == 2
        reader.add_words("开会")
        assert list(reader.user_words) == ["开会", "澜舟鹿鸣"]


def test_an_index_that_was_open_adds_to_the_words_of_another(index: cnsearch.Index) -> None:
    with cnsearch.open_index(index.path) as other:
        other.add_words("澜舟鹿鸣")
        index.add_words("云计算")
        assert list(index.user_words) == ["云计算", "澜舟鹿鸣"]
        rebuilt, _ = cnsearch.rebuild_index(index.path)
        with rebuilt:
            assert list(rebuilt.user_words) == ["云计算", "澜舟鹿鸣"]


def test_a_dry_run_writes_nothing(index: cnsearch.Index, posts: Path, tmp_path: Path) -> None:
    index.update(posts)
    files = {path.name: path.read_bytes() for path in Path(index.path).iterdir()}
    assert index.add_words("澜舟鹿鸣", dry_run=True).retokenised == 1
    (tmp_path / "words.txt").write_text("鹿 5\n", encoding="utf-8")
    report = index.update(user_dict=tmp_path / "words.txt", dry_run=True)
    assert (report.retokenised, report.unchanged) == (2, 3)
    assert files == {path.name: path.read_bytes() for path in Path(index.path).iterdir()}


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_change_leaves_no_trace(
    index: cnsearch.Index, posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.update(posts)
    with pytest.raises(KeyboardInterrupt):
        index.add_words("澜舟鹿鸣", progress=interrupt)
    with monkeypatch.context() as patched:
        patched.setattr("cnsearch.engine.commit.commits.Commits.write", interrupt)
        with pytest.raises(KeyboardInterrupt):
            index.add_words("澜舟鹿鸣")
    assert not index.refresh()
    assert index.user_words == {}
    assert index.search("澜舟鹿鸣开会").total == 2
    assert index.add_words("澜舟鹿鸣").retokenised == 1


def test_no_commit_has_articles_of_both_dictionaries(
    index: cnsearch.Index, posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long update commits every so often; with another dictionary, all at the end."""
    index.add([article(number, WHOLE) for number in range(20)])
    monkeypatch.setattr(transactions, "COMMIT_EVERY", 4)
    monkeypatch.setattr(workers, "CHUNK", 3)
    seen = []

    def look(done: int, total: int | None) -> None:
        with cnsearch.open_index(index.path) as reader:
            seen.append((len(reader), reader.user_words))

    index.add_words("澜舟鹿鸣", progress=look)
    assert len(seen) == 7
    assert seen == [(20, {})] * 7
    assert index.search("澜舟鹿鸣").total == 20


# With an update, in one run


def test_another_dictionary_comes_with_an_update(
    index: cnsearch.Index, posts: Path, tmp_path: Path, write_post: Write
) -> None:
    index.update(posts)
    index.add(article(1, WHOLE))
    index.add_words(["云计算", "鹿又鸣"])
    write_post(posts / "new.md", f"新的{WHOLE}", age=100)
    write_post(posts / "neither.md", f"改了{WHOLE}", age=50)
    (posts / "parts.md").unlink()
    (tmp_path / "words.txt").write_text("澜舟鹿鸣 9\n云计算\n", encoding="utf-8")
    report = index.update(user_dict=tmp_path / "words.txt")
    assert (report.added, report.changed, report.removed, report.unchanged) == (1, 1, 1, 1)
    assert report.retokenised == 2  # the one that is gone needs it no more
    assert report.to_dict()["retokenised"] == 2
    assert index.user_words == {"云计算": None, "澜舟鹿鸣": 9}
    assert sorted(hit.id for hit in index.search("澜舟鹿鸣")) == ["1", "neither.md", "new.md", "whole.md"]
    tokenizer = WordTokenizer(user_dictionary=UserDictionary.load(tmp_path / "words.txt"))
    assert words_of(index, "title") == expected(index, tokenizer, "title")
    assert index.update(user_dict=tmp_path / "words.txt").retokenised == 0


def test_a_post_that_was_touched_but_not_changed_is_cut_again(index: cnsearch.Index, posts: Path) -> None:
    index.update(posts)
    post = posts / "whole.md"
    post.write_bytes(post.read_bytes())  # another time stamp, the same content
    (posts.parent / "words.txt").write_text("澜舟鹿鸣", encoding="utf-8")
    report = index.update(user_dict=posts.parent / "words.txt")
    assert (report.unchanged, report.changed, report.retokenised) == (3, 0, 1)
    assert [hit.id for hit in index.search("澜舟鹿鸣")] == ["whole.md"]


def test_a_post_that_cannot_be_read_is_cut_again(
    index: cnsearch.Index, posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(post: object, **limits: object) -> bytes:
        raise cnsearch.CorpusError("whole.md", "unreadable")

    index.update(posts)
    (posts / "whole.md").write_text("anders", encoding="utf-8")
    (posts.parent / "words.txt").write_text("澜舟鹿鸣", encoding="utf-8")
    monkeypatch.setattr(reading, "read_post", refuse)
    report = index.update(user_dict=posts.parent / "words.txt")
    assert [failure.path for failure in report.failed] == ["whole.md"]
    assert [hit.id for hit in index.search("澜舟鹿鸣")] == ["whole.md"]


# The command line


def invoke(*args: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(program.cli, list(map(str, args)))
    return done.exit_code, done.stdout, done.stderr


Main = Callable[..., tuple[int, str, str]]


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, posts: Path) -> Main:
    """(exit code, stdout, stderr) of the program in a folder with an index of ``posts``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CNSEARCH_INDEX", raising=False)

    def call(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["cnsearch", *args])
        with pytest.raises(SystemExit) as caught:
            program.main()
        shown = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return caught.value.code, shown.out, shown.err

    assert call("index", "posts")[0] == 0
    return call


def test_dict_add_list_remove(main: Main) -> None:
    assert main("dict", "list") == (0, "", "")
    assert main("search", "澜舟鹿鸣开会", "--count")[1] == "2\n"
    code, out, err = main("dict", "add", "澜舟鹿鸣", "雲計算", "--dry-run")
    assert (code, err) == (0, "")
    assert out.startswith("2 words would be added; 1 of 3 articles would be re-tokenised (")
    assert main("dict", "list")[1] == ""
    assert main("dict", "add", "澜舟鹿鸣", "雲計算")[1].startswith("2 words added; 1 of 3 articles re-tokenised (")
    assert main("search", "澜舟鹿鸣开会", "--count")[1] == "1\n"
    code, out, err = main("dict", "add", "澜舟鹿鸣", "大模型", "--freq", "20")
    assert out.startswith("1 word added, 1 word changed; 1 of 3 ")
    code, out, err = main("dict", "add", "云计算")
    assert (code, err) == (0, "cnsearch: 云计算 is in the user dictionary already\n")
    assert out.startswith("no word changed; 0 of 3 ")
    assert main("dict", "list")[1] == "云计算\n大模型 20\n澜舟鹿鸣 20\n"
    code, out, err = main("dict", "remove", "云计算", "没有")
    assert (code, err) == (1, "cnsearch: 没有 is not in the user dictionary\n")
    assert out.startswith("1 word removed; 0 of 3 ")
    assert main("dict", "remove", "澜舟鹿鸣", "大模型")[0] == 0
    assert main("search", "澜舟鹿鸣开会", "--count")[1] == "2\n"


def test_dict_json(main: Main) -> None:
    report = json.loads(main("dict", "add", "澜舟鹿鸣", "云计算", "--json")[1])
    took = report.pop("took_s")
    assert took >= 0
    assert report == {
        "version": 1,
        "added": ["云计算", "澜舟鹿鸣"],
        "changed": [],
        "removed": [],
        "present": [],
        "absent": [],
        "retokenised": 1,
        "articles": 3,
    }
    main("dict", "add", "云计算", "--freq", "3")
    listed = [{"word": "云计算", "frequency": 3}, {"word": "澜舟鹿鸣", "frequency": None}]
    assert json.loads(main("dict", "list", "--json")[1]) == {"version": 1, "words": listed}
    assert json.loads(main("dict", "remove", "没有", "--json")[1])["absent"] == ["没有"]


@pytest.mark.parametrize("word", ["", "  ", "云 计算", "——", "#云", "长" * 65])
def test_a_bad_word_is_a_usage_error(main: Main, word: str) -> None:
    for command in ("add", "remove"):
        code, out, err = main("dict", command, "好词", word)
        assert (code, out) == (2, "")
        assert "Error: " in err
    assert main("dict", "list")[1] == ""


def test_dict_without_an_index_and_while_another_writes(main: Main, tmp_path: Path) -> None:
    assert main("dict", "add", "云计算", "--index", "nowhere")[0] == 3
    assert main("dict", "list", "--index", "nowhere")[0] == 3
    transaction = begin(Store.open(tmp_path / "index"))
    assert main("dict", "add", "云计算")[0] == 75
    transaction.cancel()
    assert main("dict", "add", "云计算", "--wait", "1")[0] == 0


def test_what_is_listed_makes_the_same_dictionary(main: Main, tmp_path: Path) -> None:
    main("dict", "add", "澜舟鹿鸣", "--freq", "9")
    main("dict", "add", "云计算")
    (tmp_path / "words.txt").write_text(main("dict", "list")[1], encoding="utf-8")
    assert main("index", "--user-dict", "words.txt")[1].startswith("0 added, 0 changed, 0 removed, 3 unchanged; ")
    (tmp_path / "words.txt").write_text("云计算\n", encoding="utf-8")
    shown = main("index", "--user-dict", "words.txt", "--dry-run")[1]
    assert shown.startswith("would be 0 added, 0 changed, 0 removed, 3 unchanged, 1 re-tokenised; ")
    shown = main("index", "--user-dict", "words.txt")[1]
    assert shown.startswith("0 added, 0 changed, 0 removed, 3 unchanged, 1 re-tokenised; ")
    assert main("dict", "list")[1] == "云计算\n"
    (tmp_path / "records.jsonl").write_text('{"id": "2", "title": "丙"}\n', encoding="utf-8")
    (tmp_path / "words.txt").write_text("澜舟鹿鸣\n", encoding="utf-8")
    shown = main("index", "--jsonl", "records.jsonl", "--user-dict", "words.txt")[1]
    assert shown.startswith("1 added, 0 changed, 0 removed, 0 unchanged, 1 re-tokenised; ")
    assert main("dict", "list")[1] == "澜舟鹿鸣\n"


def test_every_command_of_dict_has_help_with_an_example() -> None:
    for name in ("add", "remove", "list"):
        code, shown, _ = invoke("dict", name, "-h")
        assert code == 0
        assert f"Example: cnsearch dict {name}" in shown.splitlines()[-1]

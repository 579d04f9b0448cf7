"""How a run ends that is not let run: signals at any moment, workers killed, no memory, no room, no files."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.engine.files.folder import Folder
from cnsearch.faces.cli import program
from cnsearch.indexing import transactions, workers
from cnsearch.store.transaction import begin

ROOT = Path(__file__).parents[2]
Write = Callable[..., Path]
posix = pytest.mark.skipif(sys.platform == "win32", reason="sends signals")


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """A shell starts background jobs with SIGINT ignored, which our processes would inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def start(*arguments: object, cwd: Path) -> subprocess.Popen[bytes]:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", "cnsearch", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@pytest.fixture
def posts(tmp_path: Path, write_post: Write) -> Path:
    for n in range(600):
        write_post(tmp_path / f"data/{n:04}.md", f"标题{n}", "数字化转型的城市规划。" * 20, age=100)
    return tmp_path / "data"


def files(path: Path) -> list[str]:
    return sorted(file.suffix for file in path.glob("*_?*.*"))


# Signals


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_indexing(tmp_path: Path, posts: Path, number: signal.Signals) -> None:
    """SIGTERM and SIGHUP left segment files, and ended without a word."""
    cnsearch.open_index(tmp_path / "index", create=True).close()
    with start("index", "data", "--jobs", "2", cwd=tmp_path) as process:
        while b"pid" not in (tmp_path / "index/MAIN_WRITELOCK").read_bytes() and process.poll() is None:
            time.sleep(0.005)
        time.sleep(0.3)
        process.send_signal(number)
        shown, errors = process.communicate(timeout=60)
    assert (process.returncode, shown) == (130, b"")
    assert errors.decode().strip() == "cnsearch: interrupted"
    assert files(tmp_path / "index") == [".toc"]


@posix
@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.15, 0.2, 0.3, 0.4])
def test_an_early_signal(tmp_path: Path, data_index_path: Path, seconds: float) -> None:
    """While it was loading there was a traceback."""
    with start("search", "-", "--index", data_index_path, cwd=tmp_path) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    if b"Traceback" in errors:  # of Python itself, which was not ready for us: no matter how long that takes
        assert b"cnsearch/faces/cli/program.py" not in errors
        assert b"cnsearch/index.py" not in errors
    if b"interrupted" in errors:
        assert process.returncode == 130


@posix
def test_the_program_is_interruptible_before_it_has_loaded_anything() -> None:
    code = (
        "import sys, signal; sys.argv = ['/x/bin/cnsearch']; sys.modules['numpy'] = None\n"
        "try:\n    import cnsearch\nexcept ImportError:\n    pass\n"
        "print(signal.getsignal(signal.SIGTERM).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "end_at_once"
    code = "import signal, cnsearch; print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"  # a program that uses the library keeps its signals


@pytest.mark.parametrize(("name", "expected"), [("/x/bin/cnsearch", "True True"), ("mine.py", "True False")])
def test_what_the_program_has_loaded_is_not_looked_through_for_cycles(name: str, expected: str) -> None:
    code = (
        f"import gc, sys; sys.argv = [{name!r}]; import cnsearch; print(gc.isenabled(), gc.get_freeze_count() > 1000)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected


@posix
@pytest.mark.parametrize("seed", range(4))
def test_two_interrupts(tmp_path: Path, posts: Path, seed: int) -> None:
    rng = random.Random(seed)
    cnsearch.open_index(tmp_path / "index", create=True).close()
    with start("index", "data", "--jobs", "2", cwd=tmp_path) as process:
        while b"pid" not in (tmp_path / "index/MAIN_WRITELOCK").read_bytes() and process.poll() is None:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.6))
        for _ in range(2):
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(rng.uniform(0, 0.1))
        shown, errors = process.communicate(timeout=60)
    assert b"Traceback" not in errors
    assert (process.returncode, shown) == (130, b"")
    assert files(tmp_path / "index") == [".toc"]


@posix
def test_nohup_goes_on(tmp_path: Path, posts: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = start("index", "data", "--jobs", "1", cwd=tmp_path)
    finally:
        signal.signal(signal.SIGHUP, before)
    with process:
        time.sleep(0.5)
        process.send_signal(signal.SIGHUP)
        _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, b"")


@posix
def test_an_interrupt_inside_code_made_from_text_gives_the_exit_code(tmp_path: Path) -> None:
    """As while a module makes its dataclasses: the interpreter would take a KeyboardInterrupt for one that nobody has
    caught, and end by the signal."""
    (tmp_path / "program.py").write_text(
        "import os, signal, sys\n"
        "from cnsearch.faces import interrupts\n"
        "try:\n"
        "    with interrupts.raised():\n"
        "        exec('os.kill(os.getpid(), signal.SIGINT)\\nwhile True: pass')\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(interrupts.INTERRUPTED)\n"
    )
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-m", "program"], cwd=tmp_path, env=environment, check=False, timeout=60)
    assert done.returncode == 130


def test_the_handlers_of_a_caller_are_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(SystemExit), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["cnsearch", "--version"])
        program.main()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert capsys.readouterr().out.startswith("cnsearch")


# What the dead leave behind


@posix
def test_the_next_writer_removes_what_a_killed_one_left(tmp_path: Path, posts: Path) -> None:
    """It stayed until the next commit."""
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(Article(id="a", title="江豚"))
        names = {file.name for file in (tmp_path / "index").iterdir()}
        for stale in ("MAIN_0123456789abcdef.cnp", "MAIN_0123456789abcdef.cnp.tmp", "commit_99.toc.tmp"):
            (tmp_path / "index" / stale).write_bytes(b"half")
        (tmp_path / "index/mine.txt").write_text("not ours")
        transaction = begin(index._backend.store)
        assert {file.name for file in (tmp_path / "index").iterdir()} == {*names, "mine.txt"}
        transaction.cancel()
        assert index.get("a").title == "江豚"


@posix
def test_a_killed_run_leaves_no_processes_and_no_semaphores(tmp_path: Path, posts: Path) -> None:
    shared_memory = Path("/dev/shm")
    with start("index", "data", "--jobs", "2", cwd=tmp_path) as process:
        time.sleep(2)
        process.kill()
        process.communicate(timeout=60)
    for _ in range(200):
        left = [file.name for file in shared_memory.glob(f"sem.loky-{process.pid}-*")] if shared_memory.is_dir() else []
        if not left:
            break
        time.sleep(0.05)
    assert left == []


def test_a_broken_off_snapshot_does_not_refuse_the_next(
    tmp_path: Path, data_index: cnsearch.Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = tmp_path / "copy"
    with monkeypatch.context() as patch:
        patch.setattr(Folder, "copy_to", full)
        with pytest.raises(OSError, match="No space"):
            data_index.snapshot(target)
    data_index.snapshot(target)
    for file in target.glob("*.toc"):  # killed just before the last step
        file.unlink()
    (target / "copy.unfinished").touch()
    data_index.snapshot(target)
    with cnsearch.open_index(target) as copied:
        assert len(copied) == len(data_index)
    assert not (target / "copy.unfinished").exists()
    (target / "copy.unfinished").touch()
    (target / "mine.txt").touch()
    with pytest.raises(cnsearch.IndexUnusableError, match="not empty"):
        data_index.snapshot(target)


# Workers


class FailingPool:
    """In the place of loky's: of the results, the second is ``error``; or nothing can be submitted."""

    def __init__(self, error: BaseException, *, at_once: bool) -> None:
        self._error, self._at_once, self._submitted = error, at_once, 0

    def __call__(self, max_workers: int, initializer: Any, initargs: Any, env: Any) -> FailingPool:
        identity, words, _ = initargs
        workers._tokenizer_of_worker = workers.require_tokenizer(identity, words)
        return self

    def submit(self, function: Any, *arguments: Any) -> Future[Any]:
        if self._at_once:
            raise self._error
        self._submitted += 1
        future: Future[Any] = Future()
        if self._submitted == 2:
            future.set_exception(self._error)
        else:
            future.set_result(function(*arguments))
        return future

    def shutdown(self, **options: Any) -> None:
        pass


def terminated() -> BaseException:
    from loky.process_executor import TerminatedWorkerError

    return TerminatedWorkerError("a worker was killed")  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("make", "at_once", "said"),
    [
        (terminated, False, "a worker process was ended from outside"),
        (terminated, True, "a worker process was ended from outside"),
        (lambda: MemoryError(), False, "had not enough memory"),
        (lambda: OSError(errno.EMFILE, "Too many open files"), True, "Too many open files"),
        (lambda: UnboundLocalError("child_r"), True, "no worker process can be started"),
    ],
)
def test_where_workers_are_lost_this_process_does_the_rest(
    tmp_path: Path,
    posts: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[], BaseException],
    at_once: bool,
    said: str,
) -> None:
    monkeypatch.setattr("loky.ProcessPoolExecutor", FailingPool(make(), at_once=at_once))
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        report = index.update(posts, jobs=2)
        assert (report.added, len(index)) == (600, 600)
        assert len(report.notes) == 1
        assert said in report.notes[0]
        assert report.to_dict()["notes"] == list(report.notes)
        assert index.verify(deep=True).ok


@posix
def test_a_killed_worker_is_a_sentence(tmp_path: Path, posts: Path) -> None:
    """It ended as "internal error: TerminatedWorkerError"."""
    code = """
import os, signal, sys
from cnsearch.faces.cli import program
from cnsearch.indexing import workers
begin = workers.begin_worker
def killed(*arguments):
    begin(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
workers.begin_worker = killed
sys.argv = ["cnsearch", "index", "data", "--jobs", "2"]
program.main()
"""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "600 added" in done.stdout
    assert "note: a worker process was ended from outside" in done.stderr
    assert "Traceback" not in done.stderr


@posix
@pytest.mark.parametrize("most", [12, 16, 18, 24])
def test_few_file_descriptors(tmp_path: Path, posts: Path, most: int) -> None:
    """With 16 there was an UnboundLocalError."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = f"ulimit -n {most}; exec {sys.executable} -m cnsearch index data --jobs 2"
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "internal error" not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1)
    if done.returncode:
        assert "Too many open files" in done.stderr
    else:
        assert "600 added" in done.stdout


def test_an_article_without_enough_memory_fails_alone(
    tmp_path: Path, posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_of = transactions.document_of

    def greedy(article: Article, *arguments: Any) -> Any:
        if article.id == "0007.md":
            raise MemoryError
        return document_of(article, *arguments)

    monkeypatch.setattr(transactions, "document_of", greedy)
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        report = index.update(posts, jobs=1)
    assert report.added == 599
    assert [(Path(failure.path).name, failure.reason) for failure in report.failed] == [
        ("0007.md", "there is not enough memory for it")
    ]


def test_no_memory_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def greedy(*arguments: Any, **options: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(program.cli, "main", greedy)
    with pytest.raises(SystemExit) as caught:
        program.main()
    assert caught.value.code == 1
    assert "not enough memory" in capsys.readouterr().err


def update_in_a_daemon(arguments: tuple[str, str, int | None]) -> int:
    path, posts, jobs = arguments
    with cnsearch.open_index(path, create=True) as index:
        return index.update(posts, jobs=jobs).added


@pytest.mark.parametrize("jobs", [2, None])
def test_a_daemonic_process_does_the_work_itself(tmp_path: Path, posts: Path, jobs: int | None) -> None:
    """Celery's and Pool's workers may have no children: a raw AssertionError."""
    with get_context("spawn").Pool(1) as pool:
        assert pool.map(update_in_a_daemon, [(str(tmp_path / "index"), str(posts), jobs)]) == [600]
        pool.close()
        pool.join()

"""Files below a folder, on a file system that is not always kind."""

import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from cnsearch.corpus.posts import POST_SUFFIXES, Scan, scan_posts

needs_symlinks = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files only")
needs_permissions = pytest.mark.skipif(
    sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0),
    reason="root may read everything, so there is nothing to test",
)


def write(root: Path, *ids: str) -> None:
    for id_ in ids:
        path = root / id_
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(id_, encoding="utf-8")


def ids(scan: Scan) -> list[str]:
    return [file.id for file in scan.files]


def reasons(scan: Scan, root: Path) -> dict[str, str]:
    return {Path(failure.path).relative_to(root).as_posix(): failure.reason for failure in scan.failures}


def test_posts_are_found_sorted_with_their_sizes(tmp_path: Path) -> None:
    write(tmp_path, "b.md", "a/z.txt", "a/b/c.html", "a.md", "金融/每经网/文.markdown", "x.HTM")
    scan = scan_posts(tmp_path)
    assert ids(scan) == ["a.md", "a/b/c.html", "a/z.txt", "b.md", "x.HTM", "金融/每经网/文.markdown"]
    assert scan.failures == []
    assert scan.unread == []
    for file in scan.files:
        path = Path(file.path)
        assert path.is_absolute()
        assert path.read_text(encoding="utf-8") == file.id
        assert (file.size, file.mtime_ns) == (path.stat().st_size, path.stat().st_mtime_ns)


def test_other_files_and_hidden_ones_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "b.pdf", "c", "md", ".d.md", ".git/e.md", "f.md.bak", "g.json", "h/.i/j.md")
    assert ids(scan_posts(tmp_path)) == ["a.md"]
    assert set(POST_SUFFIXES) == {".md", ".markdown", ".mdx", ".html", ".htm", ".txt"}


def test_a_folder_named_like_a_post_is_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "x.md/y.md", "x.md/z.txt/w.html")
    scan = scan_posts(tmp_path)
    assert ids(scan) == ["x.md/y.md", "x.md/z.txt/w.html"]
    assert scan.failures == []


def test_a_root_that_is_one_post(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "b.md")
    scan = scan_posts(tmp_path / "a.md")
    assert [(file.id, file.path) for file in scan.files] == [("a.md", str(tmp_path / "a.md"))]
    assert ids(scan_posts(tmp_path / "a.md", below="b.md")) == []


def test_a_root_that_is_missing(tmp_path: Path) -> None:
    scan = scan_posts(tmp_path / "nowhere")
    assert scan.files == []
    assert reasons(scan, tmp_path) == {"nowhere": "no such file or directory"}
    assert scan.unread == [""]


def test_a_relative_root_gives_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "d/a.md")
    (tmp_path / "e").mkdir()
    monkeypatch.chdir(tmp_path / "e")
    assert [file.path for file in scan_posts("../d").files] == [str(tmp_path / "d" / "a.md")]


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        ("", ["a.md", "a/b.md", "a/c/d.md", "ab/e.md"]),
        ("a", ["a/b.md", "a/c/d.md"]),
        ("a/", ["a/b.md", "a/c/d.md"]),
        ("a/c", ["a/c/d.md"]),
        ("a/b.md", ["a/b.md"]),
        ("a.md", ["a.md"]),
        ("nowhere", []),
        ("a/nowhere/x.md", []),
        ("a.md/x.md", []),
        (".git", []),
        (".git/x.md", []),
    ],
)
def test_below(tmp_path: Path, below: str, expected: list[str]) -> None:
    write(tmp_path, "a.md", "a/b.md", "a/c/d.md", "ab/e.md", ".git/x.md")
    scan = scan_posts(tmp_path, below=below)
    assert ids(scan) == expected
    assert scan.failures == []
    assert scan.unread == []


@pytest.mark.parametrize("below", ["..", "../b", "a/../../b", "a/.."])
def test_below_never_leaves_the_root(tmp_path: Path, below: str) -> None:
    write(tmp_path, "root/a/x.md", "b/secret.md")
    scan = scan_posts(tmp_path / "root", below=below)
    assert scan.files == []
    assert [failure.reason for failure in scan.failures] == ["lies outside the root"]


@needs_symlinks
def test_links_inside_the_root_are_followed(tmp_path: Path) -> None:
    write(tmp_path, "a/x.md", "b/y.txt")
    (tmp_path / "b" / "x.md").symlink_to("../a/x.md")
    (tmp_path / "c").symlink_to("a")
    scan = scan_posts(tmp_path)
    assert ids(scan) == ["a/x.md", "b/x.md", "b/y.txt", "c/x.md"]
    assert scan.failures == []
    assert ids(scan_posts(tmp_path, below="c")) == ["c/x.md"]


@needs_symlinks
def test_a_root_that_is_a_link(tmp_path: Path) -> None:
    write(tmp_path, "real/a/x.md")
    (tmp_path / "real" / "b").symlink_to("a")
    (tmp_path / "root").symlink_to("real")
    scan = scan_posts(tmp_path / "root")
    assert ids(scan) == ["a/x.md", "b/x.md"]
    assert scan.files[0].path == str(tmp_path / "root" / "a" / "x.md")


@needs_symlinks
def test_links_out_of_the_root_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret.md", "root-2/secret.md", "root/a.md")
    (tmp_path / "root" / "x.md").symlink_to(tmp_path / "outside" / "secret.md")
    (tmp_path / "root" / "folder").symlink_to("../outside")
    (tmp_path / "root" / "near").symlink_to("../root-2")  # a prefix of the name is not the folder
    (tmp_path / "root" / "up").symlink_to("..")
    scan = scan_posts(tmp_path / "root")
    assert ids(scan) == ["a.md"]
    found = reasons(scan, tmp_path / "root")
    assert sorted(found) == ["folder", "near", "up", "x.md"]
    assert all(reason.startswith("symbolic link to a place outside the root: ") for reason in found.values())
    assert scan.unread == []


@needs_symlinks
def test_loops_are_one_line_each(tmp_path: Path) -> None:
    write(tmp_path, "a/x.md", "b/y.md")
    (tmp_path / "a" / "self").symlink_to(".")
    (tmp_path / "a" / "top").symlink_to("..")
    (tmp_path / "ring.md").symlink_to("ring.md")
    (tmp_path / "a" / "other").symlink_to("../b")
    (tmp_path / "b" / "back").symlink_to("../a")
    scan = scan_posts(tmp_path)
    assert ids(scan) == ["a/other/y.md", "a/x.md", "b/back/x.md", "b/y.md"]
    found = reasons(scan, tmp_path)
    assert len(found) == len(scan.failures)
    assert {"a/self", "a/top", "a/other/back", "b/back/other", "ring.md"} <= set(found)
    assert all(reason.startswith("symbolic link loop") for reason in found.values())


@needs_symlinks
def test_folders_that_all_link_to_each_other_end_soon(tmp_path: Path) -> None:
    for name in "abcdefgh":
        write(tmp_path, f"{name}/post.md")
        for other in "abcdefgh":
            (tmp_path / name / f"to-{other}").symlink_to(f"../{other}")
    scan = scan_posts(tmp_path)
    assert set("abcdefgh") <= {id_[0] for id_ in ids(scan)}
    assert len(scan.files) < 1000


@needs_symlinks
def test_what_a_broken_link_hides_is_unread(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    (tmp_path / "disk").symlink_to("not-mounted")
    (tmp_path / "x.md").symlink_to("gone.md")
    scan = scan_posts(tmp_path)
    assert ids(scan) == ["a.md"]
    assert reasons(scan, tmp_path) == {"disk": "broken symbolic link", "x.md": "broken symbolic link"}
    assert scan.unread == ["disk", "disk/", "x.md", "x.md/"]


@needs_posix
def test_special_files_are_named_and_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.md")
    os.mkfifo(tmp_path / "pipe.md")  # opening it would wait for ever
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null.md").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # the path of a socket may be no longer than 100 bytes
        listener.bind("socket.md")
        scan = scan_posts(tmp_path)
    assert ids(scan) == ["a.md"]
    found = reasons(scan, tmp_path)
    assert found.pop("null.md").startswith("symbolic link to a place outside")
    assert found == {"pipe.md": "not a file but a named pipe", "socket.md": "not a file but a socket"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have only names that are UTF-8")
def test_names_that_are_not_utf8_are_shown_escaped(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xd6\xd0.md"))).write_text("x", encoding="utf-8")
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xd6\xd0"))).mkdir()
    scan = scan_posts(tmp_path)
    assert ids(scan) == ["a.md"]
    assert sorted((failure.path, failure.reason) for failure in scan.failures) == [
        (f"{tmp_path}/\\xd6\\xd0", "the name is not UTF-8"),
        (f"{tmp_path}/\\xd6\\xd0.md", "the name is not UTF-8"),
    ]


@needs_permissions
def test_a_folder_that_may_not_be_listed_is_unread(tmp_path: Path) -> None:
    write(tmp_path, "a/x.md", "b/y.md")
    (tmp_path / "a").chmod(0)
    try:
        scan = scan_posts(tmp_path)
    finally:
        (tmp_path / "a").chmod(stat.S_IRWXU)
    assert ids(scan) == ["b/y.md"]
    assert reasons(scan, tmp_path) == {"a": "permission denied"}
    assert scan.unread == ["a/"]


def test_errors_while_listing_and_looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As above, for whoever runs this as root."""
    write(tmp_path, "a/x.md", "b/y.md", "c.md", "d.md")
    scandir, look = os.scandir, os.stat

    def denied_scandir(path: str) -> object:
        if path.endswith("a"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    def denied_stat(path: str | os.PathLike[str], **options: bool) -> os.stat_result:
        if os.fspath(path).endswith("c.md"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        if os.fspath(path).endswith("d.md"):
            raise FileNotFoundError(2, "No such file or directory", os.fspath(path))
        return look(path, **options)

    monkeypatch.setattr(os, "scandir", denied_scandir)
    monkeypatch.setattr(os, "stat", denied_stat)
    scan = scan_posts(tmp_path)
    assert ids(scan) == ["b/y.md"]
    assert reasons(scan, tmp_path) == {"a": "permission denied", "c.md": "permission denied"}
    assert scan.unread == ["a/", "c.md"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_the_index_could_not_find_again(tmp_path: Path) -> None:
    write(tmp_path, "a\n\x1b[31m.md", "b\uffff.md", "c\uffff/x.md")
    scan = scan_posts(tmp_path)
    assert ids(scan) == ["a\n\x1b[31m.md"]
    assert {failure.reason for failure in scan.failures} == {"the name has U+FFFF in it, which is no character"}


@pytest.mark.skipif(sys.platform == "win32", reason="needs folders opened by number")
def test_folders_deeper_than_a_path_can_be_long(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    for depth in range(2_500):
        if depth == 1_000:
            os.close(os.open("x.md", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    try:
        scan = scan_posts(tmp_path)
    finally:  # what removes the folders of tests calls itself for each level
        for depth in reversed(range(2_500)):
            outer = os.open("..", os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            os.rmdir("d", dir_fd=outer)
            if depth == 1_000:
                os.unlink("x.md", dir_fd=outer)
            folder = outer
        os.close(folder)
    assert ids(scan) == ["d/" * 1_000 + "x.md"]
    (failure,) = scan.failures
    assert failure.reason == "file name too long"
    assert len(scan.unread) == 1


def test_deep_folders(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(300):
        deep = deep / "d"
    deep.mkdir(parents=True)
    write(deep, "x.md")
    assert ids(scan_posts(tmp_path)) == ["d/" * 300 + "x.md"]

"""Which back end a path means."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnsearch
from cnsearch.backends.local.backend import LocalBackend
from cnsearch.opening import index_exists


def test_a_path_is_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "a", str(tmp_path / "c:d"), tmp_path / "http:" / "e"):
        assert not index_exists(path)
        with cnsearch.open_index(path, create=True) as index:
            assert isinstance(index._backend, LocalBackend)
        assert index_exists(path)


def test_an_address_of_a_cluster_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing answers at this port; no folder is made of the name."""
    monkeypatch.chdir(tmp_path)
    address = "opensearch+http://127.0.0.1:1/name"
    for call in (lambda: cnsearch.open_index(address, create=True), lambda: index_exists(address)):
        with pytest.raises(cnsearch.IndexUnusableError, match="does not answer") as caught:
            call()
        assert caught.value.path == address
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["https://host:9200/name", "https://host/name", "S3://bucket"])
def test_an_address_that_nobody_serves(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for call in (
        lambda: cnsearch.open_index(address, create=True),
        lambda: cnsearch.rebuild_index(address, "posts"),
        lambda: index_exists(address),
    ):
        with pytest.raises(cnsearch.UnsupportedError) as caught:
            call()
        assert caught.value.code == "unsupported"
        assert address.partition(":")[0] in str(caught.value)
        assert caught.value.hint
    assert list(tmp_path.iterdir()) == []

"""Addresses of indexes on a cluster: what is taken, and what is said of what is not."""

from pathlib import Path

import pytest

from cnsearch.backends.opensearch.address import Address, credentials, is_address, parse_address
from cnsearch.errors import IndexUnusableError


def test_the_parts_of_an_address() -> None:
    address = parse_address("opensearch+https://a.example:9200,b.example:9201/news?shards=3&replicas=2")
    assert address == Address((("a.example", 9200), ("b.example", 9201)), "news", True, 3, 2)
    assert str(address) == "opensearch+https://a.example:9200,b.example:9201/news"
    assert parse_address("opensearch+http://127.0.0.1:9200/news/") == Address((("127.0.0.1", 9200),), "news", False)
    assert parse_address("opensearch+http://[::1]:9200/n") == Address((("::1", 9200),), "n", False)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("opensearch://h:9200/news", '"opensearch" is no way'),
        ("opensearch+htps://h:9200/news", '"opensearch+htps" is no way'),
        ("opensearch+https://h/news", '"h" has no port'),
        ("opensearch+https://h:0/news", "no port 0"),
        ("opensearch+https://h:99999/news", "no port 99999"),
        ("opensearch+https://h:9200", "the name of the index is missing"),
        ("opensearch+https://h:9200/", "the name of the index is missing"),
        ("opensearch+https://h:9200/news/_search", "more than the name"),
        ("opensearch+https://h:9200/News", "cannot name an index"),
        ("opensearch+https://h:9200/_all", "cannot name an index"),
        ("opensearch+https://h:9200/*", "cannot name an index"),
        ("opensearch+https://h:9200/news?shard=2", 'no option "shard"'),
        ("opensearch+https://h:9200/news?shards=0", "from 1 to 1024"),
        ("opensearch+https://h:9200,/news", "no host with a port"),
        ("opensearch+http://search.example:9200/news", "for this machine only"),
    ],
)
def test_what_is_wrong_is_said(url: str, said: str) -> None:
    assert is_address(url)
    with pytest.raises(IndexUnusableError, match="opensearch") as caught:
        parse_address(url)
    assert said in caught.value.reason
    assert caught.value.code == "index_url"
    assert caught.value.hint


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    with pytest.raises(IndexUnusableError) as caught:
        parse_address("opensearch+https://admin:geheim@h:9200/news")
    assert "geheim" not in str(caught.value)
    assert "do not belong" in caught.value.reason


def test_a_folder_is_no_address(tmp_path: Path) -> None:
    assert not is_address("index")
    assert not is_address("C:/opensearch")
    assert not is_address(tmp_path / "opensearch")


def test_who_we_are(tmp_path: Path) -> None:
    user = {"CNSEARCH_OPENSEARCH_USER": "u", "CNSEARCH_OPENSEARCH_PASSWORD": "geheim"}
    assert (credentials(user).user, credentials(user).password) == ("u", "geheim")
    assert "geheim" not in repr(credentials(user))
    assert credentials({"CNSEARCH_OPENSEARCH_TOKEN": " t\n"}).token == "t"
    assert not credentials({})
    file = tmp_path / "who"
    file.write_text("u:a:b\n")
    said = credentials({"CNSEARCH_OPENSEARCH_CREDENTIALS": str(file)})
    assert (said.user, said.password) == ("u", "a:b")
    with pytest.raises(IndexUnusableError, match="cannot be read"):
        credentials({"CNSEARCH_OPENSEARCH_CREDENTIALS": str(tmp_path / "none")})


@pytest.mark.parametrize("written", ["", "\n", "u:geheim\nzwei:geheim\n", "geheim 密\n", "two geheim"])
def test_a_file_that_has_no_credentials_is_said_and_not_shown(written: str, tmp_path: Path) -> None:
    file = tmp_path / "who"
    file.write_text(written, encoding="utf-8")
    with pytest.raises(IndexUnusableError) as caught:
        credentials({"CNSEARCH_OPENSEARCH_CREDENTIALS": str(file)})
    assert caught.value.code == "credentials"
    assert "geheim" not in f"{caught.value!r} {caught.value}"


def test_what_is_no_token_is_said_and_not_shown() -> None:
    with pytest.raises(IndexUnusableError, match="no token") as caught:
        credentials({"CNSEARCH_OPENSEARCH_TOKEN": "geheim\nX-Other: 1"})
    assert "geheim" not in f"{caught.value!r} {caught.value}"

"""What an index remembers of its folders."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.settings import PASSED_OVER, KnownFile, PathSettings, Settings

PATHS = st.sampled_from(["", "a/", "a/b/", "a/b/c.txt", "d.txt"])
PATH_SETTINGS = st.builds(
    PathSettings,
    exclude=st.none() | st.tuples(st.text(max_size=5)),
    split=st.sampled_from([None, "", "chapter", "line"]),
    source=st.none() | st.text(max_size=5),
    drafts=st.none() | st.booleans(),
)
FILES = st.builds(
    KnownFile,
    size=st.integers(0, 1 << 40),
    mtime_ns=st.integers(0, 1 << 62),
    digest=st.binary(min_size=16, max_size=16),
    articles=st.integers(PASSED_OVER, 9),
)
SETTINGS = st.builds(
    Settings,
    roots=st.dictionaries(st.just("/r"), st.dictionaries(PATHS, PATH_SETTINGS)),
    files=st.dictionaries(st.just("/r"), st.dictionaries(PATHS, FILES)),
)


@given(SETTINGS)
def test_round_trip_through_json(settings: Settings) -> None:
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


def test_an_index_without_settings_has_none() -> None:
    assert Settings.from_dict(None) == Settings() == Settings.from_dict({})


@pytest.mark.parametrize(
    "state",
    [
        [],
        7,
        {"other": {}},
        {"roots": []},
        {"roots": {"/r": []}},
        {"roots": {"/r": {"": {"split": 1}}}},
        {"roots": {"/r": {"": {"exclude": [1]}}}},
        {"roots": {"/r": {"": {"colour": "red"}}}},
        {"files": {"/r": {"a": [1, 2, "00" * 16]}}},
        {"files": {"/r": {"a": [1, 2, "zz" * 16, 1]}}},
        {"files": {"/r": {"a": [True, 2, "00" * 16, 1]}}},
        {"files": {"/r": {"a": [1 << 80, 2, "00" * 16, 1]}}},
        {"files": {"/r": {"a": "abcd"}}},
    ],
)
def test_what_no_index_writes_is_refused(state: object) -> None:
    with pytest.raises(ValueError, match=r"settings|file|patterns|hexadecimal"):
        Settings.from_dict(state)


def test_the_deepest_path_that_says_something_decides() -> None:
    settings = Settings({"/r": {"": PathSettings(source="甲", drafts=False), "a/": PathSettings(source="乙")}})
    assert settings.at("/r", "a/x.md") == PathSettings(source="乙", drafts=False)
    assert settings.at("/r", "b.md") == PathSettings(source="甲", drafts=False)
    assert settings.at("/other", "b.md") == PathSettings()


def test_what_is_said_for_a_folder_holds_for_all_below() -> None:
    settings = Settings({"/r": {"a/": PathSettings(source="乙", exclude=("x",))}}).changed(
        "/r", "", PathSettings(source="甲")
    )
    assert settings.at("/r", "a/x.md").source == "甲"
    assert settings.roots["/r"]["a/"] == PathSettings(exclude=("x",))


def test_a_folder_inside_another_keeps_its_settings() -> None:
    settings = Settings({"/r/a": {"": PathSettings(source="甲")}}, {"/r/a": {"f": KnownFile(1, 2, b"0" * 16, 3)}})
    moved = settings.moved_into("/r/a", "/r", "a/")
    assert moved == Settings({"/r": {"a/": PathSettings(source="甲")}})
    assert settings.moved_into("/other", "/r", "other/") == settings

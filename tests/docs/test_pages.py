"""What the pages show is what happens: transcripts and examples are run, links lead somewhere, both languages agree."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
OTHERS = [ROOT / name for name in ("CHANGELOG.md", "SECURITY.md", "benchmarks/README.md", "index/README.md")]
OTHERS.append(ROOT / "cnsearch/engine/FORMAT.md")


def tool(name: str) -> ModuleType:
    """A module of ``tools/``, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pages = tool("pages")
ALL = [*pages.TOP, *pages.DOCS]


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


RUN = [page for page in ALL if "\n```" in page.read_text(encoding="utf-8") and page.name != "library.md"]
"""``test_library_page.py`` runs that one, with the frameworks that are installed."""


@pytest.mark.parametrize("page", RUN, ids=name)
def test_what_a_page_shows_happens(
    page: Path, data_index_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the page is right and the program: ``python tools/pages.py --write`` puts in what is printed today."""
    text = page.read_text(encoding="utf-8")
    pages.prepare(tmp_path, text, data_index_path)
    if pages.steps(text):
        for (command, expected), output in zip(pages.steps(text), pages.replayed(text, tmp_path), strict=True):
            assert pages.without_times(output) == pages.without_times(expected), command
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for example in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(compile(example, name(page), "exec"), names)


def test_the_score_by_hand_is_the_one_that_is_shown() -> None:
    section = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("\n## One score by hand\n")[2]
    shown = re.search(r"^ +score ([\d.]+) = (.+)$", section, re.MULTILINE)
    example = re.search(r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    assert shown
    assert example
    names: dict[str, Any] = {}
    exec(compile(example[1], "ARCHITECTURE.md", "exec"), names)
    assert [f"{part:.2f}" for part in names["parts"]] == re.findall(r"\d+\.\d+", shown[2])
    assert f"{sum(names['parts']):.2f}" == shown[1]


@pytest.mark.parametrize("page", [*ALL, *OTHERS], ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"``[^`]*``|`[^`]*`", "", page.read_text(encoding="utf-8"))):
        path, _, heading = target.partition("#")
        if ":" in path:
            continue
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not heading or heading in anchors(file), target


def test_every_module_that_the_architecture_names_is_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    names = {path.name for path in ROOT.glob("cnsearch/**/*.py")} | {path.name for path in ROOT.glob("[bt]*/**/*.py")}
    missing = {found for found in re.findall(r"`([\w/]+\.py)`", text) if found.rpartition("/")[2] not in names}
    assert not missing


def anchors(page: Path) -> set[str]:
    """Those that GitHub gives the headings of a page."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", pages.TOP[:2], ids=name)
def test_a_readme_is_short(page: Path) -> None:
    assert page.stat().st_size <= 8 * 1024


def test_every_page_is_there_in_both_languages() -> None:
    english, chinese = ({path.name for path in (ROOT / "docs" / language).glob("*.md")} for language in ("en", "zh"))
    assert english == chinese


@pytest.mark.parametrize(("page", "row"), [("operations.md", r"^\| (\d+) \|"), ("limits.md", r"^\| `(\w+)`")])
def test_both_languages_name_the_same_exit_codes_and_limits(page: str, row: str) -> None:
    english, chinese = (
        re.findall(row, (ROOT / "docs" / language / page).read_text(encoding="utf-8"), re.MULTILINE)
        for language in ("en", "zh")
    )
    assert english == chinese != []

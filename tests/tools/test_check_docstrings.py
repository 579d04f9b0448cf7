"""The tool that looks for public functions without docstrings, on small sources with each kind of finding."""

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import check_docstrings

PACKAGE = "linted"  # no other module is called so


@pytest.fixture(autouse=True)
def nothing_imported() -> Iterator[None]:
    before = list(sys.path)
    yield
    sys.path[:] = before
    for module in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[module]


def found(folder: Path, source: str, **others: str) -> list[str]:
    """What is said of a module with this source, without its place; ``others`` stand beside it."""
    package = folder / PACKAGE
    package.mkdir()
    (package / "__init__.py").touch()
    imports = "from typing import Any, Protocol, overload\nimport numpy as np\nimport numpy.typing as npt\n"
    for name, text in {**others, "module": source}.items():
        (package / f"{name}.py").write_text(imports + dedent(text), encoding="utf-8")
    lines = check_docstrings.findings(package / "module.py", folder)
    return [line.split(": ", 1)[1] for line in lines]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def plain(): ...", ["plain has no docstring"]),
        ("async def later(): ...", ["later has no docstring"]),
        ('def said():\n    """What it does."""', []),
        ("def _private(): ...", []),
        ("class Thing:\n    def method(self): ...", ["Thing.method has no docstring"]),
        ("class Thing:\n    @property\n    def value(self): ...", ["Thing.value has no docstring"]),
        ("class Thing:\n    def _private(self): ...\n    def __len__(self): ...", []),
        ("class _Private:\n    def method(self): ...", []),
        ("def outer():\n    '''Has a helper.'''\n    def inner(): ...", []),
    ],
)
def test_what_needs_a_docstring(tmp_path: Path, source: str, expected: list[str]) -> None:
    assert found(tmp_path, source) == expected


def test_one_of_several_definitions_has_the_docstring(tmp_path: Path) -> None:
    source = '''
    class Thing:
        @overload
        def get(self, key: int) -> int: ...
        @overload
        def get(self, key: str) -> str: ...
        def get(self, key):
            """What is kept under a key."""

        @property
        def whole(self) -> bool:
            """Whether nothing is missing."""

        @whole.setter
        def whole(self, whole: bool) -> None: ...
    '''
    assert found(tmp_path, source) == []


@pytest.mark.parametrize(
    ("signature", "docstring", "missing"),
    [
        ("values: npt.NDArray[np.int64]", "Sums.", ["shape"]),
        ("values: npt.NDArray[np.int64]", "Sums of values, shape (n,).", []),
        ("values: npt.NDArray[np.int64]", "Sums. Shape (n,).", []),
        ("values: npt.NDArray[Any]", "Sums.", ["shape", "dtype"]),
        ("values: npt.NDArray[Any]", "Sums of values, shape (n,).", ["dtype"]),
        ("values: npt.NDArray[Any]", "Sums of values, uint8 or uint16, shape (n,).", []),
        ("values: npt.NDArray[Any]", "Sums of values, integers, shape (n,).", []),
        ("values: np.ndarray", "Sums of values, shape (n,).", ["dtype"]),
        ("values: 'npt.NDArray[np.int64] | None'", "Sums.", ["shape"]),
        ("values: list[npt.NDArray[np.int64]]", "Sums.", ["shape"]),
        ("*values: npt.NDArray[np.int64]", "Sums.", ["shape"]),
        ("*, values: npt.NDArray[np.int64]", "Sums.", ["shape"]),
        ("one: npt.NDArray[np.int64], other: npt.NDArray[Any]", "Sums, shape (n,).", ["dtype"]),
        ("values: list[int]", "Sums.", []),
        ("reshaped: npt.NDArray[np.int64]", "Sums of what was reshaped.", ["shape"]),
    ],
)
def test_what_must_be_said_of_arrays(tmp_path: Path, signature: str, docstring: str, missing: list[str]) -> None:
    said = {"shape": "the docstring gives no shape", "dtype": "neither annotation nor docstring gives the dtype"}
    source = f'def total({signature}) -> int:\n    """{docstring}"""'
    assert found(tmp_path, source) == [f"total: {said[what]}" for what in missing]


def test_an_array_that_comes_out_counts_too(tmp_path: Path) -> None:
    source = 'def ones() -> tuple[int, npt.NDArray[np.int64]]:\n    """Ones."""'
    assert found(tmp_path, source) == ["ones: the docstring gives no shape"]


ALIASES = '''
Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
"""Which documents: shape (num_docs,)."""
Weights = npt.NDArray[Any]
"""float32 or float64, shape (postings,)."""
Kept = Ints | None
"""The documents that are kept, shape (n,); None: all."""
Later = Kept
Limit = max(1, 2)
'''


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("Array", ["shape", "dtype"]),
        ("Ints", ["shape"]),
        ("Mask", []),
        ("Weights", []),
        ("Kept", []),
        ("Later", []),
        ("Mask | Ints", ["shape"]),
        ("dict[str, Mask]", []),
        ("Masked", []),
    ],
)
@pytest.mark.parametrize("imported", [False, True])
def test_an_alias_speaks_for_what_it_annotates(tmp_path: Path, name: str, missing: list[str], imported: bool) -> None:
    function = f'class Masked: ...\ndef count(which: "{name}") -> int:\n    """How many."""'
    said = {"shape": "the docstring gives no shape", "dtype": "neither annotation nor docstring gives the dtype"}
    if imported:
        names = "from linted.others import Array, Ints, Mask, Weights, Kept, Later\n"
        lines = found(tmp_path, names + function, others=ALIASES)
    else:
        lines = found(tmp_path, ALIASES + function)
    assert lines == [f"count: {said[what]}" for what in missing]


def test_an_alias_under_another_name(tmp_path: Path) -> None:
    source = 'from linted.others import Ints as Numbers\ndef count(which: Numbers) -> int:\n    """How many."""'
    assert found(tmp_path, source, others=ALIASES) == ["count: the docstring gives no shape"]


def test_a_contract_is_documented_once(tmp_path: Path) -> None:
    contract = '''
    class Contract(Protocol):
        def promised(self) -> int:
            """What all of them do."""

        @property
        def value(self) -> int:
            """What all of them have."""

        def unsaid(self) -> int: ...
    '''
    source = """
    import io
    from linted.others import Contract

    class Carried(Contract):
        def promised(self) -> int: ...
        @property
        def value(self) -> int: ...
        def unsaid(self) -> int: ...
        def own(self) -> int: ...

    class Alike:
        def promised(self) -> int: ...

    class Foreign(io.BytesIO):
        def read(self, size: int = -1) -> bytes: ...
    """
    expected = ["Carried.unsaid", "Carried.own", "Alike.promised"]
    assert found(tmp_path, source, others=contract) == [f"{name} has no docstring" for name in expected]


def test_a_private_module_needs_nothing(tmp_path: Path) -> None:
    package = tmp_path / PACKAGE
    package.mkdir()
    (package / "_inner.py").write_text("def plain(): ...", encoding="utf-8")
    assert list(check_docstrings.findings(package / "_inner.py", tmp_path)) == []


def test_a_finding_names_file_and_line(tmp_path: Path) -> None:
    package = tmp_path / PACKAGE
    package.mkdir()
    (package / "module.py").write_text("\n\ndef plain(): ...\n", encoding="utf-8")
    where = f"{Path(PACKAGE) / 'module.py'}:3"
    assert list(check_docstrings.findings(package / "module.py", tmp_path)) == [f"{where}: plain has no docstring"]

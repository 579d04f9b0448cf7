"""What ``cnsearch`` exports is exactly what it says."""

from types import ModuleType

import cnsearch


def test_all_names_what_is_public() -> None:
    public = {
        name for name, value in vars(cnsearch).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public == set(cnsearch.__all__)


def test_all_is_sorted() -> None:
    assert cnsearch.__all__ == sorted(cnsearch.__all__)

"""A real node of OpenSearch for the tests of the cluster back end, started when the first of them asks for it."""

from __future__ import annotations

import importlib.util
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

_names = itertools.count()


def _module(name: str) -> ModuleType:
    path = Path(__file__).parents[1] / "opensearch" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"cnsearch_test_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def nodes() -> Any:
    """What starts nodes: the module ``tests/opensearch/node.py``."""
    pytest.importorskip("opensearchpy", reason="needs opensearch-py: pip install 'cnsearch[opensearch]'")
    return _module("node")


@pytest.fixture(scope="session")
def node(nodes: Any) -> str:
    """host:port of a node that answers; the test is skipped where none can be started."""
    session = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    try:
        host: str = nodes.shared_node(session)
    except nodes.NoNodeError as reason:
        pytest.skip(str(reason))
    return host


@pytest.fixture
def proxied(node: str) -> Any:
    """``proxied(node)`` is a proxy that can go wrong: ``tests/opensearch/proxy.py``."""
    return _module("proxy").proxied


@pytest.fixture
def new_url(node: str) -> Iterator[Callable[..., str]]:
    """Makes addresses of indexes that there are not yet; what is made there is removed afterwards."""
    import opensearchpy

    host, port = node.split(":")
    client = opensearchpy.OpenSearch(hosts=[{"host": host, "port": int(port)}], timeout=60)
    made: list[str] = []

    def make(options: str = "") -> str:
        made.append(f"t{os.getpid()}-{next(_names)}")
        return f"opensearch+http://{node}/{made[-1]}{options}"

    yield make
    for name in made:
        client.transport.perform_request("DELETE", f"/{name}-*", params={"ignore": 404, "expand_wildcards": "all"})
    client.close()

"""Starts real nodes of OpenSearch for the tests, from Maven Central's artifacts (``pom.xml``).

Built once per version of this folder into the user's cache. A node listens on 127.0.0.1 only, on ports that were free,
and ends when the process that runs the tests does, however that ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
BUILD_S, START_S = 600.0, 120.0


class NoNodeError(Exception):
    """Why no node can be started here."""


def built() -> str:
    """The class path of a node; builds it where that was not done before. Raises NoNodeError."""
    sources = [HERE / "pom.xml", *sorted((HERE / "src").rglob("*.*"))]
    digest = hashlib.blake2b(b"".join(path.read_bytes() for path in sources if path.is_file()), digest_size=8)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cnsearch-tests"
    folder = cache / f"opensearch-{digest.hexdigest()}"
    for program, package in (("java", "a Java runtime of version 17 or later"), ("mvn", "Maven")):
        if shutil.which(program) is None:
            raise NoNodeError(f"no {program}: a node of OpenSearch needs {package}")
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("target", "*.py", "__pycache__"))
            goals = ["compile", "dependency:copy-dependencies", "-DoutputDirectory=lib"]
            done = subprocess.run(
                ["mvn", "-q", "-B", *goals], cwd=folder, capture_output=True, text=True, timeout=BUILD_S, check=False
            )
            if done.returncode:
                raise NoNodeError(f"Maven cannot build a node: {done.stdout[-600:]}{done.stderr[-300:]}")
            (folder / "ready").touch()
    return f"{folder / 'target' / 'classes'}:{folder / 'lib'}/*"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@dataclass
class Node:
    """A node that was started, or will be with the next ``start``."""

    name: str
    home: Path
    http: int = field(default_factory=free_port)
    transport: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    heap: str = "512m"
    watch: int = field(default_factory=os.getpid)
    process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.http}"

    def start(self) -> Node:
        """Start it; ``wait`` says when it answers."""
        (self.home / "config").mkdir(parents=True, exist_ok=True)
        settings = {
            "node.name": self.name,
            "path.home": str(self.home),
            "cluster.name": f"cnsearch-tests-{self.watch}",
            "network.host": "127.0.0.1",
            "http.port": str(self.http),
            "transport.port": str(self.transport),
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            "discovery.type": "single-node",
            "node.processors": "2",
            **self.settings,
        }
        java = ["java", "-Xms128m", f"-Xmx{self.heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]
        arguments = [f"{key}={value}" for key, value in settings.items() if value] + [f"watch={self.watch}"]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*java, "-cp", built(), "TestNode", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def wait(self, nodes: int = 1) -> Node:
        """Until it answers, and sees so many nodes. Raises NoNodeError."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            try:
                if len(self.get("/_cat/nodes?format=json")) >= nodes:
                    return self
            except (OSError, ValueError, http.client.HTTPException):
                pass
            if self.process is not None and self.process.poll() is not None:
                break
            time.sleep(0.2)
        raise NoNodeError(f"the node does not start: {(self.home / 'log').read_text(errors='replace')[-800:]}")

    def get(self, path: str) -> list[object]:
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            said = json.loads(answer.read())
            if answer.status != 200:
                raise ValueError(said)
            return said if isinstance(said, list) else [said]
        finally:
            connection.close()

    def end(self, *, kill: bool = False) -> None:
        """Stop it, or kill it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            self.process.wait(30)
        self.process = None

    def __enter__(self) -> Node:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.end()
        shutil.rmtree(self.home, ignore_errors=True)


_SHARED = "cnsearch-tests-node-"


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _answers(host: str) -> bool:
    try:
        with socket.create_connection((host.partition(":")[0], int(host.partition(":")[2])), timeout=1):
            return True
    except OSError:
        return False


def shared_node(session: int) -> str:
    """host:port of the one node that all workers of a test session share; the first that asks starts it. It ends with
    the process ``session``. Raises NoNodeError."""
    folder = Path(tempfile.gettempdir())
    with (folder / f"{_SHARED}{session}").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        known = file.read()
        if not known or not _answers(known):
            for left in folder.glob(f"{_SHARED}*"):  # of sessions that have ended
                if not _is_running(int(left.name.removeprefix(_SHARED).partition("-")[0])):
                    shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
            home = Path(tempfile.mkdtemp(prefix=f"{_SHARED}{session}-"))
            node = Node("shared", home, watch=session)
            known = node.start().wait().host
            assert node.process is not None
            node.process.returncode = 0  # it outlives this process, which shall not be warned of that
            file.truncate(0)
            file.write(known)
    return known


def two_nodes(folder: Path) -> tuple[Node, Node]:
    """Two nodes of one cluster, started, with one replica between them."""
    one, other = Node("one", folder / "one"), Node("other", folder / "other")
    for node, peer in ((one, other), (other, one)):
        node.settings |= {
            "discovery.type": "",
            "discovery.seed_hosts": f"127.0.0.1:{peer.transport}",
            "cluster.initial_cluster_manager_nodes": "one",
            "cluster.fault_detection.leader_check.retry_count": "1",
            "cluster.fault_detection.follower_check.retry_count": "1",
            "cluster.fault_detection.follower_check.interval": "300ms",
        }
    other.settings["node.roles"] = "data,ingest"
    one.start(), other.start()
    one.wait(2), other.wait(2)
    return one, other

"""From the figures of several runs to medians, ratios, and the tables that are printed."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.adapters import NATIVE, STOCK

Figures = dict[str, Any]

COLUMNS = (  # title, figure, digits
    ("docs/s", "docs_per_s", 0),
    ("CPU s", "cpu_s", 1),
    ("MB on disk", "size_mb", 1),
    ("peak MB", "peak_mb", 0),
    ("first p50 ms", "first_p50_ms", 2),
    ("p95", "first_p95_ms", 2),
    ("again p50 ms", "again_p50_ms", 2),
    ("p95", "again_p95_ms", 2),
    ("open ms", "open_ms", 1),
    ("cold ms", "cold_ms", 0),
)


class Ratio(NamedTuple):
    """``subject`` by ``other`` in one figure; ``times_faster`` turns it round, for times that are much smaller."""

    subject: str
    other: str
    figure: str
    more_is_better: bool = False
    times_faster: bool = False
    goal: float | None = None

    @property
    def key(self) -> str:
        return f"{self.subject} / {self.other}: {self.figure}" + (" (times faster)" if self.times_faster else "")

    @property
    def rises(self) -> bool:
        """Whether a greater ratio is a better one."""
        return self.more_is_better or self.times_faster

    def of(self, subject: Figures, other: Figures) -> float:
        ratio = subject[self.figure] / other[self.figure]
        return float(1 / ratio if self.times_faster else ratio)

    def reached(self, value: float) -> bool | None:
        return None if self.goal is None else value >= self.goal if self.rises else value <= self.goal


def wanted_ratios() -> list[Ratio]:
    words, product = "cnsearch-words", "cnsearch"
    query_times = [f"{passage}_p{percent}_ms" for passage in ("first", "again") for percent in (50, 95)]
    ratios = [Ratio(words, NATIVE, "docs_per_s", more_is_better=True, goal=1.0)]
    ratios += [Ratio(words, NATIVE, figure, goal=1.0) for figure in (*query_times, "size_mb")]
    ratios += [Ratio(words, NATIVE, figure) for figure in ("cpu_s", "peak_mb", "cold_ms")]
    ratios.append(Ratio(words, STOCK, "docs_per_s", more_is_better=True, goal=20.0))
    ratios += [Ratio(words, STOCK, f"{p}_p95_ms", times_faster=True, goal=50.0) for p in ("first", "again")]
    ratios.append(Ratio(words, STOCK, "cold_ms", times_faster=True))
    ratios += [Ratio(product, NATIVE, figure) for figure in query_times]
    ratios.append(Ratio(product, STOCK, "docs_per_s", more_is_better=True))
    ratios += [Ratio(product, STOCK, f"{p}_p95_ms", times_faster=True) for p in ("first", "again")]
    ratios.append(Ratio(product, STOCK, "command_ms", times_faster=True))
    return ratios


def machine() -> Figures:
    model = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return {
        "cpu": model or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def summary(runs: Sequence[Figures]) -> Figures:
    """Per figure the median, least and greatest of the runs."""
    return {
        key: {
            "median": statistics.median(run[key] for run in runs),
            "min": min(run[key] for run in runs),
            "max": max(run[key] for run in runs),
        }
        for key in runs[0]
    }


def ratios_of(runs: Mapping[str, Sequence[Figures]]) -> dict[str, Figures]:
    """Each ratio: one per run, then as in ``summary``."""
    found = {}
    for ratio in wanted_ratios():
        if ratio.subject in runs and ratio.other in runs:
            pairs = zip(runs[ratio.subject], runs[ratio.other], strict=True)
            values = [{"ratio": ratio.of(subject, other)} for subject, other in pairs]
            row = summary(values)["ratio"]
            found[ratio.key] = {
                **row,
                "rises": ratio.rises,
                "goal": ratio.goal,
                "reached": ratio.reached(row["median"]),
            }
    return found


def table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Lines with aligned columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  ".join(cells).rstrip()


def show(report: Figures) -> None:
    about, system = report["corpus"], report["machine"]
    print(f"{about['name']}: {about['articles']:,} articles, {about['characters']:,} characters; ", end="")
    print(f"{report['queries']} queries; median of {report['runs']} runs")
    print(f"{system['cpu']}, {system['cores']} cores, {system['system']}, Python {system['python']}; {report['date']}")
    print()
    rows = [["", *(title for title, _, _ in COLUMNS), "same hits as"]]
    for name, engine in report["engines"].items():
        cells = []
        for _, figure, digits in COLUMNS:
            cells.append(f"{engine['figures'][figure]['median']:,.{digits}f}")
        compared = engine["overlap"]
        cells.append(f"{compared['share']:.2f} {compared['reference']}" if compared else "")
        rows.append([name, *cells])
    print("\n".join(table(rows)))
    print()
    for name, engine in report["engines"].items():
        print(f"{name}: {engine['version']}; {engine['note']}")
    for note in report["notes"]:
        print(note)
    if report["ratios"]:
        print()
        rows = [["ratio within a run", "median", "least", "greatest", "goal", ""]]
        for key, row in report["ratios"].items():
            goal = "" if row["goal"] is None else f"{'>=' if row['rises'] else '<='} {row['goal']:g}"
            reached = {None: "", True: "reached", False: "MISSED"}[row["reached"]]
            numbers = [f"{row[name]:,.2f}" for name in ("median", "min", "max")]
            rows.append([key, *numbers, goal, reached])
        print("\n".join(table(rows)))


def worse_than(baseline: Figures, report: Figures, tolerance: float) -> list[str]:
    """The ratios that are worse than the baseline's by more than the tolerance."""
    found = []
    for key, row in report["ratios"].items():
        before = baseline["ratios"].get(key)
        if before is not None:
            now, then = row["median"], before["median"]
            if now < then * (1 - tolerance) if row["rises"] else now > then * (1 + tolerance):
                found.append(f"{key}: {now:.2f}, was {then:.2f}")
    return found

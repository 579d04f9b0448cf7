"""The licences of what is not ours go with it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_opencc_s_table_comes_with_its_notice_and_licence() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = re.findall(r'"([^"]+)"', project.split("license-files = ", 1)[1].partition("\n")[0])
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in named}
    assert "OpenCC" in texts["NOTICE"]
    assert "cnsearch/analysis/fold_table.LICENSE" in texts["NOTICE"]
    assert texts["cnsearch/analysis/fold_table.LICENSE"].startswith("Apache License\nVersion 2.0")
    table = (ROOT / "cnsearch/analysis/fold_table.txt").read_text(encoding="utf-8")
    (version,) = re.findall(r"OpenCC (\S+)", table[:300])
    assert f"version {version}." in texts["NOTICE"]

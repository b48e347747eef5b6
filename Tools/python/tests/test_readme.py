"""Every line of the README's code runs, in the order in which it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import trackerstate

README = Path(__file__).resolve().parent.parent / "README.md"


@pytest.mark.skipif(not README.exists(), reason="the README is in a checkout only")
def test_the_quick_start_does_what_it_says(tmp_path, monkeypatch):
    for module in ("pandas", "polars", "pyarrow", "matplotlib"):
        pytest.importorskip(module, reason=f"{module} is not installed")
    import matplotlib

    matplotlib.use("Agg")
    run_blocks(tmp_path, monkeypatch, lambda block: "import torch" not in block)
    assert (tmp_path / "points.parquet").exists()


@pytest.mark.skipif(not README.exists(), reason="the README is in a checkout only")
def test_the_quick_start_needs_nothing_but_numpy(tmp_path, monkeypatch):
    run_blocks(
        tmp_path, monkeypatch, lambda block: "to_pandas" not in block and "import torch" not in block
    )


@pytest.mark.skipif(not README.exists(), reason="the README is in a checkout only")
def test_losses_of_pytorch_are_recorded_as_it_says(tmp_path, monkeypatch):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    run_blocks(tmp_path, monkeypatch, lambda block: "to_pandas" not in block)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not README.exists(), reason="the README is in a checkout only")
@pytest.mark.parametrize(
    ("section", "modules"),
    [
        ("A loop of one's own", ["torch"]),
        ("Lightning", ["torch", "lightning"]),
        ("Transformers", ["torch", "transformers", "accelerate"]),
        ("FastEstimator", ["fastestimator"]),
    ],
)
def test_frameworks_are_used_as_it_says(tmp_path, monkeypatch, section, modules):
    for module in modules:
        pytest.importorskip(module, reason=f"{module} is not installed")
    if section == "FastEstimator":
        import fastestimator
        import test_fastestimator  # noqa: F401 - which lets it restore under every Python

        monkeypatch.setattr(fastestimator, "fe_history_path", False)
    text = README.read_text(encoding="utf-8")
    part = re.search(rf"\n### {section}.*?(?=\n##)", text, re.S)
    names = {"trackerstate": trackerstate}
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", part[0], re.S)
    assert len(blocks) == 1
    assert run_block(blocks[0], names) >= 1


def run_blocks(folder, monkeypatch, is_wanted):
    monkeypatch.chdir(folder)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert len(blocks) >= 6
    names: dict[str, object] = {}
    checked = sum(
        run_block(block, names)
        for block in blocks
        # Those of frameworks stand for themselves.
        if "trackerstate.adapters" not in block and is_wanted(block)
    )
    assert checked >= 4


def run_block(block, names):
    """Runs a block; returns how many of its outputs were checked."""
    checked = 0
    lines: list[str] = []
    # Frameworks print of themselves, too.
    names["print"] = lambda *values: lines.append(" ".join(map(str, values)))
    exec(compile(block, str(README), "exec"), names)  # noqa: S102
    # A comment behind a print says what it prints, where that does not depend on chance.
    printed = iter(lines)
    for line in block.splitlines():
        if "print(" not in line:
            continue
        output = next(printed)
        comment = line.rsplit("#", 1)[-1].strip() if "#" in line else ""
        if re.match(r"[\d(]|True|\[ True", comment):
            assert output == comment, line
            checked += 1
    return checked

"""What the tests share: the real library, files, and a seeded generator."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

# Tests run on the installed package where there is one, else on the checkout.
try:
    import trackerstate  # noqa: F401
except ImportError:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

for name in ("RANK", "WORLD_SIZE", "TRACKER_RUN_ID", "TORCHELASTIC_RUN_ID", "SLURM_NTASKS"):
    os.environ.pop(name, None)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "run.tracker")


def record_epochs(
    path: str | None,
    values: np.ndarray,
    *,
    mode: str = "train",
    batch: int = 7,
    seed: int = 1,
    **options: object,
):
    """A tracker of a matrix (epochs, instances), recorded in batches of random order; NaN is no point."""
    tracker = trackerstate.InstanceTracker(metric="ce", mode=mode, path=path, **options)
    order = np.random.default_rng(seed)
    for epoch, row in enumerate(values, 1):
        there = order.permutation(np.flatnonzero(~np.isnan(row)))
        for start in range(0, len(there), batch):
            part = there[start : start + batch]
            tracker.record(part, row[part])
        tracker.end_epoch(100 * epoch, epoch)
    return tracker

"""Measures the Python package: recording, reading whole, and writing Parquet.

    python Tools/bench/python_package.py --data D6.npz [--worker .../release/worker] [--folder DIR]

The data is an npz with an array `values` of epochs × instances, as Tools/bench/histories.py makes it. The
package is the installed one, or that of this checkout. With the bench's worker, reads of the Swift library
are timed in turns with those of the package, in processes of their own; its own clock is taken.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

try:
    import trackerstate
except ImportError:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))
    import trackerstate

BATCH = 256


def load(path: str) -> np.ndarray:
    values = np.load(path)["values"]
    return np.ascontiguousarray(values, np.float32)


def spread(seconds: list[float], unit: float) -> str:
    ordered = sorted(seconds)
    return (
        f"least {ordered[0] * unit:.2f}, quartile {ordered[len(ordered) // 4] * unit:.2f}, "
        f"median {statistics.median(ordered) * unit:.2f}"
    )


def record(values: np.ndarray, path: str) -> None:
    """Batches of 256 in random order; epochs end and are written meanwhile."""
    order = np.random.default_rng(1)
    times: list[float] = []
    used: list[float] = []
    whole = time.perf_counter()
    with trackerstate.InstanceTracker(mode="train", path=path) as tracker:
        for epoch, row in enumerate(values, 1):
            shuffled = order.permutation(row.size)
            batches = [
                (shuffled[start : start + BATCH], row[shuffled[start : start + BATCH]])
                for start in range(0, row.size // BATCH * BATCH, BATCH)
            ]
            start, busy = time.perf_counter(), time.thread_time()
            for indices, losses in batches:
                tracker.record(indices, losses)
            used.append((time.thread_time() - busy) / len(batches))
            times.append((time.perf_counter() - start) / len(batches))
            rest = shuffled[row.size // BATCH * BATCH :]
            tracker.record(rest, row[rest])
            tracker.end_epoch(100 * epoch, epoch)
            tracker.checkpoint()
    print(f"record, µs a batch of {BATCH}: {spread(times, 1e6)}; at most {3 + 0.01 * BATCH:.2f}")
    print(f"  of the thread's own time: {spread(used, 1e6)}")
    print(f"  {values.size:,} points in all, batches made and checkpoints included: "
          f"{time.perf_counter() - whole:.1f} s, {os.path.getsize(path):,} bytes")


def read_whole(path: str) -> float:
    start = time.perf_counter()
    with trackerstate.open(path) as file:
        matrix = file.channel().matrix()
        matrix.values[-1, -1]
    seconds = time.perf_counter() - start
    del matrix
    return seconds


def read(path: str, worker: str | None, rounds: int) -> None:
    theirs: list[float] = []
    ours: list[float] = []
    ask: Callable[[], float] | None = None
    if worker:
        process = subprocess.Popen([worker], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def ask() -> float:
            assert process.stdin and process.stdout
            process.stdin.write(f"read\t{path}\n")
            process.stdin.flush()
            return float(json.loads(process.stdout.readline())["seconds"])

    read_whole(path)
    for round in range(rounds):
        if ask and round % 2:
            theirs.append(ask())
        ours.append(read_whole(path))
        if ask and not round % 2:
            theirs.append(ask())
    print(f"read whole, ms: {spread(ours, 1e3)}")
    if theirs:
        print(f"  Swift: {spread(theirs, 1e3)}")
        ratios = [swift / python for swift, python in zip(theirs, ours)]
        print(f"  speed as a share of Swift's: of medians "
              f"{statistics.median(theirs) / statistics.median(ours):.3f}, of least times "
              f"{min(theirs) / min(ours):.3f}, median of pairs {statistics.median(ratios):.3f}; at least 0.9")


def parquet(path: str, folder: str) -> None:
    """What is written is read back equal by every library that is installed."""
    target = os.path.join(folder, "points.parquet")
    with trackerstate.open(path) as file:
        start = time.perf_counter()
        count = file.to_parquet(target)
        seconds = time.perf_counter() - start
        points = file.points()
    print(f"to_parquet: {count:,} points in {seconds:.2f} s, {os.path.getsize(target):,} bytes")
    columns = ("index", "epoch", "step", "value")

    def check(name: str, found: dict[str, np.ndarray]) -> None:
        same = all(np.array_equal(found[column], getattr(points, column)) for column in columns[:3])
        same &= np.array_equal(
            np.asarray(found["value"]).view(np.uint32), points.value.view(np.uint32)
        )
        print(f"  {name}: {'equal' if same else 'DIFFERENT'}")

    import pyarrow.parquet

    table = pyarrow.parquet.read_table(target, columns=list(columns))
    check("pyarrow", {name: table[name].to_numpy() for name in columns})
    del table
    try:
        import polars

        frame = polars.read_parquet(target, columns=list(columns))
        check("Polars", {name: frame[name].to_numpy() for name in columns})
        del frame
    except ImportError:
        print("  Polars is not installed")
    try:
        import duckdb

        found = duckdb.sql(f"select {', '.join(columns)} from '{target}'").fetchnumpy()
        check("DuckDB", {name: np.asarray(found[name]) for name in columns})
    except ImportError:
        print("  DuckDB is not installed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True, help="npz with values of epochs × instances")
    parser.add_argument("--worker", help="the bench's worker, built for release")
    parser.add_argument("--folder", help="for the files that are written; by default a temporary one")
    parser.add_argument("--rounds", type=int, default=21, help="of reading")
    parser.add_argument("--no-parquet", action="store_true")
    arguments = parser.parse_args()
    values = load(arguments.data)
    print(f"{arguments.data}: {values.shape[0]} epochs × {values.shape[1]:,} instances")
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        path = os.path.join(folder, "run.tracker")
        record(values, path)
        merged = os.path.join(folder, "merged.tracker")
        trackerstate.merge(path, merged)
        read(merged, arguments.worker, arguments.rounds)
        if not arguments.no_parquet:
            parquet(merged, folder)


if __name__ == "__main__":
    main()

"""Real processes of one run, for tests: started together, killed, and what they computed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import trackerstate

#: What workers write beside the tracker: a line for each value that they computed, in the order of it.
LOG = """
import os

class Log:
    def __init__(self, folder, phase, rank):
        self.file = open(f"{folder}/{phase}-{rank}.log", "w")

    def add(self, mode, epoch, indices, values):
        for index, value in zip(indices.tolist(), values.tolist()):
            self.file.write(f"{mode} {epoch} {index} {float(value).hex()}\\n")
        self.file.flush()
"""


def environment(**more: str) -> dict[str, str]:
    package = os.path.dirname(os.path.dirname(trackerstate.__file__))
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "", **more,
    }


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def launch(script: Path, size: int, *arguments: str) -> list[tuple[int, str]]:
    """Runs ``size`` processes of a script as torchrun does; returns exit codes and what they said."""
    common = environment(WORLD_SIZE=str(size), MASTER_ADDR="127.0.0.1", MASTER_PORT=free_port())
    processes = [
        subprocess.Popen(
            [sys.executable, str(script), *arguments],
            env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for rank in range(size)
    ]
    try:
        told = [process.communicate(timeout=240)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [(process.returncode, text) for process, text in zip(processes, told)]


def logged(folder: Path, phase: str) -> dict[tuple[str, int, int], list[float]]:
    """What the workers of a phase computed: all values, in order, by mode, epoch and index.

    Those that a worker computed twice in an epoch come twice, and so do those of several workers.
    """
    found: dict[tuple[str, int, int], list[float]] = {}
    for path in sorted(folder.glob(f"{phase}-*.log")):
        for line in path.read_text().splitlines():
            mode, epoch, index, value = line.split()
            found.setdefault((mode, int(epoch), int(index)), []).append(float.fromhex(value))
    return found


def tracker_of(
    path: Path, points: dict[tuple[str, int, int], float], steps: dict[int, int], **options: object
) -> None:
    """Writes what one worker alone would have recorded: float32 values by mode, epoch and index."""
    with trackerstate.InstanceTracker(path=path, **options) as tracker:
        for epoch, step in sorted(steps.items()):
            for mode in ("train", "eval"):
                here = [(index, value) for (m, e, index), value in points.items() if (m, e) == (mode, epoch)]
                if here:
                    indices, values = zip(*here)
                    tracker.record(
                        np.array(indices), np.array(values, np.float32), mode=mode, epoch=epoch
                    )
                    tracker.end_epoch(step, epoch, mode)


def digest(path: object) -> bytes:
    with trackerstate.open(path) as file:
        return file.digest()

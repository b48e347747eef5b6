"""Machine instructions of the encode and decode kernels: repeatable where time is not.

The worker runs under callgrind twice, with few and with more repetitions of one tile of D2; the
difference is the kernel's alone.
"""
import os
import re
import shutil
import subprocess

from . import corpus

FEW, MORE = 1, 4


def measure(run):
    valgrind = shutil.which("valgrind")
    if not valgrind:
        return {"failed": "valgrind is not installed"}
    history = corpus.load(run.options.data, "D2")
    prefix = os.path.join(run.options.work, "raw", "tile")
    tile = corpus.History(history.indices[:8192], history.steps[:16], history.values[:16, :8192])
    corpus.write_raw(tile, prefix)
    result = {"points": tile.points}
    for kernel in ("encode", "decode"):
        few, more = (count(run, valgrind, prefix, kernel, times) for times in (FEW, MORE))
        result[kernel] = (more - few) / (MORE - FEW) / tile.points
    return result


def count(run, valgrind, prefix, kernel, times):
    """Instructions of a whole run of the worker."""
    done = subprocess.run(
        [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", run.worker],
        input=f"load\t{prefix}\t0\nkernel\t{kernel}\t{times}\nquit\n", capture_output=True,
        text=True, timeout=600, check=True)
    found = re.search(r"Collected *: *(\d+)", done.stderr)
    if not found or '"error"' in done.stdout:
        raise RuntimeError((done.stdout + done.stderr)[-200:])
    return int(found[1])

"""Merging: the trackers of many workers into one, beside DuckDB and pyarrow on Parquet files of the same
points. Each merge is a process of its own; its time and its highest resident memory are the system's."""
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import time

from . import environment
from .process import Worker

WORKERS, EPOCHS = 8, 30
FILES, POINTS, PER_EPOCH = 10_000, 1_000, 1_000

DUCKDB = """
import duckdb, sys
source, target, cores = sys.argv[1:4]
db = duckdb.connect()
db.execute(f"SET threads = {cores}")
db.execute(f"COPY (SELECT DISTINCT idx, step, value FROM read_parquet('{source}/*.parquet')"
           f" ORDER BY idx, step) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
"""

PYARROW = """
import glob, sys
import pyarrow as pa, pyarrow.parquet as pq
source, target, cores = sys.argv[1:4]
pa.set_cpu_count(int(cores))
table = pa.concat_tables([pq.read_table(path) for path in sorted(glob.glob(source + "/*.parquet"))])
table = table.group_by(["idx", "step", "value"]).aggregate([])
pq.write_table(table.sort_by([("idx", "ascending"), ("step", "ascending")]), target, compression="zstd")
"""

PARQUET = """
import sys
import pyarrow as pa, pyarrow.parquet as pq
lines = sys.stdin.buffer
import pyarrow.csv as csv
table = csv.read_csv(lines, convert_options=csv.ConvertOptions(
    column_types={"index": pa.int64(), "step": pa.int64(), "value": pa.float32()},
    include_columns=["index", "step", "value"]))
pq.write_table(table.rename_columns(["idx", "step", "value"]), sys.argv[1], compression="zstd")
"""


def measured(command, limit=None):
    """Seconds and bytes of the highest resident memory of a process that must succeed."""
    if limit:
        command = ["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *command]
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = child.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with status {child.returncode}: {errors[-300:]}")
    return {"seconds": seconds, "peak": usage.ru_maxrss * 1024,
            "processor": usage.ru_utime + usage.ru_stime}


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_inputs(state, folder):
    """The workers' trackers: of one epoch and of all, and many small ones."""
    prefix, masked, _ = state.raw("D6")
    worker = Worker([state.worker])
    try:
        worker.ask("load", prefix, masked)
        for epochs in (1, EPOCHS):
            os.makedirs(f"{folder}/shards-{epochs}")
            worker.ask("shards", f"{folder}/shards-{epochs}", WORKERS, epochs, timeout=600)
        os.makedirs(f"{folder}/small")
        worker.ask("small", f"{folder}/small", FILES, POINTS, PER_EPOCH, timeout=600)
    finally:
        worker.stop()


def write_parquet(tracker, source, target):
    """The same points as Parquet, a file for each tracker."""
    os.makedirs(target)
    for path in sorted(glob.glob(f"{source}/*.tracker")):
        export = subprocess.Popen([tracker, "export", path, "--format", "csv"], stdout=subprocess.PIPE)
        name = os.path.basename(path).replace(".tracker", ".parquet")
        subprocess.run([sys.executable, "-c", PARQUET, f"{target}/{name}"], stdin=export.stdout,
                       check=True)
        export.stdout.close()
        if export.wait() != 0:
            raise RuntimeError(f"exporting {path} failed")


def measure(state):
    tracker = environment.build_tracker(state.options)
    folder = state.path("merging")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    try:
        write_inputs(state, folder)
        return merges(state, tracker, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def merges(state, tracker, folder):
    cores = len(os.sched_getaffinity(0))
    result = {"cores": cores, "ours": {}, "peers": {}}
    digests = set()

    def ours(name, source, *options, limit=None):
        target = f"{folder}/merged"
        command = [tracker, "merge", *sorted(glob.glob(f"{folder}/{source}/*.tracker")),
                   "-o", target, "--force", *options]
        runs = [measured(command, limit) for _ in range(state.options.repeat_merges)]
        best = min(runs, key=lambda run: run["seconds"])
        best["peak"] = max(run["peak"] for run in runs)
        best["bytes"] = os.path.getsize(target)
        result["ours"][name] = best
        environment.say(f"{name}: {best['seconds']:.2f} s, {best['peak'] / 2**20:.0f} MiB")
        return digest(target)

    write_parquet(tracker, f"{folder}/shards-{EPOCHS}", f"{folder}/parquet")
    for name, program in (("DuckDB", DUCKDB), ("pyarrow", PYARROW)):
        target = f"{folder}/{name}.parquet"
        run = measured([sys.executable, "-c", program, f"{folder}/parquet", target, str(cores)])
        run["bytes"] = os.path.getsize(target)
        result["peers"][name] = run
        environment.say(f"{name}: {run['seconds']:.2f} s, {run['peak'] / 2**20:.0f} MiB")
        # Ours in between, on the same machine in the same mood.
        digests.add(ours("30 M points", f"shards-{EPOCHS}"))
    for memory in ("48MiB", "64MiB", "128MiB"):
        digests.add(ours(f"30 M points, {memory}", f"shards-{EPOCHS}", "--memory", memory))
        ours(f"1 M points, {memory}", "shards-1", "--memory", memory)
    ours("1 M points", "shards-1")
    ours("10,000 files, ulimit -n 64", "small", limit=64)
    parts = []
    for number in range(1, 5):
        target = f"{folder}/part-{number}.tracker"
        parts.append(measured([
            tracker, "merge", *glob.glob(f"{folder}/shards-{EPOCHS}/*.tracker"), "-o", target,
            "--partition", f"{number}/4"]))
        os.makedirs(f"{folder}/parts", exist_ok=True)
        os.replace(target, f"{folder}/parts/part-{number}.tracker")
    result["partitions"] = parts
    digests.add(ours("4 partitions again", "parts"))
    result["same bytes"] = len(digests) == 1
    return result

"""Merging: the trackers of many workers into one, beside DuckDB and pyarrow on Parquet files of the same
points; and what else reads many trackers as one. Everything is a process of its own; rounds over all of
them, every second round backwards, so that what slows a shared machine down for a while slows all."""
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys

from . import environment
from .process import Worker

WORKERS, EPOCHS = 8, 30
FILES, POINTS, PER_EPOCH = 10_000, 1_000, 1_000
PARTS = 4
LAUNCHER = os.path.join(os.path.dirname(os.path.realpath(__file__)), "launch.py")

# The order of rows is asked for, so DuckDB need not keep that of the inputs; it is faster without.
DUCKDB = """
import duckdb, sys
source, target, cores = sys.argv[1:4]
db = duckdb.connect()
db.execute(f"SET threads = {cores}")
db.execute("SET preserve_insertion_order = false")
db.execute(f"COPY (SELECT DISTINCT idx, step, value FROM read_parquet('{source}/*.parquet')"
           f" ORDER BY idx, step) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
"""

# Sorted first, equal neighbours dropped: half the time and memory of grouping by all columns.
PYARROW = """
import glob, sys
import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
source, target, cores = sys.argv[1:4]
pa.set_cpu_count(int(cores))
table = pa.concat_tables([pq.read_table(path) for path in sorted(glob.glob(source + "/*.parquet"))])
table = table.sort_by([("idx", "ascending"), ("step", "ascending")]).combine_chunks()
same = None
for column in table.columns:
    column = column.chunk(0)
    equal = pc.equal(column.slice(1), column.slice(0, len(column) - 1))
    same = equal if same is None else pc.and_(same, equal)
table = table.filter(pa.concat_arrays([pa.array([True]), pc.invert(same)]))
pq.write_table(table, target, compression="zstd")
"""

PARQUET = """
import sys
import pyarrow as pa, pyarrow.parquet as pq
import pyarrow.csv as csv
table = csv.read_csv(sys.stdin.buffer, convert_options=csv.ConvertOptions(
    column_types={"index": pa.int64(), "step": pa.int64(), "value": pa.float32()},
    include_columns=["index", "step", "value"]))
pq.write_table(table.rename_columns(["idx", "step", "value"]), sys.argv[1], compression="zstd")
"""

ROWS = "import sys, pyarrow.parquet as pq; print(pq.ParquetFile(sys.argv[1]).metadata.num_rows)"


def measured(command, limit=None):
    """Seconds and bytes of the highest resident memory of a process that must succeed."""
    launched = subprocess.run(
        [sys.executable, "-S", "-E", LAUNCHER, str(limit or "-"), *command], check=True,
        stdout=subprocess.PIPE)
    run = json.loads(launched.stdout)
    if run.pop("status") != 0:
        raise RuntimeError(f"{os.path.basename(command[0])} failed: {run['errors']}")
    run.pop("errors")
    return run


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
            worker.ask("shards", f"{folder}/shards-{epochs}", WORKERS, epochs, timeout=1200)
        os.makedirs(f"{folder}/small")
        worker.ask("small", f"{folder}/small", FILES, POINTS, PER_EPOCH, timeout=1200)
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


def rows_of(path):
    asked = subprocess.run([sys.executable, "-c", ROWS, path], check=True, capture_output=True)
    return int(asked.stdout)


def measure(state):
    tracker = environment.build_tracker(state.options)
    folder = state.path("merging")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    try:
        environment.say("writing trackers and Parquet files")
        write_inputs(state, folder)
        write_parquet(tracker, f"{folder}/shards-{EPOCHS}", f"{folder}/parquet")
        return Rounds(tracker, folder).run(state.options.merge_rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Rounds:
    """What is run in each round, and what it took."""

    def __init__(self, tracker, folder):
        self.tracker, self.folder = tracker, folder
        self.cores = len(os.sched_getaffinity(0))
        self.runs = {}
        self.bytes = {}
        self.digests = set()  # of what must be the same bytes

    def run(self, count):
        self.merge_parts()
        jobs = list(self.jobs())
        for number in range(count):
            environment.say(f"round {number + 1} of {count}")
            for name, job in jobs if number % 2 == 0 else reversed(jobs):
                run = job()
                self.runs.setdefault(name, []).append(run)
                environment.say(f"  {name}: {run['seconds']:.2f} s, {run['processor']:.2f} s of"
                                f" processors, {run['peak'] / 2**20:.0f} MiB")
        return {"cores": self.cores, "runs": self.runs, "bytes": self.bytes,
                "same bytes": len(self.digests) == 1}

    def jobs(self):
        whole = f"shards-{EPOCHS}"
        yield "DuckDB", lambda: self.peer("DuckDB", DUCKDB)
        yield "merge", lambda: self.merge("merge", whole, is_whole=True)
        yield "select", lambda: self.ours("select", whole, "select")
        yield "stats", lambda: self.ours("stats", whole, "stats", "-o", "stats.csv")
        yield "stats --by rank-change", lambda: self.ours(
            "stats --by rank-change", whole, "stats", "--by", "rank-change", "-o", "ranks.csv")
        yield "pyarrow", lambda: self.peer("pyarrow", PYARROW)
        for memory in ("48MiB", "1GiB"):
            name = f"merge --memory {memory}"
            yield name, lambda name=name, memory=memory: self.merge(
                name, whole, "--memory", memory, is_whole=True)
        name = "merge of 1 M points"
        yield name, lambda: self.merge("merge of 1 M points", "shards-1")
        yield f"{name}, --memory 48MiB", lambda: self.merge(
            f"{name}, --memory 48MiB", "shards-1", "--memory", "48MiB")
        yield "merge of 10,000 files, ulimit -n 64", lambda: self.merge(
            "merge of 10,000 files, ulimit -n 64", "small", limit=64)
        for number in range(1, PARTS + 1):
            name = f"merge --partition {number}/{PARTS}"
            yield name, lambda name=name, number=number: self.merge(
                name, whole, "--partition", f"{number}/{PARTS}")
        yield f"merge of the {PARTS} partitions", lambda: self.merge(
            f"merge of the {PARTS} partitions", "parts", is_whole=True)

    def merge_parts(self):
        os.makedirs(f"{self.folder}/parts")
        for number in range(1, PARTS + 1):
            measured([self.tracker, "merge", f"{self.folder}/shards-{EPOCHS}", "--partition",
                      f"{number}/{PARTS}", "-o", f"{self.folder}/parts/part-{number}.tracker"])

    def merge(self, name, source, *options, limit=None, is_whole=False):
        target = f"{self.folder}/merged"
        run = self.ours(name, source, "merge", "-o", "merged", *options, limit=limit)
        if is_whole:
            self.digests.add(digest(target))
        self.bytes[name] = os.path.getsize(target)
        return run

    def ours(self, name, source, command, *options, limit=None):
        options = list(options)
        if "-o" in options:
            place = options.index("-o") + 1
            options[place] = f"{self.folder}/{options[place]}"
            options.append("--force")
        inputs = sorted(glob.glob(f"{self.folder}/{source}/*.tracker"))
        return measured([self.tracker, command, *inputs, *options], limit)

    def peer(self, name, program):
        target = f"{self.folder}/{name}.parquet"
        run = measured([sys.executable, "-c", program, f"{self.folder}/parquet", target,
                        str(self.cores)])
        if name not in self.bytes and rows_of(target) != rows_of_all(f"{self.folder}/parquet"):
            raise RuntimeError(f"{name} lost points")
        self.bytes[name] = os.path.getsize(target)
        return run


def rows_of_all(folder):
    return sum(rows_of(path) for path in glob.glob(f"{folder}/*.parquet"))

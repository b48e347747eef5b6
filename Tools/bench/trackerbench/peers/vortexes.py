"""Vortex: its compact strategy, which may use pcodec and zstd."""
import os

import vortex
import vortex.expr
import vortex.io

from .base import Peer, sync
from .parquet import long_result, long_table, wide_result, wide_row, wide_table


class Vortex(Peer):
    package = "vortex-data"

    def __init__(self):
        # Everything on the calling thread.
        vortex.set_worker_threads(0)
        self.options = vortex.io.VortexWriteOptions.compact()

    def prepare(self, history):
        self.history = history
        self.table = self.make_table(history)

    def write(self, path):
        self.options.write(self.table, path)

    def open(self, path):
        return vortex.open(path, without_segment_cache=True)

    def find(self, path, index, columns=None):
        wanted = vortex.expr.column("index") == index
        return self.open(path).to_arrow(columns, expr=wanted).read_all()

    def begin(self, path):
        os.mkdir(path)

    def append(self, path, number, step, indices, values):
        import pyarrow as pa
        name = os.path.join(path, f"{number}.vortex")
        self.options.write(pa.table({"index": indices, str(step): values}), name)
        sync(name)


class WideVortex(Vortex):
    settings = "compact strategy, a column for each epoch"
    make_table = staticmethod(wide_table)

    def read(self, path):
        return wide_result(self.open(path).to_arrow().read_all())

    def lookup(self, path, index):
        return wide_row(self.find(path, index))


class LongVortex(Vortex):
    settings = "compact strategy, index, step, value sorted by index"
    make_table = staticmethod(long_table)

    def read(self, path):
        return long_result(self.open(path).to_arrow().read_all())

    def lookup(self, path, index):
        return self.find(path, index, ["value"])["value"].to_numpy()

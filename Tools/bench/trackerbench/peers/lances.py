"""Lance: a wide table, its values split by bytes and compressed with zstd; or lists, for look-ups."""
import os

# With one thread it waits for itself for ever; like all it is pinned to one core.
os.environ["LANCE_CPU_THREADS"] = os.environ["TOKIO_WORKER_THREADS"] = "2"

import lance
import numpy as np
import pyarrow as pa

from .base import Peer, sync_new
from .parquet import list_result, list_row, list_table, wide_result, wide_row, wide_table

METADATA = {"lance-encoding:compression": "zstd", "lance-encoding:compression-level": "3",
            "lance-encoding:bss": "on"}


def described(table):
    """The table with Lance's encoding wishes at its columns of values."""
    fields = [field if field.name == "index" else field.with_metadata(METADATA)
              for field in table.schema]
    return table.cast(pa.schema(fields))


class Lance(Peer):
    package = "pylance"
    settings = ("format 2.2, a column for each epoch, byte stream split and zstd 3 asked for; "
                "looked up by a filter on the index, without an index of its own")
    options = {"data_storage_version": "2.2"}

    def prepare(self, history):
        self.history = history
        self.table = described(wide_table(history))

    def write(self, path):
        lance.write_dataset(self.table, path, **self.options)

    def read(self, path):
        return wide_result(lance.dataset(path).to_table())

    def lookup(self, path, index):
        return wide_row(lance.dataset(path).to_table(filter=f"index = {index}"))

    def begin(self, path):
        self.known = {}

    def append(self, path, number, step, indices, values):
        table = pa.table({"index": indices, "step": np.full(len(values), step),
                          "value": pa.array(values)})
        fields = [field.with_metadata(METADATA) if field.name == "value" else field
                  for field in table.schema]
        lance.write_dataset(table.cast(pa.schema(fields)), path,
                            mode="create" if number == 0 else "append", **self.options)
        sync_new(path, self.known)


class ListLance(Lance):
    settings = "format 2.1, a row for each instance with the list of its values, which it stores plain"
    options = {"data_storage_version": "2.1"}

    def prepare(self, history):
        self.history = history
        self.table = list_table(history)

    def read(self, path):
        return list_result(lance.dataset(path).to_table())

    def lookup(self, path, index):
        return list_row(lance.dataset(path).to_table(filter=f"index = {index}"))

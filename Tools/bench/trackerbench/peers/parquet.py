"""Parquet through pyarrow: zstd level 3, BYTE_STREAM_SPLIT for the values."""
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .base import SAMPLE, Long, Peer, Wide, size_of, sync


def wide_table(history):
    """A row for each instance, a column for each epoch, absent cells null."""
    columns = {"index": pa.array(history.indices)}
    for number, step in enumerate(history.steps.tolist()):
        absent = None if history.mask is None else ~history.mask[number]
        columns[str(step)] = pa.array(history.values[number], pa.float32(), mask=absent)
    return pa.table(columns)


def long_table(history):
    """A row for each point, sorted by index, then step."""
    index, step, value = history.long()
    return pa.table({"index": index, "step": step, "value": value})


def list_table(history):
    """A row for each instance: its values in all epochs as one list, absent ones null."""
    absent = None if history.mask is None else ~history.mask.T.reshape(-1)
    values = pa.array(history.values.T.reshape(-1), pa.float32(), mask=absent)
    steps = " ".join(map(str, history.steps.tolist()))
    return pa.table(
        {"index": history.indices,
         "values": pa.FixedSizeListArray.from_arrays(values, history.epochs)}
    ).replace_schema_metadata({"steps": steps})


def list_result(table):
    """The NumPy arrays of a table of lists; nulls become NaN."""
    steps = np.array(table.schema.metadata[b"steps"].split(), np.int64)
    flat = [chunk.flatten() if chunk.null_count == 0 else chunk.values
            for chunk in table.column("values").chunks]
    values = pa.chunked_array(flat).to_numpy().reshape(-1, len(steps))
    return Wide(table.column("index").to_numpy(), steps, values.T)


def list_row(table):
    """The values of a table of lists' one row, without nulls."""
    return table.column("values")[0].values.drop_null().to_numpy()


def wide_result(table):
    """The NumPy arrays of a wide table; nulls become NaN."""
    steps = np.array([int(name) for name in table.column_names[1:]], np.int64)
    values = [table.column(place).to_numpy() for place in range(1, table.num_columns)]
    return Wide(table.column(0).to_numpy(), steps, values)


def long_result(table):
    return Long(table.column("index").to_numpy(), table.column("step").to_numpy(),
                table.column("value").to_numpy())


def wide_row(table):
    """The values of a wide table's one row, without nulls."""
    values = (table.column(place)[0].as_py() for place in range(1, table.num_columns))
    return np.array([value for value in values if value is not None], np.float32)


class Parquet(Peer):
    package = "pyarrow"
    rows_per_group = None

    def __init__(self):
        pa.set_cpu_count(1)
        pa.set_io_thread_count(1)

    def prepare(self, history):
        self.history = history
        self.table = self.make_table(history)
        # A dictionary is smaller where values are few, such as 0 and 1.
        sizes = {}
        for by_dictionary in (False, True):
            sink = pa.BufferOutputStream()
            self.write_to(sink, self.make_table(history.head(SAMPLE)), by_dictionary)
            sizes[by_dictionary] = sink.getvalue().size
        self.by_dictionary = sizes[True] < sizes[False]

    def write_to(self, sink, table, by_dictionary):
        values = [name for name in table.column_names if name not in ("index", "step")]
        if values == ["values"]:
            values = ["values.list.element"]
        encodings = {name: "DELTA_BINARY_PACKED" for name in table.column_names
                     if name in ("index", "step")}
        if not by_dictionary:
            encodings |= {name: "BYTE_STREAM_SPLIT" for name in values}
        pq.write_table(table, sink, compression="zstd", compression_level=3,
                       use_dictionary=values if by_dictionary else False,
                       column_encoding=encodings, row_group_size=self.rows_per_group)

    def write(self, path):
        self.write_to(path, self.table, self.by_dictionary)

    def load(self, path, **options):
        # One thread, and without the data set layer's own scheduling.
        return pq.read_table(path, use_threads=False, **options)

    def begin(self, path):
        os.mkdir(path)

    def append(self, path, number, step, indices, values):
        name = os.path.join(path, f"{number}.parquet")
        self.write_to(name, pa.table({"index": indices, str(step): values}), False)
        sync(name)


class WideParquet(Parquet):
    rows_per_group = 32_768
    settings = ("a row for each instance with the list of its values, BYTE_STREAM_SPLIT (a "
                "dictionary where that is smaller), zstd 3, row groups of 32,768")
    make_table = staticmethod(list_table)

    def read(self, path):
        return list_result(self.load(path))

    def lookup(self, path, index):
        return list_row(self.load(path, filters=[("index", "==", index)]))


class ColumnParquet(Parquet):
    rows_per_group = 65_536
    settings = "as parquet-wide, but a column for each epoch; row groups of 65,536"
    make_table = staticmethod(wide_table)

    def read(self, path):
        return wide_result(self.load(path))

    def lookup(self, path, index):
        return wide_row(self.load(path, filters=[("index", "==", index)]))


class LongParquet(Parquet):
    rows_per_group = 131_072
    settings = ("index, step, value sorted by index, DELTA_BINARY_PACKED keys, values "
                "as in parquet-wide, zstd 3, row groups of 131,072")
    make_table = staticmethod(long_table)

    def read(self, path):
        return long_result(self.load(path))

    def lookup(self, path, index):
        return self.load(path, columns=["value"], filters=[("index", "==", index)])[
            "value"].to_numpy()

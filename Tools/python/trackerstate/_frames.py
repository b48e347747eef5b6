"""Points as Arrow tables, data frames and Parquet."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ._matrix import Matrix

if TYPE_CHECKING:
    from ._files import Channel, Steps, TrackerFile

COLUMNS = ("metric", "mode", "ds_id", "index", "epoch", "step", "value")


def _chosen(
    file: TrackerFile, metric: str | None, mode: str | None, ds_id: str | None
) -> tuple[list[Channel], Any]:
    import pyarrow as pa

    channels = file.select_channels(metric, mode, ds_id)
    wide = any(channel.dtype == np.float64 for channel in channels)
    names = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema(
        [
            pa.field("metric", names, nullable=False),
            pa.field("mode", names, nullable=False),
            pa.field("ds_id", names),
            pa.field(
                "index", pa.string() if file.index_type == "string" else pa.int64(), nullable=False
            ),
            pa.field("epoch", pa.int64()),
            pa.field("step", pa.int64(), nullable=False),
            pa.field("value", pa.float64() if wide else pa.float32(), nullable=False),
        ]
    )
    return channels, schema


def _constant(pa: Any, value: str | None, count: int) -> Any:
    if value is None:
        return pa.DictionaryArray.from_arrays(pa.nulls(count, pa.int32()), pa.array([], pa.string()))
    return pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array([value], pa.string()))


def _batch(channel: Channel, block: Matrix, schema: Any) -> Any:
    import pyarrow as pa

    points = block.points()
    count = len(points)
    epoch = points.epoch
    mask = np.ma.getmaskarray(epoch) if np.ma.isMaskedArray(epoch) else None
    value = points.value.astype(schema.field("value").type.to_pandas_dtype(), copy=False)
    return pa.RecordBatch.from_arrays(
        [
            _constant(pa, channel.metric, count),
            _constant(pa, channel.mode, count),
            _constant(pa, channel.ds_id, count),
            pa.array(points.index, schema.field("index").type),
            pa.array(np.ma.getdata(epoch), pa.int64(), mask=mask),
            pa.array(points.step),
            pa.array(value),
        ],
        schema=schema,
    )


def _batches(channels: list[Channel], schema: Any, indices: Any, steps: Steps) -> Iterator[Any]:
    for channel in channels:
        for block in channel.blocks(indices, steps=steps):
            yield _batch(channel, block, schema)


def to_arrow(
    file: TrackerFile,
    *,
    metric: str | None = None,
    mode: str | None = None,
    ds_id: str | None = None,
    indices: Any = None,
    steps: Steps = None,
) -> Any:
    import pyarrow as pa

    channels, schema = _chosen(file, metric, mode, ds_id)
    table = pa.Table.from_batches(list(_batches(channels, schema, indices, steps)), schema)
    # Each batch has dictionaries of its own; one for all.
    return table.unify_dictionaries()


def to_polars(file: TrackerFile, **options: Any) -> Any:
    import polars

    return polars.from_arrow(to_arrow(file, **options))


def to_pandas(
    file: TrackerFile,
    *,
    metric: str | None = None,
    mode: str | None = None,
    ds_id: str | None = None,
    indices: Any = None,
    steps: Steps = None,
) -> Any:
    import pandas

    frames = []
    channels = file.select_channels(metric, mode, ds_id)
    metrics = sorted({channel.metric for channel in channels})
    modes = sorted({channel.mode for channel in channels})
    sets = sorted({channel.ds_id for channel in channels if channel.ds_id is not None})
    for channel in channels:
        points = channel.points(indices, steps=steps)
        count = len(points)
        epoch: Any = points.epoch
        if np.ma.isMaskedArray(epoch):
            held = pandas.array(np.ma.getdata(epoch), dtype="Int64")
            held[np.ma.getmaskarray(epoch)] = pandas.NA
            epoch = held

        def named(value: str | None, names: list[str], count: int = count) -> Any:
            code = -1 if value is None else names.index(value)
            return pandas.Categorical.from_codes(np.full(count, code, np.int32), names)

        frames.append(
            pandas.DataFrame(
                {
                    "metric": named(channel.metric, metrics),
                    "mode": named(channel.mode, modes),
                    "ds_id": named(channel.ds_id, sets),
                    "index": points.index,
                    "epoch": epoch,
                    "step": points.step,
                    "value": points.value,
                }
            )
        )
    if not frames:
        return pandas.DataFrame({name: [] for name in COLUMNS})
    return frames[0] if len(frames) == 1 else pandas.concat(frames, ignore_index=True)


def to_parquet(
    file: TrackerFile,
    path: str | os.PathLike[str],
    *,
    metric: str | None = None,
    mode: str | None = None,
    ds_id: str | None = None,
    indices: Any = None,
    steps: Steps = None,
    compression: str = "zstd",
    row_group_size: int = 1 << 20,
) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    channels, schema = _chosen(file, metric, mode, ds_id)
    target = os.fspath(path)
    handle, temporary = tempfile.mkstemp(
        dir=os.path.dirname(target) or ".", prefix=os.path.basename(target) + ".tmp-"
    )
    os.close(handle)
    count = 0
    try:
        # Values hardly repeat: a dictionary of them would only be tried.
        repeated = [name for name in COLUMNS if name != "value"]
        with pq.ParquetWriter(
            temporary, schema, compression=compression, use_dictionary=repeated
        ) as writer:
            waiting: list[Any] = []
            rows = 0

            def write() -> None:
                table = pa.Table.from_batches(waiting, schema).unify_dictionaries()
                writer.write_table(table, row_group_size=row_group_size)
                waiting.clear()

            for batch in _batches(channels, schema, indices, steps):
                waiting.append(batch)
                rows += batch.num_rows
                count += batch.num_rows
                if rows >= row_group_size:
                    write()
                    rows = 0
            if waiting or not count:
                write()
        # A file of the process's usual permissions, not of mkstemp's.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    return count

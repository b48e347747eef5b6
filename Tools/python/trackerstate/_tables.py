"""Tables of results: named columns as NumPy arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _abi
from ._library import Handle, library, new_handle


class Table(Mapping[str, npt.NDArray[Any]]):
    """Named columns of equal length, such as the statistics of every instance.

    A mapping from names to NumPy arrays: int64, float64, or objects that are strings. Columns that have
    no value in some rows are masked arrays.
    """

    def __init__(self, columns: dict[str, npt.NDArray[Any]]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def row_count(self) -> int:
        return next((len(column) for column in self._columns.values()), 0)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows as dictionaries of Python values; None where there is none."""
        lists = {name: column.tolist() for name, column in self._columns.items()}
        for row in range(self.row_count):
            yield {name: values[row] for name, values in lists.items()}

    def to_pandas(self) -> Any:
        """A pandas DataFrame; needs pandas."""
        import pandas

        columns: dict[str, Any] = {}
        for name, column in self._columns.items():
            if isinstance(column, np.ma.MaskedArray):
                if column.dtype.kind == "i":
                    values = pandas.array(column.data, dtype="Int64")
                    values[np.ma.getmaskarray(column)] = pandas.NA
                    columns[name] = values
                else:
                    columns[name] = np.ma.filled(column.astype(object), None)
            else:
                columns[name] = column
        return pandas.DataFrame(columns)

    def to_polars(self) -> Any:
        """A Polars DataFrame; needs polars."""
        import polars

        return polars.DataFrame(
            {name: polars.Series(name, column.tolist()) if _is_listed(column) else column
             for name, column in self._columns.items()}
        )

    def to_arrow(self) -> Any:
        """An Arrow table; needs pyarrow."""
        import pyarrow

        return pyarrow.table(
            {
                name: pyarrow.array(
                    np.ma.getdata(column),
                    mask=np.ma.getmaskarray(column) if np.ma.isMaskedArray(column) else None,
                )
                for name, column in self._columns.items()
            }
        )

    def __repr__(self) -> str:
        return f"Table({self.row_count} rows: {', '.join(self._columns)})"


def _is_listed(column: npt.NDArray[Any]) -> bool:
    return column.dtype == object or np.ma.isMaskedArray(column)


def read_table(name: str, *arguments: Any) -> Table:
    """Calls a function whose last argument is a table, and copies it."""
    return copy_table(new_handle(name, *arguments))


def copy_table(handle: Handle) -> Table:
    """Copies a table and releases it."""
    try:
        rows, count = ctypes.c_int64(), ctypes.c_int64()
        library.call("trk_table_shape", handle.value, ctypes.byref(rows), ctypes.byref(count))
        return Table(dict(_copy_column(handle, place, rows.value) for place in range(count.value)))
    finally:
        handle.release()


def _copy_column(handle: Handle, place: int, rows: int) -> tuple[str, npt.NDArray[Any]]:
    info = _abi.ColumnInfo()
    library.call("trk_table_column", handle.value, place, ctypes.byref(info))
    present = np.empty(rows, np.uint8) if info.has_missing else None
    offsets = np.empty(rows + 1, np.int64) if info.type == _abi.STRING else None
    kinds: dict[int, type] = {_abi.INT64: np.int64, _abi.FLOAT64: np.float64, _abi.STRING: np.uint8}
    size = info.bytes if offsets is not None else rows
    values = np.empty(size, kinds[info.type])
    library.call(
        "trk_table_copy",
        handle.value,
        place,
        values.ctypes.data,
        values.nbytes,
        None if offsets is None else offsets.ctypes.data,
        0 if offsets is None else offsets.size,
        None if present is None else present.ctypes.data,
        0 if present is None else present.size,
    )
    column: npt.NDArray[Any] = values
    if offsets is not None:
        column = _texts(values.tobytes(), offsets)
    if present is not None:
        column = np.ma.MaskedArray(column, mask=present == 0)
    return info.name.decode(), column


def _texts(data: bytes, offsets: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    ends = offsets.tolist()
    texts = np.empty(len(ends) - 1, object)
    for row in range(len(ends) - 1):
        texts[row] = data[ends[row] : ends[row + 1]].decode("utf-8")
    return texts

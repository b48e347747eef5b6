"""Whole channels as NumPy arrays."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _abi
from ._library import Handle, library
from ._tables import read_table


class _Memory:
    """The library's memory as NumPy sees it; keeps the matrix that owns it."""

    def __init__(self, handle: Handle, address: int, shape: tuple[int, ...], kind: str) -> None:
        self._handle = handle
        self.__array_interface__ = {
            "version": 3,
            "data": (address, True),
            "shape": shape,
            "typestr": kind,
        }


class Matrix:
    """A channel, or some of its steps or instances: a value for each instance at each step.

    ``values`` has the shape (steps, instances) and is the library's own memory, read-only and not
    copied; it stays as long as any view of it. Cells without a point hold 0: ``present`` tells them, and
    ``filled()`` puts NaN there. Instances are in the order of their indices, steps ascend.
    """

    #: A value for each step and instance: float32 or float64, shape (steps, instances).
    values: npt.NDArray[Any]
    #: The instances, ascending: int64, or objects that are strings.
    indices: npt.NDArray[Any]
    #: The steps, ascending. A step at which files disagree about the epoch comes once for each.
    steps: npt.NDArray[np.int64]
    #: The epoch that each step ended; masked where it is not known.
    epochs: npt.NDArray[np.int64]
    #: How many cells hold a point.
    point_count: int

    def __init__(self, handle: Handle) -> None:
        info = _abi.MatrixInfo()
        library.call("trk_matrix_describe", handle.value, ctypes.byref(info))
        rows, columns = info.rows, info.columns
        self._handle = handle
        self.point_count = info.points
        memory = _abi.MatrixMemory()
        library.call("trk_matrix_borrow", handle.value, ctypes.byref(memory))
        kind: type = np.float32 if info.value_type == _abi.FLOAT32 else np.float64
        if rows and columns:
            lent = _Memory(handle, memory.values, (columns, rows), np.dtype(kind).str)
            self.values = np.asarray(lent)
        else:
            self.values = np.empty((columns, rows), kind)
        if info.index_type == _abi.INDEX_STRING:
            self.indices = read_table("trk_matrix_rows", handle.value)["index"]
        elif rows:
            self.indices = np.asarray(_Memory(handle, memory.integers, (rows,), "<i8"))
        else:
            self.indices = np.empty(0, np.int64)
        self.steps = np.empty(columns, np.int64)
        epochs = np.empty(columns, np.int64)
        known = np.empty(columns, np.uint8)
        library.call(
            "trk_matrix_columns",
            handle.value,
            self.steps.ctypes.data,
            epochs.ctypes.data,
            known.ctypes.data,
            columns,
        )
        self.epochs = epochs if known.all() else np.ma.MaskedArray(epochs, mask=known == 0)

    @property
    def shape(self) -> tuple[int, int]:
        """(steps, instances)."""
        return (self.values.shape[0], self.values.shape[1])

    @property
    def is_full(self) -> bool:
        """Whether every cell holds a point."""
        return self.point_count == self.values.size

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Which cells hold a point: shape (steps, instances)."""
        if self.is_full:
            return np.ones(self.shape, np.bool_)
        cells = np.empty(self.shape, np.uint8)
        library.call("trk_matrix_present", self._handle.value, cells.ctypes.data, cells.size)
        return cells.view(np.bool_)

    def filled(self) -> npt.NDArray[Any]:
        """A copy of the values, with NaN where there is no point."""
        copy = np.empty(self.shape, self.values.dtype)
        library.call("trk_matrix_values", self._handle.value, copy.ctypes.data, copy.nbytes, 1)
        return copy

    def masked(self) -> np.ma.MaskedArray[Any, Any]:
        """The values, masked where there is no point."""
        return np.ma.MaskedArray(self.values, mask=np.ma.nomask if self.is_full else ~self.present)

    def points(self) -> Points:
        """The points, by instance, then by step."""
        steps, instances = self.shape
        rows = np.repeat(np.arange(instances, dtype=np.int64), steps)
        columns = np.tile(np.arange(steps, dtype=np.int64), instances)
        values = self.values.T.reshape(-1)
        if not self.is_full:
            there = self.present.T.reshape(-1)
            rows, columns, values = rows[there], columns[there], values[there]
        return Points(self.indices[rows], self.steps[columns], self.epochs[columns], values)

    def __repr__(self) -> str:
        steps, instances = self.shape
        return f"Matrix({steps} steps × {instances} instances, {self.point_count} points)"


class Points:
    """Points as columns of equal length, in the order of instances, then steps."""

    #: int64, or objects that are strings.
    index: npt.NDArray[Any]
    step: npt.NDArray[np.int64]
    #: Masked where it is not known.
    epoch: npt.NDArray[np.int64]
    #: float32 or float64.
    value: npt.NDArray[Any]

    def __init__(
        self,
        index: npt.NDArray[Any],
        step: npt.NDArray[np.int64],
        epoch: npt.NDArray[np.int64],
        value: npt.NDArray[Any],
    ) -> None:
        self.index, self.step, self.epoch, self.value = index, step, epoch, value

    def __len__(self) -> int:
        return len(self.value)

    @staticmethod
    def joined(parts: list[Points], dtype: npt.DTypeLike) -> Points:
        """Several behind each other."""
        if not parts:
            nothing = np.empty(0, np.int64)
            return Points(nothing, nothing, nothing, np.empty(0, dtype))
        join: Any = np.concatenate
        if any(np.ma.isMaskedArray(part.epoch) for part in parts):
            join_masked: Any = np.ma.concatenate
            epoch = join_masked([part.epoch for part in parts])
        else:
            epoch = join([part.epoch for part in parts])
        return Points(
            join([part.index for part in parts]),
            join([part.step for part in parts]),
            epoch,
            join([part.value for part in parts]).astype(dtype, copy=False),
        )

    def __repr__(self) -> str:
        return f"Points({len(self)})"


class History:
    """One instance's points, by step."""

    __slots__ = ("index", "step", "epoch", "value")

    def __init__(
        self,
        index: Any,
        step: npt.NDArray[np.int64],
        epoch: npt.NDArray[np.int64],
        value: npt.NDArray[Any],
    ) -> None:
        self.index, self.step, self.epoch, self.value = index, step, epoch, value

    def __len__(self) -> int:
        return len(self.value)

    def __repr__(self) -> str:
        return f"History({self.index!r}, {len(self)} points)"

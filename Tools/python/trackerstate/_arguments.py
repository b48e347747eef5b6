"""Python values as the C ABI's structs. Each keeps what it points to alive."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from . import _abi
from ._errors import TrackerValueError

Path = Union[str, "os.PathLike[str]"]
Index = Union[int, str]


def text(value: str | None) -> _abi.Text:
    """None is no text at all."""
    if value is None:
        return _abi.Text(None, 0)
    data = value.encode("utf-8")
    return _abi.Text(data, len(data))


def path(value: Path) -> _abi.Text:
    return text(os.fspath(value))


def strings(values: Sequence[str] | Iterable[str]) -> _abi.Strings:
    parts = [value.encode("utf-8") for value in values]
    offsets = np.zeros(len(parts) + 1, np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    data = b"".join(parts)
    found = _abi.Strings(
        ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p) if data else None,
        offsets.ctypes.data,
        len(parts),
    )
    found.keep = (data, offsets)
    return found


def is_text(values: Any) -> bool:
    """Whether some indices are strings; an array or list is judged by its first."""
    if isinstance(values, str):
        return True
    kind = getattr(getattr(values, "dtype", None), "kind", None)
    if kind in ("U", "T"):
        return True
    if kind == "O" or isinstance(values, (list, tuple)):
        return len(values) > 0 and isinstance(values[0], str)
    return False


def integers(values: Any) -> npt.NDArray[np.int64]:
    """Indices as contiguous int64: of arrays, tensors, lists and single numbers.

    Raises ``TrackerValueError`` where one is no integer, or does not fit.
    """
    array = host_array(values)
    if array.dtype != np.int64:
        kind = array.dtype.kind
        if kind == "u" and array.dtype.itemsize == 8 and array.size and int(array.max()) >= 1 << 63:
            raise TrackerValueError("WRONG_INDEX_TYPE", "an index is beyond int64")
        if kind == "f" and array.size == 0:
            array = array.astype(np.int64)
        elif kind not in "iub":
            raise TrackerValueError(
                "WRONG_INDEX_TYPE", f"indices are integers or strings, not {array.dtype}"
            )
    return np.ascontiguousarray(array, dtype=np.int64).reshape(-1)


def indices(values: Any) -> _abi.Indices:
    if is_text(values):
        return text_indices(values)
    array = integers(values)
    found = _abi.Indices(_abi.INDEX_INT64, array.size, array.ctypes.data, _abi.Strings())
    found.keep = array
    return found


def text_indices(values: Any) -> _abi.Indices:
    names = [values] if isinstance(values, str) else list(values)
    for name in names:
        if not isinstance(name, str):
            raise TrackerValueError(
                "WRONG_INDEX_TYPE", f"one index is a string, another {type(name).__name__}"
            )
    held = strings(names)
    found = _abi.Indices(_abi.INDEX_STRING, len(names), None, held)
    found.keep = held
    return found


def host_array(values: Any) -> npt.NDArray[Any]:
    """Values as an array in this process's memory: without a copy where they are."""
    if isinstance(values, np.ndarray):
        return values
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(values, torch.Tensor):
        return tensor_array(values, torch)
    return np.asarray(values)


def tensor_array(tensor: Any, torch: Any) -> npt.NDArray[Any]:
    """A tensor as an array; bfloat16 as the uint16 of `BFLOAT16_BITS`."""
    if tensor.requires_grad:
        tensor = tensor.detach()
    if tensor.device.type != "cpu":
        tensor = tensor.cpu()
    if tensor.dtype == torch.bfloat16:
        return np.asarray(tensor.contiguous().view(torch.int16).numpy()).view(BFLOAT16_BITS)
    return np.asarray(tensor.numpy())


#: Marks an array of the bits of bfloat16 values: an integer that nobody else uses.
BFLOAT16_BITS = np.dtype([("bfloat16", np.uint16)])

_TYPES = {
    np.dtype(np.float32): _abi.FLOAT32,
    np.dtype(np.float64): _abi.FLOAT64,
    np.dtype(np.float16): _abi.FLOAT16,
    np.dtype(np.int64): _abi.INT64,
    np.dtype(np.int32): _abi.INT32,
    np.dtype(np.bool_): _abi.BOOL,
    BFLOAT16_BITS: _abi.BFLOAT16,
}


def metric_values(values: Any) -> tuple[npt.NDArray[Any], int]:
    """Values of a metric as a contiguous array of one dimension, and their type in the C ABI.

    Shapes such as (n, 1) are taken as n values.
    """
    array = host_array(values)
    kind = _TYPES.get(array.dtype)
    if kind is None:
        if array.dtype.name == "bfloat16":
            array, kind = array.view(np.uint16), _abi.BFLOAT16
        elif array.dtype.kind in "iu":
            if array.dtype.itemsize == 8 and array.size and int(array.max()) >= 1 << 63:
                raise TrackerValueError("INEXACT_VALUE", "a value is beyond int64")
            array, kind = array.astype(np.int64), _abi.INT64
        else:
            raise TrackerValueError(
                "INVALID_PARAMETER", f"values are numbers or booleans, not {array.dtype}"
            )
    if array.ndim != 1:
        if array.size != max(array.shape, default=1):
            raise TrackerValueError(
                "LENGTH_MISMATCH", f"one value for each index is needed, not shape {array.shape}"
            )
        array = array.reshape(-1)
    return np.ascontiguousarray(array), kind


def mode_number(mode: str) -> int:
    try:
        return _abi.MODES.index(mode)
    except ValueError:
        raise TrackerValueError(
            "INVALID_PARAMETER", f"unknown mode '{mode}'; modes are {', '.join(_abi.MODES)}"
        ) from None


def choice(value: str, choices: tuple[str, ...], what: str) -> int:
    try:
        return choices.index(value)
    except ValueError:
        raise TrackerValueError(
            "INVALID_PARAMETER", f"unknown {what} '{value}'; there are {', '.join(choices)}"
        ) from None


def pointer(value: int | None) -> Any:
    """A pointer to a number, or NULL."""
    return None if value is None else ctypes.byref(ctypes.c_int64(value))

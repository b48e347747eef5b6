"""Trackers whose bytes lie elsewhere than in local files."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from . import _abi, _arguments
from ._library import Handle, causes, new_handle


@runtime_checkable
class Source(Protocol):
    """Bytes that can be read in parts: those that are asked for, never all.

    Both methods are called by several threads at once, and may raise: what they raise is the cause of the
    error that the reader gets.
    """

    #: What error texts call it.
    name: str

    def size(self) -> int:
        """How many bytes there are."""

    def read(self, offset: int, count: int) -> bytes | bytearray | memoryview:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""


class BytesSource:
    """Bytes in memory."""

    def __init__(self, data: bytes | bytearray | memoryview, name: str = "bytes") -> None:
        self._data = memoryview(data).cast("B")
        self.name = name

    def size(self) -> int:
        return len(self._data)

    def read(self, offset: int, count: int) -> memoryview:
        return self._data[offset : offset + count]


class _Bridge:
    """A source as functions that the library calls."""

    def __init__(self, source: Source) -> None:
        def length(_: Any) -> int:
            try:
                return int(source.size())
            except BaseException as error:  # noqa: BLE001 - nothing may pass through the library
                causes.append(error)
                return -1

        def read(_: Any, offset: int, buffer: int, count: int) -> int:
            try:
                data = memoryview(source.read(offset, count)).cast("B")
                if len(data) > count:
                    raise ValueError(f"{len(data)} bytes were given for {count}")
                if len(data):
                    view = (ctypes.c_char * len(data)).from_address(buffer)
                    memoryview(view).cast("B")[:] = data
                return len(data)
            except BaseException as error:  # noqa: BLE001
                causes.append(error)
                return -1

        self.struct = _abi.Source(
            length=_abi.LENGTH_FUNCTION(length),
            read=_abi.READ_FUNCTION(read),
            name=_arguments.text(source.name),
        )


def open_sources(
    sources: Sequence[Source], at: int, number: int, conflicts: int, cores: int
) -> Handle:
    """A reader of sources, which keeps them: the library calls them as long as it exists."""
    bridges = [_Bridge(source) for source in sources]
    array = (_abi.Source * len(sources))(*[bridge.struct for bridge in bridges])
    handle = new_handle("trk_open_sources", array, len(array), at, number, conflicts, cores)
    handle.keep = bridges
    return handle

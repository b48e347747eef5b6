"""Finds and loads the library, and turns statuses into exceptions."""

from __future__ import annotations

import ctypes
import os
import weakref
from pathlib import Path
from typing import Any

from . import _abi
from ._errors import error

ABI_VERSION = 1


def _find() -> Path:
    here = Path(__file__).resolve().parent
    given = os.environ.get("TRACKERSTATE_LIBRARY")
    # Beside the modules in a wheel; where Swift builds it in a checkout.
    candidates = [
        *([Path(given)] if given else []),
        here / "libTrackerC.so",
        here.parent / "native" / ".build" / "release" / "libTrackerC.so",
    ]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    raise ImportError(
        "trackerstate's library is not there; build it with "
        "'swift build -c release --product TrackerC --package-path Tools/python/native'"
    )


#: What functions of ours raised that the library called: the cause of the failure that it tells next.
causes: list[BaseException] = []


class Library:
    """The functions of the C ABI with their types, and checked calls of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._dll = ctypes.CDLL(str(path))
        version = self._dll.trk_abi_version
        version.restype, version.argtypes = ctypes.c_int32, []
        if version() != ABI_VERSION:
            raise ImportError(f"{path} has ABI version {version()}, this package needs {ABI_VERSION}")
        for name, types in _abi.FUNCTIONS.items():
            function = getattr(self._dll, name)
            function.restype, function.argtypes = ctypes.c_int32, types
        # For short calls that are made often: without types to be checked, and without letting other
        # Python threads run meanwhile, which takes longer than the call. Arguments are ctypes objects.
        self._quick = ctypes.PyDLL(str(path))
        self.quick_record = self._quick.trk_tracker_record
        self._dll.trk_status_name.restype = ctypes.c_char_p
        self._dll.trk_status_name.argtypes = [ctypes.c_int32]
        self._dll.trk_last_error.restype = ctypes.c_int64
        self._dll.trk_last_error.argtypes = [ctypes.c_void_p, ctypes.c_int64]
        self._dll.trk_version.restype = ctypes.c_char_p
        self._dll.trk_version.argtypes = []

    @property
    def version(self) -> str:
        return str(self._dll.trk_version().decode())

    def function(self, name: str) -> Any:
        """A function that returns a status, unchecked."""
        return getattr(self._dll, name)

    def call(self, name: str, *arguments: Any) -> None:
        """Calls a function; raises what its status says."""
        status = getattr(self._dll, name)(*arguments)
        if status:
            self.fail(status)

    def fail(self, status: int) -> None:
        """Raises the exception of a status that the calling thread just got."""
        cause = causes[-1] if causes else None
        causes.clear()
        raise error(self.status_name(status), self.last_error()) from cause

    def status_name(self, status: int) -> str:
        return str(self._dll.trk_status_name(status).decode())

    def last_error(self) -> str:
        length = self._dll.trk_last_error(None, 0)
        buffer = ctypes.create_string_buffer(length + 1)
        self._dll.trk_last_error(buffer, length + 1)
        return buffer.value.decode("utf-8", "replace")


library = Library(_find())


class Handle:
    """A handle that is released with its owner. In a forked child it is none: it is the parent's."""

    __slots__ = ("value", "keep", "_finalizer", "__weakref__")

    def __init__(self, value: int) -> None:
        self.value = value
        #: What must stay as long as the library may use the handle.
        self.keep: object = None
        self._finalizer = weakref.finalize(self, _release, value, os.getpid())
        # Last: a fork may come at any moment.
        _live.add(self)

    def release(self) -> None:
        """Gives it back at once; twice is harmless."""
        self.value = 0
        self._finalizer()


def _release(value: int, process: int) -> None:
    # A child that the hook below did not see, of a fork in C, must not either.
    if value and os.getpid() == process:
        library.function("trk_release")(value)


_live: weakref.WeakSet[Handle] = weakref.WeakSet()


def _forget_in_child() -> None:
    for handle in list(_live):
        handle._finalizer.detach()
        handle.value = 0
        _forked.add(handle)
    _live.clear()


#: Handles of the parent of this process.
_forked: weakref.WeakSet[Handle] = weakref.WeakSet()

os.register_at_fork(after_in_child=_forget_in_child)


def is_forked(handle: Handle) -> bool:
    """Whether a handle is of the parent of this process."""
    return handle in _forked


def new_handle(name: str, *arguments: Any) -> Handle:
    """Calls a function whose last argument is the handle that it makes."""
    handle = ctypes.c_uint64()
    library.call(name, *arguments, ctypes.byref(handle))
    return Handle(handle.value)

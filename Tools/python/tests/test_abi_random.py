"""Random calls of the C ABI: whatever they are, each ends with a status and the process lives."""

from __future__ import annotations

import ctypes as c
import os
import random

import numpy as np
import pytest
import trackerstate
from conftest import record_epochs
from trackerstate import _abi, _arguments
from trackerstate._library import library

#: Lengths that buffers have, and such as no buffer has; none between, which could not be told to be wrong.
COUNTS = [0, 0, 1, 1, 2, 3, 3, 5, 64, -1, -(1 << 63), 1 << 33, 1 << 62, (1 << 63) - 1]
NUMBERS = [*COUNTS, -2, 4, 6, 7, 10, 20, 30, 100, 200, 300, 1 << 31, -(1 << 31)]
ROOM = 1 << 16

#: The kind of handle that functions give which give no table.
GIVES = {
    "trk_tracker_create": "tracker",
    "trk_tracker_resume": "tracker",
    "trk_tracker_resume_image": "tracker",
    "trk_tracker_reader": "reader",
    "trk_open": "reader",
    "trk_reader_matrix": "matrix",
    "trk_reader_scan": "scan",
    "trk_scan_next": "matrix",
}


class Caller:
    """Makes up arguments, and keeps handles that calls gave."""

    def __init__(self, seed, folder, files):
        self.random = random.Random(seed)
        self.folder, self.files = folder, files
        #: Those that calls gave, with the kind that each is.
        self.handles = []
        self.kept = []
        self.buffer = c.create_string_buffer(os.urandom(0) + bytes(range(256)) * (ROOM // 256), ROOM)
        self.numbers = (c.c_int64 * 128)(*range(128))
        self.ascending = (c.c_int64 * 128)(*[min(k, 60) for k in range(128)])

    def pick(self, choices):
        return self.random.choice(choices)

    def text(self):
        name = self.pick([
            None, b"", b"ce", b"correct", b"train", b"eval", b"!eval", b"idx", b"mean", b"rank_change",
            b"\xff\xfe", b"a\0b", b"x" * 5000, "é".encode(), *self.files, *self.files,
            os.path.join(self.folder, f"new-{self.random.randrange(5)}.tracker").encode(),
        ])
        length = len(name or b"")
        if self.random.random() < 0.1:
            length = self.pick([-1, 1 << 40, 1 << 62, length // 2])
        return _abi.Text(name, length)

    def strings(self):
        if self.random.random() < 0.7:
            parts = [self.text() for _ in range(self.pick([0, 1, 1, 2]))]
            data = b"".join(part.bytes or b"" for part in parts)
            offsets = np.cumsum([0, *[len(part.bytes or b"") for part in parts]]).astype(np.int64)
            held = c.create_string_buffer(data, len(data) + 1)
            self.kept += [held, offsets]
            return _abi.Strings(c.addressof(held), offsets.ctypes.data, len(parts))
        count = self.pick([0, 1, 3, 64, -1, 1 << 33, 1 << 62])
        return _abi.Strings(
            self.pick([None, c.addressof(self.buffer)]),
            self.pick([None, c.addressof(self.ascending), c.addressof(self.numbers), 3]), count,
        )

    def indices(self):
        count = self.pick(COUNTS)
        strings = self.strings()
        if self.random.random() < 0.5:
            count = strings.count
        return _abi.Indices(
            self.pick([0, 0, 0, 1, 1, 2, -1]), count, self.pick([None, c.addressof(self.numbers), 5]),
            strings,
        )

    def values(self):
        return _abi.Values(
            self.text() if self.random.random() < 0.5 else _abi.Text(None, 0),
            self.random.randrange(-1, 9), self.pick(COUNTS),
            self.pick([None, c.addressof(self.buffer), c.addressof(self.buffer), 9]),
        )

    def field(self, kind):
        if kind is _abi.Text:
            return self.text()
        if kind is _abi.Strings:
            return self.strings()
        if kind is _abi.Indices:
            return self.indices()
        if kind is c.c_double:
            return self.pick([0.0, 0.5, -1.0, float("nan"), float("inf"), 1e308])
        if kind is c.c_int32:
            return self.random.randrange(-1, 5)
        if kind is c.c_int64:
            return self.pick(NUMBERS)
        if kind is c.POINTER(_abi.Values):
            columns = (_abi.Values * 64)(*[self.values() for _ in range(3)])
            self.kept.append(columns)
            return self.pick([columns, columns, None])
        return None

    def struct(self, kind):
        made = kind()
        for name, field in kind._fields_:
            if name == "size" and self.random.random() < 0.97:
                continue
            # Most members as they are where nothing is said: else hardly any call would get far.
            if self.random.random() < 0.5 or not issubclass(kind, _abi.Sized):
                value = self.field(field)
                if value is not None:
                    setattr(made, name, value)
        return made

    def handle(self, wanted):
        fitting = [handle for handle, kind in self.handles if kind == wanted]
        if fitting and self.random.random() < 0.8:
            return self.pick(fitting)
        if self.handles and self.random.random() < 0.7:
            return self.pick(self.handles)[0]
        return self.pick([0, 1, 1 << 32, 0xFFFF_FFFF, (1 << 64) - 1])

    def argument(self, kind):
        if kind is c.POINTER(c.c_uint64):
            return c.c_uint64(77)
        if kind in (c.POINTER(c.c_int64), c.POINTER(c.c_int32)):
            return self.pick([None, kind._type_(self.random.randrange(100))])
        if kind is c.c_int32:
            return self.pick([0, 0, 0, 0, self.random.randrange(-1, 5)])
        if kind is c.c_int64:
            return self.pick([0, 1, 100, ROOM, self.pick(NUMBERS), self.pick(NUMBERS)])
        if kind is c.c_void_p:
            return self.pick([None, c.addressof(self.buffer), c.addressof(self.buffer)])
        if kind is _abi.Text:
            return self.text()
        if kind is c.POINTER(_abi.Parameters) and self.random.random() < 0.6:
            # One with which a tracker can be made.
            offsets = (c.c_int64 * 2)(0, 2)
            self.kept.append(offsets)
            return _abi.Parameters(
                metrics=_abi.Strings(
                    c.cast(c.c_char_p(b"ce"), c.c_void_p), c.addressof(offsets), 1
                ), epoch_frequency=1, max_to_keep=2, min_to_keep=2,
            )
        if kind is c.POINTER(_abi.ChannelName) and self.random.random() < 0.7:
            return _abi.ChannelName(_abi.Text(b"ce", 2), 0, _abi.Text(None, 0))
        if kind is c.POINTER(_abi.Strings) and self.random.random() < 0.5:
            return _arguments.strings(
                [self.pick([*[file.decode() for file in self.files], *trackerstate.criteria()])]
            )
        if kind is c.POINTER(_abi.Text) and self.random.random() < 0.5:
            return _arguments.text(os.path.join(self.folder, f"new-{self.random.randrange(99)}.tracker"))
        if self.random.random() < 0.3:
            return None
        return self.text() if kind is c.POINTER(_abi.Text) else self.struct(kind._type_)

    def call(self):
        name = self.pick(sorted(set(_abi.FUNCTIONS) - {"trk_open_sources"}))
        if name == "trk_release" and self.random.random() < 0.8:
            return None
        kinds = _abi.FUNCTIONS[name]
        arguments = [
            self.handle(name.split("_")[1]) if kind is c.c_uint64 else self.argument(kind)
            for kind in kinds
        ]
        if name == "trk_tracker_resume_image":
            # What a buffer does not have cannot be told of lengths that images may have.
            arguments[1] = self.pick([0, 1, 64, ROOM, -1, 1 << 62])
        code = library.function(name)(*arguments)
        assert library.status_name(code) != "UNKNOWN", (name, code)
        for kind, argument in zip(kinds, arguments):
            if kind is c.POINTER(c.c_uint64):
                if code:
                    assert argument.value in (0, 77)
                elif argument.value not in (0, 77):
                    self.handles.append((argument.value, GIVES.get(name, "table")))
        self.kept.append(arguments)
        del self.kept[:-200]
        while len(self.handles) > 60:
            library.function("trk_release")(self.handles.pop(self.random.randrange(60))[0])
        return name if code == 0 else None


@pytest.mark.parametrize("seed", range(2))
def test_random_calls_end_with_a_status(seed, tmp_path, rng, monkeypatch):
    # Names of files are made up, too.
    monkeypatch.chdir(tmp_path)
    files = []
    for number in range(2):
        path = str(tmp_path / f"old-{number}.tracker")
        record_epochs(path, rng.random((3, 20)).astype(np.float32)).close()
        files.append(path.encode())
    caller = Caller(seed, str(tmp_path), files)
    done = set()
    for _ in range(int(os.environ.get("TRACKERSTATE_RANDOM_CALLS", "2000"))):
        done.add(caller.call())
    for handle, _ in caller.handles:
        library.function("trk_release")(handle)
    # Random as they are, they get far.
    assert len(done) > 20, sorted(filter(None, done))
    for path in files:
        trackerstate.verify(path.decode())

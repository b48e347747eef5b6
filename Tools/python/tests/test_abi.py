"""The C ABI refuses wrong calls: every one gives a status, and the process lives."""

from __future__ import annotations

import ctypes as c
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import trackerstate
from conftest import record_epochs
from trackerstate import _abi, _arguments
from trackerstate._library import library

INVALID_ARGUMENT, INVALID_HANDLE, WRONG_HANDLE, TOO_SMALL = 1, 2, 3, 4
HEADER = (
    Path(__file__).resolve().parent.parent
    / "native" / "Sources" / "CTrackerState" / "trackerstate.h"
)
HUGE = [1 << 62, (1 << 63) - 1, -1, -(1 << 63)]


def call(name, *arguments):
    return library.function(name)(*arguments)


def status(name, *arguments):
    """The name of a call's status; a failure has a text."""
    code = call(name, *arguments)
    if code:
        assert library.last_error()
    return library.status_name(code)


@pytest.fixture
def tracker():
    with trackerstate.InstanceTracker(metric="ce", mode="train") as tracker:
        tracker.record(np.arange(10), np.ones(10, np.float32))
        tracker.end_epoch(1)
        yield tracker


@pytest.fixture
def handles(tracker):
    """A live handle of each kind."""
    file = tracker.reader()
    channel = file.channel()
    matrix, table, scan = c.c_uint64(), c.c_uint64(), c.c_uint64()
    library.call("trk_reader_matrix", file._reader(), channel._struct(), None, 1 << 20, matrix)
    library.call("trk_reader_channels", file._reader(), table)
    library.call("trk_reader_scan", file._reader(), channel._struct(), None, scan)
    yield {
        "tracker": tracker._number,
        "reader": file._reader(),
        "matrix": matrix.value,
        "table": table.value,
        "scan": scan.value,
    }
    for handle in (matrix, table, scan):
        library.call("trk_release", handle.value)


def kind_of(name):
    """The kind of handle that a function takes first; None where it takes none."""
    found = re.match(r"trk_(tracker|reader|scan|matrix|table)_", name)
    if not found or _abi.FUNCTIONS[name][0] is not c.c_uint64:
        return None
    return found[1]


def filler(kind):
    """Nothing, of a parameter's type."""
    if kind is _abi.Text:
        return _abi.Text(None, 0)
    return 0 if kind in (c.c_int32, c.c_int64, c.c_uint64) else None


TAKING_HANDLES = sorted(name for name in _abi.FUNCTIONS if kind_of(name))


@pytest.mark.parametrize("name", TAKING_HANDLES)
def test_wrong_handles_are_told(name, handles):
    released = c.c_uint64()
    library.call("trk_criteria", released)
    library.call("trk_release", released.value)
    rest = [filler(kind) for kind in _abi.FUNCTIONS[name][1:]]
    # What is looked at first, the handle or the other arguments, is the function's own matter.
    for handle in (0, released.value, 1 << 63, 0xFFFF_FFFF_FFFF_FFFF, 12345678 << 32, 7):
        assert call(name, handle, *rest) in (INVALID_HANDLE, INVALID_ARGUMENT)
    for kind, handle in handles.items():
        if kind != kind_of(name):
            assert call(name, handle, *rest) in (WRONG_HANDLE, INVALID_ARGUMENT)


@pytest.mark.parametrize("name", sorted(_abi.FUNCTIONS))
def test_nothing_for_every_argument_is_told(name, handles):
    kinds = _abi.FUNCTIONS[name]
    kind = kind_of(name)
    first = [handles[kind]] if kind else [filler(kinds[0])]
    code = call(name, *first, *[filler(other) for other in kinds[1:]])
    harmless = {
        # They need no more than a handle, or may be given nothing.
        "trk_tracker_end_epoch", "trk_tracker_checkpoint", "trk_tracker_flush", "trk_tracker_close",
        "trk_matrix_columns",
    }
    if name == "trk_matrix_columns":
        assert code == TOO_SMALL
    elif name in harmless:
        assert code == 0
    else:
        assert code in (INVALID_ARGUMENT, INVALID_HANDLE, TOO_SMALL)


@pytest.mark.parametrize("kind", [kind for kind in _abi.NAMES.values() if issubclass(kind, _abi.Sized)])
def test_structs_of_another_size_are_refused(kind, handles, path):
    """Each struct in each function that takes it."""
    tried = 0
    for name, kinds in _abi.FUNCTIONS.items():
        for place, other in enumerate(kinds):
            if other is not c.POINTER(kind):
                continue
            for size in (0, 1, c.sizeof(kind) - 1, 1 << 40, -1):
                struct = kind()
                struct.size = size
                arguments = [filler(other) for other in kinds]
                if kind_of(name):
                    arguments[0] = handles[kind_of(name)]
                if kinds[0] == c.POINTER(_abi.Text):
                    arguments[0] = _arguments.text(path)
                arguments[place] = struct
                assert call(name, *arguments) not in (0, 32)
                tried += 1
    assert tried


def test_released_handles_are_stale_for_good():
    seen = set()
    for _ in range(1000):
        handle = c.c_uint64()
        library.call("trk_criteria", handle)
        assert handle.value and handle.value not in seen
        seen.add(handle.value)
        library.call("trk_release", handle.value)
        assert status("trk_release", handle.value) == "INVALID_HANDLE"


def batch(count=3, **changes):
    indices = np.arange(10)
    values = np.ones(10)
    column = _abi.Values(_abi.Text(None, 0), _abi.FLOAT64, count, values.ctypes.data)
    for name in ("type", "count", "values", "metric"):
        if "value_" + name in changes:
            setattr(column, name, changes.pop("value_" + name))
    columns = (_abi.Values * 1)(column)
    made = _abi.Batch(
        indices=_abi.Indices(_abi.INDEX_INT64, count, indices.ctypes.data, _abi.Strings()),
        columns=columns, column_count=1, epoch=2,
    )
    for name in ("type", "count", "integers", "strings"):
        if "index_" + name in changes:
            setattr(made.indices, name, changes.pop("index_" + name))
    for name, value in changes.items():
        setattr(made, name, value)
    made.keep = (indices, values, columns)
    return made


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": 4}, {"mode": -1}, {"mode": 1 << 30},
        {"column_count": -1}, {"column_count": 1 << 40}, {"columns": None},
        {"index_type": 2}, {"index_type": -1},
        {"index_count": -1}, {"index_count": 1 << 62}, {"index_integers": None},
        {"index_integers": 3}, {"index_count": 2},
        {"index_type": 1}, {"index_type": 1, "index_strings": _abi.Strings(None, None, 3)},
        {"value_type": 99}, {"value_type": -1}, {"value_type": 7},
        {"value_count": -5}, {"value_count": 1 << 62}, {"value_count": 2}, {"value_values": None},
        {"value_values": 5},
        {"value_metric": _abi.Text(None, 5)}, {"value_metric": _abi.Text(b"ce", -1)},
        {"value_metric": _abi.Text(b"ce", 1 << 62)}, {"value_metric": _abi.Text(b"\xff\xfe", 2)},
        {"value_metric": _abi.Text(b"other", 5)},
        {"ds_id": _abi.Text(b"\xc3", 1)}, {"ds_id": _abi.Text(None, 1)},
        {"ds_id": _abi.Text(b"x" * 5000, 5000)},
    ],
)
def test_wrong_batches_record_nothing(tracker, changes):
    before = tracker.unsealed_count
    assert call("trk_tracker_record", tracker._number, batch(**changes), None) != 0
    assert library.last_error()
    assert tracker.unsealed_count == before
    assert call("trk_tracker_record", tracker._number, batch(), None) == 0
    assert tracker.unsealed_count == before + 3


def test_lists_of_strings_are_checked():
    with trackerstate.InstanceTracker(mode="train", index_type="string") as tracker:
        data = c.create_string_buffer("aäb".encode() + b"x" * 9)

        def record(offsets, bytes_=c.addressof(data)):
            places = np.array(offsets, np.int64)
            strings = _abi.Strings(bytes_, places.ctypes.data, len(places) - 1)
            made = batch(len(places) - 1, index_type=1, index_strings=strings)
            return call("trk_tracker_record", tracker._number, made, None)

        assert record([0, 1, 3, 4]) == 0
        for wrong in ([0, 2, 3, 4], [0, 1, 0, 4], [-1, 0, 1, 2], [0, 1, 2, 1 << 62], [4, 3, 2, 1]):
            assert record(wrong) == INVALID_ARGUMENT
        assert record([0, 1, 3, 4], None) == INVALID_ARGUMENT
        assert record([0, 0, 0, 0], None) == 0
        strings = _abi.Strings(c.addressof(data), None, 3)
        assert call(
            "trk_tracker_record", tracker._number, batch(3, index_type=1, index_strings=strings), None
        ) == INVALID_ARGUMENT


def test_lengths_of_parameters_are_checked(path):
    for size in HUGE:
        for wrong in (
            {"index_key": _abi.Text(b"idx", size)},
            {"metrics": _abi.Strings(None, None, size)},
            {"modes": _abi.Strings(None, None, size)},
            {"max_to_keep": -1 if size < 0 else size},
            {"epoch_frequency": 0 if size < 0 else size},
            {"has_list_to_keep": 1, "list_to_keep": _abi.Indices(0, size, None, _abi.Strings())},
            {"keep_mantissa_bits": size},
        ):
            fields = {"metrics": _arguments.strings(["ce"]), "epoch_frequency": 1, **wrong}
            parameters = _abi.Parameters(**fields)
            handle = c.c_uint64(5)
            assert call(
                "trk_tracker_create", _arguments.text(path), parameters, None, None, handle
            ) != 0
            assert handle.value == 0
            assert not Path(path).exists()


def test_paths_are_checked(tmp_path):
    handle, result = c.c_uint64(), _abi.Verification()
    for wrong in (
        _abi.Text(None, 0), _abi.Text(b"", 0), _abi.Text(b"a\0b", 3), _abi.Text(b"\xff", 1),
        _abi.Text(b"x", -1), _abi.Text(b"x", 1 << 62),
    ):
        assert call("trk_verify", wrong, result, handle) == INVALID_ARGUMENT
        assert call("trk_rewind", wrong, 1) == INVALID_ARGUMENT
        assert call("trk_tracker_resume", wrong, 0, 0, None, None, None, handle) == INVALID_ARGUMENT
    assert status("trk_rewind", _arguments.text(str(tmp_path)), 1) != "OK"
    assert status("trk_rewind", _arguments.text(str(tmp_path / "no")), 1) == "NOT_FOUND"


def test_buffers_that_are_too_small_stay_as_they_are(handles):
    for capacity in (0, 3, 39, -1, -(1 << 63)):
        buffer = c.create_string_buffer(b"\x55" * 40, 40)
        assert call("trk_matrix_values", handles["matrix"], buffer, capacity, 0) == TOO_SMALL
        assert call("trk_reader_digest", handles["reader"], buffer, min(capacity, 31)) in (1, TOO_SMALL)
        assert call("trk_table_copy", handles["table"], 0, buffer, 1, None, 0, None, 0) != 0
        assert buffer.raw == b"\x55" * 40
    assert call("trk_matrix_values", handles["matrix"], None, 40, 0) == INVALID_ARGUMENT
    assert call("trk_matrix_present", handles["matrix"], None, 10) == INVALID_ARGUMENT
    for column in (-1, 10, *HUGE):
        assert status("trk_table_column", handles["table"], column, _abi.ColumnInfo()) == "OUT_OF_RANGE"


def test_numbers_that_mean_nothing_are_refused(handles, path):
    channel = _abi.ChannelName(_arguments.text("ce"), 0, _arguments.text(None))
    out = c.c_uint64()
    reader = handles["reader"]
    for number in HUGE:
        if number < 0:
            assert call("trk_reader_matrix", reader, channel, None, number, out) == INVALID_ARGUMENT
        options = _abi.CriterionOptions(early=number, window=number)
        assert call(
            "trk_reader_stats", reader, channel, _arguments.strings(["mean"]), None, options, out
        ) == INVALID_ARGUMENT
        selection = _abi.SelectionOptions(max=1 << 62 if number < 0 else number, min=0)
        assert call("trk_reader_select", reader, channel, selection, None, out) == INVALID_ARGUMENT
        merging = _abi.MergeOptions(partition=number, partitions=number)
        assert call(
            "trk_merge", _arguments.strings([path]), _arguments.text(path + "2"), merging, None
        ) == INVALID_ARGUMENT
    filter = _abi.Filter(has_steps=1, first_step=5, last_step=4)
    assert call("trk_reader_matrix", reader, channel, filter, 100, out) == INVALID_ARGUMENT
    paths = _arguments.strings([path])
    assert call("trk_open", paths, 9, 0, 0, 0, out) == INVALID_ARGUMENT
    assert call("trk_open", paths, 1, -5, 0, 0, out) == INVALID_ARGUMENT
    assert call("trk_open", paths, 0, 0, 77, 0, out) == INVALID_ARGUMENT
    assert call("trk_open", paths, 0, 0, 0, -1, out) == INVALID_ARGUMENT
    assert call("trk_open", _arguments.strings([]), 0, 0, 0, 0, out) == INVALID_ARGUMENT
    assert out.value == 0


def test_selections_of_absurd_options_end(handles):
    channel = _abi.ChannelName(_arguments.text("ce"), 0, _arguments.text(None))
    for early, window, threshold in ((1 << 31, 1 << 31, float("nan")), (1, 1, float("inf"))):
        options = _abi.CriterionOptions(
            early=early, window=window, correctness=1, threshold=threshold, memory=1
        )
        out = c.c_uint64()
        names = _arguments.strings([*trackerstate.criteria(), *trackerstate.criteria()])
        assert call(
            "trk_reader_stats", handles["reader"], channel, names, None, options, out
        ) == INVALID_ARGUMENT
        names = _arguments.strings(trackerstate.criteria())
        assert call("trk_reader_stats", handles["reader"], channel, names, None, options, out) == 0
        library.call("trk_release", out.value)


def test_images_that_are_none_are_refused():
    out = c.c_uint64()
    for data in (b"", b"x", b"TRK" * 100, bytes(5000)):
        assert call(
            "trk_tracker_resume_image", data, len(data), 0, 0, None, None, None, out
        ) != 0
    assert call("trk_tracker_resume_image", None, 9, 0, 0, None, None, None, out) == INVALID_ARGUMENT


def test_every_damaged_image_is_read_or_refused(rng):
    """A thousand damaged files: each call ends with a status."""
    tracker = record_epochs(None, rng.random((3, 60)).astype(np.float32))
    image = tracker.state_dict()["image"]
    outcomes = set()
    for _ in range(300):
        damaged = image.copy()
        for place in rng.integers(0, len(image), rng.integers(1, 4)):
            damaged[place] ^= 1 << rng.integers(0, 8)
        with sources(damaged.tobytes()) as source:
            out = c.c_uint64()
            code = call("trk_open_sources", source, 1, 0, 0, 0, 0, out)
            outcomes.add(library.status_name(code))
            if code:
                continue
            channel = _abi.ChannelName(_arguments.text("ce"), 0, _arguments.text(None))
            matrix = c.c_uint64()
            code = call("trk_reader_matrix", out.value, channel, None, 1 << 20, matrix)
            outcomes.add(library.status_name(code))
            if not code:
                library.call("trk_release", matrix.value)
            library.call("trk_release", out.value)
    assert "OK" in outcomes and len(outcomes) > 2


class sources:  # noqa: N801 - reads like a function
    """Bytes as a caller's source."""

    def __init__(self, data, answer=None):
        def length(_):
            return len(data)

        def read(_, offset, buffer, count):
            part = data[offset : offset + count]
            c.memmove(buffer, part, len(part))
            return len(part) if answer is None else answer

        self.source = _abi.Source(
            length=_abi.LENGTH_FUNCTION(length), read=_abi.READ_FUNCTION(read),
            name=_arguments.text("memory"),
        )

    def __enter__(self):
        return self.source

    def __exit__(self, *_):
        pass


def test_sources_are_read_as_files_are(path, rng):
    values = rng.random((5, 3000)).astype(np.float32)
    record_epochs(path, values, batch=3000).close()
    with sources(Path(path).read_bytes()) as source:
        out = c.c_uint64()
        library.call("trk_open_sources", source, 1, 0, 0, 0, 0, out)
        matrix = c.c_uint64()
        channel = _abi.ChannelName(_arguments.text("ce"), 0, _arguments.text(None))
        library.call("trk_reader_matrix", out.value, channel, None, 1 << 30, matrix)
        found = np.empty((5, 3000), np.float32)
        library.call("trk_matrix_values", matrix.value, found.ctypes.data, found.nbytes, 0)
        assert np.array_equal(found, values)
        library.call("trk_release", matrix.value)
        library.call("trk_release", out.value)


def test_sources_that_answer_wrongly_are_told(path, rng):
    record_epochs(path, rng.random((2, 30)).astype(np.float32)).close()
    for answer in (-1, 1 << 40, 0):
        with sources(Path(path).read_bytes(), answer) as source:
            assert call("trk_open_sources", source, 1, 0, 0, 0, 0, c.c_uint64()) != 0
    assert call("trk_open_sources", _abi.Source(), 1, 0, 0, 0, 0, c.c_uint64()) == INVALID_ARGUMENT


def test_errors_are_each_threads_own():
    call("trk_release", 0)
    first = library.last_error()
    seen = []

    def other():
        seen.append(library.last_error())
        call("trk_rewind", _abi.Text(None, 0), 0)
        seen.append(library.last_error())

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen[0] == "" and seen[1] not in ("", first)
    assert library.last_error() == first
    short = c.create_string_buffer(b"\x55" * 8, 8)
    assert library._dll.trk_last_error(short, 4) == len(first)
    assert short.raw == first.encode()[:3] + b"\0\x55\x55\x55\x55"


def test_one_handle_may_be_used_by_many_threads():
    tracker = trackerstate.InstanceTracker(mode="train")
    failures = []

    def work(number):
        try:
            for round in range(200):
                made = batch(3, epoch=1)
                if call("trk_tracker_record", tracker._number, made, None):
                    failures.append(library.last_error())
                if round % 20 == number:
                    call("trk_tracker_flush", tracker._number)
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert tracker.unsealed_count == 8 * 200 * 3


def test_handles_may_be_released_while_they_are_used(tmp_path, rng):
    path = tmp_path / "run.tracker"
    record_epochs(str(path), rng.random((20, 2000)).astype(np.float32), batch=2000).close()
    for _ in range(20):
        file = trackerstate.open(path)
        reader, channel = file._reader(), file.channel()._struct()
        codes = []

        def read():
            out = c.c_uint64()
            codes.append(call("trk_reader_matrix", reader, channel, None, 1 << 30, out))
            if out.value:
                library.call("trk_release", out.value)

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        file.close()
        for thread in threads:
            thread.join()
        assert set(codes) <= {0, INVALID_HANDLE}


# -- Header ----------------------------------------------------------------------------------------


@pytest.mark.skipif(not HEADER.exists(), reason="the header is in a checkout only")
def test_every_function_of_the_header_is_known_and_exported():
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    declared = set(re.findall(r"^trk_status\s+(trk_\w+)\(", text, re.M))
    assert declared == set(_abi.FUNCTIONS)
    counts = {
        name: len(arguments.split(","))
        for name, arguments in re.findall(r"^trk_status\s+(trk_\w+)\(([^)]*)\)", text, re.M)
    }
    assert counts == {name: len(kinds) for name, kinds in _abi.FUNCTIONS.items()}


@pytest.mark.skipif(not HEADER.exists(), reason="the header is in a checkout only")
@pytest.mark.skipif(not (shutil.which("cc") or shutil.which("clang")), reason="no C compiler")
def test_structs_are_laid_out_as_in_the_header(tmp_path):
    compiler = shutil.which("clang") or shutil.which("cc")
    lines = ["#include <stddef.h>", "#include <stdio.h>", f'#include "{HEADER}"', "int main(void) {"]
    for name, kind in _abi.NAMES.items():
        lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
        for field, _ in kind._fields_:
            lines.append(f'printf("{name}.{field} %zu\\n", offsetof({name}, {field}));')
    lines.append("return 0; }")
    source = tmp_path / "layout.c"
    source.write_text("\n".join(lines))
    program = tmp_path / "layout"
    subprocess.run(
        [compiler, "-std=c99", "-Wall", "-Werror", "-pedantic", str(source), "-o", str(program)],
        check=True,
    )
    shown = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout
    expected = []
    for name, kind in _abi.NAMES.items():
        expected.append(f"{name} {c.sizeof(kind)}")
        for field, _ in kind._fields_:
            expected.append(f"{name}.{field} {getattr(kind, field).offset}")
    assert shown.splitlines() == expected


@pytest.mark.skipif(not HEADER.exists(), reason="the header is in a checkout only")
@pytest.mark.skipif(not (shutil.which("cc") or shutil.which("clang")), reason="no C compiler")
def test_programs_in_c_use_it(tmp_path):
    compiler = shutil.which("clang") or shutil.which("cc")
    program, output = tmp_path / "record", tmp_path / "run.tracker"
    subprocess.run(
        [
            compiler, "-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{HEADER.parent}",
            str(Path(__file__).with_name("record.c")), str(library.path),
            f"-Wl,-rpath,{library.path.parent}", "-o", str(program),
        ],
        check=True,
    )
    done = subprocess.run([str(program), str(output)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "3 2\n5 0.25\n7 0.5\n"), done
    assert trackerstate.open(output).points().epoch.tolist() == [1, 1, 1]
    again = subprocess.run([str(program), str(output)], capture_output=True, text=True)
    assert again.returncode == 1 and "ALREADY_EXISTS" in again.stdout


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("nm"), reason="needs nm")
def test_nothing_else_is_exported():
    shown = subprocess.run(
        ["nm", "-D", "--defined-only", str(library.path)], check=True, capture_output=True, text=True
    ).stdout
    # Capital letters are symbols that others can link to.
    names = {line.split()[2] for line in shown.splitlines() if line.split()[1].isupper()}
    assert names - {"trk_last_error", "trk_status_name", "trk_version", "trk_abi_version"} == set(
        _abi.FUNCTIONS
    )

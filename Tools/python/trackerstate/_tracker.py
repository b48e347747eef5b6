"""Recording per-instance histories."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Union

import numpy as np
import numpy.typing as npt

from . import _abi, _arguments, _device
from ._arguments import Index, Path
from ._errors import TrackerClosed, TrackerError, TrackerExists, TrackerForked, TrackerValueError
from ._files import Selection, TrackerFile
from ._identity import Run, current_run, worker_path
from ._library import Handle, is_forked, library, new_handle
from ._matrix import History
from ._tables import read_table

Level = Literal["default", "fast", "small"]
Names = Union[str, Sequence[str], None]

#: Batches up to this long are copied to buffers whose addresses are known; longer ones are passed as they
#: stand.
_STAGED = 4096

_ARRAY, _INT64, _FLOAT32 = np.ndarray, np.dtype(np.int64), np.dtype(np.float32)
_quick_record, _thread = library.quick_record, threading.get_ident

#: No batch is like this.
_NOT_QUICK: tuple[Any, ...] = (None, -1, None, None, None, None, 0)


def _names(given: Names) -> list[str]:
    if given is None:
        return []
    return [given] if isinstance(given, str) else list(given)


class InstanceTracker:
    """Records one value per instance and epoch into a file, and selects the instances that matter.

    ::

        with InstanceTracker(index="idx", metric="ce", mode="train", path="run.tracker") as tracker:
            for epoch in range(1, 31):
                for idx, loss in batches:
                    tracker.record(idx, loss)
                tracker.end_epoch(step, epoch)
                tracker.checkpoint()

    Ended epochs are encoded and written in the background. What fails there is raised by the next call;
    nothing is lost. In a forked child, such as a DataLoader's worker, a tracker refuses every call, and
    neither holds the file's lock nor writes.

    Args:
        index: the name under which batches carry their instances' indices.
        metric: the metric that is recorded, or several.
        n_max_to_keep, n_min_to_keep: how many instances with the highest and the lowest last value a
            selection keeps.
        list_to_keep: instances that it keeps whatever their values.
        epoch_frequency: every how many epochs values are recorded.
        mode: the modes that are recorded: "train", "eval", "test", "infer", or several, or those left
            out, each with a leading "!"; None for all.
        ds_id: the data sets that are recorded, likewise.
        outputs: the name of the result; None for "<metric>_by_<index>".
        path: of the file; None to keep the tracker in memory. "{rank}" stands for the worker's rank, and
            is put before the suffix by itself where there are several workers.
        index_type: "int64" or "string"; None for that of ``list_to_keep``, or int64.
        resume: True to go on with the file where it exists, False to fail there. None begins a file where
            there is none, and else waits for ``resume()`` or ``load_state_dict()``: recording before
            fails.
        run: who this worker is; None for what torch.distributed or the environment say. A file that is
            gone on with has its own.
        cores: how many to use; 1 writes everything in the caller's thread. None for all that the process
            may use.
        level: how much time encoding may take: "fast", "default" or "small".
        keep_mantissa_bits: rounds values to so many significant bits; None keeps every bit.
    """

    def __init__(
        self,
        index: str = "idx",
        metric: str | Sequence[str] = "ce",
        n_max_to_keep: int = 5,
        n_min_to_keep: int = 5,
        list_to_keep: Iterable[Index] | None = None,
        epoch_frequency: int = 1,
        mode: Names = "eval",
        ds_id: Names = None,
        outputs: str | None = None,
        *,
        path: Path | None = None,
        index_type: Literal["int64", "string"] | None = None,
        resume: bool | None = None,
        run: Run | None = None,
        cores: int | None = None,
        level: Level = "default",
        keep_mantissa_bits: int | None = None,
    ) -> None:
        self.index = index
        self.metrics = _names(metric)
        self.n_max_to_keep, self.n_min_to_keep = n_max_to_keep, n_min_to_keep
        self.list_to_keep = None if list_to_keep is None else list(list_to_keep)
        self.epoch_frequency = epoch_frequency
        self.modes = _names(mode)
        self.ds_ids = _names(ds_id)
        self.outputs = outputs
        self.keep_mantissa_bits = keep_mantissa_bits
        if index_type is None:
            index_type = "string" if _arguments.is_text(self.list_to_keep or []) else "int64"
        self.index_type = index_type
        self._options = _abi.TrackerOptions(
            index_type=_arguments.choice(index_type, ("int64", "string"), "index type"),
            level=_arguments.choice(level, _abi.LEVELS, "level"),
            cores=cores or 0,
        )
        self._given_run = run
        who = run or current_run()
        self.path = None if path is None else worker_path(path, who)
        self._handle: Handle | None = None
        self._number = 0
        self._record_batch = library.function("trk_tracker_record")
        self._quick = _NOT_QUICK
        self._pending = _device.PendingBatches()
        if self.path is not None and os.path.exists(self.path) and resume is not True:
            if resume is False:
                raise TrackerExists("ALREADY_EXISTS", f"{self.path}: the file exists; resume it")
            # It waits to be told from where to go on.
            self._parameters()
        elif self.path is not None and os.path.exists(self.path):
            self.resume()
        else:
            self._own(
                new_handle(
                    "trk_tracker_create",
                    None if self.path is None else _arguments.text(self.path),
                    self._parameters(),
                    who._struct(),
                    self._options,
                )
            )

    # -- Opening ----------------------------------------------------------------------------------

    def _parameters(self) -> _abi.Parameters:
        metrics, modes = _arguments.strings(self.metrics), _arguments.strings(self.modes)
        ds_ids = _arguments.strings(self.ds_ids)
        given = _abi.Parameters(
            index_key=_arguments.text(self.index),
            metrics=metrics,
            max_to_keep=self.n_max_to_keep,
            min_to_keep=self.n_min_to_keep,
            epoch_frequency=self.epoch_frequency,
            modes=modes,
            ds_ids=ds_ids,
            output_name=_arguments.text(self.outputs),
            keep_mantissa_bits=self.keep_mantissa_bits or 0,
        )
        listed = None
        if self.list_to_keep is not None:
            if not self.list_to_keep and self.index_type == "string":
                listed = _arguments.text_indices([])
            else:
                listed = _arguments.indices(self.list_to_keep)
            given.has_list_to_keep, given.list_to_keep = 1, listed
        given.keep = (metrics, modes, ds_ids, listed)
        return given

    def _own(self, handle: Handle) -> None:
        """Begins to record into a tracker."""
        self._handle = handle
        self._number = handle.value
        self._quick = _NOT_QUICK
        self._finalizer = weakref.finalize(self, _close_at_end, handle, self._pending)
        self._pending.clear()
        #: The number under which batches without an epoch are recorded, by mode and data set.
        self._provisional: dict[tuple[str, str | None], int] = {}
        self._explicit: set[tuple[str, str | None, int]] = set()
        #: The epoch that ended last, by mode and data set.
        self._last_epochs: dict[tuple[str, str | None], int] = {}
        self._unended: dict[tuple[str, str | None], set[int]] = {}
        for row in read_table("trk_tracker_unended", handle.value).rows():
            self._unended.setdefault((row["mode"], row["ds_id"]), set()).add(row["epoch"])
        info = self._info()
        self._last_epoch: int | None = info.epoch if info.has_epoch else None
        length = ctypes.c_int64()
        buffer = ctypes.create_string_buffer(1 << 13)
        library.call(
            "trk_tracker_run_id", handle.value, buffer, len(buffer), ctypes.byref(length)
        )
        run_id = buffer.raw[: length.value].decode() or None
        self._run = Run(run_id, info.rank, max(1, info.world_size), info.generation)
        # The usual batch, with buffers of known addresses; of the thread that recorded first.
        self._quick_thread: int | None = None
        self._staged_indices = np.empty(_STAGED, np.int64)
        self._staged_values = np.empty(_STAGED, np.float32)
        self._quick_column = (_abi.Values * 1)(
            _abi.Values(type=_abi.FLOAT32, values=self._staged_values.ctypes.data)
        )
        self._quick_batch = _abi.Batch(columns=self._quick_column, column_count=1)
        self._quick_batch.indices.integers = self._staged_indices.ctypes.data

    def resume(self, step: int | None = None, *, commit: int | None = None) -> None:
        """Goes on with the file from its last commit, or an earlier one.

        Args:
            step: that of the model that training goes on from; None for the last commit. What was
                recorded after it stays in the file, but is no part of the history any more.
            commit: the number of a commit, such as one within an epoch.

        Points that were recorded but not sealed at that commit are there again. Settings in which this
        tracker differs from the file's are in ``parameter_differences``; the tracker's count.
        """
        if self.path is None:
            raise TrackerValueError("INVALID_PARAMETER", "a tracker in memory has no file to resume")
        at, number = _selector(step, commit)
        if self._handle is not None:
            self.close()
        given = self._given_run
        self._own(
            new_handle(
                "trk_tracker_resume",
                _arguments.text(self.path),
                at,
                number,
                self._parameters(),
                None if given is None else given._struct(),
                self._options,
            )
        )

    # -- Recording --------------------------------------------------------------------------------

    def record(
        self,
        indices: Any,
        values: Any,
        *,
        mode: str | None = None,
        epoch: int | None = None,
        ds_id: str | None = None,
    ) -> bool:
        """Records a batch: a value for each index.

        An index that comes again in the same epoch keeps its last value. A batch that fails has recorded
        nothing.

        Args:
            indices: integers or strings, as an array, a tensor or a list.
            values: an array, a tensor or a list; or a dictionary of them by metric. Every bit of float32
                and float64 values is kept; float16, bfloat16 and booleans become float32, integers
                float64. Tensors on a CUDA device are copied without waiting for it.
            mode: "train", "eval", "test" or "infer"; None where the tracker records one mode only.
            epoch: the epoch's number; None for the one that the next ``end_epoch`` names.
            ds_id: which of several data sets of the mode.

        Returns:
            Whether batches of this mode, epoch and data set are recorded.
        """
        # The usual batch first: NumPy arrays of the usual types, as many as the last time and for the same
        # epoch. They are copied to where the library looks for them.
        aim, count, to_indices, to_values, number, batch, thread = self._quick
        if (
            type(indices) is _ARRAY
            and type(values) is _ARRAY
            and indices.dtype is _INT64
            and values.dtype is _FLOAT32
            and len(indices) == count == len(values)
            and indices.ndim == 1 == values.ndim
            and (mode, epoch, ds_id) == aim
            and _thread() == thread
        ):
            to_indices[...] = indices
            to_values[...] = values
            status = _quick_record(number, batch, None)
            if status:
                self._fail(status)
            return True
        return self._record(indices, values, mode, epoch, ds_id)

    def _record(
        self, indices: Any, values: Any, mode: str | None, epoch: int | None, ds_id: str | None
    ) -> bool:
        self._check()
        if np.ndim(indices) == 0:
            indices = [indices]
        chosen = self._mode(mode)
        number = self._epoch(chosen, ds_id, epoch)
        columns: Mapping[str | None, Any]
        columns = values if isinstance(values, Mapping) else {None: values}
        is_remote = _device.is_remote(indices) or any(map(_device.is_remote, columns.values()))
        if is_remote or len(self._pending):
            self._quick = _NOT_QUICK
            self._record_later(indices, columns, chosen, number, ds_id)
            return self._is_recorded(chosen, number, ds_id)
        recorded = self._record_now(indices, columns, chosen, number, ds_id)
        if recorded and self.index_type == "int64" and len(self.metrics) == 1 and None in columns:
            self._expect(len(indices), chosen, number, ds_id, (mode, epoch, ds_id))
        return recorded

    def _expect(
        self, count: int, mode: str, number: int, ds_id: str | None, aim: tuple[Any, ...]
    ) -> None:
        """Prepares for batches like the last one: they need no look at anything but their arrays."""
        if self._quick_thread is None:
            self._quick_thread = _thread()
        if self._quick_thread != _thread():
            # The buffers are one thread's.
            return
        if count > _STAGED:
            self._quick = _NOT_QUICK
            return
        batch = self._quick_batch
        batch.mode, batch.epoch = _abi.MODES.index(mode), number
        batch.ds_id = _arguments.text(ds_id)
        batch.indices.count = self._quick_column[0].count = count
        self._quick = (
            aim,
            count,
            self._staged_indices[:count],
            self._staged_values[:count],
            ctypes.c_uint64(self._number),
            ctypes.byref(batch),
            self._quick_thread,
        )

    def _record_now(
        self,
        indices: Any,
        columns: Mapping[str | None, Any],
        mode: str,
        epoch: int,
        ds_id: str | None,
    ) -> bool:
        held: list[Any] = []
        array = (_abi.Values * len(columns))()
        for place, (metric, values) in enumerate(columns.items()):
            data, kind = _arguments.metric_values(values)
            held.append(data)
            array[place] = _abi.Values(
                _arguments.text(metric), kind, data.size, data.ctypes.data
            )
        if self.index_type == "string" and not len(indices):
            keys = _arguments.text_indices([])
        else:
            keys = _arguments.indices(indices)
        held.append(keys)
        batch = _abi.Batch(
            mode=_abi.MODES.index(mode),
            ds_id=_arguments.text(ds_id),
            epoch=epoch,
            indices=keys,
            columns=array,
            column_count=len(columns),
        )
        recorded = ctypes.c_int32()
        status = self._record_batch(self._number, ctypes.byref(batch), ctypes.byref(recorded))
        del held
        if status:
            self._fail(status)
        return bool(recorded.value)

    def _record_later(
        self,
        indices: Any,
        columns: Mapping[str | None, Any],
        mode: str,
        epoch: int,
        ds_id: str | None,
    ) -> None:
        """Records a batch once it has arrived from its device, behind those before it."""
        events: list[Any] = []

        def arriving(value: Any) -> Any:
            if _device.is_remote(value):
                copy, event = _device.copy_to_host(value)
                if event is not None:
                    events.append(event)
                return copy
            # The caller may change it meanwhile.
            return np.array(_arguments.host_array(value))

        indices = arriving(indices)
        copies = {metric: arriving(values) for metric, values in columns.items()}
        self._pending.add(
            events, lambda: _ignore(self._record_now(indices, copies, mode, epoch, ds_id))
        )
        self._pending.settle()

    def _is_recorded(self, mode: str, epoch: int, ds_id: str | None) -> bool:
        def passes(name: str | None, names: list[str]) -> bool:
            if not names:
                return True
            if names[0].startswith("!"):
                return name is None or f"!{name}" not in names
            return name in names

        return (
            passes(mode, self.modes)
            and passes(ds_id, self.ds_ids)
            and epoch % self.epoch_frequency == 0
        )

    def _mode(self, mode: str | None) -> str:
        if mode is not None:
            _arguments.mode_number(mode)
            return mode
        tracked = [
            name
            for name in _abi.MODES
            if not self.modes
            or (f"!{name}" not in self.modes if self.modes[0].startswith("!") else name in self.modes)
        ]
        if len(tracked) != 1:
            raise TrackerValueError(
                "INVALID_PARAMETER", f"the tracker records {', '.join(tracked)}: name the mode"
            )
        return tracked[0]

    def _epoch(self, mode: str, ds_id: str | None, epoch: int | None) -> int:
        """The number under which a batch is recorded."""
        if epoch is not None:
            self._explicit.add((mode, ds_id, int(epoch)))
            return int(epoch)
        known = self._provisional.get((mode, ds_id))
        if known is None:
            unended = self._unended.get((mode, ds_id))
            if unended:
                # It goes on with the epoch that was being recorded.
                known = max(unended)
            else:
                last = self._last_epochs.get((mode, ds_id), self._last_epoch or 0)
                # One that is recorded: which epoch it is shows at its end.
                known = (last // self.epoch_frequency + 1) * self.epoch_frequency
            self._provisional[(mode, ds_id)] = known
        return known

    def end_epoch(
        self,
        step: int,
        epoch: int | None = None,
        mode: str | None = None,
        ds_id: str | None = None,
    ) -> None:
        """Seals what was recorded in an epoch: its values stand at ``step`` from now on.

        Returns once they are handed over: they are encoded and written in the background.

        Args:
            step: of the model, such as the number of batches so far.
            epoch: its number; None for one more than the last.
            mode: None where the tracker records one mode only.
            ds_id: the data set whose epoch ends; None for all that were recorded in the mode.
        """
        self._check()
        self._pending.finish()
        chosen = self._mode(mode)
        self._quick = _NOT_QUICK
        names = {ds_id}
        if ds_id is None:
            for recorded in (*self._provisional, *self._unended):
                if recorded[0] == chosen:
                    names.add(recorded[1])
            names |= {name for known, name, _ in self._explicit if known == chosen}
        for name in sorted(names, key=lambda name: (name is not None, name or "")):
            self._end_epoch(step, epoch, chosen, name)

    def _end_epoch(self, step: int, epoch: int | None, mode: str, ds_id: str | None) -> None:
        key = (mode, ds_id)
        provisional = self._provisional.get(key)
        unended = self._unended.get(key, set())
        if epoch is None:
            epoch = self._epoch(mode, ds_id, None)
            provisional = provisional if provisional is not None else epoch
        elif provisional is None and unended and epoch not in unended:
            # Recorded before a resume, when the epoch had no number yet.
            if not any(known[:2] == key for known in self._explicit):
                provisional = max(unended)
        library_call = library.function("trk_tracker_end_epoch")
        status = library_call(
            self._number,
            _abi.MODES.index(mode),
            _arguments.text(ds_id),
            int(epoch),
            _arguments.pointer(provisional),
            int(step),
        )
        if status:
            self._fail(status)
        self._provisional.pop(key, None)
        unended.discard(int(epoch))
        if provisional is not None:
            unended.discard(provisional)
        if not unended:
            self._unended.pop(key, None)
        self._explicit.discard((mode, ds_id, int(epoch)))
        self._last_epochs[key] = int(epoch)
        self._last_epoch = int(epoch)

    # -- Durability -------------------------------------------------------------------------------

    def checkpoint(
        self, background: bool = False, *, step: int | None = None, epoch: int | None = None
    ) -> None:
        """Makes all that was recorded durable, epochs that have not ended included.

        Args:
            background: return before it is durable; ``flush`` waits for it. Save no model then that must
                not outlive the tracker.
            step, epoch: those to resume at; None for the last ended ones, and none within an epoch.
        """
        self._check()
        self._pending.finish()
        self._call(
            "trk_tracker_checkpoint",
            1 if background else 0,
            _arguments.pointer(step),
            _arguments.pointer(epoch),
        )

    def flush(self) -> None:
        """Waits until epochs that ended are written and checkpoints durable; raises what failed."""
        self._check()
        self._pending.finish()
        self._call("trk_tracker_flush")

    def close(self) -> None:
        """Writes a last checkpoint where anything is new, and gives the file back. Twice is harmless."""
        handle = self._handle
        if handle is None or not handle.value:
            return
        self._pending.finish()
        self._call("trk_tracker_close")
        self._finalizer.detach()
        self._number = 0
        self._quick = _NOT_QUICK
        handle.release()

    def __enter__(self) -> InstanceTracker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- Reading back -----------------------------------------------------------------------------

    def select(self) -> list[Selection]:
        """Selects the instances to keep in every channel, by last sealed value.

        The next checkpoint stores the selection in the file.
        """
        self._check()
        self._pending.finish()
        rows = list(read_table("trk_tracker_select", self._number).rows())
        with self.reader() as file:
            found: list[Selection] = []
            for channel in file.channels:
                members = [
                    (row["set"], row["index"])
                    for row in rows
                    if (row["metric"], row["mode"], row["ds_id"]) == channel.name
                ]
                if not members:
                    continue
                selection = Selection._of(channel.name, "final", members, {})
                for index, history in channel.history(selection.all).items():
                    selection.scores[index] = float(history.value[-1])
                found.append(selection)
            return found

    def history(
        self,
        indices: Any,
        metric: str | None = None,
        mode: str | None = None,
        ds_id: str | None = None,
    ) -> dict[Any, History]:
        """The sealed histories of some instances: see ``TrackerFile.history``."""
        with self.reader() as file:
            return file.history(indices, metric, mode, ds_id)

    def reader(self) -> TrackerFile:
        """All that was sealed so far, to be read as a file is; valid until the tracker is used again."""
        self._check()
        self._pending.finish()
        return TrackerFile(
            new_handle("trk_tracker_reader", self._number), self.path or "a tracker in memory"
        )

    # -- State ------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """What ``load_state_dict`` needs to go on from here; everything recorded is durable first.

        It holds no points, but where they are: the step of the checkpoint, or its number within an epoch,
        the same for all workers at the end of an epoch. A tracker in memory is held whole, as an array of
        bytes. Values are numbers, strings, None and NumPy arrays.
        """
        state: dict[str, Any] = {"version": 1, "step": None, "epoch": None, "run_id": None}
        if self._handle is None:
            return state
        self.checkpoint()
        info = self._info()
        state["run_id"] = self.run.run_id
        if info.has_step:
            state["step"], state["epoch"] = info.step, info.epoch if info.has_epoch else None
        else:
            # A number is one file's.
            state[f"commit_of_rank_{self.run.rank}"] = info.sequence
        if self.path is None:
            state["image"] = self._image()
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from the checkpoint of a state: with this tracker's own file and settings."""
        if state.get("version") != 1:
            raise TrackerValueError(
                "INVALID_PARAMETER", f"a state of version {state.get('version')}, not 1"
            )
        step, commit = state.get("step"), None
        if step is None:
            rank = current_run().rank if self._handle is None else self.run.rank
            commit = state.get(f"commit_of_rank_{rank}")
        image = state.get("image")
        if image is None:
            if step is None and commit is None:
                raise TrackerValueError(
                    "INVALID_PARAMETER",
                    "the state is of no checkpoint of this worker: with another number of workers go on"
                    " as trackerstate.continuing says",
                )
            self.resume(step, commit=commit)
            return
        if self.path is not None:
            raise TrackerValueError("INVALID_PARAMETER", "the state is of a tracker in memory")
        data = np.ascontiguousarray(np.asarray(image), np.uint8)
        at, number = _selector(step, commit)
        handle = new_handle(
            "trk_tracker_resume_image",
            data.ctypes.data,
            data.size,
            at,
            number,
            self._parameters(),
            None,
            self._options,
        )
        if self._handle is not None:
            self.close()
        self._own(handle)

    def _image(self) -> npt.NDArray[np.uint8]:
        """The bytes of a tracker in memory."""
        length = ctypes.c_int64()
        library.function("trk_tracker_image")(self._number, None, 0, ctypes.byref(length))
        data = np.empty(length.value, np.uint8)
        self._call("trk_tracker_image", data.ctypes.data, data.size, ctypes.byref(length))
        return data

    def __reduce__(self) -> Any:
        raise TypeError(
            "an InstanceTracker is not copied or pickled: keep its state_dict(), or make it in the process "
            "that records"
        )

    # -- What is known ----------------------------------------------------------------------------

    @property
    def run(self) -> Run:
        """Who this worker is."""
        self._check()
        return self._run

    @property
    def unsealed_count(self) -> int:
        """Points of epochs that have not ended, repeats included."""
        self._check()
        self._pending.settle()
        return int(self._info().unsealed_points)

    @property
    def last_step(self) -> int | None:
        """The step of the last commit that is durable; None where it has none."""
        info = self._info()
        return int(info.step) if info.has_step else None

    @property
    def parameter_differences(self) -> dict[str, tuple[str, str]]:
        """Settings in which this tracker differs from the file that it went on with: stored, given."""
        self._check()
        table = read_table("trk_tracker_differences", self._number)
        return {row["setting"]: (row["stored"], row["given"]) for row in table.rows()}

    @property
    def is_open(self) -> bool:
        """Whether it records: false before a file that exists is resumed, and once it is closed."""
        return self._handle is not None and self._handle.value != 0

    def output_name(self, metric: str) -> str:
        """The result's name for one metric."""
        return self.outputs or f"{metric}_by_{self.index}"

    def __repr__(self) -> str:
        return f"<InstanceTracker {', '.join(self.metrics)} by {self.index}: {self.path or 'in memory'}>"

    # -- Calls ------------------------------------------------------------------------------------

    def _info(self) -> _abi.TrackerInfo:
        self._check()
        info = _abi.TrackerInfo()
        self._call("trk_tracker_describe", ctypes.byref(info))
        return info

    def _check(self) -> None:
        """Raises where the tracker does not record."""
        handle = self._handle
        if handle is None:
            raise TrackerExists(
                "ALREADY_EXISTS",
                f"{self.path}: the file exists; go on with resume() or load_state_dict(), or choose "
                "another name",
            )
        if not handle.value:
            if is_forked(handle):
                raise TrackerForked(
                    "FORKED_PROCESS",
                    f"{self!r} was made by the parent of this process; record there",
                )
            raise TrackerClosed("CLOSED", f"{self!r} was closed; resume it")

    def _call(self, name: str, *arguments: Any) -> None:
        status = library.function(name)(self._number, *arguments)
        if status:
            self._fail(status)

    def _fail(self, status: int) -> None:
        self._check()
        library.fail(status)


def _ignore(value: object) -> None:
    """For functions of which only the effect counts."""


def _selector(step: int | None, commit: int | None) -> tuple[int, int]:
    if step is not None and commit is not None:
        raise TrackerValueError("INVALID_PARAMETER", "give a step or a commit, not both")
    if commit is not None:
        return _abi.AT_SEQUENCE, int(commit)
    return (_abi.AT_LAST, 0) if step is None else (_abi.AT_STEP, int(step))


def _close_at_end(handle: Handle, pending: _device.PendingBatches) -> None:
    """Closes a tracker that goes without having been closed; nobody is told of a failure."""
    if not handle.value:
        return
    try:
        pending.finish()
    except Exception:  # noqa: BLE001 - nobody is left to be told
        pending.clear()
    library.function("trk_tracker_close")(handle.value)
    handle.release()

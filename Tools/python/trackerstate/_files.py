"""Reading trackers: channels, points, histories, selections and statistics."""

from __future__ import annotations

import ctypes
import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Union, cast

import numpy as np

from . import _abi, _arguments, _frames
from ._arguments import Path
from ._errors import TrackerClosed, TrackerNotFound, TrackerValueError
from ._library import Handle, is_forked, library, new_handle
from ._matrix import History, Matrix, Points
from ._sources import Source, open_sources
from ._tables import Table, read_table

if TYPE_CHECKING:
    from ._plot import Axes

Conflicts = Literal["error", "min", "max", "first", "last"]
Steps = Union[int, "tuple[int | None, int | None]", range, None]

_LOWEST, _HIGHEST = -(1 << 63), (1 << 63) - 1


@dataclass(frozen=True)
class Correctness:
    """Which values say that the model was right: those below, or those from a threshold on."""

    below: float | None = None
    at_least: float | None = None


@dataclass(frozen=True)
class Selection:
    """The instances that a criterion selects in one channel."""

    metric: str
    mode: str
    ds_id: str | None
    #: By what they were selected.
    by: str
    #: Those with the highest score, those with the lowest, and listed ones, each sorted by index.
    max: list[Any]
    min: list[Any]
    listed: list[Any]
    #: Listed instances that have no point.
    missing: list[Any]
    #: The score of each instance kept.
    scores: dict[Any, float]

    @property
    def all(self) -> list[Any]:
        """All instances kept, sorted, each once."""
        return sorted({*self.max, *self.min, *self.listed})

    @staticmethod
    def _of(
        channel: tuple[str, str, str | None],
        by: str,
        members: Iterable[tuple[str, Any]],
        scores: dict[Any, float],
    ) -> Selection:
        """A selection of indices, each with the name of its set."""
        sets: dict[str, list[Any]] = {"max": [], "min": [], "list": [], "missing": []}
        for name, index in members:
            sets[name].append(index)
        return Selection(
            *channel, by, sets["max"], sets["min"], sets["list"], sets["missing"], scores
        )


class Channel:
    """One metric in one mode on one data set: what histories are series of."""

    def __init__(self, file: TrackerFile, row: dict[str, Any]) -> None:
        self._file = file
        self.metric: str = row["metric"]
        self.mode: str = row["mode"]
        self.ds_id: str | None = row["ds_id"]
        #: float32 or float64.
        self.dtype: np.dtype[Any] = np.dtype(row["value_type"])
        #: How many points files hold; those that several hold count in each.
        self.point_count: int = row["points"]
        #: How many steps there are, and the first and last of them.
        self.step_count: int = row["steps"]
        self.first_step: int = row["first_step"]
        self.last_step: int = row["last_step"]
        self.first_epoch: int | None = row["first_epoch"]
        self.last_epoch: int | None = row["last_epoch"]

    @property
    def name(self) -> tuple[str, str, str | None]:
        return (self.metric, self.mode, self.ds_id)

    def _struct(self) -> _abi.ChannelName:
        return _abi.ChannelName(
            _arguments.text(self.metric),
            _abi.MODES.index(self.mode),
            _arguments.text(self.ds_id),
        )

    def matrix(
        self,
        indices: Any = None,
        *,
        steps: Steps = None,
        max_cells: int = 1 << 31,
    ) -> Matrix:
        """A value for each instance at each step, without copying.

        Args:
            indices: only these instances; those without points are left out.
            steps: only these: one, a range, or (first, last), both included, None for no bound.
            max_cells: fails where there would be more; read ``points`` then.
        """
        wanted = _filter(indices, steps)
        return Matrix(
            new_handle(
                "trk_reader_matrix", self._file._reader(), self._struct(), wanted, max_cells
            )
        )

    def blocks(self, indices: Any = None, *, steps: Steps = None) -> Iterator[Matrix]:
        """The channel in blocks of instances: in bounded memory, whatever its size."""
        wanted = _filter(indices, steps)
        scan = new_handle("trk_reader_scan", self._file._reader(), self._struct(), wanted)
        scan.keep = self._file._handle.keep
        try:
            while True:
                block = ctypes.c_uint64()
                library.call("trk_scan_next", scan.value, ctypes.byref(block))
                if not block.value:
                    return
                yield Matrix(Handle(block.value))
        finally:
            scan.release()

    def points(self, indices: Any = None, *, steps: Steps = None) -> Points:
        """All points as columns: index, step, epoch and value, by instance, then step."""
        parts = [block.points() for block in self.blocks(indices, steps=steps)]
        if parts or self._file.index_type == "int64":
            return Points.joined(parts, self.dtype)
        empty = Points.joined(parts, self.dtype)
        return Points(np.empty(0, object), empty.step, empty.epoch, empty.value)

    def history(self, indices: Any) -> dict[Any, History]:
        """The histories of some instances, in the order given; of no points where there are none."""
        wanted = [indices] if isinstance(indices, (int, str)) else indices
        names: list[Any]
        if _arguments.is_text(wanted):
            names = list(wanted)
        else:
            names = _arguments.integers(wanted).tolist()
        matrix = self.matrix(names if names else np.empty(0, np.int64))
        present = None if matrix.is_full else matrix.present
        rows = {index: row for row, index in enumerate(matrix.indices.tolist())}
        histories = {}
        for index in names:
            row = rows.get(index)
            if row is None:
                cells: Any = slice(0, 0)
                values = np.empty(0, self.dtype)
            else:
                cells = slice(None) if present is None else present[:, row]
                values = matrix.values[cells, row]
            histories[index] = History(index, matrix.steps[cells], matrix.epochs[cells], values)
        return histories

    def steps(self) -> Table:
        """The channel's steps: step, epoch, points."""
        return read_table("trk_reader_steps", self._file._reader(), self._struct())

    def select(
        self,
        by: str = "final",
        *,
        max: int | None = None,  # noqa: A002
        min: int | None = None,  # noqa: A002
        keep: Any = None,
        early: int = 5,
        window: int = 10,
        correct: Correctness | None = None,
        memory: int = 0,
    ) -> Selection:
        """The instances with the highest and lowest score, and listed ones.

        Args:
            by: a criterion: see ``trackerstate.criteria()``.
            max, min: how many; None for what the tracker's parameters say.
            keep: instances to list; None for what the parameters say.
            early: how many values "early" takes.
            window: how many values a window of "windowed_std" has.
            correct: which values are correct, for "forgetting" and its like; None to find out.
            memory: bytes for sorting, for "rank_change"; 0 for 256 MiB.
        """
        options = _abi.SelectionOptions(
            by=_arguments.text(by),
            max=-1 if max is None else _checked(max, "max"),
            min=-1 if min is None else _checked(min, "min"),
        )
        if keep is not None:
            listed = _arguments.indices(keep)
            options.has_list, options.list, options.keep = 1, listed, listed
        criteria = _criterion_options(early, window, correct, None, memory)
        table = read_table(
            "trk_reader_select", self._file._reader(), self._struct(), options, criteria
        )
        rows = list(table.rows())
        scores = {row["index"]: row["score"] for row in rows if row["score"] is not None}
        return Selection._of(self.name, by, ((row["set"], row["index"]) for row in rows), scores)

    def stats(
        self,
        criteria: str | Sequence[str] | None = None,
        *,
        indices: Any = None,
        steps: Steps = None,
        epochs: Steps = None,
        early: int = 5,
        window: int = 10,
        correct: Correctness | None = None,
        memory: int = 0,
    ) -> Table:
        """What histories say of every instance: a row for each, a column for each criterion.

        Args:
            criteria: names, see ``trackerstate.criteria()``; None for all but "rank_change", which
                takes a pass of its own.
            indices, steps, epochs: only these.
            early, window, correct, memory: as for ``select``.
        """
        if criteria is None:
            criteria = [name for name in all_criteria() if name != "rank_change"]
        names = [criteria] if isinstance(criteria, str) else list(criteria)
        return read_table(
            "trk_reader_stats",
            self._file._reader(),
            self._struct(),
            _arguments.strings(names),
            _filter(indices, steps),
            _criterion_options(early, window, correct, epochs, memory),
        )

    def __repr__(self) -> str:
        data_set = f" {self.ds_id}" if self.ds_id is not None else ""
        return f"<Channel {self.metric} {self.mode}{data_set}: {self.point_count} points>"


class TrackerFile:
    """One tracker, or several read as if they were merged. See ``trackerstate.open``."""

    def __init__(self, handle: Handle, name: str) -> None:
        self._handle = handle
        self.name = name
        info = _abi.ReaderInfo()
        library.call("trk_reader_describe", handle.value, ctypes.byref(info))
        #: "int64" or "string".
        self.index_type = "string" if info.index_type == _abi.INDEX_STRING else "int64"
        #: How many points files hold; those that several hold count in each.
        self.point_count: int = info.points
        #: Points of epochs that had not ended; they are in no channel.
        self.unsealed_count: int = info.unsealed_points
        #: Bytes of all files.
        self.size: int = info.bytes
        self.channels: list[Channel] = [
            Channel(self, row) for row in read_table("trk_reader_channels", handle.value).rows()
        ]

    def _reader(self) -> int:
        if not self._handle.value:
            parents = ": it is of the parent of this process" if is_forked(self._handle) else ""
            raise TrackerClosed("CLOSED", f"{self.name} is closed{parents}")
        return self._handle.value

    def close(self) -> None:
        """Gives the files back; matrices that were read stay."""
        self._handle.release()

    def __enter__(self) -> TrackerFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- Channels ---------------------------------------------------------------------------------

    def select_channels(
        self, metric: str | None = None, mode: str | None = None, ds_id: str | None = None
    ) -> list[Channel]:
        """The channels of a metric, mode and data set; None for all of them."""
        return [
            channel
            for channel in self.channels
            if metric in (None, channel.metric)
            and mode in (None, channel.mode)
            and ds_id in (None, channel.ds_id)
        ]

    def channel(
        self, metric: str | None = None, mode: str | None = None, ds_id: str | None = None
    ) -> Channel:
        """The one channel of a metric, mode and data set.

        Raises ``TrackerNotFound`` where there is none, ``TrackerValueError`` where there are several.
        """
        found = self.select_channels(metric, mode, ds_id)
        shown = ", ".join(repr(channel) for channel in (found or self.channels)[:20])
        if not found:
            raise TrackerNotFound("NOT_FOUND", f"{self.name}: no such channel; there are {shown}")
        if len(found) > 1:
            exact = [channel for channel in found if channel.ds_id == ds_id]
            if len(exact) != 1:
                raise TrackerValueError(
                    "INVALID_PARAMETER", f"{self.name}: several channels: {shown}"
                )
            found = exact
        return found[0]

    def __getitem__(self, key: str | tuple[str, ...]) -> Channel:
        names = (key,) if isinstance(key, str) else key
        return self.channel(*names)

    # -- What is known of the tracker -------------------------------------------------------------

    @property
    def parameters(self) -> dict[str, Any]:
        """What the tracker was told to record and to keep; empty where files say nothing."""
        lists: dict[str, list[str]] = {}
        for row in read_table("trk_reader_parameters", self._reader()).rows():
            lists.setdefault(row["setting"], []).append(row["value"])
        found: dict[str, Any] = {}
        for setting, values in lists.items():
            if setting in ("n_max_to_keep", "n_min_to_keep", "epoch_frequency", "keep_mantissa_bits"):
                found[setting] = int(values[0])
            elif setting in ("index", "output_name"):
                found[setting] = values[0]
            elif setting == "list_to_keep" and self.index_type == "int64":
                found[setting] = [int(value) for value in values]
            else:
                found[setting] = values
        return found

    @property
    def commits(self) -> Table:
        """The commits that led to what is read, oldest first: file, sequence, step, epoch, time
        (microseconds since 1970), run_id, generation, rank, world_size."""
        return read_table("trk_reader_commits", self._reader())

    @property
    def kept(self) -> Table:
        """What the last selection kept: metric, mode, ds_id, set, index."""
        return read_table("trk_reader_kept", self._reader())

    def digest(self) -> bytes:
        """32 bytes that are equal where two histories hold the same points (Spec/DIGEST.md)."""
        buffer = ctypes.create_string_buffer(32)
        library.call("trk_reader_digest", self._reader(), buffer, 32)
        return buffer.raw

    # -- Points -----------------------------------------------------------------------------------

    def matrix(self, metric: str | None = None, mode: str | None = None, **options: Any) -> Matrix:
        """The matrix of the one channel of a metric and mode: see ``Channel.matrix``."""
        return self.channel(metric, mode, options.pop("ds_id", None)).matrix(**options)

    def points(self, metric: str | None = None, mode: str | None = None, **options: Any) -> Points:
        """The points of the one channel of a metric and mode: see ``Channel.points``."""
        return self.channel(metric, mode, options.pop("ds_id", None)).points(**options)

    def history(
        self,
        indices: Any,
        metric: str | None = None,
        mode: str | None = None,
        ds_id: str | None = None,
    ) -> dict[Any, History]:
        """The histories of some instances in one channel: see ``Channel.history``."""
        return self.channel(metric, mode, ds_id).history(indices)

    def select(
        self,
        by: str = "final",
        *,
        metric: str | None = None,
        mode: str | None = None,
        ds_id: str | None = None,
        **options: Any,
    ) -> list[Selection]:
        """Selects in every channel of a metric, mode and data set: see ``Channel.select``."""
        channels = self.select_channels(metric, mode, ds_id)
        return [channel.select(by, **options) for channel in channels]

    def stats(
        self,
        criteria: str | Sequence[str] | None = None,
        *,
        metric: str | None = None,
        mode: str | None = None,
        ds_id: str | None = None,
        **options: Any,
    ) -> Table:
        """The statistics of the one channel of a metric and mode: see ``Channel.stats``."""
        return self.channel(metric, mode, ds_id).stats(criteria, **options)

    # -- Frames and pictures ----------------------------------------------------------------------

    def to_arrow(self, **options: Any) -> Any:
        """All points as an Arrow table; needs pyarrow.

        Columns: metric, mode, ds_id, index, epoch, step, value. Options choose points: ``metric``,
        ``mode``, ``ds_id``, ``indices`` and ``steps``.
        """
        return _frames.to_arrow(self, **options)

    def to_pandas(self, **options: Any) -> Any:
        """The same as a pandas DataFrame; needs pandas."""
        return _frames.to_pandas(self, **options)

    def to_polars(self, **options: Any) -> Any:
        """The same as a Polars DataFrame; needs polars."""
        return _frames.to_polars(self, **options)

    def to_parquet(self, path: Path, **options: Any) -> int:
        """Writes the same to a Parquet file, a block at a time; needs pyarrow. Returns how many points.

        The file appears whole or not at all. ``compression`` is as for pyarrow, by default zstd.
        """
        return _frames.to_parquet(self, path, **options)

    def plot(self, **options: Any) -> Axes:
        """Draws the histories of the instances that were selected; needs matplotlib.

        One panel for each metric, and in it a line for each instance kept and each mode. Options:
        ``metric`` and ``mode`` choose channels, ``indices`` instances in place of a selection; others,
        such as ``by`` and ``max``, are those of ``Channel.select``. ``axes`` are drawn into if given.

        Returns:
            The axes, one for each metric.
        """
        from . import _plot

        return _plot.plot(self, **options)

    def __repr__(self) -> str:
        return f"<TrackerFile {self.name}: {len(self.channels)} channels, {self.point_count} points>"


def _checked(value: int, name: str) -> int:
    if value < 0:
        raise TrackerValueError("INVALID_PARAMETER", f"{name} must not be negative, is {value}")
    return value


def _range(steps: Steps) -> tuple[int, int] | None:
    if steps is None:
        return None
    if isinstance(steps, range):
        if steps.step != 1 or len(steps) == 0:
            raise TrackerValueError("INVALID_PARAMETER", f"{steps} is no range of successive numbers")
        return (steps[0], steps[-1])
    if isinstance(steps, tuple):
        low, high = steps
        return (_LOWEST if low is None else low, _HIGHEST if high is None else high)
    return (int(steps), int(steps))


def _filter(indices: Any, steps: Steps) -> _abi.Filter | None:
    bounds = _range(steps)
    if indices is None and bounds is None:
        return None
    wanted = _abi.Filter()
    if indices is not None:
        held = _arguments.indices([indices] if isinstance(indices, (int, str)) else indices)
        wanted.has_indices, wanted.indices, wanted.keep = 1, held, held
    if bounds is not None:
        wanted.has_steps, (wanted.first_step, wanted.last_step) = 1, bounds
    return wanted


def _criterion_options(
    early: int, window: int, correct: Correctness | None, epochs: Steps, memory: int
) -> _abi.CriterionOptions:
    if early < 1 or window < 1:
        raise TrackerValueError("INVALID_PARAMETER", "early and window must be at least 1")
    options = _abi.CriterionOptions(early=early, window=window, memory=memory)
    if correct is not None:
        if (correct.below is None) == (correct.at_least is None):
            raise TrackerValueError("INVALID_PARAMETER", "give below or at_least")
        options.correctness = 1 if correct.at_least is None else 2
        options.threshold = correct.below if correct.at_least is None else correct.at_least
    bounds = _range(epochs)
    if bounds is not None:
        options.has_epochs, (options.first_epoch, options.last_epoch) = 1, bounds
    return options


def all_criteria() -> list[str]:
    """The names of all criteria that instances are selected by (Spec/CRITERIA.md)."""
    return list(read_table("trk_criteria")["criterion"])


def expand(paths: Path | Iterable[Path]) -> list[str]:
    """The files that are meant: folders stand for all ``*.tracker`` in them, patterns for matches."""
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    found: list[str] = []
    for path in (os.fspath(path) for path in given):
        if os.path.isdir(path):
            inside = sorted(
                entry.path
                for entry in os.scandir(path)
                if entry.name.endswith(".tracker")
                and not entry.name.startswith(".")
                and not entry.is_dir()
            )
            if not inside:
                raise TrackerNotFound("NOT_FOUND", f"{path}: the folder holds no *.tracker")
            found += inside
        elif not os.path.exists(path) and glob.has_magic(path):
            matches = sorted(glob.glob(path))
            if not matches:
                raise TrackerNotFound("NOT_FOUND", f"{path}: no file matches this pattern")
            found += matches
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def open_files(
    paths: Path | Source | Iterable[Path] | Iterable[Source],
    *,
    step: int | None = None,
    commit: int | None = None,
    on_conflict: Conflicts = "error",
    cores: int | None = None,
) -> TrackerFile:
    """Opens a tracker, or several as if they were merged.

    Args:
        paths: a file, a folder (for every ``*.tracker`` in it), a pattern, or several of them. Or a
            ``Source``, or several: bytes that lie elsewhere, of which only those parts are read that are
            needed.
        step: look at the file as of the last commit made at this step.
        commit: look at the file as of the commit with this number.
        on_conflict: what to do where files hold different values for one instance and step: "error",
            "min", "max", or "first" and "last" by generation and rank.
        cores: how many to use; None for all that the process may use.

    Raises:
        TrackerNotFound: a file is not there.
        TrackerDamaged: a file is none, or is damaged where it must be read.
    """
    if step is not None and commit is not None:
        raise TrackerValueError("INVALID_PARAMETER", "give a step or a commit, not both")
    at, number = _abi.AT_LAST, 0
    if step is not None:
        at, number = _abi.AT_STEP, step
    elif commit is not None:
        at, number = _abi.AT_SEQUENCE, commit
    policy = _arguments.choice(on_conflict, _abi.CONFLICTS, "policy")
    sources = _sources_of(paths)
    if sources:
        names = [source.name for source in sources]
        handle = open_sources(sources, at, number, policy, cores or 0)
    else:
        names = expand(cast("Path | Iterable[Path]", paths))
        handle = new_handle("trk_open", _arguments.strings(names), at, number, policy, cores or 0)
    return TrackerFile(handle, names[0] if len(names) == 1 else f"{len(names)} files")


def _sources_of(given: Any) -> list[Source]:
    """The sources that are meant; none where paths are."""
    if isinstance(given, Source):
        return [given]
    if isinstance(given, (str, os.PathLike)):
        return []
    if not isinstance(given, (list, tuple)):
        return []
    found = [source for source in given if isinstance(source, Source)]
    if found and len(found) < len(given):
        raise TrackerValueError("INVALID_PARAMETER", "paths and sources are not read together")
    return found

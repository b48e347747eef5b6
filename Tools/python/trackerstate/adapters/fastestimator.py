"""A Trace for FastEstimator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from fastestimator.summary.summary import Summary
from fastestimator.trace.trace import Trace
from fastestimator.util.base_util import to_set
from fastestimator.util.data import Data
from fastestimator.util.traceability_util import traceable
from fastestimator.util.util import to_number

from .. import _abi
from .._arguments import Path
from .._errors import TrackerExists
from .._files import open_files
from .._tracker import InstanceTracker as Tracker

__all__ = ["InstanceTracker"]


@traceable()
class InstanceTracker(Trace):  # type: ignore[misc]
    """Takes the place of ``fastestimator.trace.xai.InstanceTracker``: the same arguments and result.

    ::

        from trackerstate.adapters.fastestimator import InstanceTracker

        traces = [InstanceTracker(index="idx", metric="ce", mode="train", path="run.tracker"), ...]

    At the end it writes the same list of summaries under the same name, and gives it to the system as a graph;
    in the order of indices, where FastEstimator's have none. Instances with equal values rank by index, and
    NaNs above all.

    With RestoreWizard it goes on as if nothing had been: FastEstimator's trace saves a copy of the system, and
    stays with it after a restore, while this one stays with the system that trains. A checkpoint holds its
    place in the file; without a path it holds the history, compressed.

    As FastEstimator's it does not tell data sets apart: of an index that several have, the last value of an epoch
    counts. Such data sets take a trace each, with ``ds_id`` and a path of their own.

    Args:
        index: a key containing data indices to track over time.
        metric: the key of the metric by which to score data.
        n_max_to_keep: how many instances with the highest last value are drawn at the end.
        n_min_to_keep: how many with the lowest.
        list_to_keep: instances that are drawn whatever their values. With both numbers 0 nothing else is
            recorded.
        epoch_frequency: every how many epochs values are recorded.
        mode: the modes to run in, as for every Trace.
        ds_id: the data sets to run for, as for every Trace.
        outputs: the name of the result; None for "<metric>_by_<index>".
        path: of the file; None to keep the history in memory.
        restart: begin the history anew where the file exists and training is not restored. It fails
            otherwise.

    Raises:
        ValueError: if ``n_max_to_keep`` or ``n_min_to_keep`` are negative.
    """

    def __init__(
        self,
        index: str,
        metric: str,
        n_max_to_keep: int = 5,
        n_min_to_keep: int = 5,
        list_to_keep: Iterable[Any] | None = None,
        epoch_frequency: int = 1,
        mode: None | str | Iterable[str] = "eval",
        ds_id: None | str | Iterable[str] = None,
        outputs: str | None = None,
        *,
        path: Path | None = None,
        restart: bool = False,
    ) -> None:
        super().__init__(
            inputs=[index, metric], outputs=outputs or f"{metric}_by_{index}", mode=mode, ds_id=ds_id
        )
        if n_max_to_keep < 0:
            raise ValueError(f"n_max_to_keep must be non-negative, but got {n_max_to_keep}")
        self.n_max_to_keep = n_max_to_keep
        if n_min_to_keep < 0:
            raise ValueError(f"n_min_to_keep must be non-negative, but got {n_min_to_keep}")
        self.n_min_to_keep = n_min_to_keep
        self.idx_to_keep: set[Any] = to_set(list_to_keep)
        self.epoch_frequency = epoch_frequency
        self.path = path
        self.restart = restart
        self._tracker: Tracker | None = None

    @property
    def index_key(self) -> str:
        return str(self.inputs[0])

    @property
    def metric_key(self) -> str:
        return str(self.inputs[1])

    @property
    def tracker(self) -> Tracker | None:
        """What records; None until the first batch."""
        return self._tracker

    @property
    def index_history(self) -> defaultdict[str, Any]:
        """All that is recorded as FastEstimator's trace holds it: {mode: {index: [(step, value)]}}.

        It is made anew each time, with a Python object for each value.
        """
        history: defaultdict[str, Any] = defaultdict(lambda: defaultdict(list))
        if self._tracker is not None:
            with self._tracker.reader() as file:
                for channel in file.channels:
                    points = channel.points()
                    columns = (points.index, points.step, points.value)
                    rows = zip(*(np.asarray(column).tolist() for column in columns))
                    for index, step, value in sorted(rows, key=lambda row: row[1]):
                        history[channel.mode][index].append((step, value))
        return history

    # -- Recording --------------------------------------------------------------------------------

    def _make(self, is_text: bool) -> Tracker:
        return Tracker(
            index=self.index_key,
            metric=self.metric_key,
            n_max_to_keep=self.n_max_to_keep,
            n_min_to_keep=self.n_min_to_keep,
            list_to_keep=sorted(self.idx_to_keep) or None,
            epoch_frequency=self.epoch_frequency,
            mode=[mode for mode in _abi.MODES if mode in self.mode],
            outputs=self.outputs[0],
            path=self.path,
            index_type="string" if is_text else "int64",
        )

    def _open(self, is_text: bool) -> Tracker:
        if self._tracker is None:
            tracker = self._make(is_text)
            if not tracker.is_open:
                # Whoever restores the training does so before its first batch.
                if not self.restart:
                    raise TrackerExists(
                        "ALREADY_EXISTS",
                        f"{tracker.path}: the file exists, and training is not restored: give another "
                        "path, or restart=True to begin the history anew",
                    )
                with open_files(tracker.path or "") as file:
                    first = int(file.commits["sequence"][0])
                tracker.resume(commit=first)
            self._tracker = tracker
        return self._tracker

    def _is_recorded(self) -> bool:
        return bool(self.system.epoch_idx % self.epoch_frequency == 0)

    def on_batch_end(self, data: Data) -> None:
        if not self._is_recorded():
            return
        indices, values = data[self.index_key], data[self.metric_key]
        # Those on a device are not waited for.
        if not isinstance(values, torch.Tensor) or self._keeps_only_listed:
            values = to_number(values)
        if not isinstance(indices, torch.Tensor) or self._keeps_only_listed:
            indices = to_number(indices)
        is_text = not isinstance(indices, torch.Tensor) and indices.dtype.kind in "SUO"
        if is_text and indices.dtype.kind != "U":
            indices = np.array([_text(index) for index in indices.reshape(-1).tolist()])
        if self._keeps_only_listed:
            # The others' histories would only be thrown away.
            wanted = np.isin(indices, sorted(self.idx_to_keep))
            indices, values = indices[wanted], values[wanted]
        if len(indices):
            self._open(is_text).record(
                indices, values, mode=self.system.mode, epoch=self.system.epoch_idx
            )

    @property
    def _keeps_only_listed(self) -> bool:
        return bool(self.idx_to_keep) and self.n_min_to_keep == 0 and self.n_max_to_keep == 0

    def on_epoch_end(self, data: Data) -> None:
        if self._is_recorded() and self._tracker is not None:
            self._tracker.end_epoch(
                self.system.global_step, self.system.epoch_idx, mode=self.system.mode
            )

    def on_end(self, data: Data) -> None:
        summaries: dict[Any, Summary] = {}
        if self._tracker is not None:
            for selection in self._tracker.select():
                histories = self._tracker.history(selection.all, mode=selection.mode)
                for index in selection.all:
                    points = histories[index]
                    if index not in summaries:
                        summaries[index] = Summary(name=index)
                    line = summaries[index].history[selection.mode][self.metric_key]
                    line.update(zip(points.step.tolist(), points.value.tolist()))
            self._tracker.checkpoint()
        result = [summaries[index] for index in sorted(summaries)]
        self.system.add_graph(self.outputs[0], result)  # so that Traceability draws it
        data.write_without_log(self.outputs[0], result)

    # -- Restoring --------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """Where the history stands, durably; without a path it itself."""
        if self._tracker is None:
            return {"tracker": None}
        return {"tracker": self._tracker.state_dict(), "index_type": self._tracker.index_type}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Goes on from such a state; nothing else of the trace changes, its system least of all."""
        if "_tracker" not in self.__dict__:
            # A copy that is unpickled, as part of a system that another trace's state holds: nobody's.
            self._tracker = None
            return
        held = state.get("tracker")
        if self._tracker is not None:
            self._tracker.close()
            self._tracker = None
        if held is None:
            # Nothing had been recorded.
            self.restart = True
            return
        tracker = self._make(state["index_type"] == "string")
        tracker.load_state_dict(held)
        self._tracker = tracker


def _text(index: Any) -> str:
    return index.decode("utf-8") if isinstance(index, bytes) else str(index)

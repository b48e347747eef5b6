"""Loops of PyTorch, alone or under DistributedDataParallel."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any

from .._arguments import Path
from .._errors import TrackerValueError
from .._merge import MergeReport, merge
from .._tracker import InstanceTracker
from ._samples import own_sample_count
from ._workers import Workers, open_tracker, worker_files

__all__ = ["DistributedTracker", "own_sample_count", "worker_files"]


@dataclass
class _Epoch:
    """An epoch that is being recorded."""

    number: int
    #: How many samples are the worker's own; None for all.
    own: int | None
    seen: int


class DistributedTracker:
    """An ``InstanceTracker`` for each worker of a loop, and one history of them all.

    ::

        tracker = DistributedTracker("run.tracker", step=step, metric="ce", mode="train")
        for epoch in range(first, last):
            sampler.set_epoch(epoch)
            tracker.begin_epoch(epoch, loader)
            for idx, x, y in loader:
                losses = cross_entropy(model(x), y, reduction="none")
                tracker.record(idx, losses)
                ...
                step += 1
            tracker.end_epoch(step)
            tracker.checkpoint(step)  # durable on all workers: now the model may be saved
            if rank == 0: torch.save({"step": step, ...}, ...)
        tracker.merge("merged.tracker")

    The samples by which DistributedSampler makes all shares equally long are left out, so that every
    sample is recorded once in an epoch. A run that was killed goes on from the step of the model that is
    restored, with as many workers or another number, which record into new files then: ``worker_files``
    tells all of them. What had been recorded behind that step is no part of the history any more. With
    another number of workers it goes on at the end of an epoch.

    All workers make it, and call ``checkpoint``, ``merge`` and ``close``, at the same places, after
    ``init_process_group``; its group has a backend for CPU tensors or a device set. They see one folder.

    Args:
        path: of the files, as for ``InstanceTracker``.
        step: of the model that training goes on from; 0 for its beginning. None for a run that has no
            files yet: where there are some it fails.
        options: as for ``InstanceTracker``.

    Raises:
        TrackerExists: there are files, and no step.
        TrackerValueError: no checkpoint was made at the step.
    """

    def __init__(self, path: Path, *, step: int | None = None, **options: Any) -> None:
        self.path = path
        self._workers = Workers()
        #: What this worker records into.
        self.tracker: InstanceTracker = open_tracker(self._workers, path, step, options)
        self._epochs: dict[tuple[str, str | None], _Epoch] = {}
        # Where epochs stand that were over at that step, and had not been sealed.
        self._step = step or 0

    def begin_epoch(
        self,
        epoch: int,
        loader: Any = None,
        *,
        mode: str | None = None,
        ds_id: str | None = None,
        skipped: int = 0,
    ) -> None:
        """Begins an epoch of a mode.

        Args:
            epoch: its number.
            loader: what the samples come from, a DataLoader or its sampler, so that repeats are left out.
                None where there are none.
            mode: None where the tracker records one mode only.
            ds_id: which of several data sets of the mode.
            skipped: how many samples of the worker come no more, as the epoch is gone on with.
        """
        chosen = self.tracker._mode(mode)
        self._seal_before(epoch, chosen, ds_id)
        own = None if loader is None else own_sample_count(loader)
        self._epochs[chosen, ds_id] = _Epoch(epoch, own, skipped)

    def _seal_before(self, epoch: int, mode: str, ds_id: str | None) -> None:
        """Seals epochs that were over where the model was saved: the run was killed before it said so."""
        for unended in sorted(self.tracker._unended.get((mode, ds_id), set())):
            if unended < epoch:
                self.tracker.end_epoch(self._step, unended, mode, ds_id)

    def record(
        self, indices: Any, values: Any, *, mode: str | None = None, ds_id: str | None = None
    ) -> bool:
        """Records a batch, as ``InstanceTracker.record`` does, but for samples that are repeats."""
        chosen = self.tracker._mode(mode)
        epoch = self._epochs.get((chosen, ds_id))
        if epoch is None:
            raise TrackerValueError(
                "INVALID_PARAMETER", f"no epoch of {chosen} has begun: call begin_epoch"
            )
        count = len(indices)
        if epoch.own is not None and epoch.seen + count > epoch.own:
            kept = max(0, epoch.own - epoch.seen)
            indices = indices[:kept]
            if isinstance(values, dict):
                values = {metric: column[:kept] for metric, column in values.items()}
            else:
                values = values[:kept]
        epoch.seen += count
        return self.tracker.record(indices, values, mode=chosen, epoch=epoch.number, ds_id=ds_id)

    def end_epoch(self, step: int, *, mode: str | None = None, ds_id: str | None = None) -> None:
        """Seals what was recorded in the epoch that was begun last: it stands at ``step`` from now on."""
        chosen = self.tracker._mode(mode)
        epoch = self._epochs.pop((chosen, ds_id), None)
        if epoch is None:
            raise TrackerValueError("INVALID_PARAMETER", f"no epoch of {chosen} has begun")
        self.tracker.end_epoch(step, epoch.number, chosen, ds_id)
        self._step = step

    def checkpoint(self, step: int, epoch: int | None = None) -> None:
        """Makes all that was recorded durable, at the step of the model; returns once all workers have.

        Save the model afterwards, with this step: no model that is saved is then without its history.
        """
        self._workers.together(lambda: self.tracker.checkpoint(step=step, epoch=epoch))
        self._step = step

    def merge(self, output: Path, **options: Any) -> MergeReport:
        """Merges the files of all workers and generations into one, once all workers are there.

        Args:
            output: the file to write, by the first worker.
            options: as for ``trackerstate.merge``.
        """
        self._workers.together(self.tracker.checkpoint)
        return self._workers.agree(lambda: merge(worker_files(self.path), output, **options))

    def close(self) -> None:
        """Writes what is new, and gives the file back; waits for nobody."""
        self.tracker.close()

    def __enter__(self) -> DistributedTracker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

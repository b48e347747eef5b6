"""A callback for Lightning's Trainer.

Callbacks do not see losses of samples unless a step returns them: ``training_step``, ``validation_step`` and
``test_step`` return a dictionary that holds them under the metric's name beside ``loss``, as one value for
each sample. Lightning takes them off the graph.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

# The two packages have classes of their own: the one that is in use counts.
if "lightning" not in sys.modules and "pytorch_lightning" in sys.modules:
    from pytorch_lightning import Callback
else:
    from lightning.pytorch import Callback

from .._arguments import Path
from .._errors import TrackerValueError
from .._tracker import Names
from ._workers import worker_files
from .pytorch import DistributedTracker

__all__ = ["InstanceTrackerCallback", "worker_files"]


class InstanceTrackerCallback(Callback):  # type: ignore[misc]
    """Records what steps return of each sample.

    ::

        class Model(LightningModule):
            def training_step(self, batch, batch_idx):
                losses = cross_entropy(self(batch["x"]), batch["y"], reduction="none")
                return {"loss": losses.mean(), "ce": losses}

        tracker = InstanceTrackerCallback(index="idx", metric="ce", mode="train", path="run.tracker")
        Trainer(callbacks=[tracker, ...]).fit(model, loader, ckpt_path=...)

    Values stand at Lightning's ``global_step``, epochs have its numbers, from 0 on. Validation is mode "eval";
    where there are several loaders of it, their places are the data sets' ids: "0", "1". Nothing is
    recorded of the sanity check.

    Every checkpoint that Lightning saves has its history: it is durable before the checkpoint is written.
    A fit with ``ckpt_path`` goes on from that checkpoint's step, with as many workers or others: see
    ``DistributedTracker``, which is in ``tracker`` while Lightning runs. ``worker_files(path)`` are the files
    to merge. Repeats by which distributed samplers make shares equally long are left out, with one loader
    for training.

    Args:
        index: the key of the samples' indices, in what the step returns or in the batch: a mapping's key, an
            attribute, or a place in a sequence.
        metric: the key of the values in what the step returns; or several.
        mode: the modes that are recorded, as for ``InstanceTracker``.
        path: of the files.
        restart: begin the history anew where there are files, and training begins at step 0. Such a run
            fails otherwise.
        options: as for ``InstanceTracker``.
    """

    def __init__(
        self,
        index: str | int = "idx",
        metric: Any = "ce",
        mode: Names = "train",
        *,
        path: Path,
        restart: bool = False,
        **options: Any,
    ) -> None:
        super().__init__()
        self._index = index
        self._path, self._restart = path, restart
        self._options = {"index": str(index), "metric": metric, "mode": mode, **options}
        #: What records, while the trainer runs.
        self.tracker: DistributedTracker | None = None
        self._restored = 0
        self._begun: dict[tuple[str, str | None], int] = {}

    # -- Beginning and end ------------------------------------------------------------------------

    def _step(self, trainer: Any) -> int:
        # A trainer that only evaluates a checkpoint does not count steps.
        return int(trainer.global_step) or self._restored

    def _open(self, trainer: Any) -> DistributedTracker:
        if self.tracker is None:
            step: int | None = self._step(trainer)
            if step == 0 and not self._restart:
                step = None
            self._begun.clear()
            self.tracker = DistributedTracker(self._path, step=step, **self._options)
        return self.tracker

    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        self._restored = int(checkpoint["global_step"])

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        self._open(trainer)

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        if self.tracker is not None:
            self.tracker.checkpoint(int(checkpoint["global_step"]), int(checkpoint["epoch"]))

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        if self.tracker is not None:
            self.tracker.checkpoint(self._step(trainer), int(trainer.current_epoch))
            self._close()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        self._close()

    def _close(self) -> None:
        tracker, self.tracker = self.tracker, None
        if tracker is not None:
            tracker.close()

    # -- Epochs -----------------------------------------------------------------------------------

    def _is_recorded(self, mode: str) -> bool:
        modes = self._options["mode"]
        names = [modes] if isinstance(modes, str) else list(modes or [])
        if not names:
            return True
        return f"!{mode}" not in names if names[0].startswith("!") else mode in names

    def _begin(self, trainer: Any, mode: str, ds_id: str | None, loader: Any, skipped: int = 0) -> None:
        epoch = int(trainer.current_epoch)
        if self._begun.get((mode, ds_id)) == epoch:
            return
        self._open(trainer).begin_epoch(epoch, loader, mode=mode, ds_id=ds_id, skipped=skipped)
        self._begun[mode, ds_id] = epoch

    def _begin_training(self, trainer: Any) -> None:
        loader = trainer.train_dataloader
        skipped = 0
        if hasattr(loader, "load_state_dict"):
            # It goes on where it was; others begin the epoch again.
            ready = int(trainer.fit_loop.epoch_loop.batch_progress.current.completed)
            skipped = ready * int(getattr(loader, "batch_size", None) or 1)
        self._begin(trainer, "train", None, loader, skipped)

    def _end(self, trainer: Any, mode: str, ds_id: str | None) -> None:
        if self._begun.pop((mode, ds_id), None) is not None and self.tracker is not None:
            self.tracker.end_epoch(self._step(trainer), mode=mode, ds_id=ds_id)

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        if self._is_recorded("train"):
            self._begin_training(trainer)

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self._is_recorded("train"):
            # An epoch that is gone on with does not start.
            self._begin_training(trainer)
            self._record("train", None, outputs, batch)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        if self._is_recorded("train"):
            # A checkpoint may have been saved between the last batch and here.
            self._begin_training(trainer)
            self._end(trainer, "train", None)

    def on_validation_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        if not trainer.sanity_checking:
            self._evaluated(trainer, "eval", trainer.val_dataloaders, outputs, batch, dataloader_idx)

    def on_test_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        self._evaluated(trainer, "test", trainer.test_dataloaders, outputs, batch, dataloader_idx)

    def _evaluated(
        self, trainer: Any, mode: str, loaders: Any, outputs: Any, batch: Any, number: int
    ) -> None:
        if self._is_recorded(mode):
            loader, ds_id = loaders, None
            if isinstance(loaders, Mapping):
                loaders = list(loaders.values())
            if isinstance(loaders, (list, tuple)):
                loader, ds_id = loaders[number], str(number) if len(loaders) > 1 else None
            self._begin(trainer, mode, ds_id, loader)
            self._record(mode, ds_id, outputs, batch)

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        if not trainer.sanity_checking:
            self._end_all(trainer, "eval")

    def on_test_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        self._end_all(trainer, "test")

    def _end_all(self, trainer: Any, mode: str) -> None:
        for begun, ds_id in list(self._begun):
            if begun == mode:
                self._end(trainer, mode, ds_id)

    # -- Values -----------------------------------------------------------------------------------

    def _record(self, mode: str, ds_id: str | None, outputs: Any, batch: Any) -> None:
        if outputs is None:
            # The step skipped the batch.
            return
        metrics = self._options["metric"]
        names = [metrics] if isinstance(metrics, str) else list(metrics)
        if not isinstance(outputs, Mapping) or any(name not in outputs for name in names):
            raise TrackerValueError(
                "INVALID_ARGUMENT",
                f"the step returns no {' and '.join(names)} of each sample: return a dictionary that "
                "holds it beside the loss",
            )
        indices = outputs[self._index] if self._index in outputs else _item(batch, self._index)
        assert self.tracker is not None
        self.tracker.record(indices, {name: outputs[name] for name in names}, mode=mode, ds_id=ds_id)


def _item(batch: Any, key: str | int) -> Any:
    if isinstance(key, str) and hasattr(batch, key) and not isinstance(batch, Mapping):
        return getattr(batch, key)
    try:
        return batch[key]
    except (KeyError, IndexError, TypeError):
        raise TrackerValueError(
            "INVALID_ARGUMENT", f"neither the step's result nor the batch holds indices: '{key}'"
        ) from None

"""Transformers' Trainer.

Callbacks of the Trainer are told of steps, epochs and checkpoints, but never see a batch, and the loss that they see
is a mean. ``compute_loss`` sees the model's outputs and labels of each batch, of training and of evaluation. So this
is a Trainer whose ``compute_loss`` records; a callback tells it when epochs begin and end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.nn import functional
from transformers import Trainer, TrainerCallback
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from .._arguments import Path
from .._errors import TrackerValueError
from ._workers import worker_files
from .pytorch import DistributedTracker

__all__ = ["InstanceTrackerMixin", "TrackedTrainer", "worker_files"]


class InstanceTrackerMixin:
    """What makes a Trainer record; goes before it among the bases of a class.

    ::

        class MyTrackedTrainer(InstanceTrackerMixin, MyTrainer): ...

    Every sample of the data sets has an index, in a column that the collator keeps and the model never
    sees. Its loss comes from ``sample_losses``, which may be overridden.

    Values stand at the Trainer's ``global_step``; epochs count from 1. What is evaluated during training, and
    after it, is mode "eval", and with ``predict`` mode "test"; an evaluation of one of several data sets,
    in a dictionary, has its name as data set's id. Nothing is recorded before training begins.

    Every checkpoint of the Trainer has its history: it is durable before the checkpoint is written.
    ``train(resume_from_checkpoint=...)`` goes on from its step, within an epoch too; with another number of
    processes at the end of one: see ``DistributedTracker``, which is in ``instance_tracker``. The samples
    that accelerate repeats to make batches even are left out. ``worker_files(path)`` are the files to merge.

    Args:
        tracker_path: of the files.
        tracker_index: the column of the samples' indices.
        tracker_metric: the name of what ``sample_losses`` gives.
        tracker_mode: the modes that are recorded, as for ``InstanceTracker``.
        tracker_restart: begin the history anew where there are files, and training begins at step 0. It
            fails otherwise.
        tracker_options: more, as for ``InstanceTracker``.
    """

    def __init__(
        self,
        *args: Any,
        tracker_path: Path,
        tracker_index: str = "idx",
        tracker_metric: str = "loss",
        tracker_mode: Any = ("train", "eval", "test"),
        tracker_restart: bool = False,
        tracker_options: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self._tracker_path, self._tracker_index = tracker_path, tracker_index
        self._tracker_options: dict[str, Any] = {
            "index": tracker_index,
            "metric": tracker_metric,
            "mode": tracker_mode,
            **(tracker_options or {}),
        }
        self._tracker_restart = tracker_restart
        #: What records, from the beginning of training on.
        self.instance_tracker: DistributedTracker | None = None
        self._tracker_epoch = 0
        self._tracker_is_training = False
        #: The mode and data set that are evaluated.
        self._tracker_evaluates: tuple[str, str | None] | None = None
        self._tracker_indices: Any = None
        super().__init__(*args, **kwargs)
        self.add_callback(_Events(self))  # type: ignore[attr-defined]

    # -- Values -----------------------------------------------------------------------------------

    def sample_losses(self, outputs: Any, labels: torch.Tensor) -> torch.Tensor:
        """A loss for each sample of a batch, without a graph.

        By the shapes of logits and labels: cross entropy of classes; the mean cross entropy of a sequence's
        tokens but those labelled -100, of the next ones for causal language models; the mean square of
        differences, or binary cross entropy where the model is told that labels are several classes.
        """
        logits = outputs["logits"] if isinstance(outputs, Mapping) else outputs[-1]
        logits = logits.detach().float()
        model = self.accelerator.unwrap_model(self.model)  # type: ignore[attr-defined]
        if labels.is_floating_point():
            labels = labels.to(logits.dtype)
            if getattr(model.config, "problem_type", None) == "multi_label_classification":
                losses = functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
            else:
                losses = (logits.reshape(labels.shape) - labels).square()
            return losses.reshape(len(losses), -1).mean(1)
        if logits.dim() == labels.dim() + 1 == 2:
            return functional.cross_entropy(logits, labels, reduction="none")
        if logits.dim() == labels.dim() + 1 == 3:
            if type(model).__name__ in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values():
                logits, labels = logits[:, :-1], labels[:, 1:]
            losses = functional.cross_entropy(
                logits.transpose(1, 2), labels, reduction="none", ignore_index=-100
            )
            return losses.sum(1) / (labels != -100).sum(1)
        raise TrackerValueError(
            "INVALID_ARGUMENT",
            f"logits of shape {tuple(logits.shape)} and labels of shape {tuple(labels.shape)}: say what "
            "the loss of a sample is by overriding sample_losses",
        )

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, *args: Any, **kwargs: Any
    ) -> Any:
        inputs = dict(inputs)
        indices = inputs.pop(self._tracker_index, self._tracker_indices)
        # Those who compute the loss may take the labels away.
        labels = inputs.get("labels")
        loss, outputs = super().compute_loss(  # type: ignore[misc]
            model, inputs, True, *args, **kwargs
        )
        mode, ds_id = self._tracker_evaluates or ("train", None)
        if self.instance_tracker is not None and self._tracker_records(mode):
            if indices is None or labels is None:
                raise TrackerValueError(
                    "INVALID_ARGUMENT",
                    f"batches hold no {'labels' if indices is not None else self._tracker_index}: the "
                    "data set or its collator must give them",
                )
            losses = self.sample_losses(outputs, labels)
            self.instance_tracker.record(indices, losses, mode=mode, ds_id=ds_id)
        return (loss, outputs) if return_outputs else loss

    def prediction_step(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        # The model may be called without compute_loss.
        inputs = dict(inputs)
        self._tracker_indices = inputs.pop(self._tracker_index, None)
        try:
            return super().prediction_step(model, inputs, *args, **kwargs)  # type: ignore[misc]
        finally:
            self._tracker_indices = None

    def evaluation_loop(
        self, dataloader: Any, description: str, *args: Any, metric_key_prefix: str = "eval", **kwargs: Any
    ) -> Any:
        name, _, ds_id = metric_key_prefix.partition("_")
        mode = "test" if name == "test" else "eval"
        tracker = self.instance_tracker
        if tracker is not None and self._tracker_records(mode):
            tracker.begin_epoch(self._tracker_epoch, dataloader, mode=mode, ds_id=ds_id or None)
        self._tracker_evaluates = (mode, ds_id or None)
        try:
            result = super().evaluation_loop(  # type: ignore[misc]
                dataloader, description, *args, metric_key_prefix=metric_key_prefix, **kwargs
            )
        finally:
            self._tracker_evaluates = None
        if tracker is not None and self._tracker_records(mode):
            tracker.end_epoch(self._tracker_step(), mode=mode, ds_id=ds_id or None)
            if not self._tracker_is_training:
                tracker.checkpoint(self._tracker_step(), self._tracker_epoch)
        return result

    def _tracker_records(self, mode: str) -> bool:
        modes = self._tracker_options["mode"]
        names = [modes] if isinstance(modes, str) else list(modes or [])
        if not names:
            return True
        return f"!{mode}" not in names if names[0].startswith("!") else mode in names

    def _tracker_step(self) -> int:
        return int(self.state.global_step)  # type: ignore[attr-defined]

    # -- What the Trainer does ----------------------------------------------------------------------

    def _set_signature_columns_if_needed(self) -> None:
        super()._set_signature_columns_if_needed()  # type: ignore[misc]
        columns: list[str] = self._signature_columns  # type: ignore[attr-defined]
        if self._tracker_index not in columns:
            columns.append(self._tracker_index)

    def _save_checkpoint(self, *args: Any, **kwargs: Any) -> Any:
        # on_save comes when it is written: a kill between them would leave it without its history.
        if self.instance_tracker is not None:
            self.instance_tracker.checkpoint(self._tracker_step(), self._tracker_epoch)
        return super()._save_checkpoint(*args, **kwargs)  # type: ignore[misc]

    def close_tracker(self) -> None:
        """Writes what is new, and gives the file back; that happens at the end of the process as well."""
        tracker, self.instance_tracker = self.instance_tracker, None
        if tracker is not None:
            tracker.close()

    def _tracker_begins(self) -> None:
        step: int | None = self._tracker_step()
        if step == 0 and not self._tracker_restart:
            step = None
        self.close_tracker()
        self.instance_tracker = DistributedTracker(
            self._tracker_path, step=step, **self._tracker_options
        )
        # Trained once more by the same Trainer, such as with a smaller batch.
        self._tracker_restart = True
        self._tracker_epoch = -1
        self._tracker_is_training = True

    def _tracker_begins_epoch(self, loader: Any) -> None:
        skipped = 0
        if self._tracker_epoch < 0:
            # As the Trainer reckons where it goes on, in epochs of as many steps as there are now.
            accumulated = int(self.args.gradient_accumulation_steps)  # type: ignore[attr-defined]
            try:
                updates = max(1, -(-len(loader) // accumulated))
            except TypeError:
                # Of data without a length; it comes from its beginning.
                updates = max(1, self._tracker_step())
            self._tracker_epoch, rest = divmod(self._tracker_step(), updates)
            if rest and not self.args.ignore_data_skip:  # type: ignore[attr-defined]
                batches = loader.batch_sampler
                share = int(batches.batch_size)
                if getattr(batches, "split_batches", False):
                    share //= int(batches.num_processes)
                skipped = rest * accumulated * share
        self._tracker_epoch += 1
        if self.instance_tracker is not None and self._tracker_records("train"):
            self.instance_tracker.begin_epoch(self._tracker_epoch, loader, mode="train", skipped=skipped)

    def _tracker_ends_epoch(self) -> None:
        if self.instance_tracker is not None and self._tracker_records("train"):
            self.instance_tracker.end_epoch(self._tracker_step(), mode="train")

    def _tracker_ends(self) -> None:
        self._tracker_is_training = False
        if self._tracker_epoch < 0:
            # Restored at its end.
            self._tracker_epoch = int(self.state.epoch or 0)  # type: ignore[attr-defined]
        if self.instance_tracker is not None:
            if self._tracker_records("train"):
                self.instance_tracker._seal_before(self._tracker_epoch + 1, "train", None)
            self.instance_tracker.checkpoint(self._tracker_step(), self._tracker_epoch)


class _Events(TrainerCallback):  # type: ignore[misc]
    """Tells a Trainer what it does."""

    def __init__(self, trainer: InstanceTrackerMixin) -> None:
        self._trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._trainer._tracker_begins()

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._trainer._tracker_begins_epoch(kwargs["train_dataloader"])

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._trainer._tracker_ends_epoch()

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._trainer._tracker_ends()


class TrackedTrainer(InstanceTrackerMixin, Trainer):  # type: ignore[misc]
    """A Trainer that records: see ``InstanceTrackerMixin``.

    ::

        trainer = TrackedTrainer(
            model, args, train_dataset=data, tracker_path="run.tracker", tracker_index="idx"
        )
        trainer.train(resume_from_checkpoint=True)
    """

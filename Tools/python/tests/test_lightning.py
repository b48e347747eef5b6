"""Lightning's Trainer, in real processes: killed, gone on with from its checkpoints, merged."""

from __future__ import annotations

import numpy as np
import pytest
import trackerstate
from processes import LOG, digest, launch, logged, tracker_of
from trackerstate.adapters._workers import worker_files

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("lightning", reason="Lightning is not installed")

WORKER = LOG + """
import signal, sys, warnings
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset
from trackerstate.adapters.lightning import InstanceTrackerCallback

warnings.filterwarnings("ignore")
folder, phase, size, kill_at, every, ckpt = sys.argv[1:7]
size, kill_at, every = int(size), int(kill_at), int(every)
log = Log(folder, phase, os.environ["RANK"])

class Samples(Dataset):
    def __init__(self, count, first):
        generator = torch.Generator().manual_seed(first)
        self.x = torch.randn(count, 6, generator=generator)
        self.y = torch.randint(3, (count,), generator=generator)
        self.first = first

    def __len__(self):
        return len(self.x)

    def __getitem__(self, place):
        return {"idx": self.first + place, "x": self.x[place], "y": self.y[place]}

class Model(LightningModule):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.net = torch.nn.Linear(6, 3)

    def losses(self, batch, mode):
        losses = cross_entropy(self.net(batch["x"]), batch["y"], reduction="none")
        if not self.trainer.sanity_checking:
            log.add(mode, self.current_epoch, batch["idx"], losses)
        return {"loss": losses.mean(), "ce": losses}

    def training_step(self, batch, batch_idx):
        return self.losses(batch, "train")

    def validation_step(self, batch, batch_idx):
        return self.losses(batch, "eval")

    test_step = validation_step

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

class Kill(Callback):
    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        if trainer.current_epoch == kill_at and batch_idx == 3:
            os.kill(os.getpid(), signal.SIGKILL)

tracker = InstanceTrackerCallback(
    index="idx", metric="ce", mode=("train", "eval"), path=folder + "/run.tracker"
)
saving = ModelCheckpoint(
    dirpath=folder, filename="at-{step}", save_top_k=-1, enable_version_counter=False,
    **({"every_n_train_steps": every} if every else {"save_on_train_epoch_end": phase != "early"}),
)
trainer = Trainer(
    accelerator="cpu", devices=size, strategy="ddp" if size > 1 else "auto", max_epochs=5,
    callbacks=[saving, tracker, Kill()], logger=False, enable_progress_bar=False,
    enable_model_summary=False, default_root_dir=folder,
)
trainer.fit(
    Model(), DataLoader(Samples(43, 0), batch_size=5, shuffle=True),
    DataLoader(Samples(11, 100), batch_size=4),
    ckpt_path=None if ckpt == "none" else folder + "/" + ckpt,
)
assert tracker.tracker is None
"""


@pytest.fixture
def script(tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    return script


def steps_of(spans, batch=5, count=43):
    steps, step = {}, 0
    for epochs, size in spans:
        for epoch in epochs:
            step += -(-(-(-count // size)) // batch)
            steps[epoch] = step
    return steps


def check(folder, spans, sizes):
    """Merges, and compares with what one worker would have recorded of the values that were computed."""
    merged = folder / "merged.tracker"
    report = trackerstate.merge(worker_files(folder / "run.tracker"), merged)
    assert report.conflicts == 0
    computed = {}
    for phase, epochs in spans:
        computed.update({k: v for k, v in logged(folder, phase).items() if k[1] in epochs})
    steps = steps_of([(epochs, size) for (_, epochs), size in zip(spans, sizes)])
    points = {}
    with trackerstate.open(merged) as file:
        for mode, indices in (("train", range(43)), ("eval", range(100, 111))):
            matrix = file.matrix("ce", mode)
            assert matrix.is_full and matrix.indices.tolist() == list(indices)
            assert matrix.steps.tolist() == list(steps.values())
            for row, epoch in enumerate(steps):
                for place, index in enumerate(indices):
                    value = matrix.values[row, place]
                    assert value in np.float32(computed[mode, epoch, index])
                    points[mode, epoch, index] = value
    tracker_of(folder / "alone.tracker", points, steps, metric="ce", mode=("train", "eval"))
    assert digest(folder / "alone.tracker") == digest(merged)


@pytest.mark.parametrize(("before", "after"), [(2, 3), (1, 2)])
def test_a_killed_run_goes_on_with_another_number_of_workers(tmp_path, script, before, after):
    killed = launch(script, before, str(tmp_path), "first", str(before), "3", "0", "none")
    assert [code for code, _ in killed] == [-9] * before, killed
    # Epochs 0 and 1 count, though the file has epoch 2.
    step = steps_of([(range(2), before)])[1]
    done = launch(script, after, str(tmp_path), "again", str(after), "-1", "0", f"at-step={step}.ckpt")
    assert [code for code, _ in done] == [0] * after, done
    check(tmp_path, [("first", range(2)), ("again", range(2, 5))], (before, after))


def test_a_checkpoint_within_an_epoch_is_gone_on_with(tmp_path, script):
    [(code, told)] = launch(script, 1, str(tmp_path), "first", "1", "1", "2", "none")
    assert code == -9, told
    assert (tmp_path / "at-step=12.ckpt").exists()  # 9 batches in an epoch: 3 of epoch 1
    [(code, told)] = launch(script, 1, str(tmp_path), "again", "1", "-1", "2", "at-step=12.ckpt")
    assert code == 0, told
    with trackerstate.open(tmp_path / "run.tracker") as file:
        train, evaluated = file.matrix("ce", "train"), file.matrix("ce", "eval")
        assert not train.is_full and evaluated.is_full
        assert train.steps.tolist() == evaluated.steps.tolist() == [9, 18, 27, 36, 45]
        first, again = logged(tmp_path, "first"), logged(tmp_path, "again")
        for place, index in enumerate(train.indices.tolist()):
            assert train.values[0, place] == np.float32(first["train", 0, index][0])
            # Lightning gives the first batches of the epoch once more: the last values count. Of as many
            # others it gives none.
            expected = again.get(("train", 1, index), []) or first.get(("train", 1, index), [])
            assert train.present[1, place] == bool(expected)
            if expected:
                assert train.values[1, place] == np.float32(expected[-1])
            assert train.values[4, place] == np.float32(again["train", 4, index][0])


def test_a_checkpoint_saved_before_the_epoch_ends_is_gone_on_with(tmp_path, script):
    # Saved behind the validation, which is a part of the epoch of training.
    [(code, told)] = launch(script, 1, str(tmp_path), "early", "1", "2", "0", "none")
    assert code == -9, told
    [(code, told)] = launch(script, 1, str(tmp_path), "again", "1", "-1", "0", "at-step=9.ckpt")
    assert code == 0, told
    check(tmp_path, [("early", range(1)), ("again", range(1, 5))], (1, 1))


# -- In this process ----------------------------------------------------------------------------------


def small(tmp_path, step_returns, **options):
    from lightning.pytorch import LightningModule, Trainer
    from torch.utils.data import DataLoader, TensorDataset
    from trackerstate.adapters.lightning import InstanceTrackerCallback

    class Model(LightningModule):
        def __init__(self):
            super().__init__()
            self.net = torch.nn.Linear(2, 1)

        def training_step(self, batch, batch_idx):
            return step_returns(self.net(batch[1]).square().squeeze(1), batch)

        def validation_step(self, batch, batch_idx, dataloader_idx=0):
            return {"ce": batch[0] * (dataloader_idx + 1.0)}

        def test_step(self, batch, batch_idx):
            return {"ce": batch[0] * 10.0}

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    data = TensorDataset(torch.arange(8), torch.randn(8, 2))
    callback = InstanceTrackerCallback(path=tmp_path / "run.tracker", **options)
    trainer = Trainer(
        accelerator="cpu", max_epochs=2, callbacks=[callback], logger=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    return Model(), trainer, DataLoader(data, batch_size=3)


@pytest.mark.filterwarnings("ignore")
def test_several_loaders_are_data_sets_and_tests_a_mode(tmp_path):
    model, trainer, loader = small(
        tmp_path, lambda losses, batch: {"loss": losses.mean(), "ce": losses}, index=0, mode=None
    )
    trainer.fit(model, loader, [loader, loader])
    trainer.test(model, loader, verbose=False)
    with trackerstate.open(tmp_path / "run.tracker") as file:
        found = {(channel.mode, channel.ds_id): channel.matrix() for channel in file.channels}
    assert set(found) == {("train", None), ("eval", "0"), ("eval", "1"), ("test", None)}
    assert all(matrix.indices.tolist() == list(range(8)) for matrix in found.values())
    assert found["train", None].steps.tolist() == found["eval", "1"].steps.tolist() == [3, 6]
    assert found["eval", "1"].values[0].tolist() == [2.0 * index for index in range(8)]
    assert found["test", None].steps.tolist() == [6]
    assert found["test", None].values[0].tolist() == [10.0 * index for index in range(8)]


@pytest.mark.filterwarnings("ignore")
def test_steps_that_return_no_values_are_told(tmp_path):
    model, trainer, loader = small(tmp_path, lambda losses, batch: losses.mean(), index=0)
    with pytest.raises(ValueError, match="returns no ce of each sample"):
        trainer.fit(model, loader)


@pytest.mark.filterwarnings("ignore")
def test_batches_without_indices_are_told(tmp_path):
    model, trainer, loader = small(
        tmp_path, lambda losses, batch: {"loss": losses.mean(), "ce": losses}, index="idx"
    )
    with pytest.raises(ValueError, match="'idx'"):
        trainer.fit(model, loader)
    # Its file is free, and it is not begun again unasked.
    model, trainer, loader = small(
        tmp_path, lambda losses, batch: {"loss": losses.mean(), "ce": losses, "idx": batch[0]}
    )
    with pytest.raises(FileExistsError):
        trainer.fit(model, loader)
    model, trainer, loader = small(
        tmp_path, lambda losses, batch: {"loss": losses.mean(), "ce": losses, "idx": batch[0]},
        restart=True,
    )
    trainer.fit(model, loader)
    assert trackerstate.open(tmp_path / "run.tracker").matrix().is_full

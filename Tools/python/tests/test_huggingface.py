"""Transformers' Trainer, in real processes: killed, gone on with from its checkpoints, merged."""

from __future__ import annotations

import numpy as np
import pytest
import trackerstate
from processes import LOG, digest, launch, logged, tracker_of
from trackerstate.adapters._samples import own_sample_count
from trackerstate.adapters._workers import worker_files

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="Transformers is not installed")
pytest.importorskip("accelerate", reason="accelerate is not installed")

MODEL = """
import torch
from torch.utils.data import Dataset
from transformers import BertConfig, BertForSequenceClassification

class Samples(Dataset):
    def __init__(self, count, first=0):
        generator = torch.Generator().manual_seed(first)
        self.x = torch.randint(1, 30, (count, 4), generator=generator)
        self.y = torch.randint(3, (count,), generator=generator)
        self.first = first

    def __len__(self):
        return len(self.x)

    def __getitem__(self, place):
        return {"idx": self.first + place, "input_ids": self.x[place], "labels": self.y[place]}

def small_model():
    torch.manual_seed(0)
    return BertForSequenceClassification(BertConfig(
        vocab_size=32, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
        intermediate_size=8, max_position_embeddings=8, num_labels=3,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    ))
"""

WORKER = LOG + MODEL + """
import signal, sys
from torch.nn.functional import cross_entropy
from transformers import TrainerCallback, TrainingArguments
from trackerstate.adapters.huggingface import TrackedTrainer

folder, phase, kill_at, strategy, accumulate, resume = sys.argv[1:7]
log = Log(folder, phase, os.environ["RANK"])

class Trainer(TrackedTrainer):
    def compute_loss(self, model, inputs, return_outputs=False, **options):
        loss, outputs = super().compute_loss(model, inputs, return_outputs=True, **options)
        losses = cross_entropy(outputs["logits"].detach(), inputs["labels"], reduction="none")
        mode = "train" if model.training else "eval"
        log.add(mode, self._tracker_epoch, inputs["idx"] if "idx" in inputs else self._tracker_indices, losses)
        return (loss, outputs) if return_outputs else loss

class Kill(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == int(kill_at):
            os.kill(os.getpid(), signal.SIGKILL)

args = TrainingArguments(
    output_dir=folder, num_train_epochs=5, per_device_train_batch_size=5, per_device_eval_batch_size=4,
    gradient_accumulation_steps=int(accumulate), eval_strategy="epoch", save_strategy=strategy,
    save_steps=2, use_cpu=True, ddp_backend="gloo", report_to=[], logging_strategy="no",
    disable_tqdm=True, learning_rate=0.01, dataloader_pin_memory=False, seed=3,
)
trainer = Trainer(
    small_model(), args, train_dataset=Samples(43), eval_dataset=Samples(11, 100),
    callbacks=[Kill()], tracker_path=folder + "/run.tracker", tracker_metric="ce",
    tracker_mode=("train", "eval"),
)
trainer.train(resume_from_checkpoint=None if resume == "none" else folder + "/" + resume)
# What was recorded is there, though nobody closes the tracker.
"""


@pytest.fixture
def script(tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    return script


def check(folder, phases, steps):
    """Merges, and compares with what one worker would have recorded of the values that were computed.

    ``phases`` tells for each epoch in which it was computed, several where it was gone on with.
    """
    merged = folder / "merged.tracker"
    report = trackerstate.merge(worker_files(folder / "run.tracker"), merged)
    assert report.conflicts == 0
    logs = {phase: logged(folder, phase) for names in phases.values() for phase in names}
    points = {}
    with trackerstate.open(merged) as file:
        for mode, indices in (("train", range(43)), ("eval", range(100, 111))):
            matrix = file.matrix("ce", mode)
            assert matrix.is_full and matrix.indices.tolist() == list(indices)
            assert matrix.steps.tolist() == list(steps.values())
            for row, epoch in enumerate(steps):
                for place, index in enumerate(indices):
                    value = matrix.values[row, place]
                    computed = [
                        value
                        for phase in phases[epoch]
                        for value in logs[phase].get((mode, epoch, index), [])
                    ]
                    assert value in np.float32(computed)
                    points[mode, epoch, index] = value
    tracker_of(folder / "alone.tracker", points, steps, metric="ce", mode=("train", "eval"))
    assert digest(folder / "alone.tracker") == digest(merged)


def test_a_killed_run_goes_on_with_another_number_of_processes(tmp_path, script):
    # Three steps in an epoch with both: the Trainer tells by steps where it goes on.
    killed = launch(script, 3, str(tmp_path), "first", "8", "epoch", "1", "none")
    assert [code for code, _ in killed] == [-9] * 3, killed
    done = launch(script, 4, str(tmp_path), "again", "-1", "epoch", "1", "checkpoint-6")
    assert [code for code, _ in done] == [0] * 4, done
    assert len(worker_files(tmp_path / "run.tracker")) == 3 + 4
    check(
        tmp_path,
        {epoch: ("first",) if epoch <= 2 else ("again",) for epoch in range(1, 6)},
        {epoch: 3 * epoch for epoch in range(1, 6)},
    )


@pytest.mark.parametrize(("size", "accumulate", "kill_at", "resume"), [(2, 1, 9, 8), (1, 2, 7, 6)])
def test_a_checkpoint_within_an_epoch_is_gone_on_with(
    tmp_path, script, size, accumulate, kill_at, resume
):
    # Five steps in an epoch: of two processes, or of two batches each.
    killed = launch(
        script, size, str(tmp_path), "first", str(kill_at), "steps", str(accumulate), "none"
    )
    assert [code for code, _ in killed] == [-9] * size, killed
    done = launch(
        script, size, str(tmp_path), "again", "-1", "steps", str(accumulate), f"checkpoint-{resume}"
    )
    assert [code for code, _ in done] == [0] * size, done
    check(
        tmp_path,
        {1: ("first",), 2: ("first", "again"), **{epoch: ("again",) for epoch in (3, 4, 5)}},
        {epoch: 5 * epoch for epoch in range(1, 6)},
    )


def test_a_checkpoint_at_the_last_step_of_an_epoch_is_gone_on_with(tmp_path, script):
    # Step 10 is saved before epoch 2 ends; killed at 11 it had ended, so the file is taken back to there.
    assert launch(script, 2, str(tmp_path), "first", "11", "steps", "1", "none")[0][0] == -9
    for path in worker_files(tmp_path / "run.tracker"):
        with trackerstate.open(path) as file:
            # The first commit of step 10, before the end of the epoch: as if killed right behind it.
            commits = [row["sequence"] for row in file.commits.rows() if row["step"] == 10]
        trackerstate.rewind(path, commit=commits[0])
        with trackerstate.open(path) as file:
            assert file.unsealed_count > 0
    done = launch(script, 2, str(tmp_path), "again", "-1", "steps", "1", "checkpoint-10")
    assert [code for code, _ in done] == [0, 0], done
    with trackerstate.open(worker_files(tmp_path / "run.tracker")) as file:
        train = file.matrix("ce", "train")
        assert train.is_full and train.steps.tolist() == [5, 10, 15, 20, 25]
        assert file.channel("ce", "train").steps()["epoch"].tolist() == [1, 2, 3, 4, 5]
        # The Trainer does not evaluate again what it had not yet evaluated.
        assert file.channel("ce", "eval").steps()["epoch"].tolist() == [1, 3, 4, 5]


# -- Without processes --------------------------------------------------------------------------------


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("workers", [1, 2, 3, 4])
@pytest.mark.parametrize("count", [1, 5, 12, 24, 43, 48, 59])
def test_own_samples_of_accelerate_are_each_sample_once(count, workers, split):
    from accelerate.data_loader import BatchSamplerShard
    from torch.utils.data import BatchSampler, DataLoader, SequentialSampler

    own = []
    for rank in range(workers):
        batches = BatchSampler(SequentialSampler(range(count)), 12 if split else 5, drop_last=False)
        shard = BatchSamplerShard(batches, workers, rank, split_batches=split)
        mine = [index for batch in shard for index in batch]
        own += mine[: own_sample_count(DataLoader(range(count), batch_sampler=shard))]
    assert sorted(own) == list(range(count))


@pytest.fixture
def parts(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    names: dict[str, object] = {}
    exec(MODEL, names)  # noqa: S102
    return names


def trainer_of(tmp_path, parts, model=None, **options):
    from trackerstate.adapters.huggingface import TrackedTrainer
    from transformers import TrainingArguments

    args = TrainingArguments(
        output_dir=str(tmp_path), num_train_epochs=1, per_device_train_batch_size=4, use_cpu=True,
        report_to=[], logging_strategy="no", save_strategy="no", disable_tqdm=True,
    )
    return TrackedTrainer(
        model or parts["small_model"](), args, tracker_path=tmp_path / "run.tracker",
        **{"train_dataset": parts["Samples"](10), **options},
    )


def test_evaluations_have_their_data_set_and_tests_their_mode(tmp_path, parts):
    samples = parts["Samples"]
    trainer = trainer_of(
        tmp_path, parts, eval_dataset={"near": samples(3, 100), "far": samples(2, 200)}
    )
    trainer.evaluate()
    assert trainer.instance_tracker is None
    trainer.train()
    metrics = trainer.evaluate()
    trainer.predict(samples(4, 300))
    trainer.close_tracker()
    with trackerstate.open(tmp_path / "run.tracker") as file:
        found = {(channel.mode, channel.ds_id): channel.points() for channel in file.channels}
    assert set(found) == {("train", None), ("eval", "near"), ("eval", "far"), ("test", None)}
    assert found["eval", "far"].index.tolist() == [200, 201]
    assert found["test", None].index.tolist() == [300, 301, 302, 303]
    assert {step for points in found.values() for step in points.step.tolist()} == {3}
    # The Trainer's own mean is that of the samples.
    assert metrics["eval_near_loss"] == pytest.approx(found["eval", "near"].value.mean(), rel=1e-5)
    with pytest.raises(FileExistsError):
        trainer_of(tmp_path, parts).train()


def test_batches_without_indices_are_told(tmp_path, parts):
    class Nameless(parts["Samples"]):
        def __getitem__(self, place):
            item = super().__getitem__(place)
            del item["idx"]
            return item

    with pytest.raises(ValueError, match="no idx"):
        trainer_of(tmp_path, parts, train_dataset=Nameless(10)).train()


def test_losses_of_samples_are_those_of_the_model(tmp_path, parts):
    from transformers import (
        BertConfig, BertForSequenceClassification, BertForTokenClassification, GPT2Config,
        GPT2LMHeadModel,
    )

    small = dict(
        vocab_size=32, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
        intermediate_size=8, max_position_embeddings=8, num_labels=2,
    )
    ids = torch.randint(1, 30, (3, 6), generator=torch.Generator().manual_seed(1))
    tokens = torch.where(ids > 20, -100, ids % 2)
    several = (ids[:, :2] % 2).float()
    for model, labels in (
        (GPT2LMHeadModel(GPT2Config(vocab_size=32, n_positions=8, n_embd=8, n_layer=1, n_head=1)),
         torch.where(ids > 20, -100, ids)),
        (BertForTokenClassification(BertConfig(**small)), tokens),
        (BertForSequenceClassification(BertConfig(**small)), ids[:, 0] % 2),
        (BertForSequenceClassification(BertConfig(**{**small, "num_labels": 1})), several[:, 0] + 0.5),
        (BertForSequenceClassification(
            BertConfig(**small, problem_type="multi_label_classification")), several),
    ):
        model.eval()
        trainer = trainer_of(tmp_path, parts, model)
        outputs = model(input_ids=ids, labels=labels)
        found = trainer.sample_losses(outputs, labels)
        assert found.shape == (3,) and not found.requires_grad
        for row in range(3):
            alone = model(input_ids=ids[row : row + 1], labels=labels[row : row + 1]).loss
            assert found[row].item() == pytest.approx(alone.item(), rel=1e-5)
    with pytest.raises(ValueError, match="sample_losses"):
        trainer.sample_losses({"logits": torch.zeros(3, 2)}, torch.zeros(3, 2, dtype=torch.int64))

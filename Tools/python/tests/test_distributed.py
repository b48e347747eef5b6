"""Loops under DistributedDataParallel, in real processes: killed, gone on with by others, merged."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import trackerstate
from processes import LOG, digest, launch, logged, tracker_of
from trackerstate.adapters._samples import own_sample_count
from trackerstate.adapters._workers import worker_files

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
if not torch.distributed.is_available():
    pytest.skip("PyTorch is built without torch.distributed", allow_module_level=True)

from trackerstate.adapters.pytorch import DistributedTracker  # noqa: E402

SAMPLES = 43  # divisible by no number of workers
BATCH = 5

WORKER = LOG + """
import signal, sys
import torch, torch.distributed as dist
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset
from trackerstate.adapters.pytorch import DistributedTracker

folder, phase, epochs, kill_at = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()
log = Log(folder, phase, rank)

torch.manual_seed(0)
x, y = torch.randn(43, 6), torch.randint(3, (43,))
data = TensorDataset(torch.arange(43), x, y)
sampler = DistributedSampler(data, shuffle=True, seed=7)
loader = DataLoader(data, batch_size=5, sampler=sampler)
model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(6, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

saved = {"step": 0, "epoch": 0}
if os.path.exists(folder + "/model.pt"):
    saved = torch.load(folder + "/model.pt")
    model.module.load_state_dict(saved["model"])
step = saved["step"]
with DistributedTracker(folder + "/run.tracker", step=step, metric="ce", mode="train") as tracker:
    for epoch in range(saved["epoch"] + 1, epochs + 1):
        sampler.set_epoch(epoch)
        tracker.begin_epoch(epoch, loader)
        for number, (idx, inputs, labels) in enumerate(loader):
            losses = cross_entropy(model(inputs), labels, reduction="none")
            tracker.record(idx, losses)
            log.add("train", epoch, idx, losses)
            optimizer.zero_grad()
            losses.mean().backward()
            optimizer.step()
            step = epoch * 1000 + number
            if epoch == kill_at and number == 1:
                # Some of the epoch is in the file, and durable; nothing of it may count.
                tracker.tracker.checkpoint()
                os.kill(os.getpid(), signal.SIGKILL)
        step = epoch * 1000
        tracker.end_epoch(step)
        tracker.checkpoint(step, epoch)
        if rank == 0:
            state = {"step": step, "epoch": epoch, "model": model.module.state_dict()}
            torch.save(state, folder + "/model.new")
            if epoch + 1 != kill_at or not phase.endswith("late"):
                os.replace(folder + "/model.new", folder + "/model.pt")
    if epochs == 6:
        report = tracker.merge(folder + "/merged.tracker", overwrite=True)
        assert report.conflicts == 0, report
dist.destroy_process_group()
"""


@pytest.fixture
def script(tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    return script


def check(folder, spans):
    """The merged file holds what the phases computed in their epochs, each sample once."""
    expected, repeated = {}, 0
    for phase, epochs in spans:
        for key, values in logged(folder, phase).items():
            if key[1] in epochs:
                expected[key] = values
                repeated += len(values) - 1
    assert repeated > 0
    assert len(expected) == 6 * SAMPLES
    with trackerstate.open(folder / "merged.tracker") as file:
        matrix = file.matrix("ce", "train")
        assert matrix.is_full and matrix.indices.tolist() == list(range(SAMPLES))
        assert matrix.steps.tolist() == [1000 * epoch for epoch in range(1, 7)]
        for row, epoch in enumerate(range(1, 7)):
            for index in range(SAMPLES):
                # A repeat is computed with the weights of another batch, so it has another value.
                values = expected["train", epoch, index]
                assert matrix.values[row, index] in np.float32(values)
        # What one worker that saw all would have recorded, of the values that stand there.
        points = {
            ("train", epoch, index): matrix.values[row, index]
            for row, epoch in enumerate(range(1, 7))
            for index in range(SAMPLES)
        }
    tracker_of(
        folder / "alone.tracker", points, {epoch: 1000 * epoch for epoch in range(1, 7)},
        metric="ce", mode="train",
    )
    assert digest(folder / "alone.tracker") == digest(folder / "merged.tracker")
    return matrix


def first_values(folder, phase, epochs, size):
    """The values at positions that are no repeats, found out from the sampler of torch alone."""
    found = {}
    for epoch in epochs:
        order = list(range(SAMPLES))
        generator = torch.Generator().manual_seed(7 + epoch)
        order = torch.randperm(SAMPLES, generator=generator).tolist()
        for rank in range(size):
            lines = (folder / f"{phase}-{rank}.log").read_text().splitlines()
            lines = [line.split() for line in lines if line.split()[1] == str(epoch)]
            for place, (_, _, index, value) in enumerate(lines):
                if rank + place * size < SAMPLES:
                    assert order[rank + place * size] == int(index)
                    found[epoch, int(index)] = np.float32(float.fromhex(value))
    return found


@pytest.mark.parametrize(("before", "after"), [(2, 3), (4, 2), (1, 2)])
def test_a_killed_run_goes_on_with_another_number_of_workers(tmp_path, script, before, after):
    killed = launch(script, before, str(tmp_path), "first", "6", "4")
    assert [code for code, _ in killed] == [-9] * before, killed
    done = launch(script, after, str(tmp_path), "again", "6", "0")
    assert [code for code, _ in done] == [0] * after, done
    files = worker_files(tmp_path / "run.tracker")
    assert len(files) == (before if before == after else before + after)
    matrix = check(tmp_path, [("first", range(1, 4)), ("again", range(4, 7))])
    own = {
        **first_values(tmp_path, "first", range(1, 4), before),
        **first_values(tmp_path, "again", range(4, 7), after),
    }
    assert {
        (epoch, index): matrix.values[epoch - 1, index]
        for epoch in range(1, 7)
        for index in range(SAMPLES)
    } == own
    # In any order, the same bytes.
    trackerstate.merge(files[::-1], tmp_path / "reversed.tracker")
    assert (tmp_path / "reversed.tracker").read_bytes() == (tmp_path / "merged.tracker").read_bytes()


def test_epochs_behind_the_model_that_is_restored_are_forgotten(tmp_path, script):
    # The model of epoch 3 is not saved any more, though the trackers hold it.
    assert {code for code, _ in launch(script, 2, str(tmp_path), "first-late", "6", "4")} == {-9}
    # Three workers go on behind epoch 2, and are killed in the first epoch that they record.
    assert {code for code, _ in launch(script, 3, str(tmp_path), "second", "6", "3")} == {-9}
    # Two go on from there; those of three workers hold nothing.
    assert {code for code, _ in launch(script, 2, str(tmp_path), "third", "4", "0")} == {0}
    # Two once more: in the same files.
    last = launch(script, 2, str(tmp_path), "fourth", "6", "0")
    assert {code for code, _ in last} == {0}, last
    assert len(worker_files(tmp_path / "run.tracker")) == 2 + 3 + 2
    check(
        tmp_path, [("first-late", range(1, 3)), ("third", range(3, 5)), ("fourth", range(5, 7))]
    )


# -- Without processes --------------------------------------------------------------------------------


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("workers", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("count", [1, 2, 3, 12, 43])
def test_own_samples_are_each_sample_once(count, workers, drop_last):
    given, own = [], []
    for rank in range(workers):
        sampler = torch.utils.data.DistributedSampler(
            range(count), workers, rank, shuffle=False, drop_last=drop_last
        )
        mine = list(sampler)
        given += mine
        loader = torch.utils.data.DataLoader(range(count), batch_size=2, sampler=sampler)
        assert own_sample_count(loader) == own_sample_count(sampler)
        own += mine[: own_sample_count(loader)]
    assert len(own) == len(set(own)) and set(own) == set(given)


def test_a_loader_without_order_is_refused():
    sampler = torch.utils.data.DistributedSampler(range(5), 2, 0)
    try:
        loader = torch.utils.data.DataLoader(
            range(5), sampler=sampler, num_workers=1, in_order=False
        )
    except TypeError:
        pytest.skip("this PyTorch always keeps the order")
    with pytest.raises(trackerstate.TrackerValueError, match="out of order|in_order"):
        own_sample_count(loader)


def test_an_existing_run_is_not_begun_again_unless_told(tmp_path):
    path = tmp_path / "run.tracker"
    with DistributedTracker(path, metric="ce", mode="train") as tracker:
        tracker.begin_epoch(1)
        tracker.record(torch.arange(3), torch.ones(3))
        tracker.end_epoch(10)
        tracker.checkpoint(10, 1)
    with pytest.raises(FileExistsError, match="step"):
        DistributedTracker(path, metric="ce", mode="train")
    with pytest.raises(ValueError, match="no checkpoint was made at step 7, but at .10"):
        DistributedTracker(path, step=7, metric="ce", mode="train")
    with DistributedTracker(path, step=0, metric="ce", mode="train") as tracker:
        tracker.begin_epoch(1)
        tracker.record([2], [0.5])
        tracker.end_epoch(10)
    assert trackerstate.open(path).points().value.tolist() == [0.5]


def test_an_epoch_goes_on_where_it_was_checkpointed(tmp_path):
    path = tmp_path / "run.tracker"
    sampler = torch.utils.data.DistributedSampler(range(5), 2, 1, shuffle=False)  # 1, 3 and 0 again
    with DistributedTracker(path, metric="ce", mode="train") as tracker:
        tracker.begin_epoch(1, sampler)
        assert tracker.record(torch.tensor([1]), torch.tensor([0.5]))
        tracker.checkpoint(1)
        tracker.record(torch.tensor([3, 0]), torch.tensor([9.0, 9.0]))
    with DistributedTracker(path, step=1, metric="ce", mode="train") as tracker:
        tracker.begin_epoch(1, sampler, skipped=1)
        tracker.record(torch.tensor([3, 0]), {"ce": torch.tensor([0.25, 7.0])})
        tracker.end_epoch(2)
        with pytest.raises(ValueError, match="begun"):
            tracker.record([1], [1.0])
        with pytest.raises(ValueError, match="begun"):
            tracker.end_epoch(2)
    points = trackerstate.open(path).points()
    assert (points.index.tolist(), points.value.tolist()) == ([1, 3], [0.5, 0.25])


def test_an_epoch_that_was_over_is_sealed_by_the_next(tmp_path):
    path = tmp_path / "run.tracker"
    with DistributedTracker(path, metric="ce", mode="train") as tracker:
        tracker.begin_epoch(1)
        tracker.record([1, 2], [0.5, 0.25])
        tracker.checkpoint(2)
    with DistributedTracker(path, step=2, metric="ce", mode="train") as tracker:
        tracker.begin_epoch(2)
        tracker.record([1, 2], [0.125, 0.0625])
        tracker.end_epoch(4)
    matrix = trackerstate.open(path).matrix()
    assert matrix.steps.tolist() == [2, 4]
    assert matrix.values.tolist() == [[0.5, 0.25], [0.125, 0.0625]]


def test_points_of_an_epoch_that_others_go_on_with_are_told(tmp_path, monkeypatch):
    path = tmp_path / "run.tracker"
    with DistributedTracker(path, metric="ce", mode="train") as tracker:
        tracker.begin_epoch(1)
        tracker.record([1, 2], [0.5, 0.25])
        tracker.checkpoint(2)
    from trackerstate.adapters import _workers

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        plan = _workers._plan(path, 2, 2)
    assert plan.generation == 1 and plan.begun == str(tmp_path / "run-g1-{rank}.tracker")
    assert ["2 points are of an epoch" in str(entry.message) for entry in told] == [True]


def test_names_tell_the_files_of_a_run(tmp_path):
    for name in ("a.tracker", "a-0.tracker", "a-g2-11.tracker", "a-b.tracker", "a-0.trackers"):
        (tmp_path / name).touch()
    assert worker_files(tmp_path / "a.tracker") == [
        str(tmp_path / name) for name in ("a-0.tracker", "a-g2-11.tracker", "a.tracker")
    ]
    assert worker_files(tmp_path / "a-{rank}.tracker") == [
        str(tmp_path / name) for name in ("a-0.tracker", "a-g2-11.tracker")
    ]
    with pytest.raises(ValueError, match="rank"):
        worker_files(tmp_path / "{rank}" / "a.tracker")


def test_workers_need_a_group_to_agree(tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="process group"):
        DistributedTracker(tmp_path / "run.tracker", metric="ce", mode="train")

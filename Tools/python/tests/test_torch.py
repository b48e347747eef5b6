"""PyTorch: tensors, DataLoaders with workers, process groups and distributed checkpoints."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import trackerstate
from trackerstate import InstanceTracker, Run

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def package_environment():
    package = os.path.dirname(os.path.dirname(trackerstate.__file__))
    return {**os.environ, "PYTHONPATH": package}


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "bool", "int64", "uint8"])
def test_tensors_of_each_type_are_kept_exactly(path, dtype):
    kind = getattr(torch, dtype)
    values = (torch.randn(64, generator=torch.Generator().manual_seed(1)) * 8).to(kind)
    with InstanceTracker(mode="train", path=path) as tracker:
        tracker.record(torch.arange(64), values)
        tracker.end_epoch(1)
    found = trackerstate.open(path).matrix().values[0]
    assert np.array_equal(found.astype(np.float64), values.double().numpy())


def test_losses_of_a_graph_are_taken(path):
    weights = torch.ones(3, requires_grad=True)
    losses = (weights * torch.tensor([0.5, 0.25, 4.0])) ** 2
    with InstanceTracker(mode="train", path=path) as tracker:
        tracker.record(torch.tensor([2, 0, 1], dtype=torch.int32), losses)
        tracker.record([5], losses[:1].reshape(1, 1))
        tracker.end_epoch(1)
    assert losses.requires_grad
    assert trackerstate.open(path).points().value.tolist() == [0.0625, 16.0, 0.25, 0.25]


def test_torch_is_not_imported_for_its_own_sake():
    script = "import sys, trackerstate; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], env=package_environment(), check=True)


# -- Other devices ---------------------------------------------------------------------------------


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_cuda_tensors_are_copied_without_waiting(path):
    values = torch.randn(1000, device="cuda", dtype=torch.bfloat16)
    with InstanceTracker(mode="train", path=path) as tracker:
        tracker.record(torch.arange(1000, device="cuda"), values)
        tracker.end_epoch(1)
    found = trackerstate.open(path).matrix().values[0]
    assert np.array_equal(found, values.float().cpu().numpy())


class Device:
    """A device whose copies arrive when the test says so, in the place of CUDA."""

    def __init__(self):
        self.arrived = False
        self.waited = 0

    def query(self):
        return self.arrived

    def synchronize(self):
        self.waited += 1

    def is_remote(self, value):
        return isinstance(value, torch.Tensor) and bool(getattr(value, "remote", False))

    def copy_to_host(self, value):
        return value, self


@pytest.fixture
def device(monkeypatch):
    device = Device()
    monkeypatch.setattr("trackerstate._device.is_remote", device.is_remote)
    monkeypatch.setattr("trackerstate._device.copy_to_host", device.copy_to_host)
    return device


def remote(*values):
    tensor = torch.tensor(values)
    tensor.remote = True
    return tensor


def test_batches_on_their_way_are_not_waited_for(path, device):
    with InstanceTracker(mode="train", path=path) as tracker:
        assert tracker.record(torch.tensor([1, 2]), remote(0.5, 1.0))
        assert tracker.unsealed_count == 0 and device.waited == 0
        # What comes behind keeps its place, though it is here: the last value of an index counts.
        batch = np.array([1], np.int64), np.array([7.0], np.float32)
        tracker.record(*batch)
        tracker.record(*batch)
        batch[1][0] = 99
        assert tracker.unsealed_count == 0
        device.arrived = True
        assert tracker.unsealed_count == 4
        device.arrived = False
        tracker.record(torch.tensor([3]), remote(4.0))
        tracker.end_epoch(1)
        assert device.waited >= 1 and tracker.unsealed_count == 0
    assert trackerstate.open(path).points().value.tolist() == [7.0, 1.0, 4.0]


@pytest.mark.parametrize("call", ["checkpoint", "flush", "close", "select", "state_dict"])
def test_batches_on_their_way_are_part_of_what_is_saved(path, device, call):
    tracker = InstanceTracker(mode="train", path=path)
    tracker.record(remote(1, 2), remote(0.5, 1.0))
    getattr(tracker, call)()
    if call != "close":
        assert tracker.unsealed_count == 2
        tracker.close()
    assert trackerstate.open(path).unsealed_count == 2


def test_not_more_batches_wait_than_memory_allows(path, device):
    with InstanceTracker(mode="train", path=path) as tracker:
        for batch in range(1000):
            tracker.record(torch.tensor([batch]), remote(float(batch)))
        assert len(tracker._pending) <= 256
        tracker.end_epoch(1)
    assert trackerstate.open(path).matrix().values[0].tolist() == list(range(1000))


# -- DataLoader ------------------------------------------------------------------------------------


class Samples(torch.utils.data.Dataset):
    """Samples that try to use the tracker in the worker that loads them."""

    def __init__(self, tracker, path):
        self.tracker, self.path = tracker, path

    def __len__(self):
        return 64

    def __getitem__(self, index):
        refused = 0
        for call in (
            lambda: self.tracker.record([index], [9.0]),
            lambda: self.tracker.checkpoint(),
            lambda: self.tracker.end_epoch(1),
        ):
            try:
                call()
            except trackerstate.TrackerForked:
                refused += 1
        # Only who has the file open can hold its lock.
        return index, refused, descriptors_of(self.path), os.getpid()


def descriptors_of(path):
    """How often this process has a file open, under whatever name."""
    wanted, count = os.stat(path), 0
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            count += os.path.samestat(wanted, os.stat(f"/proc/self/fd/{descriptor}"))
        except FileNotFoundError:
            # Closed meanwhile, by another thread or because it listed the folder.
            pass
    return count


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_of_a_dataloader_neither_hold_the_lock_nor_flush(path):
    tracker = InstanceTracker(mode="train", path=path)
    tracker.record([1000], [1.0])
    assert descriptors_of(path) == 1
    loader = torch.utils.data.DataLoader(
        Samples(tracker, path), batch_size=4, num_workers=4, persistent_workers=True,
        multiprocessing_context="fork", shuffle=True,
        generator=torch.Generator().manual_seed(3),
    )
    processes = set()
    for epoch in (1, 2):
        for index, refused, held, process in loader:
            assert refused.tolist() == [3] * len(index)
            assert held.tolist() == [0] * len(index)
            processes.update(process.tolist())
            tracker.record(index, index.float() * epoch)
        tracker.end_epoch(100 * epoch, epoch)
        tracker.checkpoint()
    assert len(processes) == 4 and os.getpid() not in processes
    tracker.close()
    # Workers are alive still; the file is free.
    with InstanceTracker(mode="train", path=path, resume=True) as tracker:
        assert tracker.last_step == 200
    del loader
    with trackerstate.open(path) as file:
        matrix = file.matrix()
        assert matrix.indices.tolist() == [*range(64), 1000]
        assert matrix.values[1, :64].tolist() == [2.0 * index for index in range(64)]
    assert trackerstate.verify(path).is_sound


class Recording(torch.utils.data.Dataset):
    def __init__(self, tracker):
        self.tracker = tracker

    def __len__(self):
        return 4

    def __getitem__(self, index):
        self.tracker.record([index], [1.0])
        return index


def test_what_a_worker_does_wrong_is_told_in_the_parent(path):
    with InstanceTracker(mode="train", path=path) as tracker:
        loader = torch.utils.data.DataLoader(
            Recording(tracker), num_workers=1, multiprocessing_context="fork"
        )
        with pytest.raises(trackerstate.TrackerForked, match="parent of this process"):
            list(loader)


def test_spawned_workers_are_told_what_to_do(path):
    with InstanceTracker(mode="train", path=path) as tracker:
        with pytest.raises(TypeError, match="state_dict"):
            torch.utils.data.DataLoader(
                Samples(tracker, path), num_workers=1, multiprocessing_context="spawn"
            ).__iter__()


# -- Process groups and distributed checkpoints ------------------------------------------------------

WORKER = """
import os, sys, numpy, torch, trackerstate
import torch.distributed as dist
import torch.distributed.checkpoint as dcp

folder, phase = sys.argv[1], sys.argv[2]
dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()

# Nobody gave a run id: the group agrees on one.
tracker = trackerstate.InstanceTracker(mode="train", path=folder + "/run.tracker")
first = 0
if phase == "again":
    state = {"tracker": tracker}
    dcp.load(state, checkpoint_id=folder + "/checkpoint")
    first = 2
    assert tracker.is_open and tracker.last_step == 20, tracker.last_step
for epoch in range(first, 4):
    part = numpy.arange(rank, 40, size)
    tracker.record(part, numpy.full(len(part), epoch, numpy.float32) + part / 64)
    tracker.end_epoch(10 * epoch + 10, epoch)
    tracker.checkpoint()
    if phase == "first" and epoch == 1:
        dcp.save({"tracker": tracker}, checkpoint_id=folder + "/checkpoint")
    if phase == "first" and epoch == 2:
        # Killed an epoch behind the checkpoint.
        os.kill(os.getpid(), 9)
print(tracker.run.run_id)
tracker.close()
dist.destroy_process_group()
"""


def launch(script, folder, phase, size):
    port = 29500 + os.getpid() % 2000
    processes = []
    for rank in range(size):
        environment = {
            **package_environment(), "RANK": str(rank), "WORLD_SIZE": str(size),
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1",
        }
        processes.append(
            subprocess.Popen(
                [sys.executable, str(script), str(folder), phase], env=environment,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
        )
    return [(process.communicate(timeout=120), process.returncode) for process in processes]


@pytest.mark.skipif(not torch.distributed.is_available(), reason="no torch.distributed")
def test_a_group_is_killed_restored_from_a_distributed_checkpoint_and_merged(tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    killed = launch(script, tmp_path, "first", 2)
    assert [code for _, code in killed] == [-9, -9], killed
    done = launch(script, tmp_path, "again", 2)
    assert [code for _, code in done] == [0, 0], done
    ids = {output.strip() for (output, _), _ in done}
    assert len(ids) == 1 and ids != {""}
    report = trackerstate.merge(
        tmp_path.glob("run-*.tracker"), tmp_path / "merged.tracker", expected_workers=2
    )
    assert report.conflicts == 0
    matrix = trackerstate.open(tmp_path / "merged.tracker").matrix()
    assert matrix.steps.tolist() == [10, 20, 30, 40] and matrix.is_full
    expected = np.arange(4)[:, None] + np.arange(40) / 64
    assert np.array_equal(matrix.values, expected.astype(np.float32))


def test_a_process_group_tells_rank_and_size(tmp_path, monkeypatch):
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", str(27500 + os.getpid() % 2000))
    torch.distributed.init_process_group("gloo", rank=0, world_size=1)
    try:
        # The environment says otherwise, and is not asked.
        monkeypatch.setenv("RANK", "5")
        monkeypatch.setenv("WORLD_SIZE", "9")
        assert trackerstate.current_run() == Run(None, 0, 1)
    finally:
        torch.distributed.destroy_process_group()

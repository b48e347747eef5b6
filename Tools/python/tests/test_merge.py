"""Files of several workers are one history."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import trackerstate
from trackerstate import InstanceTracker, Run


@pytest.fixture
def workers(tmp_path, rng):
    """Four files of one run, and the matrix that they hold together."""
    values = rng.random((3, 80)).astype(np.float32)
    shards = [rng.permutation(80) for _ in range(3)]
    for rank in range(4):
        run = Run("together", rank, 4)
        path = tmp_path / "workers" / "run.tracker"
        path.parent.mkdir(exist_ok=True)
        with InstanceTracker(mode="train", path=path, run=run) as tracker:
            assert tracker.path == str(tmp_path / "workers" / f"run-{rank}.tracker")
            for epoch in range(3):
                part = shards[epoch][rank * 20 : rank * 20 + 20]
                tracker.record(part, values[epoch, part])
                tracker.end_epoch(10 * epoch, epoch)
                tracker.checkpoint()
    return sorted((tmp_path / "workers").iterdir()), values


def test_a_merge_does_not_depend_on_the_order(workers, tmp_path):
    paths, values = workers
    results = set()
    for number, order in enumerate(itertools.islice(itertools.permutations(paths), 5)):
        output = tmp_path / f"merged-{number}.tracker"
        report = trackerstate.merge(order, output, expected_workers=4)
        assert report.input_points == report.output_points == 240 and report.conflicts == 0
        results.add(output.read_bytes())
    assert len(results) == 1
    assert np.array_equal(trackerstate.open(output).matrix().values, values)


def test_several_files_are_read_as_their_union(workers, tmp_path):
    paths, values = workers
    with trackerstate.open(tmp_path / "workers") as file:
        assert np.array_equal(file.matrix().values, values)
        assert len(file.points()) == 240
        trackerstate.merge(paths, tmp_path / "merged.tracker")
        merged = trackerstate.open(tmp_path / "merged.tracker")
        assert file.digest() == merged.digest()
        assert file.select() == merged.select()
        assert file.stats("mean")["mean"].tolist() == merged.stats("mean")["mean"].tolist()


def test_partitions_merge_to_the_whole(workers, tmp_path):
    paths, _ = workers
    trackerstate.merge(paths, tmp_path / "whole.tracker")
    parts = [tmp_path / f"part-{k}.tracker" for k in (1, 2, 3)]
    for k, part in enumerate(parts, 1):
        trackerstate.merge(paths, part, partition=(k, 3))
    trackerstate.merge(parts, tmp_path / "joined.tracker")
    assert (tmp_path / "joined.tracker").read_bytes() == (tmp_path / "whole.tracker").read_bytes()


def test_missing_workers_and_existing_outputs_are_refused(workers, tmp_path):
    paths, _ = workers
    output = tmp_path / "merged.tracker"
    with pytest.raises(trackerstate.TrackerError) as caught:
        trackerstate.merge(paths[:3], output, expected_workers=4)
    assert caught.value.code == "MISSING_WORKER" and not output.exists()
    trackerstate.merge(paths, output)
    with pytest.raises(FileExistsError):
        trackerstate.merge(paths, output)
    trackerstate.merge(paths, output, overwrite=True)
    with pytest.raises(ValueError, match="output"):
        trackerstate.merge([*paths, output], output, overwrite=True)
    with pytest.raises(ValueError):
        trackerstate.merge(paths, tmp_path / "part.tracker", partition=(4, 3))


def test_conflicts_are_refused_or_decided(tmp_path):
    for rank, value in enumerate((1.0, 3.0)):
        with InstanceTracker(
            mode="train", path=tmp_path / "w.tracker", run=Run("conflict", rank, 2)
        ) as tracker:
            tracker.record([1, 2 + rank], [value, 0.5])
            tracker.end_epoch(10, 1)
    paths = sorted(tmp_path.glob("w-*.tracker"))
    with pytest.raises(trackerstate.MergeConflict):
        trackerstate.merge(paths, tmp_path / "m.tracker")
    with pytest.raises(trackerstate.MergeConflict):
        trackerstate.open(paths).points()
    for policy, expected in (("min", 1.0), ("max", 3.0), ("first", 1.0), ("last", 3.0)):
        report = trackerstate.merge(
            paths, tmp_path / "m.tracker", on_conflict=policy, overwrite=True
        )
        assert report.conflicts == 1
        assert trackerstate.open(tmp_path / "m.tracker").points().value[0] == expected
        assert trackerstate.open(paths, on_conflict=policy).points().value[0] == expected
    with pytest.raises(ValueError, match="policy"):
        trackerstate.open(paths, on_conflict="mean")


def test_a_run_goes_on_with_another_number_of_workers(workers, tmp_path, rng):
    paths, values = workers
    more = rng.random(80).astype(np.float32)
    for path in paths:
        trackerstate.rewind(path, 10)
    for rank in range(2):
        run = trackerstate.continuing(paths, rank, 2)
        assert (run.run_id, run.generation, run.world_size) == ("together", 1, 2)
        with InstanceTracker(mode="train", path=tmp_path / "new.tracker", run=run) as tracker:
            part = np.arange(rank, 80, 2)
            tracker.record(part, more[part])
            tracker.end_epoch(20, 2)
    new = sorted(tmp_path.glob("new-*.tracker"))
    trackerstate.merge([*paths, *new], tmp_path / "all.tracker")
    matrix = trackerstate.open(tmp_path / "all.tracker").matrix()
    assert np.array_equal(matrix.values, np.stack([values[0], values[1], more]))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, Run(None, 0, 1)),
        ({"RANK": "2", "WORLD_SIZE": "4", "TRACKER_RUN_ID": "a"}, Run("a", 2, 4)),
        ({"RANK": "1", "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "job"}, Run("job", 1, 2)),
        ({"RANK": "0", "WORLD_SIZE": "1", "TORCHELASTIC_RUN_ID": "none"}, Run(None, 0, 1)),
        (
            {"SLURM_PROCID": "3", "SLURM_NTASKS": "8", "SLURM_JOB_ID": "77"},
            Run("slurm-77", 3, 8),
        ),
    ],
)
def test_the_environment_tells_who_a_worker_is(monkeypatch, environment, expected):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert trackerstate.current_run() == expected


def test_the_rank_stands_where_the_path_says(tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(ValueError, match="run id"):
        InstanceTracker(path=tmp_path / "run.tracker")
    monkeypatch.setenv("TRACKER_RUN_ID", "r")
    with InstanceTracker(path=tmp_path / "{rank}-of-3.tracker") as tracker:
        assert tracker.path.endswith("/1-of-3.tracker")
        assert tracker.run == Run("r", 1, 3)
    monkeypatch.setenv("RANK", "first")
    with pytest.raises(ValueError, match="RANK"):
        InstanceTracker(path=tmp_path / "run.tracker")

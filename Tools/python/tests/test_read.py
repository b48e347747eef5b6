"""Matrices, points, histories and statistics are those of the points recorded."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import trackerstate
from conftest import record_epochs


@pytest.fixture
def gaps(rng):
    values = rng.random((6, 200)).astype(np.float32)
    values[rng.random((6, 200)) < 0.3] = np.nan
    values[:, 17] = np.nan
    return values


def test_missing_points_are_told(path, gaps):
    record_epochs(path, gaps).close()
    with trackerstate.open(path) as file:
        matrix = file.matrix()
        there = ~np.isnan(gaps)
        rows = there.any(axis=0)
        assert matrix.indices.tolist() == np.flatnonzero(rows).tolist()
        assert np.array_equal(matrix.present, there[:, rows])
        assert np.array_equal(matrix.filled(), gaps[:, rows], equal_nan=True)
        assert matrix.point_count == there.sum() == file.point_count
        assert not matrix.values[~matrix.present].any()
        assert matrix.masked().count() == there.sum()


def test_points_come_by_instance_then_step(path, gaps):
    record_epochs(path, gaps).close()
    points = trackerstate.open(path).points()
    index, epoch = np.nonzero(~np.isnan(gaps.T))
    assert np.array_equal(points.index, index)
    assert np.array_equal(points.step, 100 * (epoch + 1))
    assert np.array_equal(points.epoch, epoch + 1)
    assert np.array_equal(points.value, gaps.T[index, epoch])


def test_filters_leave_others_out(path, gaps):
    record_epochs(path, gaps).close()
    channel = trackerstate.open(path).channel()
    wanted = [150, 3, 9, 17, 1000]
    matrix = channel.matrix(wanted, steps=(200, 400))
    rows = [row for row in (3, 9, 150) if not np.isnan(gaps[1:4, row]).all()]
    assert matrix.indices.tolist() == rows
    assert np.array_equal(matrix.filled(), gaps[1:4][:, rows], equal_nan=True)
    assert channel.matrix(steps=300).steps.tolist() == [300]
    assert channel.matrix(steps=(None, 200)).steps.tolist() == [100, 200]
    assert channel.points([3], steps=range(100, 301)).step.max() <= 300
    assert channel.matrix([1000]).shape == (0, 0)
    assert len(channel.points(steps=7)) == 0
    with pytest.raises(ValueError):
        channel.matrix(["a"])
    with pytest.raises(ValueError):
        channel.matrix(steps=(5, 1))
    with pytest.raises(trackerstate.TrackerError) as caught:
        channel.matrix(max_cells=100)
    assert caught.value.code == "LIMIT_EXCEEDED"


def test_histories_are_rows(path, gaps):
    record_epochs(path, gaps).close()
    histories = trackerstate.open(path).history([199, 0, 17])
    assert list(histories) == [199, 0, 17]
    for index, history in histories.items():
        there = ~np.isnan(gaps[:, index])
        assert np.array_equal(history.value, gaps[there, index])
        assert np.array_equal(history.epoch, 1 + np.flatnonzero(there))


def test_values_are_not_copied_and_outlive_their_file(path, rng):
    values = rng.random((4, 5000)).astype(np.float32)
    record_epochs(path, values, batch=5000).close()
    file = trackerstate.open(path)
    matrix = file.matrix()
    view = matrix.values[1:, ::2]
    again = matrix.values
    assert np.shares_memory(view, again) and not again.flags.owndata
    assert not again.flags.writeable
    file.close()
    del file, matrix, again
    gc.collect()
    # Memory that was given back would be used again by these.
    others = [np.full(5000, 7.0, np.float32) for _ in range(50)]
    assert np.array_equal(view, values[1:, ::2])
    assert len(others) == 50


def test_blocks_are_the_matrix_in_parts(path, gaps):
    record_epochs(path, gaps).close()
    channel = trackerstate.open(path).channel()
    assert sum(block.point_count for block in channel.blocks()) == channel.point_count
    indices = np.concatenate([block.indices for block in channel.blocks()])
    assert np.array_equal(indices, channel.matrix().indices)


def test_statistics_are_those_of_numpy(path, gaps):
    record_epochs(path, gaps).close()
    channel = trackerstate.open(path).channel()
    table = channel.stats(["mean", "min", "max", "final", "std"])
    rows = table["index"]
    wide = gaps[:, rows].astype(np.float64)
    assert np.array_equal(table["points"], (~np.isnan(wide)).sum(axis=0))
    assert np.allclose(table["mean"], np.nanmean(wide, axis=0), rtol=1e-14)
    assert np.array_equal(table["min"], np.nanmin(wide, axis=0))
    assert np.array_equal(table["max"], np.nanmax(wide, axis=0))
    assert np.allclose(table["std"], np.nanstd(wide, axis=0), atol=1e-12)
    assert set(trackerstate.criteria()) - {"rank_change"} == set(channel.stats()) - {"index", "points"}
    some = channel.stats("mean", indices=[3, 5], epochs=(1, 2))
    assert some["index"].tolist() == [i for i in (3, 5) if not np.isnan(gaps[:2, i]).all()]
    assert "rank_change" in channel.stats(["rank_change"])
    with pytest.raises(ValueError, match="no criterion"):
        channel.stats("median")


def test_selections_follow_their_criterion(path, gaps):
    record_epochs(path, gaps).close()
    channel = trackerstate.open(path).channel()
    means = channel.stats("mean")
    chosen = channel.select("mean", max=4, min=0, keep=[0, 5000])
    order = np.argsort(means["mean"], kind="stable")
    assert chosen.max == sorted(means["index"][order[-4:]].tolist())
    assert chosen.min == [] and chosen.listed == [0] and chosen.missing == [5000]
    assert len(channel.select("rank_change", max=2, min=2).all) >= 2
    learned = channel.select("correctness", correct=trackerstate.Correctness(below=0.5))
    assert all(0 <= score <= 1 for score in learned.scores.values())
    with pytest.raises(ValueError):
        channel.select(max=-2)


def test_steps_and_commits_are_listed(path, gaps):
    record_epochs(path, gaps).close()
    with trackerstate.open(path) as file:
        steps = file.channel().steps()
        assert steps["points"].tolist() == (~np.isnan(gaps)).sum(axis=1).tolist()
        assert file.commits["step"][-1] == 600
        assert file.parameters["metric"] == ["ce"]
        first = file.commits["sequence"][0]
    assert trackerstate.open(path, commit=int(first)).channels == []


def test_channels_are_found_by_what_they_are(path):
    with trackerstate.InstanceTracker(mode=["train", "eval"], path=path) as tracker:
        for mode in ("train", "eval"):
            tracker.record([1], [1.0], mode=mode)
            tracker.end_epoch(1, 1, mode)
    with trackerstate.open(path) as file:
        assert file["ce", "eval"].mode == "eval"
        with pytest.raises(ValueError, match="several"):
            file.channel("ce")
        with pytest.raises(FileNotFoundError):
            file["accuracy"]
    with pytest.raises(trackerstate.TrackerClosed):
        file["ce", "eval"].matrix()


def test_files_that_are_not_there_or_none_are_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        trackerstate.open(tmp_path / "none.tracker")
    with pytest.raises(FileNotFoundError):
        trackerstate.open(tmp_path)
    with pytest.raises(FileNotFoundError):
        trackerstate.open(str(tmp_path / "*.tracker"))
    (tmp_path / "text.tracker").write_text("no tracker at all, but long enough to be one: " * 20)
    with pytest.raises(trackerstate.TrackerDamaged):
        trackerstate.open(tmp_path / "text.tracker")


def test_damage_is_found(path, gaps):
    record_epochs(path, gaps).close()
    assert trackerstate.verify(path).is_sound
    data = bytearray(open(path, "rb").read())
    data[len(data) // 3] ^= 0x40
    open(path, "wb").write(data)
    found = trackerstate.verify(path)
    assert not found.is_sound and found.findings.row_count >= 1

"""What is recorded is read back, bit for bit."""

from __future__ import annotations

import pickle
import sys
import threading

import numpy as np
import pytest
import trackerstate
from conftest import record_epochs
from trackerstate import InstanceTracker


def test_every_bit_of_every_value_comes_back(path, rng):
    bits = rng.integers(0, 1 << 32, (5, 300), dtype=np.uint64).astype(np.uint32)
    values = bits.view(np.float32)
    with InstanceTracker(metric="ce", mode="train", path=path) as tracker:
        for epoch in range(5):
            tracker.record(np.arange(300), values[epoch])
            tracker.end_epoch(epoch)
    with trackerstate.open(path) as file:
        matrix = file.matrix()
        assert matrix.values.dtype == np.float32
        assert np.array_equal(matrix.values.view(np.uint32), bits)
        assert matrix.indices.tolist() == list(range(300))
        assert matrix.steps.tolist() == list(range(5))


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.float16, np.float32),
        (np.bool_, np.float32),
        (np.int64, np.float64),
        (np.int32, np.float64),
        (np.int8, np.float64),
        (np.uint8, np.float64),
        (np.uint64, np.float64),
    ],
)
def test_values_of_each_type_are_kept_exactly(path, rng, dtype, stored):
    values = rng.integers(0, 2 if dtype == np.bool_ else 100, 50).astype(dtype)
    if np.dtype(dtype).kind == "f":
        values = (rng.random(50) * 4 - 2).astype(dtype)
    with InstanceTracker(mode="train", path=path) as tracker:
        assert tracker.record(np.arange(50), values)
        tracker.end_epoch(1)
    matrix = trackerstate.open(path).matrix()
    assert matrix.values.dtype == stored
    assert np.array_equal(matrix.values[0], values.astype(stored))


def test_payloads_of_float16_nans_are_kept(path):
    bits = np.array([0x7C01, 0xFE00, 0x7C00, 0xFC00, 0x0001, 0x8000], np.uint16)
    with InstanceTracker(mode="train", path=path) as tracker:
        tracker.record(np.arange(6), bits.view(np.float16))
        tracker.end_epoch(1)
    found = trackerstate.open(path).matrix().values[0].view(np.uint32).tolist()
    # Sign, the exponent of all ones, and the payload in the highest bits of the wider one.
    assert found[:4] == [0x7F802000, 0xFFC00000, 0x7F800000, 0xFF800000]
    assert found[4] == int(np.float32(2.0**-24).view(np.uint32))
    assert found[5] == 0x80000000


def test_bfloat16_arrays_of_ml_dtypes_are_taken(path):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    values = np.array([0.5, -3.25, 1e30, np.inf], ml_dtypes.bfloat16)
    with InstanceTracker(mode="train", path=path) as tracker:
        tracker.record([1, 2, 3, 4], values)
        tracker.end_epoch(1)
    matrix = trackerstate.open(path).matrix()
    assert matrix.values[0].tolist() == values.astype(np.float32).tolist()


def test_lists_scalars_and_columns_are_taken(path):
    with InstanceTracker(mode="train", path=path) as tracker:
        tracker.record([3, 1], [0.5, 0.25])
        tracker.record(7, 2.0)
        tracker.record(np.array([[4], [5]]), np.array([[1.0], [8.0]]))
        tracker.record((9,), (True,))
        tracker.record([], [])
        tracker.end_epoch(10, 1)
    points = trackerstate.open(path).points()
    assert points.index.tolist() == [1, 3, 4, 5, 7, 9]
    assert points.value.tolist() == [0.25, 0.5, 1.0, 8.0, 2.0, 1.0]
    assert set(points.step.tolist()) == {10} and set(points.epoch.tolist()) == {1}


def test_strided_arrays_are_taken_as_they_mean(path, rng):
    indices, values = np.arange(100)[::-3], rng.random(200).astype(np.float32)[::6]
    with InstanceTracker(mode="train", path=path) as tracker:
        for _ in range(3):
            tracker.record(indices, values)
        tracker.end_epoch(1)
    matrix = trackerstate.open(path).matrix()
    assert np.array_equal(matrix.values[0], values[np.argsort(indices)])


def test_quick_batches_mix_with_others(path, rng):
    """Batches of one size take a path of their own; others in between do not disturb it."""
    expected: dict[int, float] = {}
    with InstanceTracker(mode=["train", "eval"], path=path) as tracker:
        for round in range(40):
            count = [5, 5, 5, 1, 0, 5000, 5][round % 7]
            indices = rng.integers(0, 9000, count)
            values = rng.random(count).astype(np.float32)
            tracker.record(indices, values, mode="train")
            expected.update(zip(indices.tolist(), values.tolist()))
            if round % 5 == 0:
                tracker.record(indices, -values, mode="eval")
        tracker.end_epoch(1, 1, "train")
    points = trackerstate.open(path).points("ce", "train")
    assert dict(zip(points.index.tolist(), points.value.tolist())) == expected


def test_the_callers_arrays_may_change_after_the_call(path):
    indices, values = np.arange(4), np.ones(4, np.float32)
    with InstanceTracker(mode="train", path=path) as tracker:
        for _ in range(3):
            tracker.record(indices, values)
        values[:] = 9
        indices[:] = 77
        tracker.end_epoch(1)
    points = trackerstate.open(path).points()
    assert points.index.tolist() == [0, 1, 2, 3] and points.value.tolist() == [1] * 4


def test_strings_are_indices(path):
    names = ["b.png", "ä.png", "a.png", "日本"]
    with InstanceTracker(mode="train", path=path, index_type="string") as tracker:
        tracker.record(names, [1.0, 2.0, 3.0, 4.0])
        tracker.record(np.array(["a.png"]), np.array([5.0]))
        tracker.end_epoch(1)
        tracker.record(names[:1], [0.5])
        tracker.end_epoch(2)
        assert tracker.history("b.png")["b.png"].value.tolist() == [1.0, 0.5]
    with trackerstate.open(path) as file:
        assert file.index_type == "string"
        assert file.matrix().indices.tolist() == ["a.png", "b.png", "ä.png", "日本"]
        assert file.points().value.tolist() == [5.0, 1.0, 0.5, 2.0, 4.0]
        assert file.history(["日本", "none"])["none"].value.size == 0
        assert file.select(max=1, min=1)[0].max == ["a.png"]


def test_several_metrics_are_recorded_at_once(path, rng):
    losses, hits = rng.random(20).astype(np.float32), rng.integers(0, 2, 20).astype(bool)
    with InstanceTracker(metric=["ce", "correct"], mode="train", path=path) as tracker:
        tracker.record(np.arange(20), {"ce": losses, "correct": hits})
        with pytest.raises(trackerstate.TrackerValueError, match="2 metrics"):
            tracker.record(np.arange(20), losses)
        with pytest.raises(trackerstate.TrackerValueError, match="not tracked"):
            tracker.record(np.arange(20), {"accuracy": hits})
        tracker.end_epoch(1)
    with trackerstate.open(path) as file:
        assert [channel.metric for channel in file.channels] == ["ce", "correct"]
        assert np.array_equal(file.matrix("ce").values[0], losses)
        assert np.array_equal(file["correct"].matrix().values[0], hits)


def test_data_sets_are_kept_apart_and_end_together(path):
    with InstanceTracker(mode="eval", path=path) as tracker:
        tracker.record([1, 2], [0.5, 0.25], ds_id="a")
        tracker.record([1, 2], [5.0, 6.0], ds_id="b")
        tracker.end_epoch(10, 3)
        assert tracker.unsealed_count == 0
    with trackerstate.open(path) as file:
        assert [channel.ds_id for channel in file.channels] == ["a", "b"]
        assert file["ce", "eval", "b"].points().value.tolist() == [5.0, 6.0]
        assert file["ce", "eval", "a"].points().epoch.tolist() == [3, 3]


def test_an_epoch_has_the_number_that_its_end_names(path):
    with InstanceTracker(mode=["train", "eval"], path=path) as tracker:
        for epoch in (0, 1, 5):
            tracker.record([1], [float(epoch)], mode="train")
            tracker.end_epoch(10 * epoch, epoch, "train")
        tracker.record([1], [2.5], mode="eval")
        tracker.end_epoch(50, 5, "eval")
        tracker.record([1], [6.0], mode="train")
        tracker.end_epoch(60, mode="train")
    with trackerstate.open(path) as file:
        assert file.matrix("ce", "train").epochs.tolist() == [0, 1, 5, 6]
        assert file.matrix("ce", "train").values[:, 0].tolist() == [0, 1, 5, 6]
        assert file.matrix("ce", "eval").epochs.tolist() == [5]


def test_epochs_that_the_frequency_leaves_out_are_dropped(path):
    with InstanceTracker(mode="train", epoch_frequency=2, path=path) as tracker:
        for epoch in range(5):
            tracker.record([1, 2], [float(epoch), 0.5])
            tracker.end_epoch(epoch * 10, epoch)
        assert not tracker.record([1], [1.0], epoch=7)
        assert tracker.unsealed_count == 0
    assert trackerstate.open(path).matrix().epochs.tolist() == [0, 2, 4]


def test_modes_that_are_not_tracked_are_not_recorded(path):
    with InstanceTracker(mode="!infer", path=path) as tracker:
        assert tracker.record([1], [1.0], mode="test")
        assert not tracker.record([1], [1.0], mode="infer")
        with pytest.raises(trackerstate.TrackerValueError, match="name the mode"):
            tracker.record([1], [1.0])
        with pytest.raises(trackerstate.TrackerValueError, match="unknown mode"):
            tracker.record([1], [1.0], mode="training")


@pytest.mark.parametrize(
    ("indices", "values"),
    [
        ([1, 2], [1.0]),
        ([1.5], [1.0]),
        (["a"], [1.0]),
        ([1], ["a"]),
        ([1], [1 + 2j]),
        ([2**63], [1.0]),
        ([1], [2**53 + 1]),
        ([1, 2], np.ones((2, 2))),
        ([1], np.array([object()])),
    ],
)
def test_wrong_batches_are_refused_whole(path, indices, values):
    with InstanceTracker(mode="train", path=path) as tracker:
        with pytest.raises(trackerstate.TrackerValueError):
            tracker.record(indices, values)
        assert tracker.unsealed_count == 0
        # It is a ValueError for those who know nothing of trackers.
        with pytest.raises(ValueError):
            tracker.record(indices, values)


def test_errors_go_from_process_to_process():
    error = trackerstate.TrackerExists("ALREADY_EXISTS", "the file exists")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and (again.code, str(again)) == (error.code, str(error))


def test_a_float32_channel_refuses_what_it_cannot_hold(path):
    with InstanceTracker(mode="train", path=path) as tracker:
        tracker.record(np.array([1]), np.array([0.1], np.float32))
        tracker.record(np.array([2]), np.array([0.5], np.float64))
        with pytest.raises(trackerstate.TrackerValueError) as caught:
            tracker.record(np.array([2]), np.array([0.1], np.float64))
        assert caught.value.code == "INEXACT_VALUE"


def test_selection_is_that_of_the_last_values(path, rng):
    values = rng.random((4, 30)).astype(np.float32)
    values[3, 10:] = np.nan
    with record_epochs(path, values, n_max_to_keep=3, n_min_to_keep=2, list_to_keep=[4, 99]) as tracker:
        (selection,) = tracker.select()
        last = np.where(np.isnan(values[3]), values[2], values[3])
        order = np.argsort(last, kind="stable")
        assert selection.max == sorted(order[-3:].tolist())
        assert selection.min == sorted(order[:2].tolist())
        assert (selection.listed, selection.missing) == ([4], [99])
        assert selection.scores[4] == last[4]
        assert tracker.select() == [selection]
    with trackerstate.open(path) as file:
        kept = [(row["set"], row["index"]) for row in file.kept.rows()]
        assert [index for set, index in kept if set == "max"] == selection.max
        assert [index for set, index in kept if set == "missing"] == [99]
        assert file.select() == [selection]


def test_a_tracker_in_memory_needs_no_file(rng):
    values = rng.random((3, 40)).astype(np.float32)
    with record_epochs(None, values) as tracker:
        assert np.array_equal(tracker.reader().matrix().values, values)
        assert tracker.history([5])[5].value.tolist() == values[:, 5].tolist()


def test_values_are_rounded_only_where_asked(path):
    with InstanceTracker(mode="train", keep_mantissa_bits=3, path=path) as tracker:
        tracker.record([1], np.array([1.0 + 2**-4 + 2**-10], np.float32))
        tracker.end_epoch(1)
    with trackerstate.open(path) as file:
        assert file.matrix().values[0, 0] == 1.125
        assert file.parameters["keep_mantissa_bits"] == 3


@pytest.mark.parametrize(
    "options",
    [
        {"n_max_to_keep": -1},
        {"epoch_frequency": 0},
        {"metric": []},
        {"metric": ["a", "a"]},
        {"mode": "training"},
        {"mode": ["train", "!eval"]},
        {"list_to_keep": [1, "a"]},
        {"list_to_keep": ["a"], "index_type": "int64"},
        {"keep_mantissa_bits": 99},
        {"index": ""},
        {"index_type": "float"},
        {"level": "smallest"},
    ],
)
def test_wrong_settings_are_refused(path, options, tmp_path):
    with pytest.raises(ValueError):
        InstanceTracker(path=path, **options)
    assert list(tmp_path.iterdir()) == []


def test_threads_may_record_at_once(path):
    """Each batch is recorded as it was given, whichever thread is in the middle of another's."""
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with InstanceTracker(mode="train", path=path) as tracker:

            def work(number):
                # So long that NumPy lets other threads run while it copies them.
                for round in range(300):
                    first = (number * 300 + round) * 2000
                    indices = np.arange(first, first + 2000)
                    tracker.record(indices, indices.astype(np.float32), epoch=1)

            threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            tracker.end_epoch(1, 1)
    finally:
        sys.setswitchinterval(switch)
    points = trackerstate.open(path).points()
    assert points.index.tolist() == list(range(4 * 300 * 2000))
    assert np.array_equal(points.value, points.index.astype(np.float32))

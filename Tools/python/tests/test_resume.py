"""A run that is killed, resumed, rewound or restored is the run that it would have been."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import trackerstate
from conftest import record_epochs
from trackerstate import InstanceTracker


def meaning(path):
    with trackerstate.open(path) as file:
        return file.digest()


def run(path, first, last, values, **options):
    tracker = InstanceTracker(mode="train", path=path, **options)
    for epoch in range(first, last):
        tracker.record(np.arange(50), values[epoch])
        tracker.end_epoch(100 * epoch, epoch)
        tracker.checkpoint()
    return tracker


def test_a_resumed_run_is_the_undisturbed_one(tmp_path, rng):
    values = rng.random((6, 50)).astype(np.float32)
    run(tmp_path / "whole.tracker", 0, 6, values).close()
    run(tmp_path / "cut.tracker", 0, 3, values).close()
    run(tmp_path / "cut.tracker", 3, 6, values, resume=True).close()
    assert meaning(tmp_path / "whole.tracker") == meaning(tmp_path / "cut.tracker")


def test_an_existing_file_is_not_overwritten(path, rng):
    values = rng.random((6, 50)).astype(np.float32)
    run(path, 0, 2, values).close()
    with pytest.raises(FileExistsError):
        InstanceTracker(mode="train", path=path, resume=False)
    waiting = InstanceTracker(mode="train", path=path)
    assert not waiting.is_open
    with pytest.raises(trackerstate.TrackerExists, match="resume"):
        waiting.record([1], [1.0])
    waiting.resume()
    assert waiting.is_open and waiting.last_step == 100
    waiting.close()


def test_resuming_at_a_step_forgets_what_came_later(path, rng):
    values = rng.random((6, 50)).astype(np.float32)
    run(path, 0, 6, values).close()
    tracker = InstanceTracker(mode="train", path=path)
    with pytest.raises(trackerstate.TrackerValueError, match="step"):
        tracker.resume(250)
    tracker.resume(200)
    tracker.record(np.arange(50), values[5])
    tracker.end_epoch(300, 3)
    tracker.close()
    assert np.array_equal(trackerstate.open(path).matrix().values, values[[0, 1, 2, 5]])
    # What was rewound past is in the file.
    assert trackerstate.open(path, step=200).matrix().steps.tolist() == [0, 100, 200]


def test_rewind_takes_a_file_back(path, rng):
    run(path, 0, 4, rng.random((6, 50)).astype(np.float32)).close()
    trackerstate.rewind(path, 100)
    assert trackerstate.open(path).matrix().steps.tolist() == [0, 100]


def test_rewind_takes_a_file_back_to_a_commit(path, rng):
    run(path, 0, 4, rng.random((6, 50)).astype(np.float32)).close()
    with trackerstate.open(path) as file:
        first = file.commits["sequence"][0]
    trackerstate.rewind(path, commit=first)
    with trackerstate.open(path) as file:
        assert not file.channels and len(file.commits["sequence"]) == 2
    for wrong in ({}, {"step": 1, "commit": 1}):
        with pytest.raises(ValueError, match="step or a commit"):
            trackerstate.rewind(path, **wrong)


def test_points_of_an_unfinished_epoch_survive(path):
    tracker = InstanceTracker(mode="train", path=path)
    tracker.record([1, 2], [0.5, 0.25])
    tracker.checkpoint()
    tracker.close()
    assert trackerstate.open(path).unsealed_count == 2
    with InstanceTracker(mode="train", path=path, resume=True) as tracker:
        assert tracker.unsealed_count == 2
        tracker.record([3], [0.125])
        # Its number was not known when the first points were recorded.
        tracker.end_epoch(70, 7)
    points = trackerstate.open(path).points()
    assert points.index.tolist() == [1, 2, 3] and points.epoch.tolist() == [7, 7, 7]


def test_an_epoch_that_ends_right_after_a_resume_has_its_points(path):
    with InstanceTracker(mode="train", path=path) as tracker:
        tracker.record([1, 2], [0.5, 0.25])
    with InstanceTracker(mode="train", path=path, resume=True) as tracker:
        tracker.end_epoch(70, 7)
    assert trackerstate.open(path).points().epoch.tolist() == [7, 7]


def test_a_killed_process_loses_nothing_that_was_checkpointed(path):
    script = f"""
import os, numpy, trackerstate
tracker = trackerstate.InstanceTracker(mode="train", path={path!r})
for epoch in range(3):
    tracker.record(numpy.arange(1000), numpy.full(1000, epoch, numpy.float32))
    tracker.end_epoch(epoch, epoch)
    tracker.checkpoint()
tracker.record(numpy.arange(1000), numpy.ones(1000, numpy.float32))
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", script], env=_environment(), check=False)
    with trackerstate.open(path) as file:
        assert file.matrix().steps.tolist() == [0, 1, 2]
    assert trackerstate.verify(path).is_sound


def test_what_was_recorded_is_written_at_the_end_of_the_process(path):
    script = f"""
import numpy, trackerstate
tracker = trackerstate.InstanceTracker(mode="train", path={path!r})
tracker.record(numpy.arange(10), numpy.ones(10))
tracker.end_epoch(5, 5)
"""
    subprocess.run([sys.executable, "-c", script], env=_environment(), check=True)
    assert trackerstate.open(path).points().epoch.tolist() == [5] * 10


def _environment():
    package = os.path.dirname(os.path.dirname(trackerstate.__file__))
    return {**os.environ, "PYTHONPATH": package}


def test_a_tracker_that_goes_gives_its_file_back(path, rng):
    tracker = run(path, 0, 2, rng.random((6, 50)).astype(np.float32))
    del tracker
    gc.collect()
    with InstanceTracker(mode="train", path=path, resume=True) as tracker:
        assert tracker.last_step == 100


def test_two_writers_are_kept_apart(path, tmp_path):
    with InstanceTracker(mode="train", path=path) as tracker:
        script = f"""
import trackerstate
try:
    trackerstate.InstanceTracker(mode="train", path={path!r}, resume=True)
except trackerstate.TrackerLocked as error:
    print(error.code)
"""
        done = subprocess.run(
            [sys.executable, "-c", script], env=_environment(), capture_output=True, text=True
        )
        assert done.stdout == "LOCKED\n"
        tracker.record([1], [1.0])


def test_settings_that_differ_are_told(path, rng):
    run(path, 0, 2, rng.random((6, 50)).astype(np.float32)).close()
    with InstanceTracker(mode="train", path=path, resume=True, n_max_to_keep=9) as tracker:
        assert tracker.parameter_differences == {"n_max_to_keep": ("5", "9")}
    with pytest.raises(trackerstate.TrackerValueError, match="metric"):
        InstanceTracker(metric="other", mode="train", path=path, resume=True)


# -- State -----------------------------------------------------------------------------------------


def test_a_state_at_the_end_of_an_epoch_takes_back_to_it(path, rng):
    values = rng.random((6, 50)).astype(np.float32)
    tracker = run(path, 0, 3, values)
    state = tracker.state_dict()
    # It may go through what checkpoints go through.
    state = pickle.loads(pickle.dumps(copy.deepcopy(state)))
    assert state["step"] == 200 and state["epoch"] == 2
    tracker.record(np.arange(50), values[5])
    tracker.end_epoch(300, 3)
    tracker.close()
    restored = InstanceTracker(mode="train", path=path)
    restored.load_state_dict(state)
    restored.record(np.arange(50), values[3])
    restored.end_epoch(300, 3)
    restored.close()
    assert np.array_equal(trackerstate.open(path).matrix().values, values[:4])


def test_a_state_within_an_epoch_takes_back_to_it(path, rng):
    values = rng.random((6, 50)).astype(np.float32)
    tracker = run(path, 0, 2, values)
    tracker.record(np.arange(20), values[2, :20])
    state = tracker.state_dict()
    tracker.record(np.arange(20), -values[2, :20])
    tracker.end_epoch(200, 2)
    tracker.load_state_dict(state)
    assert tracker.unsealed_count == 20
    tracker.record(np.arange(20, 50), values[2, 20:])
    tracker.end_epoch(200, 2)
    tracker.close()
    assert np.array_equal(trackerstate.open(path).matrix().values, values[:3])


def test_a_state_of_a_tracker_in_memory_holds_it(rng):
    values = rng.random((6, 50)).astype(np.float32)
    tracker = run(None, 0, 3, values)
    state = pickle.loads(pickle.dumps(tracker.state_dict()))
    other = InstanceTracker(mode="train")
    other.load_state_dict(state)
    other.record(np.arange(50), values[3])
    other.end_epoch(300, 3)
    assert np.array_equal(other.reader().matrix().values, values[:4])


def test_a_state_of_nothing_is_refused(path, rng):
    run(path, 0, 1, rng.random((6, 50)).astype(np.float32)).close()
    waiting = InstanceTracker(mode="train", path=path)
    empty = waiting.state_dict()
    with pytest.raises(ValueError, match="no checkpoint"):
        waiting.load_state_dict(empty)
    with pytest.raises(ValueError, match="version"):
        waiting.load_state_dict({"version": 2})


def test_trackers_are_not_pickled(path):
    with InstanceTracker(mode="train", path=path) as tracker:
        with pytest.raises(TypeError, match="state_dict"):
            pickle.dumps(tracker)


def test_closed_trackers_say_so(path):
    tracker = InstanceTracker(mode="train", path=path)
    tracker.record([1], [1.0])
    tracker.close()
    tracker.close()
    for call in (
        lambda: tracker.record([1], [1.0]),
        lambda: tracker.end_epoch(1),
        tracker.checkpoint,
        tracker.select,
        lambda: tracker.unsealed_count,
    ):
        with pytest.raises(trackerstate.TrackerClosed):
            call()


def test_checkpoints_in_the_background_are_durable_after_flush(path, rng):
    values = rng.random((3, 50)).astype(np.float32)
    tracker = record_epochs(path, values)
    tracker.checkpoint(background=True)
    tracker.flush()
    assert np.array_equal(trackerstate.open(path).matrix().values, values)
    tracker.close()

"""Forked children neither hold the lock of a tracker's file nor write to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
import trackerstate
from trackerstate import InstanceTracker

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")


def in_child(body) -> str:
    """What a forked child's body returns."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, str(body()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    assert os.waitpid(child, 0)[1] == 0
    return text


def test_every_call_of_a_child_is_refused(path):
    tracker = InstanceTracker(mode="train", path=path)
    batch = np.arange(5), np.ones(5, np.float32)
    # Twice, so that the next batch is a quick one.
    tracker.record(*batch)
    tracker.record(*batch)
    tracker.end_epoch(1)
    tracker.record(*batch)
    tracker.record(*batch)

    def body():
        codes = []
        for call in (
            lambda: tracker.record(*batch),
            lambda: tracker.record([1], [1.0]),
            lambda: tracker.end_epoch(2),
            tracker.checkpoint,
            tracker.flush,
            tracker.select,
            tracker.state_dict,
        ):
            try:
                call()
                codes.append("done")
            except trackerstate.TrackerForked as error:
                codes.append(error.code)
        tracker.close()
        return set(codes)

    # What ended is written in the background.
    tracker.flush()
    size = os.path.getsize(path)
    assert in_child(body) == "{'FORKED_PROCESS'}"
    assert os.path.getsize(path) == size
    tracker.end_epoch(2)
    tracker.close()
    assert trackerstate.open(path).matrix().steps.tolist() == [1, 2]


def test_a_child_that_ends_as_processes_do_writes_nothing(path):
    script = f"""
import os, numpy, trackerstate
tracker = trackerstate.InstanceTracker(mode="train", path={path!r})
tracker.record(numpy.arange(10), numpy.ones(10))
size = os.path.getsize({path!r})
if os.fork() == 0:
    raise SystemExit(0)  # with everything that is done at the end of a process
os.wait()
print(os.path.getsize({path!r}) == size)
os._exit(0)
"""
    package = os.path.dirname(os.path.dirname(trackerstate.__file__))
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": package}, capture_output=True, text=True, check=True,
    )
    assert done.stdout == "True\n", done.stderr


def test_a_child_may_read_and_write_files_of_its_own(path, tmp_path):
    with InstanceTracker(mode="train", path=path) as tracker:
        tracker.record([1, 2], [0.5, 0.25])
        tracker.end_epoch(1)
        tracker.checkpoint()

        def body():
            with InstanceTracker(mode="train", path=tmp_path / "child.tracker") as other:
                other.record([3], [1.0])
                other.end_epoch(1)
            return trackerstate.open([path, tmp_path / "child.tracker"]).points().index.tolist()

        assert in_child(body) == "[1, 2, 3]"


def test_a_child_that_outlives_its_killed_parent_does_not_hold_the_lock(path):
    script = f"""
import os, time, numpy, trackerstate
tracker = trackerstate.InstanceTracker(mode="train", path={path!r})
tracker.record(numpy.arange(10), numpy.ones(10))
tracker.end_epoch(1)
tracker.checkpoint()
child = os.fork()
if child == 0:
    time.sleep(60)
    os._exit(0)
print(child, flush=True)
os.kill(os.getpid(), 9)
"""
    package = os.path.dirname(os.path.dirname(trackerstate.__file__))
    done = subprocess.Popen(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": package},
        stdout=subprocess.PIPE, text=True,
    )
    child = int(done.stdout.readline())
    done.wait()
    try:
        os.kill(child, 0)
        with InstanceTracker(mode="train", path=path, resume=True) as tracker:
            assert tracker.last_step == 1
    finally:
        os.kill(child, signal.SIGKILL)
        done.stdout.close()


def test_forks_while_other_threads_use_the_library_hang_nobody(path):
    """The registry of handles is not locked in a child, whatever other threads did at the fork."""
    going = threading.Event()
    going.set()

    def work():
        while going.is_set():
            trackerstate.criteria()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(30):
            assert in_child(lambda: len(trackerstate.criteria())) == "15"
    finally:
        going.clear()
        for thread in threads:
            thread.join()

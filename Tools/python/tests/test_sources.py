"""Trackers whose bytes lie elsewhere: only what is asked for is read."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import numpy as np
import pytest
import trackerstate
from conftest import record_epochs
from trackerstate import BytesSource, InstanceTracker, Run


class Counting:
    """A file as a source; remembers what was read."""

    def __init__(self, path):
        self.name = "elsewhere://" + Path(path).name
        self.data = Path(path).read_bytes()
        self.ranges: list[tuple[int, int]] = []
        self.lock = threading.Lock()
        self.fails = False

    def size(self):
        return len(self.data)

    def read(self, offset, count):
        if self.fails:
            raise ConnectionError("the other side is gone")
        with self.lock:
            self.ranges.append((offset, count))
        return self.data[offset : offset + count]


@pytest.fixture
def values(rng):
    return rng.random((20, 60_000)).astype(np.float32)


@pytest.fixture
def source(path, values):
    record_epochs(path, values, batch=60_000).close()
    # A commit of a tracker that records is only believed once all that it covers was read; that of a
    # whole file stands there when all else is durable.
    trackerstate.merge(path, path + ".merged")
    return Counting(path + ".merged")


def test_a_source_is_read_as_a_file_is(source, values, path):
    with trackerstate.open(source) as file:
        assert np.array_equal(file.matrix().values, values)
        assert file.digest() == trackerstate.open(path).digest()
        assert file.name == "elsewhere://run.tracker.merged"


def test_only_what_is_needed_is_read(source, values):
    with trackerstate.open(source) as file:
        assert sum(count for _, count in source.ranges) < len(source.data) / 8
        history = file.history(777)[777]
        assert np.array_equal(history.value, values[:, 777])
    assert sum(count for _, count in source.ranges) < len(source.data) / 2


def test_blocks_outlive_the_file_object(source):
    blocks = trackerstate.open(source).channel().blocks()
    gc.collect()
    assert sum(block.point_count for block in blocks) == 20 * 60_000


def test_what_a_source_raises_is_the_cause(source):
    with trackerstate.open(source) as file:
        source.fails = True
        with pytest.raises(trackerstate.TrackerError) as caught:
            file.matrix()
        assert caught.value.code == "SYSTEM" and "elsewhere://" in str(caught.value)
        assert isinstance(caught.value.__cause__, ConnectionError)
        source.fails = False
        assert file.matrix().point_count == 20 * 60_000
    source.fails = True
    with pytest.raises(trackerstate.TrackerError):
        trackerstate.open(source)


def test_bytes_and_several_sources_are_read(tmp_path):
    for rank in range(2):
        run = Run("sources", rank, 2)
        with InstanceTracker(mode="train", path=tmp_path / "w.tracker", run=run) as tracker:
            tracker.record([rank], [rank + 0.5])
            tracker.end_epoch(1)
    sources = [BytesSource(file.read_bytes(), file.name) for file in sorted(tmp_path.iterdir())]
    assert trackerstate.open(sources).points().value.tolist() == [0.5, 1.5]
    with pytest.raises(ValueError, match="together"):
        trackerstate.open([sources[0], tmp_path / "w-0.tracker"])
    with pytest.raises(trackerstate.TrackerDamaged):
        trackerstate.open(BytesSource(b""))


def test_a_source_that_gives_too_much_is_told(source):
    class Generous(Counting):
        def read(self, offset, count):
            return b"x" * (count + 1)

    source.__class__ = Generous
    with pytest.raises(trackerstate.TrackerError) as caught:
        trackerstate.open(source)
    assert isinstance(caught.value.__cause__, ValueError)

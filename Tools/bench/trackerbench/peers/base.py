"""What a contender does, and the helpers that several share."""
import os
import shutil

import numpy as np


SAMPLE = 20_000  # instances that settings are chosen on, where there is a choice


class Peer:
    package = None  # the distribution on PyPI whose version is reported
    settings = ""  # what was chosen, for the report
    # Points beyond which only the first instances are measured, per point; None for no limit.
    max_points = None
    # Whether −0.0 comes back as 0.0, which is said in the report; everything else must be exact.
    loses_zero_sign = False

    def prepare(self, history):
        """Brings a history to the library's own form in memory; not timed."""
        self.history = history

    def write(self, path):
        """Writes the whole history; not synced."""
        raise NotImplementedError

    def read(self, path):
        """Opens the file and reads all of it to NumPy arrays: `Wide` or `Long`."""
        raise NotImplementedError

    def lookup(self, path, index):
        """Opens the file and gives the values of one instance in the order of steps."""
        raise NotImplementedError

    def begin(self, path):
        """Starts a file, or folder, that epochs are appended to."""
        raise NotImplementedError

    def append(self, path, number, step, indices, values):
        """Adds an epoch, durable when it returns."""
        raise NotImplementedError

    def end(self):
        """Closes what is appended to."""


class Wide:
    """A row or list of arrays for each epoch; absent cells are anything, `mask` says which."""

    def __init__(self, indices, steps, values, mask=None):
        self.indices, self.steps, self.values, self.mask = indices, steps, values, mask


class Flat:
    """Values of all present points, epoch by epoch, and the packed bitmap of the present cells."""

    def __init__(self, indices, steps, values, bitmap=None):
        self.indices, self.steps, self.values, self.bitmap = indices, steps, values, bitmap


class Long:
    """Columns sorted by index, then step."""

    def __init__(self, index, step, value):
        self.index, self.step, self.value = index, step, value


def same_bits(left, right):
    left = np.ascontiguousarray(left, np.float32).view(np.uint32)
    return np.array_equal(left, np.ascontiguousarray(right, np.float32).view(np.uint32))


def same_but_zeros(left, right):
    """The same, but that 0.0 is taken for −0.0; adding 0.0 makes both one."""
    return same_bits(np.asarray(left, np.float32) + 0.0, np.asarray(right, np.float32) + 0.0)


def difference(result, history, zeros_are_equal=False):
    """What is not as it was written; None where all is, bit for bit."""
    same = same_but_zeros if zeros_are_equal else same_bits
    if isinstance(result, Long):
        index, step, value = history.long()
        if not np.array_equal(result.index, index) or not np.array_equal(result.step, step):
            return "the keys differ"
        return None if same(result.value, value) else "values differ"
    if not np.array_equal(result.indices, history.indices):
        return "the indices differ"
    if not np.array_equal(result.steps, history.steps):
        return "the steps differ"
    if isinstance(result, Flat):
        if history.mask is not None:
            cells = np.unpackbits(result.bitmap)[: history.values.size]
            if not np.array_equal(cells.reshape(history.mask.shape).astype(bool), history.mask):
                return "the mask differs"
        return None if same(result.values.reshape(-1), history.present()) else "values differ"
    for number in range(history.epochs):
        row = np.asarray(result.values[number])
        if history.mask is None:
            matches = same(row, history.values[number])
        else:
            keep = history.mask[number]
            matches = same(row[keep], history.values[number][keep])
            if result.mask is None:
                matches = matches and bool(np.isnan(row[~keep]).all())
            else:
                matches = matches and np.array_equal(np.asarray(result.mask[number]), keep)
        if not matches:
            return f"epoch {number} differs"
    return None


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.remove(path)


def size_of(path):
    """Bytes of a file, or of all files below a folder."""
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(folder, name))
               for folder, _, names in os.walk(path) for name in names)


def sync(path):
    """One fsync of one file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_new(folder, known):
    """Makes the files durable that came to a folder since the last call; `known` remembers them."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            stamp = (os.path.getmtime(path), os.path.getsize(path))
            if known.get(path) != stamp:
                sync(path)
                known[path] = stamp

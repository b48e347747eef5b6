"""The data sets: where they are, what they are, and the raw arrays that the Swift worker reads."""
import os
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SetInfo:
    key: str
    file: str
    title: str
    generator: str  # what makes it, a name of histories.py
    in_mean: bool = True  # whether it is one of the sets that geometric means are taken over


SETS = [
    SetInfo("D1", "D1_digits_ce", "digits, MLP, cross-entropy", "d1"),
    SetInfo("D1e", "D1_digits_ce_eval", "the same, eval", "d1", False),
    SetInfo("D1s", "D1_digits_ce_sub", "D1, random 60 % of instances each epoch", "d1", False),
    SetInfo("D2", "D2_mnist1d_ce", "mnist1d, CNN, cross-entropy", "d2"),
    SetInfo("D2s", "D2_mnist1d_ce_sub", "D2, random 60 % of instances each epoch", "d2"),
    SetInfo("D3", "D3_mnist1d_correct", "0/1 correctness of D2's run", "d2"),
    SetInfo("D3s", "D3_mnist1d_correct_sub", "D3, random 60 % each epoch", "d2", False),
    SetInfo("D4b", "D4b_mnist1d_bf16", "cross-entropy in bfloat16", "d4b"),
    SetInfo("D4h", "D4h_mnist1d_fp16", "cross-entropy in float16", "d4h"),
    SetInfo("D5", "D5_friedman_sqerr", "squared error, learning rate 0 at the end", "d5"),
    SetInfo("D6", "D6_scale_ce", "cross-entropy, a million instances", "d6"),
    SetInfo("D7", "D7_aug_noisy_ce", "cross-entropy, augmentation and dropout", "d7"),
    SetInfo("DP", "DP_mnist1d_nll", "−log(p) from clipped probabilities", "dp"),
    SetInfo("RB", "", "random bits, NaNs of any payload included", "", False),
]
BY_KEY = {info.key: info for info in SETS}


class History:
    """indices int64[N], steps int64[E], values float32[E, N]; mask bool[E, N] or None where full."""

    def __init__(self, indices, steps, values, mask=None):
        self.indices = np.ascontiguousarray(indices, np.int64)
        self.steps = np.ascontiguousarray(steps, np.int64)
        self.values = np.ascontiguousarray(values, np.float32)
        self.mask = None if mask is None or bool(np.all(mask)) else np.ascontiguousarray(mask, bool)

    @property
    def epochs(self):
        return len(self.steps)

    @property
    def instances(self):
        return len(self.indices)

    @property
    def points(self):
        return int(self.values.size if self.mask is None else self.mask.sum())

    def head(self, instances):
        """The first instances only."""
        mask = None if self.mask is None else self.mask[:, :instances]
        return History(self.indices[:instances], self.steps, self.values[:, :instances], mask)

    def epoch(self, number):
        """indices and values of one epoch's points; counts on from the first beyond the last."""
        number %= self.epochs
        if self.mask is None:
            return self.indices, self.values[number]
        return self.indices[self.mask[number]], self.values[number][self.mask[number]]

    def history(self, place):
        """The values of one instance's points, in the order of steps."""
        column = self.values[:, place]
        return column if self.mask is None else column[self.mask[:, place]]

    def present(self):
        """All points' values, epoch by epoch, in one dimension."""
        return self.values.reshape(-1) if self.mask is None else self.values[self.mask]

    def long(self):
        """Columns index, step, value, sorted by index, then step."""
        index = np.repeat(self.indices, self.epochs)
        step = np.tile(self.steps, self.instances)
        value = np.ascontiguousarray(self.values.T).reshape(-1)
        if self.mask is None:
            return index, step, value
        keep = np.ascontiguousarray(self.mask.T).reshape(-1)
        return index[keep], step[keep], value[keep]


def path_of(data, info):
    return os.path.join(data, info.file + ".npz")


def is_there(data, info):
    """Whether a set can be read: archives that are still being written cannot."""
    if not info.file:
        return True
    try:
        with np.load(path_of(data, info)) as archive:
            return "steps" in archive.files
    except (OSError, ValueError, EOFError, KeyError, Exception):  # a torn zip raises many things
        return False


def load(data, key):
    info = BY_KEY[key]
    if not info.file:
        bits = np.random.default_rng(99).integers(0, 1 << 32, (10, 100_000), np.uint64)
        return History(np.arange(100_000), np.arange(1, 11) * 100,
                       bits.astype(np.uint32).view(np.float32))
    with np.load(path_of(data, info)) as archive:
        mask = archive["mask"] if "mask" in archive.files else None
        return History(archive["indices"], archive["steps"], archive["values"], mask)


def write_raw(history, prefix):
    """The arrays as plain little-endian files, for the Swift worker."""
    history.indices.astype("<i8").tofile(prefix + ".indices")
    history.steps.astype("<i8").tofile(prefix + ".steps")
    history.values.astype("<f4").tofile(prefix + ".values")
    if history.mask is not None:
        history.mask.astype(np.uint8).tofile(prefix + ".mask")


def read_raw(prefix, masked):
    """The same arrays back, as `History`."""
    indices = np.fromfile(prefix + ".indices", "<i8")
    steps = np.fromfile(prefix + ".steps", "<i8")
    shape = (len(steps), len(indices))
    values = np.fromfile(prefix + ".values", "<f4").reshape(shape)
    mask = np.fromfile(prefix + ".mask", np.uint8).reshape(shape).astype(bool) if masked else None
    return History(indices, steps, values, mask)

"""The reference's structure, pickled whole as the reference does at each save.

FastEstimator 1.7.0 keeps `{mode: {index: [(step, metric)]}}`, a dict of defaultdicts of lists of
tuples, all of them Python ints and floats (its loops call `.item()`), and saves with dill's Pickler,
which is Python code. "pickle" is the same structure through CPython's pickle in C: the best that the
reference could do without changing its structure; "dill" is what it does.
"""
import gzip
import os
import pickle
from collections import defaultdict

import numpy as np

from .base import Long, Peer, sync


def structure(history):
    """The reference's `index_history`."""
    index_history = defaultdict(list)
    for number, step in enumerate(history.steps.tolist()):
        indices, values = history.epoch(number)
        for index, value in zip(indices.tolist(), values.tolist()):
            index_history[index].append((step, value))
    return {"train": index_history}


class Pickle(Peer):
    max_points = 1_000_000
    settings = "the reference's structure, CPython's pickle, its default protocol"

    def __init__(self, gzip=False):
        self.gzip = gzip
        if gzip:
            self.settings += "; gzip level 6"

    def open(self, path, mode):
        return gzip.open(path, mode, compresslevel=6) if self.gzip else open(path, mode)

    def dump(self, object, file):
        pickle.dump(object, file)

    def prepare(self, history):
        self.history = history
        self.structure = structure(history)

    def write(self, path):
        with self.open(path, "wb") as file:
            self.dump(self.structure, file)

    def load(self, path):
        with self.open(path, "rb") as file:
            return pickle.load(file)

    def read(self, path):
        loaded = self.load(path)["train"]
        # Only those that have points; the reference's order is that of first appearance.
        order = sorted(loaded)
        lengths = [len(loaded[index]) for index in order]
        index = np.repeat(np.array(order, np.int64), lengths)
        points = [point for key in order for point in loaded[key]]
        step, value = zip(*points)
        return Long(index, np.array(step, np.int64), np.array(value, np.float32))

    def lookup(self, path, index):
        return np.array([value for _, value in self.load(path)["train"][index]], np.float32)

    def begin(self, path):
        self.growing = {"train": defaultdict(list)}

    def append(self, path, number, step, indices, values):
        # The whole history is rewritten at every save.
        history = self.growing["train"]
        for index, value in zip(indices.tolist(), values.tolist()):
            history[index].append((step, value))
        with self.open(path, "wb") as file:
            self.dump(self.growing, file)
        sync(path)


class Dill(Pickle):
    package = "dill"
    max_points = 100_000
    settings = "the reference's structure and its pickler, dill's"

    def __init__(self):
        super().__init__()
        import dill
        self.dill = dill

    def dump(self, object, file):
        self.dill.Pickler(file).dump(object)

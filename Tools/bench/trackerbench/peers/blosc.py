"""Blosc2: one array in a contiguous frame."""
import os

import blosc2
import numpy as np

from .base import SAMPLE, Flat, Peer, sync
from .npz import arrays, lookup_flat

FILTERS = {
    "shuffle": [blosc2.Filter.SHUFFLE],
    "bitshuffle": [blosc2.Filter.BITSHUFFLE],
    "shuffle + bytedelta": [blosc2.Filter.SHUFFLE, blosc2.Filter.BYTEDELTA],
}


def parameters(filters, width):
    return blosc2.CParams(codec=blosc2.Codec.ZSTD, clevel=5, nthreads=1, typesize=width,
                          filters=FILTERS[filters], filters_meta=[0] * len(FILTERS[filters]))


class Blosc2(Peer):
    package = "blosc2"
    settings = ("zstd 5; shuffle, bitshuffle or shuffle + bytedelta, whichever is smallest; "
                "absent cells left out, with a packed bitmap; a file for each array")

    def __init__(self):
        blosc2.set_nthreads(1)

    def prepare(self, history):
        self.history = history
        self.arrays = arrays(history)
        values = arrays(history.head(SAMPLE))["values"]
        sizes = {name: blosc2.asarray(values, cparams=parameters(name, 4)).schunk.cbytes
                 for name in FILTERS}
        self.filters = min(sizes, key=sizes.get)

    def write(self, path):
        os.mkdir(path)
        for name, array in self.arrays.items():
            filters = self.filters if name == "values" else "bitshuffle"
            blosc2.asarray(array, urlpath=os.path.join(path, name + ".b2nd"), mode="w",
                           cparams=parameters(filters, array.itemsize))

    def open(self, path, name):
        name = os.path.join(path, name + ".b2nd")
        if not os.path.exists(name):
            return None
        return blosc2.open(name, mode="r", dparams=blosc2.DParams(nthreads=1))

    def read(self, path):
        bitmap = self.open(path, "bitmap")
        return Flat(self.open(path, "indices")[:], self.open(path, "steps")[:],
                    self.open(path, "values")[:], None if bitmap is None else bitmap[:])

    def lookup(self, path, index):
        if os.path.exists(os.path.join(path, "bitmap.b2nd")):
            return lookup_flat(self.read(path), index)
        place = int(np.searchsorted(self.open(path, "indices")[:], index))
        return self.open(path, "values")[:, place]

    def begin(self, path):
        self.chunks = None

    def append(self, path, number, step, indices, values):
        if self.chunks is None:
            self.chunks = blosc2.SChunk(
                chunksize=values.nbytes, urlpath=path, mode="w", contiguous=True,
                cparams=parameters("bitshuffle", 4))
        self.chunks.append_data(np.ascontiguousarray(values))
        sync(path)

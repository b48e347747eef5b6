"""Zarr 3: chunks compressed with Blosc."""
import warnings

import numpy as np
import zarr
from zarr.codecs import BloscCodec

from .base import SAMPLE, Flat, Peer, sync_new
from .npz import arrays, lookup_flat


def codec(shuffle):
    return BloscCodec(typesize=4, cname="zstd", clevel=5, shuffle=shuffle)


class Zarr(Peer):
    package = "zarr"
    settings = ("format 3 in a folder, Blosc (zstd 5), byte or bit shuffle, whichever is smaller; "
                "chunks of all epochs × 16,384 instances; absent cells left out, packed bitmap")

    def __init__(self):
        warnings.simplefilter("ignore")
        zarr.config.set({"threading.max_workers": 1, "async.concurrency": 1})

    def prepare(self, history):
        self.history = history
        self.arrays = arrays(history)
        values = self.arrays["values"]
        self.chunks = ((min(262_144, len(values)),) if values.ndim == 1
                       else (values.shape[0], min(16_384, values.shape[1])))
        sizes, sample = {}, arrays(history.head(SAMPLE))["values"]
        for shuffle in ("shuffle", "bitshuffle"):
            store = zarr.storage.MemoryStore()
            zarr.create_array(store, data=sample, chunks=tuple(map(min, self.chunks, sample.shape)),
                              compressors=codec(shuffle))
            sizes[shuffle] = sum(len(item) for item in store._store_dict.values())
        self.shuffle = min(sizes, key=sizes.get)

    def write(self, path):
        group = zarr.create_group(path)
        for name, array in self.arrays.items():
            group.create_array(
                name, data=array, chunks=self.chunks if name == "values" else array.shape,
                compressors=codec(self.shuffle) if name == "values" else "auto")

    def read(self, path):
        group = zarr.open_group(path, mode="r")
        bitmap = group["bitmap"][:] if "bitmap" in group else None
        return Flat(group["indices"][:], group["steps"][:], group["values"][:], bitmap)

    def lookup(self, path, index):
        group = zarr.open_group(path, mode="r")
        if "bitmap" in group:
            return lookup_flat(self.read(path), index)
        return group["values"][:, int(np.searchsorted(group["indices"][:], index))]

    def begin(self, path):
        self.group = zarr.create_group(path)
        self.known = {}

    def append(self, path, number, step, indices, values):
        if number == 0:
            width = len(values)
            self.group.create_array("indices", data=indices, chunks=indices.shape)
            self.group.create_array("steps", shape=(0,), dtype="i8", chunks=(1024,))
            self.group.create_array("values", shape=(0, width), dtype="f4", chunks=(1, width),
                                    compressors=codec("bitshuffle"))
        self.group["steps"].append(np.array([step]))
        self.group["values"].append(values[None])
        sync_new(path, self.known)

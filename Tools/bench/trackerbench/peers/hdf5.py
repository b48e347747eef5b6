"""HDF5: shuffle and gzip."""
import os

import h5py
import numpy as np

from .base import Flat, Peer
from .npz import arrays, lookup_flat


class HDF5(Peer):
    package = "h5py"
    settings = ("shuffle, gzip 6; chunks of one epoch × 65,536 instances or all epochs × 4,096, "
                "whichever gives the smaller file; absent cells left out, with a packed bitmap")

    def prepare(self, history):
        self.history = history
        self.arrays = arrays(history)
        matrix = self.arrays["values"]
        if matrix.ndim == 1:
            self.chunks = (min(65_536, len(matrix)),)
            return
        sizes = {}
        for chunks in ((1, 65_536), (matrix.shape[0], 4_096)):
            chunks = tuple(map(min, chunks, matrix.shape))
            # A sample decides: the first instances of all epochs.
            part = matrix[:, :65_536]
            with h5py.File("sample", "w", driver="core", backing_store=False) as file:
                sizes[chunks] = file.create_dataset(
                    "values", data=part, chunks=tuple(map(min, chunks, part.shape)), shuffle=True,
                    compression="gzip", compression_opts=6).id.get_storage_size()
        self.chunks = min(sizes, key=sizes.get)

    def write(self, path):
        with h5py.File(path, "w") as file:
            for name, array in self.arrays.items():
                chunks = self.chunks if name == "values" else True
                file.create_dataset(name, data=array, chunks=chunks, shuffle=True,
                                    compression="gzip", compression_opts=6)

    def read(self, path):
        with h5py.File(path) as file:
            bitmap = file["bitmap"][:] if "bitmap" in file else None
            return Flat(file["indices"][:], file["steps"][:], file["values"][:], bitmap)

    def lookup(self, path, index):
        with h5py.File(path) as file:
            if "bitmap" in file:
                bitmap = file["bitmap"][:]
                return lookup_flat(
                    Flat(file["indices"][:], file["steps"][:], file["values"][:], bitmap), index)
            return file["values"][:, int(np.searchsorted(file["indices"][:], index))]

    def begin(self, path):
        self.file = h5py.File(path, "w")

    def append(self, path, number, step, indices, values):
        if number == 0:
            width = len(values)
            self.file.create_dataset("indices", data=indices, chunks=True, compression="gzip")
            self.file.create_dataset("steps", (0,), "i8", chunks=(1024,), maxshape=(None,))
            self.file.create_dataset(
                "values", (0, width), "f4", chunks=(1, min(width, 65_536)),
                maxshape=(None, width), shuffle=True, compression="gzip", compression_opts=6)
        for name, content in (("steps", step), ("values", values)):
            array = self.file[name]
            array.resize(number + 1, axis=0)
            array[number] = content
        self.file.flush()
        os.fsync(self.file.id.get_vfd_handle())

    def end(self):
        self.file.close()

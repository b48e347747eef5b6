"""NumPy's compressed archive: zlib level 6 over the plain floats."""
import os

import numpy as np

from .base import Flat, Peer, sync


def arrays(history):
    """What an array library stores: present values and, where cells are absent, a packed bitmap."""
    if history.mask is None:
        return {"indices": history.indices, "steps": history.steps, "values": history.values}
    return {"indices": history.indices, "steps": history.steps, "values": history.present(),
            "bitmap": np.packbits(history.mask)}


def lookup_flat(flat, index):
    """One instance's values out of a full read."""
    place = int(np.searchsorted(flat.indices, index))
    if flat.bitmap is None:
        return np.asarray(flat.values).reshape(len(flat.steps), -1)[:, place].copy()
    width = len(flat.indices)
    mask = np.unpackbits(flat.bitmap)[: width * len(flat.steps)].reshape(-1, width)
    counts = mask.sum(1, dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    before = mask[:, :place].sum(1, dtype=np.int64)
    return flat.values[(starts + before)[mask[:, place] == 1]]


class NPZ(Peer):
    package = "numpy"
    settings = "savez_compressed (zlib 6); absent cells left out, with a packed bitmap"

    def write(self, path):
        with open(path, "wb") as file:
            np.savez_compressed(file, **arrays(self.history))

    def read(self, path):
        with np.load(path) as archive:
            bitmap = archive["bitmap"] if "bitmap" in archive.files else None
            return Flat(archive["indices"], archive["steps"], archive["values"], bitmap)

    def lookup(self, path, index):
        return lookup_flat(self.read(path), index)

    def begin(self, path):
        os.mkdir(path)

    def append(self, path, number, step, indices, values):
        name = os.path.join(path, f"{number}.npz")
        with open(name, "wb") as file:
            np.savez_compressed(file, indices=indices, step=step, values=values)
        sync(name)

"""Pcodec: raw standalone blobs, without any file format around them but their lengths."""
import os
import struct

import numpy as np
import pcodec
from pcodec import standalone

from .base import SAMPLE, Flat, Peer
from .npz import lookup_flat


class Pcodec(Peer):
    package = "pcodec"

    def __init__(self, level):
        self.config = pcodec.ChunkConfig(compression_level=level)
        self.settings = (f"level {level}; a blob for each epoch, for the whole matrix epoch by "
                         "epoch, or instance by instance: the smallest")

    def blobs(self, layout):
        history = self.history
        if layout == "epochs":
            return [standalone.simple_compress(np.ascontiguousarray(history.epoch(number)[1]),
                                               self.config) for number in range(history.epochs)]
        if layout == "matrix":
            return [standalone.simple_compress(history.present(), self.config)]
        if history.mask is None:
            values = np.ascontiguousarray(history.values.T).reshape(-1)
        else:
            values = history.values.T[history.mask.T]
        return [standalone.simple_compress(values, self.config)]

    def prepare(self, history):
        self.history = history.head(SAMPLE)
        sizes = {layout: sum(map(len, self.blobs(layout)))
                 for layout in ("epochs", "matrix", "instances")}
        self.layout = min(sizes, key=sizes.get)
        self.history = history

    def write(self, path):
        history = self.history
        parts = [standalone.simple_compress(history.indices, self.config),
                 standalone.simple_compress(history.steps, self.config)]
        parts.append(b"" if history.mask is None else np.packbits(history.mask).tobytes())
        parts += self.blobs(self.layout)
        with open(path, "wb") as file:
            layout = {"epochs": 0, "matrix": 1, "instances": 2}[self.layout]
            file.write(struct.pack(f"<BI{len(parts)}I", layout, len(parts), *map(len, parts)))
            for part in parts:
                file.write(part)

    def read(self, path):
        with open(path, "rb") as file:
            content = file.read()
        layout, count = struct.unpack_from("<BI", content)
        lengths = struct.unpack_from(f"<{count}I", content, 5)
        parts, start = [], 5 + 4 * count
        for length in lengths:
            parts.append(content[start:start + length])
            start += length
        indices, steps = map(standalone.simple_decompress, parts[:2])
        bitmap = np.frombuffer(parts[2], np.uint8) if parts[2] else None
        values = [standalone.simple_decompress(part) for part in parts[3:]]
        flat = values[0] if len(values) == 1 else np.concatenate(values)
        if layout == 2:
            if bitmap is None:
                flat = np.ascontiguousarray(flat.reshape(len(indices), -1).T).reshape(-1)
            else:
                width = len(indices)
                mask = np.unpackbits(bitmap)[: width * len(steps)].reshape(-1, width).astype(bool)
                matrix = np.zeros((width, len(steps)), np.float32)
                matrix[mask.T] = flat
                flat = matrix.T[mask]
        return Flat(indices, steps, flat, bitmap)

    def lookup(self, path, index):
        return lookup_flat(self.read(path), index)

    def begin(self, path):
        self.file = open(path, "wb")

    def append(self, path, number, step, indices, values):
        # The dense indices are not stored again: a blob of values and where it belongs.
        blob = standalone.simple_compress(np.ascontiguousarray(values), self.config)
        self.file.write(struct.pack("<qI", step, len(blob)))
        self.file.write(blob)
        self.file.flush()
        os.fsync(self.file.fileno())

    def end(self):
        self.file.close()

"""Columns of plausible and of adverse shape, from fixed seeds: ours beside pcodec level 8.

What a file costs whatever it holds - headers, indices, directory, commit - is the size of a file of the same
shape whose values are all 0. Ours is the file less that; pcodec's is its smallest blob, or blobs, of values.
"""
import os
import subprocess
import zlib

import numpy as np
import pcodec
from pcodec import standalone

from . import environment

# Instances × epochs.
SHAPES = {"small": (1_000, 1), "column": (200_000, 1), "history": (1_000, 40), "matrix": (8_192, 32)}
QUANTILES = (1, 10, 25, 50, 75, 90, 95, 99, 100)
# Below so many bits a point both are as good as nothing, and their ratio is one of fixed costs.
NOTHING = 0.25
LEVEL = pcodec.ChunkConfig(compression_level=8)


class Shape:
    """Random numbers and places for one column; every array is of shape [E, N]."""

    def __init__(self, name, instances, epochs):
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self.size = (epochs, instances)
        self.row = np.broadcast_to(np.arange(instances, dtype=np.float64), self.size)
        self.epoch = np.broadcast_to(np.arange(epochs, dtype=np.float64)[:, None], self.size)
        self.place = np.arange(epochs * instances, dtype=np.float64).reshape(self.size)

    def uniform(self, low=0.0, high=1.0):
        return self.random.uniform(low, high, self.size)

    def normal(self, scale=1.0):
        return self.random.normal(0, scale, self.size)

    def integers(self, count):
        return self.random.integers(0, count, self.size).astype(np.float64)

    def per_row(self, scale=1.0):
        return np.broadcast_to(self.random.normal(0, scale, (1, self.size[1])), self.size)

    def pick(self, count, law):
        """Some of `count` arbitrary values, by a law of their frequencies."""
        values = np.sort(self.random.normal(0, 1, count))
        self.random.shuffle(values)
        if law == "even":
            return values[self.random.integers(0, count, self.size)]
        power = {"zipf": 1.0, "steep": 2.0}[law]
        weights = 1 / np.arange(1, count + 1) ** power
        return values[self.random.choice(count, self.size, p=weights / weights.sum())]

    def mixed(self, share, values, others):
        return np.where(self.uniform() < share, values, others)


def narrow(values, dtype):
    """As float16 or bfloat16, in float32."""
    values = values.astype(np.float32)
    if dtype == "float16":
        return values.astype(np.float16).astype(np.float32)
    bits = values.view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def kinds():
    """Name and maker of each shape of values."""
    k = {
        "ramp": lambda s: s.place, "ramp of halves": lambda s: s.place / 2,
        "ramp by 0.1": lambda s: s.place * 0.1, "ramp down": lambda s: 1e6 - 3 * s.place,
        "ramp along rows": lambda s: s.row + 10 * s.epoch,
        "ramp along epochs": lambda s: s.per_row() + 0.01 * s.epoch,
        "own slope by row": lambda s: s.per_row() + s.per_row(0.1) * s.epoch,
        "integer slopes": lambda s: np.rint(s.per_row(1000)) + np.rint(s.per_row(30)) * s.epoch,
        "square of place": lambda s: (s.row / 100) ** 2,
        "ramp and noise 1e-3": lambda s: s.row / 100 + s.normal(1e-3),
        "ramp and noise 1": lambda s: s.row / 100 + s.normal(1),
        "ramp and noise of integers": lambda s: s.row * 7 + s.integers(5),
        "ramp of two steps": lambda s: np.cumsum(1 + (s.uniform() < 0.1), axis=1),
        "random walk": lambda s: np.cumsum(s.normal(), axis=1),
        "walk of integers": lambda s: np.cumsum(s.integers(7) - 3, axis=1),
        "walk along epochs": lambda s: np.cumsum(s.normal(), axis=0),
        "decay by epoch": lambda s: np.exp(-s.epoch / 20) * np.abs(s.per_row()) + s.normal(0.01),
        "sine of rows": lambda s: np.sin(s.row / 50), "slow sine": lambda s: np.sin(s.row / 5000),
        "sine and noise": lambda s: np.sin(s.row / 500) + s.normal(1e-4),
        "sorted uniform": lambda s: np.sort(s.uniform(), axis=1),
        "sorted normal": lambda s: np.sort(s.normal(), axis=1),
        "sorted log-uniform": lambda s: np.sort(np.exp(s.uniform(-20, 5)), axis=1),
        "sorted integers": lambda s: np.sort(s.integers(10**6), axis=1),
        "alternating": lambda s: np.where(s.row % 2, s.normal(), 100 + s.normal()),
        "alternating signs": lambda s: np.where(s.row % 2, 1, -1) * s.uniform(1, 2),
        "runs": lambda s: s.pick(500, "even")[:, (np.arange(s.size[1]) // 20)],
        "long runs": lambda s: np.repeat(s.normal(), 100, axis=1)[:, :s.size[1]],
        "epochs repeat": lambda s: s.per_row() + 0 * s.epoch,
        "every other repeats": lambda s: np.where(s.epoch % 2, s.per_row(), s.normal()),
        "uniform": lambda s: s.uniform(), "uniform of both signs": lambda s: s.uniform(-1, 1),
        "uniform 1 to 2": lambda s: s.uniform(1, 2), "normal": lambda s: s.normal(),
        "narrow normal": lambda s: 1000 + s.normal(0.1), "log-normal": lambda s: np.exp(s.normal(2)),
        "exponential": lambda s: -np.log(s.uniform(1e-9, 1)),
        "log-uniform": lambda s: np.exp(s.uniform(-30, 10)),
        "wild log-uniform": lambda s: np.exp(s.uniform(-80, 80)),
        "cauchy": lambda s: s.random.standard_cauchy(s.size),
        "two clusters": lambda s: np.where(s.uniform() < 0.5, 1e-6, 1e3) * (1 + s.normal(0.01)),
        "clipped below": lambda s: np.maximum(s.normal(), 0),
        "clipped on both sides": lambda s: np.clip(s.normal(), -1, 1),
        "clipped at 1e-7": lambda s: -np.log(np.clip(s.uniform() ** 30, 1e-7, 1)),
        "spikes 1 %": lambda s: s.mixed(0.01, s.normal(), 0.0),
        "spikes 0.1 %": lambda s: s.mixed(0.001, s.normal(), 0.0),
        "spikes 20 %": lambda s: s.mixed(0.2, s.normal(), 0.0),
        "spikes on a ramp": lambda s: s.row + s.mixed(0.01, s.normal(1e3), 0.0),
        "NaN 5 %": lambda s: s.mixed(0.05, np.nan, s.normal()),
        "infinities 1 %": lambda s: s.mixed(0.01, np.inf, s.normal()),
        "exact tenth and noise": lambda s: s.mixed(0.1, 0.5, s.uniform()),
        "ten exact values and noise": lambda s: s.mixed(0.5, s.pick(10, "even"), s.normal()),
        "100 exact values and noise": lambda s: s.mixed(0.5, s.pick(100, "even"), s.normal()),
        "integers and noise": lambda s: s.mixed(0.5, s.integers(100), s.uniform(0, 100)),
        "integers with 1e-4": lambda s: s.integers(100) + s.normal(1e-4),
        "many integers with 1e-4": lambda s: s.integers(5000) + s.normal(1e-4),
        "multiples of 7 and 0 to 2": lambda s: 7 * s.integers(10**5) + s.integers(3),
        "multiples of 1000": lambda s: 1000 * s.integers(10**4),
        "multiples of 0.3": lambda s: 0.3 * s.integers(3000),
        "multiples of 1/7": lambda s: s.integers(3000) / 7,
        "multiples of π": lambda s: np.pi * s.integers(2000),
        "squares": lambda s: np.square(s.normal().astype(np.float32)),
        "small integers": lambda s: s.integers(10), "integers to 1e6": lambda s: s.integers(10**6),
        "counts": lambda s: s.random.poisson(20, s.size).astype(np.float64),
        "geometric counts": lambda s: s.random.geometric(0.02, s.size).astype(np.float64),
        "cross-entropy": lambda s: np.log1p(np.exp(s.normal(3) - 3).astype(np.float32)),
        "smoothed labels": lambda s: 0.1 + 0.9 * np.exp(s.normal() - 2) + 0.02 * s.uniform(),
        "noisy history": lambda s: np.exp(s.per_row(1.5) - s.epoch / 15) * (1 + s.normal(0.2)),
        "float16": lambda s: narrow(s.normal(), "float16"),
        "float16 of uniform": lambda s: narrow(s.uniform(), "float16"),
        "bfloat16": lambda s: narrow(s.normal(), "bfloat16"),
        "bfloat16 history": lambda s: narrow(
            np.exp(s.per_row(1.5) - s.epoch / 15) * (1 + s.normal(0.2)), "bfloat16"),
        "random bits": lambda s: s.random.integers(0, 1 << 32, s.size, np.uint64)
        .astype(np.uint32).view(np.float32),
    }
    for decimals in (1, 2, 3, 4):
        k[f"rounded to {decimals} decimals"] = lambda s, d=decimals: np.round(
            np.abs(s.normal(3)), d)
    for count in (2, 3, 5, 17, 100, 250, 300, 1000, 2000, 5000):
        for law in ("even", "zipf", "steep"):
            k[f"{count} values, {law}"] = lambda s, c=count, w=law: s.pick(c, w)
    for period in (2, 7, 64, 100, 1000):
        k[f"cycle of {period}"] = lambda s, p=period: np.resize(
            s.random.normal(0, 1, p), s.size)
        k[f"saw of {period}"] = lambda s, p=period: s.row % p
    k["saw of 256 and noise"] = lambda s: s.row % 256 + s.uniform(0, 1e-3)
    return k


def columns():
    """Name, array [E, N] and shape's name of every column, made one by one."""
    with np.errstate(all="ignore"):
        for kind, make in kinds().items():
            for shape, (instances, epochs) in SHAPES.items():
                for dtype in (np.float32, np.float64):
                    # float64 columns in two shapes; what is float32 at heart is so in any type.
                    if dtype is np.float64 and shape not in ("column", "history"):
                        continue
                    name = f"{kind}, {np.dtype(dtype).name}, {instances:,} × {epochs}"
                    values = np.asarray(make(Shape(name, instances, epochs)))
                    if dtype is np.float64 and np.array_equal(
                            values, values.astype(np.float32), equal_nan=True):
                        continue
                    yield name, np.ascontiguousarray(values, dtype), shape


def peer_bytes(values):
    """pcodec's smallest: a blob for each epoch, or one of all epochs or instances in a row."""
    def size(part):
        return len(standalone.simple_compress(np.ascontiguousarray(part).reshape(-1), LEVEL))
    return min(sum(map(size, values)), size(values), size(values.T))


class Ours:
    def __init__(self, run):
        self.tracker = environment.build_tracker(run.options)
        self.prefix = run.path("synthetic")
        self.empty = {}

    def size(self, values):
        """Bytes of the file that holds the values; it is read back and compared first."""
        np.savez(self.prefix + ".npz", indices=np.arange(values.shape[1]),
                 steps=np.arange(values.shape[0]), values=values)
        self.call("import", self.prefix + ".npz", "-o", self.prefix + ".tracker", "--force")
        self.call("export", self.prefix + ".tracker", "-o", self.prefix + ".back.npz", "--force")
        with np.load(self.prefix + ".back.npz") as back:
            if np.ascontiguousarray(back["values"]).tobytes() != values.tobytes():
                raise ValueError("what was read is not what was written")
        return os.path.getsize(self.prefix + ".tracker")

    def call(self, *arguments):
        subprocess.run([self.tracker, *arguments], check=True, capture_output=True)

    def empty_size(self, values):
        key = values.shape, values.dtype
        if key not in self.empty:
            self.empty[key] = self.size(np.zeros_like(values))
        return self.empty[key]


def measure(run):
    ours = Ours(run)
    entries = []
    for name, values, shape in columns():
        entries.append({
            "name": name, "shape": shape, "points": values.size, "file": ours.size(values),
            "empty": ours.empty_size(values), "pcodec": peer_bytes(values)})
    entries.sort(key=ratio, reverse=True)
    print(summary(entries))
    return {"columns": entries}


def ratio(entry):
    return (entry["file"] - entry["empty"]) / entry["pcodec"]


def whole_ratio(entry):
    return entry["file"] / entry["pcodec"]


def counted(entries):
    """Those that take something: more than `NOTHING` bits a point."""
    return [entry for entry in entries
            if max(entry["file"] - entry["empty"], entry["pcodec"]) * 8 > NOTHING * entry["points"]]


def quantiles(ratios):
    ratios = sorted(ratios)
    return [ratios[(len(ratios) - 1) * part // 100] for part in QUANTILES]


def summary(entries):
    some = counted(entries)
    above = [entry for entry in some if ratio(entry) > 1.02]
    lines = [f"{len(entries)} columns, {len(some)} of more than {NOTHING} bits a point; "
             f"{len(above)} of these above 1.02; quantiles "
             + " ".join(f"{value:.3f}" for value in quantiles(map(ratio, some)))]
    lines += [f"{ratio(entry):7.3f} {whole_ratio(entry):7.3f} {entry['file']:9,} {entry['empty']:7,} "
              f"{entry['pcodec']:9,}  {entry['name']}" for entry in above]
    return "\n".join(lines)

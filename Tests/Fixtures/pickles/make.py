"""Writes the pickles of this folder and what they hold (expected.json).

Needs Python 3 with NumPy 2 and dill; with PyTorch also writes tensors.pkl, and without it leaves that
as it is. FastEstimator is not needed: a module of its name stands in, which pickles name as the real
one is named. Nothing here is read by anything but tests.
"""

import json
import math
import pickle
import struct
import sys
import types
from collections import OrderedDict, defaultdict, deque
from pathlib import Path

HERE = Path(__file__).parent

module = types.ModuleType("fastestimator.trace.xai.instance_tracker")


class InstanceTracker:
    def __init__(self, **state):
        self.__dict__.update(state)


InstanceTracker.__module__ = module.__name__
InstanceTracker.__init__.__code__ = InstanceTracker.__init__.__code__.replace(co_filename="make.py")
module.InstanceTracker = InstanceTracker
for name in ("fastestimator", "fastestimator.trace", "fastestimator.trace.xai"):
    sys.modules[name] = types.ModuleType(name)
sys.modules[module.__name__] = module

DOUBLES = [0.0, -0.0, 0.1, 1.5, -2.75, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308,
           math.inf, -math.inf, math.nan, 1 / 3, 1e16, 123456789.125]


def bits(value):
    return struct.pack(">d", float(value)).hex()


def state(history, points=(), **more):
    result = {
        "inputs": ["idx", "ce"], "outputs": ["ce_by_idx"], "mode": {"train", "eval"},
        "ds_id": set(), "fe_monitor_names": set(), "points": list(points), "n_max_to_keep": 3,
        "n_min_to_keep": 2, "idx_to_keep": {7, -1}, "index_history": history,
        "epoch_frequency": 2,
    }
    result.update(more)
    return result


def python_values():
    """Python's own numbers, as FastEstimator keeps them, and all kinds of values around them."""
    history = {}
    expected = []
    for mode in ("train", "eval"):
        history[mode] = defaultdict(list)
        for place, index in enumerate([0, 255, 256, 65536, -1, 2**31, -(2**31), 2**63 - 1, -(2**63)]):
            for step, value in enumerate(DOUBLES[place:]):
                step = step * 1000 - 3
                history[mode][index].append((step, value))
                expected.append([mode, index, step, bits(value)])
            history[mode][index].append((2**40, place))
            expected.append([mode, index, 2**40, bits(place)])
    cycle = [1]
    cycle.append(cycle)
    around = {
        "text": ["", "é", "日本\n語", "😀\\u0041", "\ud800", "x" * 3000], "cycle": cycle,
        "numbers": [2**100, -(2**100), 10**30, True, False, None, 128, -129, 2**24],
        "bytes": [b"", b"a\x00\xff", bytes(range(256)) * 8], "array": bytearray(b"abc\n\\u"),
        "sets": [{1, 2}, frozenset({"a"}), set(), frozenset()],
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "more": [deque([1, 2], 9), OrderedDict(a=1), OrderedDict(), defaultdict(list, {"b": [1]})],
        "class": InstanceTracker, "function": print,
    }
    return {"summary": around, "traces": [{"other": 1}, state(history)], "tops": []}, expected


def numpy_values(np):
    """NumPy's scalars and arrays, texts as indices, and other containers."""
    floats = np.array([1.5, -0.0, np.nan, 1e-45, 3.4028235e38], "<f4")
    expected = []
    history = OrderedDict()
    history["test"] = OrderedDict()
    history["infer"] = {}
    for place, value in enumerate(floats):
        history["test"].setdefault("é%d" % place, deque()).append((np.int64(place), value))
        expected.append(["test", "é%d" % place, place, bits(value)])
    for place, value in enumerate([np.float64(1 / 3), np.float16(0.1), np.int32(-7), np.bool_(True),
                                   np.array([2.5], ">f8"), np.array(3, "u1")]):
        history["infer"][np.str_("s%d" % place)] = [[place, value]]
        expected.append(["infer", "s%d" % place, place, bits(np.asarray(value).item())])
    points = [
        (np.array(["a", "bc"]), floats[:2].copy()),
        (np.array(["é0"]), np.array([[0.25]], ">f4")),
        (np.array(["x", "y"], object), np.array([1, 2], "i2")),
        (["z"], [0.75]),
    ]
    unsealed = [["a", bits(1.5)], ["bc", bits(-0.0)], ["é0", bits(0.25)], ["x", bits(1)],
                ["y", bits(2)], ["z", bits(0.75)]]
    made = state(history, points, idx_to_keep={"a"}, mode={"test", "infer"}, ds_id={"!d1"},
                 n_max_to_keep=np.int64(4))
    return {"traces": [InstanceTracker(**made)]}, expected, unsealed


def main():
    import dill
    import numpy as np

    value, points = python_values()
    numpy_value, numpy_points, unsealed = numpy_values(np)
    files = {}

    def write(name, data, points, unsealed=()):
        (HERE / name).write_bytes(data)
        files[name] = {"points": points, "unsealed": list(unsealed)}

    for protocol in range(6):
        write(f"python-{protocol}.pkl", pickle.dumps(value, protocol), points)
        write(f"numpy-{protocol}.pkl", pickle.dumps(numpy_value, protocol), numpy_points, unsealed)
    # Before NumPy 2, modules had another name; in protocols 0 to 3 lengths do not depend on it.
    for protocol in (0, 2, 3):
        data = pickle.dumps(numpy_value, protocol).replace(b"cnumpy._core.", b"cnumpy.core.")
        write(f"numpy1-{protocol}.pkl", data, numpy_points, unsealed)
    made = numpy_value["traces"][0]
    # dill writes the code of functions: it is not to say in which folder this script stands.
    names = {"defaultdict": defaultdict, "__name__": "make"}
    default = eval(compile("lambda: defaultdict(list)", "make.py", "eval"), names)
    made.index_history = defaultdict(default, made.index_history)
    write("dill.pkl", dill.dumps(made, recurse=True), numpy_points, unsealed)
    try:
        import torch
    except ImportError:
        torch = None
    tensors = HERE / "tensors.pkl"
    if torch or tensors.exists():
        if torch:
            base = torch.arange(8, dtype=torch.float32) / 4
            batches = [(torch.tensor([5, 6]), base[1:5:2]), (torch.tensor([7]), torch.tensor([[2.5]]).half()),
                       (torch.tensor(8, dtype=torch.uint8), torch.tensor(1e300, dtype=torch.float64))]
            tensors.write_bytes(pickle.dumps({"traces": [state({"eval": {5: [(1, 0.5)]}}, batches)]}, 4))
        files[tensors.name] = {
            "points": [["eval", 5, 1, bits(0.5)]],
            "unsealed": [[5, bits(0.25)], [6, bits(0.75)], [7, bits(2.5)], [8, bits(1e300)]]}
    (HERE / "expected.json").write_text(
        json.dumps(files, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

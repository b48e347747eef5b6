"""FastEstimator 1.7.0's InstanceTracker, its two loops re-enacted without the rest of the framework.

`on_batch_end` appends the pair of arrays of a batch (`to_number` copies each with `np.array`);
`on_epoch_end` gathers them in a dict through generator and `.item()` calls, then appends a tuple to
the list of each index. The statements are those of its source, for a mode that is tracked and no list
to keep.
"""
import json
import sys
import time
from collections import defaultdict

import numpy as np

from . import corpus


class Tracker:
    def __init__(self):
        self.points = []
        self.index_history = defaultdict(lambda: defaultdict(list))
        self.idx_to_keep = set()
        self.n_max_to_keep = self.n_min_to_keep = 5

    def on_batch_end(self, index, metric):
        self.points.append((np.array(index), np.array(metric)))

    def on_epoch_end(self, mode, global_step):
        idx_scores = {}
        for batch in self.points:
            for idx, metric in ((batch[0][i], batch[1][i]) for i in range(len(batch[0]))):
                idx_scores[idx.item()] = metric.item()
        for idx, metric in idx_scores.items():
            if self.idx_to_keep and self.n_min_to_keep == 0 and self.n_max_to_keep == 0:
                if idx not in self.idx_to_keep:
                    continue
            self.index_history[mode][idx].append((global_step, metric))
        self.points = []


def resident():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))


def run(prefix, epochs, batch):
    history = corpus.read_raw(prefix, masked=False)
    order = np.random.default_rng(1)
    tracker, record, seal, points = Tracker(), 0.0, 0.0, 0
    before = resident()
    for epoch in range(int(epochs)):
        indices, values = history.epoch(epoch)
        shuffled = order.permutation(len(indices))
        batches = [(indices[part], values[part])
                   for part in np.split(shuffled, range(int(batch), len(shuffled), int(batch)))]
        start = time.perf_counter()
        for index, metric in batches:
            tracker.on_batch_end(index, metric)
        middle = time.perf_counter()
        tracker.on_epoch_end("train", int(history.steps[epoch]))
        seal += time.perf_counter() - middle
        record += middle - start
        points += len(indices)
    batches = None
    return {"record": record, "seal": seal, "points": points, "held": resident() - before}


if __name__ == "__main__":
    for line in sys.stdin:
        command, *arguments = line.rstrip("\n").split("\t")
        if command == "quit":
            break
        print(json.dumps(run(*arguments)), flush=True)

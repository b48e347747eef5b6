"""The process that one contender is measured in: `python -m trackerbench.peer_process NAME`.

Speaks the Swift worker's protocol: a command a line on standard input, its fields separated by tabs,
a line of JSON in answer to each. Times are taken inside.
"""
import gc
import json
import os
import sys
import time
from importlib import metadata

import numpy as np

from . import corpus, peers
from .peers import base


class Session:
    def __init__(self, name):
        self.peer = peers.make(name)

    def hello(self):
        package = self.peer.package
        version = metadata.version(package) if package else ""
        return {"package": package or "", "version": version, "settings": self.peer.settings}

    def load(self, prefix, masked):
        self.peer.history = None  # what the last set left goes before the next comes
        history = corpus.read_raw(prefix, masked == "1")
        instances = history.instances
        limit = self.peer.max_points
        if limit and history.points > limit:
            instances = max(1, int(limit / history.points * history.instances))
            history = history.head(instances)
        self.peer.prepare(history)
        self.history = history
        return {"points": history.points, "instances": instances}

    def timed(self, action):
        gc.collect()
        gc.disable()
        start = time.perf_counter()
        result = action()
        seconds = time.perf_counter() - start
        gc.enable()
        return result, seconds

    def write(self, path):
        return {"seconds": self.timed(lambda: self.peer.write(path))[1]}

    def read(self, path):
        return {"seconds": self.timed(lambda: self.peer.read(path))[1]}

    def verify(self, path):
        found = base.difference(self.peer.read(path), self.history, self.peer.loses_zero_sign)
        return {"error": found} if found else {}

    def lookup(self, path, index):
        before = bytes_read()
        values, seconds = self.timed(lambda: self.peer.lookup(path, int(index)))
        bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
        return {"seconds": seconds, "bytes": bytes_read() - before, "values": bits.tolist()}

    def begin(self, path):
        self.path = path
        self.peer.begin(path)
        return {}

    def append(self, number):
        number = int(number)
        indices, values = self.history.epoch(number)
        step = int(self.history.steps[number % self.history.epochs])
        action = lambda: self.peer.append(self.path, number, step, indices, values)
        return {"seconds": self.timed(action)[1]}

    def end(self):
        return {"seconds": self.timed(self.peer.end)[1]}


def bytes_read():
    """Bytes that this process has asked the system for; files mapped into memory do not show."""
    with open("/proc/self/io") as file:
        return int(file.readline().split()[1])


def main():
    # What libraries print must not stand between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    session = None
    for line in sys.stdin:
        command, *arguments = line.rstrip("\n").split("\t")
        if command == "quit":
            break
        try:
            session = session or Session(sys.argv[1])
            answer = getattr(session, command)(*arguments)
        except BaseException as error:  # Rust libraries panic with exceptions of their own
            if isinstance(error, KeyboardInterrupt):
                raise
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()

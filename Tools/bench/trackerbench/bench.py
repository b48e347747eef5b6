"""One run: the sections in order, each result kept as soon as it is there."""
import json
import os
import statistics
import sys

from . import (appending, corpus, cores, environment, grids, instructions, longrun, machine, memory,
               merging, peers, report, sets, synthetic, training)
from .contender import Contender

SECTIONS = {"memory": memory.measure, "append": appending.measure, "long": longrun.measure,
            "training": training.measure, "cores": cores.measure,
            "instructions": instructions.measure, "grids": grids.measure,
            "merging": merging.measure, "synthetic": synthetic.measure}


class Run:
    """What the sections share: options, contenders and the results so far."""

    def __init__(self, options, worker):
        self.options = options
        self.worker = worker
        self.core = options.core if options.core is not None else max(os.sched_getaffinity(0))
        # What is measured only in part must not replace a whole run.
        name = "partial.json" if options.is_partial and not options.resume else "results.json"
        self.file = os.path.join(options.work, name)
        self.results = {}
        os.makedirs(os.path.join(options.work, "raw"), exist_ok=True)
        os.makedirs(os.path.join(options.work, "files"), exist_ok=True)
        if (options.resume or options.report) and os.path.exists(self.file):
            with open(self.file) as file:
                self.results = json.load(file)
            self.results["resumed"] = options.resume or self.results.get("resumed", False)

    def save(self):
        with open(self.file + ".new", "w") as file:
            json.dump(self.results, file, indent=1)
        os.replace(self.file + ".new", self.file)

    def contenders(self, names=None):
        """Ours first, then the peers, in the order of their list."""
        if names is None:
            chosen = self.options.peers
            names = [name for name in peers.CONTENDERS if not chosen or name in chosen.split(",")]
        return [Contender(name, self) for name in ["ours", *names]]

    def raw(self, key):
        """The raw arrays of a data set: prefix, and whether there is a mask."""
        prefix = os.path.join(self.options.work, "raw", key)
        history = corpus.load(self.options.data, key)
        corpus.write_raw(history, prefix)
        return prefix, int(history.mask is not None), history

    def path(self, name):
        return os.path.join(self.options.work, "files", name)


def median(values):
    return statistics.median(values) if values else None


def run(options):
    wanted = options.sets.split(",") if options.sets else [info.key for info in corpus.SETS]
    for key in wanted:
        if key not in corpus.BY_KEY:
            print(f"no data set '{key}'; see --help", file=sys.stderr)
            return 2
    if options.report:
        state = Run(options, None)
        report.write(state.results, options)
        return 0
    infos = [corpus.BY_KEY[key] for key in wanted]
    worker = None
    if options.sections != ["synthetic"]:  # which needs no history
        needed = infos if "D2" in wanted or options.sections == ["sets"] else [
            *infos, corpus.BY_KEY["D2"]]
        environment.make_histories(options, needed)
        worker = environment.build_worker(options)
    state = Run(options, worker)
    state.results["machine"] = machine.describe(options)
    if "sets" in options.sections:
        sets.measure(state, wanted)
    for name in options.sections:
        if name == "sets" or (options.resume and name in state.results):
            continue
        environment.say(f"== {name}")
        try:
            state.results[name] = SECTIONS[name](state)
        except Exception as error:  # one section that fails does not take the others with it
            environment.say(f"{name} failed: {error}")
            state.results[name] = {"failed": str(error)[:300]}
        state.save()
    report.write(state.results, options)
    return 0

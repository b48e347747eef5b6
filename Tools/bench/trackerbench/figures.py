"""Figures out of the raw measurements: medians, rates and the best peer of each."""
import math
import statistics

from . import corpus, peers


class SetFigures:
    """The figures of one data set: by contender, those that did not fail."""

    def __init__(self, key, raw):
        self.key = key
        self.shape = raw["shape"]
        self.points = raw["points"]
        self.failed = {name: entry["failed"] for name, entry in raw["contenders"].items()
                       if "failed" in entry}
        entries = {name: entry for name, entry in raw["contenders"].items()
                   if "failed" not in entry}
        self.partial = {name: entry["points"] for name, entry in entries.items()
                        if entry["points"] != self.points}
        self.bytes = {name: entry["bytes"] / entry["points"] for name, entry in entries.items()}
        self.file_bytes = {name: entry["bytes"] for name, entry in entries.items()}
        # By contender, then what was done: seconds, a round each.
        self.seconds = {name: {what: entry.get(what, []) for what in ("write", "read")}
                        for name, entry in entries.items()}
        self.write = rates(entries, "write")  # points a second
        self.read = rates(entries, "read")
        self.scan = rates(entries, "scan")
        self.lookup = medians(entries, "lookup")  # seconds
        self.lookup_bytes = medians(entries, "lookup_bytes")


def medians(entries, what):
    return {name: statistics.median(entry[what]) for name, entry in entries.items()
            if entry.get(what)}


def rates(entries, what):
    return {name: entries[name]["points"] / seconds
            for name, seconds in medians(entries, what).items()}


def paired_rate(seconds, what, peer):
    """The median over the rounds of how much faster ours was in the same round: what slows a shared machine
    down for a while slows both."""
    ours, theirs = (seconds.get(name, {}).get(what) for name in ("ours", peer))
    if not ours or not theirs:
        return None
    return statistics.median(their / our for our, their in zip(ours, theirs))


def all_sets(results):
    """In the order of the corpus."""
    raw = results.get("sets", {})
    return {info.key: SetFigures(info.key, raw[info.key]) for info in corpus.SETS
            if info.key in raw}


def best(values, among=None, highest=False):
    """The best peer: its name and value; (None, None) where there is none."""
    candidates = {name: value for name, value in values.items()
                  if name != "ours" and (among is None or name in among)}
    if not candidates:
        return None, None
    name = (max if highest else min)(candidates, key=candidates.get)
    return name, candidates[name]


def ratio(left, right):
    return left / right if left is not None and right else None


def geometric_mean(values):
    values = [value for value in values if value]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def size_ratios(sets):
    """ours / best peer of the sets that the means are taken over."""
    return {key: ratio(figures.bytes.get("ours"), best(figures.bytes)[1])
            for key, figures in sets.items() if corpus.BY_KEY[key].in_mean}


def columnar(values):
    return best(values, among=peers.COLUMNAR)

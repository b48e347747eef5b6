"""Bytes a point, write, full read and one instance's history, for each data set."""
import numpy as np

from . import corpus
from .environment import say
from .peers.base import remove, size_of
from .process import Failed

LOOKUPS = 3  # instances looked up in each round
# On random bits only those whose promise it is that nothing grows, and what it is compared with.
RANDOM_BITS = {"ours", "pcodec-8", "pcodec-12", "parquet-wide", "npz"}


def measure(run, keys):
    results = run.results.setdefault("sets", {})
    contenders = run.contenders()
    for key in keys:
        if run.options.resume and key in results:
            continue
        say(f"== {key}")
        results[key] = measure_set(run, key, contenders)
        for contender in contenders:
            run.results.setdefault("contenders", {}).setdefault(
                contender.name, {}).update(contender.description)
        run.save()
    for contender in contenders:
        contender.stop()


def measure_set(run, key, contenders):
    prefix, masked, history = run.raw(key)
    result = {"shape": list(history.values.shape), "points": history.points, "contenders": {}}
    alive = []
    for contender in contenders:
        if key == "RB" and contender.name not in RANDOM_BITS:
            continue
        entry = {"write": [], "read": [], "scan": [], "lookup": [], "lookup_bytes": []}
        result["contenders"][contender.name] = entry
        try:
            start(contender, entry, prefix, masked)
            alive.append((contender, entry))
        except Failed as error:
            entry["failed"] = str(error)
            say(f"  {contender.name}: {error}")
    rounds = run.options.rounds or (9 if key == "D2" else 3)
    for number in range(rounds):
        say(f"  round {number + 1} of {rounds}")
        for contender, entry in list(alive):
            try:
                measure_round(run, contender, entry, history, number)
            except Failed as error:
                entry["failed"] = str(error)
                say(f"  {contender.name}: {error}")
                alive.remove((contender, entry))
    for contender in contenders:
        remove(contender.path())
    return result


def start(contender, entry, prefix, masked):
    """Loads the set, writes it a first time, untimed, and checks it bit for bit."""
    loaded = contender.ask("load", prefix, masked, timeout=600)
    entry["points"] = loaded["points"]
    entry["instances"] = loaded.get("instances")
    remove(contender.path())
    contender.ask("write", contender.path(), timeout=600)
    entry["bytes"] = size_of(contender.path())
    contender.ask("verify", contender.path(), timeout=600)


def measure_round(run, contender, entry, history, number):
    budget = run.options.budget

    def wants(what):
        return not entry[what] or sum(entry[what]) < budget

    path = contender.path()
    if wants("write"):
        remove(path)
        entry["write"].append(contender.ask("write", path)["seconds"])
    if wants("read"):
        entry["read"].append(contender.ask("read", path)["seconds"])
    if contender.is_ours and wants("scan"):
        entry["scan"].append(contender.ask("scan", path)["seconds"])
    if wants("lookup"):
        instances = entry["instances"] or history.instances
        for turn in range(LOOKUPS):
            # Spread over the file, the same for all contenders of one round.
            place = int((number * LOOKUPS + turn + 0.5) * 0.381966 % 1 * instances)
            expected = np.ascontiguousarray(history.history(place)).view(np.uint32).tolist()
            if not expected:
                continue
            answer = contender.ask("lookup", path, int(history.indices[place]))
            found = [0 if bits == 1 << 31 else bits for bits in answer["values"]]
            if found != [0 if bits == 1 << 31 else bits for bits in expected]:
                raise Failed(f"look-up of instance {place} gave other values")
            entry["lookup"].append(answer["seconds"])
            entry["lookup_bytes"].append(answer["bytes"])

"""Epochs of D2 appended, each durable before the next: time and bytes."""
from .environment import say
from .peers.base import remove, size_of
from .process import Failed


def measure(run):
    prefix, masked, history = run.raw("D2")
    results, alive = {}, []
    for contender in run.contenders():
        if contender.name in ("dill", "pickle-gzip", "sqlite-blobs", "pcodec-12", "parquet-long",
                              "parquet-columns", "vortex-sorted", "lance-lists"):
            continue  # they append as their siblings do, or not at all
        entry = results[contender.name] = {"seconds": []}
        try:
            contender.start()
            entry["points"] = contender.ask("load", prefix, masked, timeout=600)["points"]
            remove(contender.path())
            contender.ask("begin", contender.path())
            alive.append((contender, entry))
        except Failed as error:
            fail(contender, entry, error)
    say(f"  {history.epochs} epochs of {history.instances:,}")
    for number in range(history.epochs):
        for contender, entry in list(alive):
            try:
                answer = contender.ask("append", number, timeout=60)
                entry["seconds"].append(answer["seconds"])
                for part in ("record", "seal", "checkpoint"):
                    if part in answer:
                        entry.setdefault(part, []).append(answer[part])
            except Failed as error:
                fail(contender, entry, error)
                alive.remove((contender, entry))
    for contender, entry in alive:
        try:
            entry["end"] = contender.ask("end")["seconds"]
            entry["bytes"] = size_of(contender.path())
            if contender.is_ours:
                compacted = contender.path(".compacted")
                entry["compact"] = contender.ask("compact", contender.path(), compacted)["seconds"]
                entry["compacted_bytes"] = size_of(compacted)
                remove(compacted)
        except Failed as error:
            fail(contender, entry, error)
    for contender, _ in alive:
        contender.stop()
        remove(contender.path())
    return results


def fail(contender, entry, error):
    entry["failed"] = str(error)
    say(f"  {contender.name}: {error}")
    contender.stop()

"""Peak memory of writing and of reading D2, each in a fresh process, above what it held before."""
from .environment import say
from .peers.base import remove
from .process import Failed


def measure(run):
    prefix, masked, history = run.raw("D2")
    results = {}
    for contender in run.contenders():
        say(f"  {contender.name}")
        entry = results[contender.name] = {}
        path = contender.path()
        try:
            contender.start(environment={})
            loaded = contender.ask("load", prefix, masked, timeout=600)
            entry["points"] = loaded["points"]
            remove(path)
            entry["write"] = peak(contender, "write", path)
            contender.stop()
            contender.start(environment={})
            entry["read"] = peak(contender, "read", path)
        except (Failed, OSError) as error:
            entry["failed"] = str(error)
            say(f"  {contender.name}: {error}")
        contender.stop()
        remove(path)
    return results


def peak(contender, *command):
    """The highest resident memory during a command, above that before it."""
    worker = contender.worker
    before = worker.memory()
    worker.reset_peak()
    contender.ask(*command, timeout=600)
    return worker.memory("VmHWM") - before

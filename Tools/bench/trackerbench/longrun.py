"""1,000 commits of 200,000 points each to one file: whether any of it grows along the way."""
from .contender import Contender
from .environment import say
from .peers.base import remove, size_of

COMMITS = 1_000
# Memory that was freed goes back to the system at once, so that what is resident is what is held.
HELD = {"MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_MMAP_THRESHOLD_": "65536"}


def measure(run):
    prefix, masked, history = run.raw("D2")
    contender = Contender("ours", run).start(environment=HELD)
    contender.ask("load", prefix, masked)
    remove(contender.path())
    contender.ask("begin", contender.path())
    seconds, resident, sizes = [], [], []
    for number in range(COMMITS):
        seconds.append(contender.ask("append", number)["seconds"])
        if number % 100 == 99:
            resident.append(contender.worker.memory())
            sizes.append(size_of(contender.path()))
            say(f"  {number + 1} commits")
    contender.ask("end")
    contender.stop()
    remove(contender.path())
    hundreds = [sum(seconds[start:start + 100]) / 100 for start in range(0, COMMITS, 100)]
    return {"hundreds": hundreds, "maximum": max(seconds), "maximum_at": seconds.index(max(seconds)),
            "resident": resident, "sizes": sizes, "instances": history.instances}

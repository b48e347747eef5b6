"""Write and read of D2 on one core and on all, in turns. Reading decodes tiles ahead on other cores."""
import os

from .contender import Contender
from .peers.base import remove

ROUNDS = 9


def measure(run):
    prefix, masked, _ = run.raw("D2")
    result = {"cores": len(os.sched_getaffinity(0))}
    contenders = {"one": Contender("ours", run).start(),
                  "all": Contender("ours", run).start(cores="all")}
    for name, contender in contenders.items():
        contender.ask("load", prefix, masked)
        result[name] = {"write": [], "read": []}
    for _ in range(ROUNDS):
        for name, contender in contenders.items():
            path = contender.path("." + name)
            remove(path)
            result[name]["write"].append(contender.ask("write", path)["seconds"])
            result[name]["read"].append(contender.ask("read", path)["seconds"])
    for name, contender in contenders.items():
        contender.stop()
        remove(contender.path("." + name))
    return result

"""Recording and sealing beside the reference's own loops: time a point, memory held."""
import sys

from . import corpus
from .contender import Contender
from .longrun import HELD
from .process import Worker

BATCH = 256
REFERENCE_EPOCHS = 5


def measure(run):
    prefix, masked, history = run.raw("D2")
    ours = Contender("ours", run).start(environment=HELD)
    ours.ask("load", prefix, masked)
    # One epoch first, so that buffers are there; then what each further epoch adds.
    ours.ask("train", "", 1, BATCH)
    before = ours.worker.memory()
    answer = ours.ask("train", "", history.epochs - 1, BATCH, timeout=600)
    held = ours.worker.memory() - before
    ours.stop()

    reference = Worker([sys.executable, "-m", "trackerbench.reference_process"], {run.core},
                       {"PYTHONPATH": run.options.folder})
    theirs = reference.ask("run", prefix, REFERENCE_EPOCHS, BATCH, timeout=600)
    reference.stop()
    points = answer["points"]
    return {
        "batch": BATCH,
        "ours": {"points": points, "record": answer["record"] / points,
                 "seal": answer["seal"] / points, "held": held / points},
        "reference": {"points": theirs["points"], "record": theirs["record"] / theirs["points"],
                      "seal": theirs["seal"] / theirs["points"],
                      "held": theirs["held"] / theirs["points"]},
    }

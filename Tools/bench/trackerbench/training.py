"""Recording and sealing beside the reference's own loops: time a point, memory held.

Times are those that the loop waits."""
import sys

from . import corpus
from .contender import Contender
from .longrun import HELD
from .process import Worker

BATCH = 256
REFERENCE_EPOCHS = 5


def train(run, **options):
    """Seconds a point that recording and sealing take the loop, and bytes that stay."""
    prefix, masked, history = run.raw("D2")
    ours = Contender("ours", run).start(**{"environment": {}, **options})
    ours.ask("load", prefix, masked)
    # One epoch first, so that buffers are there; then what each further epoch adds.
    ours.ask("train", "", 1, BATCH)
    before = ours.worker.memory()
    answer = ours.ask("train", "", history.epochs - 1, BATCH, timeout=600)
    held = ours.worker.memory() - before
    ours.stop()
    points = answer["points"]
    return {"points": points, "record": answer["record"] / points,
            "seal": answer["seal"] / points, "held": held / points}


def measure(run):
    prefix, _, _ = run.raw("D2")
    # As in training: an ended epoch is encoded beside the loop where there is another core, while the
    # next one's batches are made. Then all of it on one core; and what is held, freed memory given back.
    beside, alone = train(run, cores="all"), train(run)
    held = train(run, environment=HELD)["held"]
    reference = Worker([sys.executable, "-m", "trackerbench.reference_process"], {run.core},
                       {"PYTHONPATH": run.options.folder})
    theirs = reference.ask("run", prefix, REFERENCE_EPOCHS, BATCH, timeout=600)
    reference.stop()
    return {
        "batch": BATCH,
        "ours": {**beside, "held": held},
        "alone": {**alone, "held": held},
        "reference": {"points": theirs["points"], "record": theirs["record"] / theirs["points"],
                      "seal": theirs["seal"] / theirs["points"],
                      "held": theirs["held"] / theirs["points"]},
    }
